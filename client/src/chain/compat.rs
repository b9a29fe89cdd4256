//! Whether this program fits a node's runtime.
//!
//! *Invariant:* everything that the client uses is compared, because the lists come
//! from the tables that it uses them by.

mod shape;

use std::{collections::BTreeSet, fmt, sync::OnceLock};

use codec::Decode;
use scale_info::{form::PortableForm, Field, Variant};
use subxt::Metadata;

use self::shape::{is_empty, Shapes};
use super::{
    items::{ApiMethod, Constant, StorageItem},
    Call, ChainEvent, ContractsError, CustodyError, DisputesError, EmrError, InferenceError,
};

/// The metadata of the runtime that this crate is tested with. A test of the
/// runtime fails when it is not the runtime's own.
pub const TESTED: &[u8] = include_bytes!("../../metadata/medchain.scale");

/// [`TESTED`], parsed; `None` where it is damaged.
fn tested() -> Option<&'static Metadata> {
    static PARSED: OnceLock<Option<Metadata>> = OnceLock::new();
    PARSED.get_or_init(|| Metadata::decode_from(TESTED).ok()).as_ref()
}

/// What a runtime must have, by what is done with its blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Everything that the client uses.
    Everything,
    /// What the client reads of past blocks: the events and a few storage items. The
    /// calls of an older runtime, say, do not matter there.
    History,
}

/// Checks that a runtime has what is needed, in the shape that this crate is tested
/// with. Additions do no harm. The error names both versions and the first difference.
pub fn check(node: &Metadata, needs: Needs) -> Result<(), String> {
    let tested = tested().ok_or(DAMAGED)?;
    difference(tested, node, needs).map_or(Ok(()), |found| Err(refusal(tested, node, &found)))
}

/// As [`check`] for history, of metadata that does not come from a node.
///
/// Whoever gives it also says which version it has, so nothing is passed over because of that: each
/// event must have the number that it has in this program, and no number may be there twice. The
/// first runtime that keeps logs has these numbers already.
pub fn check_archived(archived: &Metadata) -> Result<(), String> {
    check(archived, Needs::History)?;
    let tested = tested().ok_or(DAMAGED)?;
    let found = moved_event(tested, archived).or_else(|| ambiguity(archived));
    found.map_or(Ok(()), |found| Err(refusal(tested, archived, &found)))
}

const DAMAGED: &str = "the metadata that it was built with is damaged";

fn refusal(tested: &Metadata, node: &Metadata, difference: &str) -> String {
    let version = |metadata| {
        version(metadata).map_or_else(|| "unknown".to_owned(), |version| version.to_string())
    };
    format!(
        "it has version {} and this program is made for version {}: {difference}",
        version(node),
        version(tested),
    )
}

/// The runtime's version, as it calls itself.
pub(super) fn version(metadata: &Metadata) -> Option<u32> {
    let value = metadata.pallet_by_name("System")?.constant_by_name("Version")?.value();
    // spec_name, impl_name, authoring_version, spec_version and more
    let (_, _, _, spec) = <(String, String, u32, u32)>::decode(&mut &value[..]).ok()?;
    Some(spec)
}

/// Something that the client uses by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Used<'a> {
    Call(&'a str, &'a str),
    Storage(StorageItem),
    /// Some fields of a storage item's values.
    Fields(StorageItem, &'a [&'a str]),
    Constant(Constant),
    Event(&'a str, &'a str),
    Error(&'a str, &'a str),
    Api(ApiMethod),
}

impl fmt::Display for Used<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(pallet, name) => write!(f, "call {pallet}.{name}"),
            Self::Storage(item) | Self::Fields(item, _) => write!(f, "storage item {item}"),
            Self::Constant(constant) => write!(f, "constant {constant}"),
            Self::Event(pallet, name) => write!(f, "event {pallet}.{name}"),
            Self::Error(pallet, name) => write!(f, "error {pallet}.{name}"),
            Self::Api(method) => write!(f, "runtime API method {method}"),
        }
    }
}

impl Needs {
    /// All that must be there, by the tables that the client uses it by.
    fn used(self) -> Vec<Used<'static>> {
        let events = ChainEvent::READ.iter().map(|(pallet, name)| Used::Event(pallet, name));
        if self == Self::History {
            let storage = StorageItem::HISTORY.iter().copied().map(Used::Storage);
            let request = Used::Fields(StorageItem::REQUESTS, StorageItem::HISTORY_REQUEST);
            return events.chain(storage).chain([request]).collect();
        }
        let calls = Call::ALL.iter().map(|(pallet, name)| Used::Call(pallet, name));
        let storage = StorageItem::ALL.iter().copied().map(Used::Storage);
        let constants = Constant::ALL.iter().copied().map(Used::Constant);
        let emr = EmrError::ALL.iter().map(|error| Used::Error(EmrError::PALLET, error.as_str()));
        let custody =
            CustodyError::ALL.iter().map(|error| Used::Error(CustodyError::PALLET, error.as_str()));
        let inference = InferenceError::ALL
            .iter()
            .map(|error| Used::Error(InferenceError::PALLET, error.as_str()));
        let disputes = DisputesError::ALL
            .iter()
            .map(|error| Used::Error(DisputesError::PALLET, error.as_str()));
        let contracts = ContractsError::ALL
            .iter()
            .map(|error| Used::Error(ContractsError::PALLET, error.as_str()));
        let api = ApiMethod::ALL.iter().copied().map(Used::Api);
        let all = calls.chain(storage).chain(constants).chain(events);
        let errors = emr.chain(custody).chain(inference).chain(disputes).chain(contracts);
        all.chain(errors).chain(api).collect()
    }
}

