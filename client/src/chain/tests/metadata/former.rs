//! The metadata of a runtime from before verdicts were sealed.

use codec::Decode;
use scale_info::{Field, PortableRegistry, Registry, Type};

use super::*;
use crate::chain::{
    event::Former,
    tests::compat::{tested_version, version},
    ChainEvent,
};

/// The events that came with sealed verdicts, or later.
const LATER: [&str; 17] = [
    "AnswerCommitted",
    "AnswerRevealed",
    "AnswersAwaited",
    "AnswersDiffer",
    "BondToppedUp",
    "BondWithdrawn",
    "DisputeAnnulled",
    "DrawReopened",
    "RevealStarted",
    "VerdictAnnulled",
    "VerdictChallenged",
    "VerdictDisclosed",
    "VerdictReached",
    "VerdictUpheld",
    "WorkerLeaving",
    "WorkerMissed",
    "WorkersDrawn",
];

/// The committed metadata, one version before, with the former events, one reason for a
/// failure less, and requests without a quorum.
pub fn runtime() -> Vec<u8> {
    let ours = tested_version();
    let bytes = replaced(compat::TESTED, &version(ours), &version(ours - 1));
    // `meta` and the version of the format come before the types.
    let (magic, mut rest) = bytes.split_at(5);
    let mut types = PortableRegistry::decode(&mut rest).unwrap();

    for (pallet, path) in [
        ("Emr", ["pallet_emr", "pallet", "Event"]),
        ("Inference", ["pallet_inference", "pallet", "Event"]),
    ] {
        let events = variants_of(&mut types, &path);
        events
            .retain(|event| event.name != "WorkerSlashed" && !LATER.contains(&event.name.as_str()));
        let mut events = events.clone();
        for former in ChainEvent::FORMER.iter().filter(|former| former.pallet == pallet) {
            add_event(&mut types, &mut events, former);
        }
        *variants_of(&mut types, &path) = events;
    }
    let codes = variants_of(&mut types, &["medchain", "types", "FailureCode"]);
    codes.retain(|code| code.name != "InputMismatch");
    let TypeDef::Composite(request) = of(&mut types, &["pallet_inference", "types", "Request"])
    else {
        panic!("a request is a struct")
    };
    request.fields.retain(|field| field.name.as_deref() != Some("quorum"));
    [magic, &types.encode(), rest].concat()
}

fn of<'a>(types: &'a mut PortableRegistry, path: &[&str]) -> &'a mut TypeDef<PortableForm> {
    let mut all = types.types.iter_mut();
    let found = all.find(|ty| ty.ty.path.segments == path).expect("there is this type");
    &mut found.ty.type_def
}

fn variants_of<'a>(
    types: &'a mut PortableRegistry,
    path: &[&str],
) -> &'a mut Vec<Variant<PortableForm>> {
    match of(types, path) {
        TypeDef::Variant(found) => &mut found.variants,
        other => panic!("{other:?} is not an enum"),
    }
}

/// Adds an event, or replaces that of its name.
fn add_event(
    types: &mut PortableRegistry,
    events: &mut Vec<Variant<PortableForm>>,
    former: &Former,
) {
    let index = events.iter().map(|event| event.index).max().unwrap() + 1;
    let place = events.iter().position(|event| event.name == former.name);
    let mut event = events[place.unwrap_or(0)].clone();
    let field = event.fields[0].clone();
    let field = |(name, ty): &(&str, fn() -> scale_info::MetaType)| {
        let ty = add_type(types, &ty()).into();
        Field { name: Some(String::from(*name)), ty, ..field.clone() }
    };
    event.fields = former.fields.iter().map(field).collect();
    match place {
        Some(place) => events[place] = event,
        None => events.push(Variant { name: former.name.into(), index, ..event }),
    }
}

/// Adds a type, with those that it consists of, and returns its number.
fn add_type(types: &mut PortableRegistry, ty: &scale_info::MetaType) -> u32 {
    let mut registry = Registry::new();
    let id = registry.register_type(ty).id;
    let first = types.types.len() as u32;
    for mut added in PortableRegistry::from(registry).types {
        added.id += first;
        shift(&mut added.ty, first);
        types.types.push(added);
    }
    first + id
}

/// Adds `by` to the numbers of the types that a type consists of.
fn shift(ty: &mut Type<PortableForm>, by: u32) {
    ty.type_params.clear();
    match &mut ty.type_def {
        TypeDef::Composite(found) => found.fields.iter_mut().for_each(|field| field.ty.id += by),
        TypeDef::Variant(found) => {
            let fields = found.variants.iter_mut().flat_map(|variant| &mut variant.fields);
            fields.for_each(|field| field.ty.id += by);
        }
        TypeDef::Sequence(found) => found.type_param.id += by,
        TypeDef::Array(found) => found.type_param.id += by,
        TypeDef::Primitive(_) => (),
        other => panic!("{other:?} is in no event"),
    }
}