/// The first thing that a runtime lacks or has in another shape than the tested one.
fn difference(tested: &Metadata, node: &Metadata, needs: Needs) -> Option<String> {
    let is_past = needs == Needs::History && version(node) < version(tested);
    let shapes = || match is_past {
        true => Shapes::new(tested, node).past(),
        false => Shapes::new(tested, node),
    };
    let first =
        needs.used().into_iter().find_map(|used| match used.is_same(tested, node, shapes()) {
            Some(true) => None,
            Some(false) => Some(format!("{used} differs")),
            // It came later; `unknown_event` finds one that had another name before.
            None if is_past && (used.is_own_event() || used.is_of_later_pallet(node)) => None,
            None => Some(format!("{used} is missing")),
        });
    let moved = || if is_past { None } else { moved_event(tested, node) };
    first.or_else(moved).or_else(|| match needs {
        Needs::Everything => extension_difference(tested, node),
        Needs::History if is_past => unknown_event(tested, node),
        Needs::History => None,
    })
}

/// MedChain's own pallets: what they report must not be left out of a log.
const OWN_PALLETS: [&str; 4] =
    [EmrError::PALLET, CustodyError::PALLET, InferenceError::PALLET, DisputesError::PALLET];

/// Pallets that the first release did not have. Where one is missing, so are its events.
const LATER_PALLETS: [&str; 1] = ["EthicsCommittee"];

/// Last fields of events that earlier runtimes did not have. They are read as `None` there.
const LATER_FIELDS: [(&str, &str, &str); 1] =
    [(InferenceError::PALLET, "VerdictAnnulled", "status")];

/// How many of the fields of an event a past runtime must have.
fn fields_of_past(pallet: &str, event: &Variant<PortableForm>) -> usize {
    let is_later = |field: &&Field<PortableForm>| {
        let name = field.name.as_deref();
        LATER_FIELDS.iter().any(|(of, named, later)| {
            (*of, *named) == (pallet, event.name.as_str()) && name == Some(later)
        })
    };
    event.fields.len() - event.fields.iter().rev().take_while(is_later).count()
}

/// An event of a past runtime that this program does not read, so that its blocks
/// would be read with a gap.
fn unknown_event(tested: &Metadata, past: &Metadata) -> Option<String> {
    OWN_PALLETS.iter().find_map(|pallet| {
        let mut events = past.pallet_by_name(pallet)?.event_variants()?.iter();
        events.find_map(|event| {
            let unknown = event_of(tested, pallet, &event.name).is_none();
            unknown.then(|| format!("{} is unknown", Used::Event(pallet, &event.name)))
        })
    })
}

/// An event of our own pallets that has another number in the node's runtime. What is in a log
/// is proven as bytes, which begin with these numbers: were they exchanged, it would read as
/// something else.
fn moved_event(tested: &Metadata, node: &Metadata) -> Option<String> {
    OWN_PALLETS.iter().find_map(|pallet| {
        let found = (tested.pallet_by_name(pallet)?, node.pallet_by_name(pallet)?);
        let is_moved = |event: &&Variant<PortableForm>| {
            let other = event_of(node, pallet, &event.name);
            found.0.event_index() != found.1.event_index()
                || other.is_some_and(|other| other.index != event.index)
        };
        let event = found.0.event_variants()?.iter().find(is_moved)?;
        Some(format!("event {pallet}.{} has another number", event.name))
    })
}

/// A name or a number that stands for two things, so that what is compared by its name may not be
/// what bytes are read by.
fn ambiguity(metadata: &Metadata) -> Option<String> {
    let has_two_pallets = has_twice(metadata.pallets().map(|pallet| pallet.name()))
        || has_twice(metadata.pallets().map(|pallet| pallet.event_index()));
    if has_two_pallets {
        return Some("two pallets have the same name or number".to_owned());
    }
    OWN_PALLETS.iter().find_map(|pallet| {
        let events = metadata.pallet_by_name(pallet)?.event_variants()?;
        let has_two_events = has_twice(events.iter().map(|event| event.name.as_str()))
            || has_twice(events.iter().map(|event| event.index));
        has_two_events.then(|| format!("two events of {pallet} have the same name or number"))
    })
}

fn has_twice<T: Ord>(mut all: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    all.any(|one| !seen.insert(one))
}

fn event_of<'a>(
    metadata: &'a Metadata,
    pallet: &str,
    name: &str,
) -> Option<&'a Variant<PortableForm>> {
    let variants = metadata.pallet_by_name(pallet)?.event_variants()?;
    variants.iter().find(|variant| variant.name == name)
}

/// A transaction extension of the node for which this program has no value, or one of
/// another type. Which of them a transaction has, and in what order, the node says.
fn extension_difference(tested: &Metadata, node: &Metadata) -> Option<String> {
    node.extrinsic().transaction_extensions_to_use_for_encoding().find_map(|found| {
        let name = found.identifier();
        let (value, signed) = (found.extra_ty(), found.additional_ty());
        let mut known = tested.extrinsic().transaction_extensions_to_use_for_encoding();
        let Some(known) = known.find(|known| known.identifier() == name) else {
            let has_value = !is_empty(node, value) || !is_empty(node, signed);
            let why = "is new, and this program has no value for it";
            return has_value.then(|| format!("transaction extension {name} {why}"));
        };
        let mut shapes = Shapes::new(tested, node);
        let same =
            shapes.same(known.extra_ty(), value) && shapes.same(known.additional_ty(), signed);
        (!same).then(|| format!("transaction extension {name} differs"))
    })
}

impl Used<'_> {
    fn is_own_event(self) -> bool {
        matches!(self, Self::Event(pallet, _) if OWN_PALLETS.contains(&pallet))
    }

    /// Whether it is an event of a pallet that this past runtime does not have yet.
    fn is_of_later_pallet(self, past: &Metadata) -> bool {
        let Self::Event(pallet, _) = self else { return false };
        LATER_PALLETS.contains(&pallet) && past.pallet_by_name(pallet).is_none()
    }

    /// Whether both have it in the same shape; `None` where one does not have it.
    fn is_same<'a>(
        self,
        tested: &'a Metadata,
        node: &'a Metadata,
        mut shapes: Shapes<'a>,
    ) -> Option<bool> {
        Some(match self {
            Self::Call(pallet, name) => {
                let find = |metadata: &'a Metadata| {
                    metadata.pallet_by_name(pallet)?.call_variant_by_name(name)
                };
                shapes.same_fields(&find(tested)?.fields, &find(node)?.fields)
            }
            Self::Event(pallet, name) => {
                let find = |metadata: &'a Metadata| event_of(metadata, pallet, name);
                let (tested, node) = (find(tested)?, find(node)?);
                let lacks_later = shapes.are_of_past()
                    && (fields_of_past(pallet, tested)..tested.fields.len())
                        .contains(&node.fields.len());
                let read = if lacks_later { node.fields.len() } else { tested.fields.len() };
                shapes.same_fields(tested.fields.get(..read).unwrap_or_default(), &node.fields)
            }
            Self::Error(pallet, name) => {
                let find = |metadata: &'a Metadata| {
                    let variants = metadata.pallet_by_name(pallet)?.error_variants()?;
                    variants.iter().find(|variant| variant.name == name)
                };
                shapes.same_fields(&find(tested)?.fields, &find(node)?.fields)
            }
            Self::Storage(item) | Self::Fields(item, _) => {
                let find = |metadata: &'a Metadata| {
                    metadata.pallet_by_name(item.owner())?.storage()?.entry_by_name(item.name())
                };
                let (tested, node) = (find(tested)?, find(node)?);
                let (keys, node_keys) = (tested.keys(), node.keys());
                let same_keys = keys.len() == node_keys.len()
                    && keys.zip(node_keys).all(|(key, node_key)| {
                        key.hasher == node_key.hasher && shapes.same(key.key_id, node_key.key_id)
                    });
                let (tested, node) = (tested.value_ty(), node.value_ty());
                same_keys
                    && match self {
                        Self::Fields(_, names) => shapes.same_fields_of(names, tested, node),
                        _ => shapes.same(tested, node),
                    }
            }
            Self::Constant(constant) => {
                let find = |metadata: &'a Metadata| {
                    metadata.pallet_by_name(constant.owner())?.constant_by_name(constant.name())
                };
                shapes.same(find(tested)?.ty(), find(node)?.ty())
            }
            Self::Api(method) => {
                let find = |metadata: &'a Metadata| {
                    let api = metadata.runtime_api_trait_by_name(method.owner())?;
                    api.method_by_name(method.name())
                };
                let (tested, node) = (find(tested)?, find(node)?);
                let (inputs, node_inputs) = (tested.inputs(), node.inputs());
                let same_inputs = inputs.len() == node_inputs.len()
                    && inputs
                        .zip(node_inputs)
                        .all(|(input, node_input)| shapes.same(input.id, node_input.id));
                same_inputs && shapes.same(tested.output_ty(), node.output_ty())
            }
        })
    }
}
