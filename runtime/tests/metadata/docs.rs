//! What Polkadot.js Apps shows of our pallets.
//!
//! Apps shows only the first line of the docs of calls, storage items and constants, and joins
//! the lines of an error with ", ". It names a type by its whole path.

use std::collections::BTreeSet;

// The runtime's `metadata` returns this type, which only `frame_support` exports.
use frame_support::__private::metadata::{v14::PalletMetadata, RuntimeMetadata};
use medchain_runtime::Runtime;
use scale_info::{form::PortableForm, PortableRegistry, TypeDef};

const PALLETS: [&str; 5] = ["Emr", "Custody", "Inference", "Disputes", "Timelock"];
/// The maximum length of a first line, in characters.
const MAX_LENGTH: usize = 120;

/// The docs of one item.
struct Item {
    name: String,
    docs: Vec<String>,
}

/// The docs of a pallet, by the rule that they must follow.
struct Docs {
    /// Calls, events, storage items and constants.
    summarised: Vec<Item>,
    errors: Vec<Item>,
}

fn metadata() -> (PortableRegistry, Vec<PalletMetadata<PortableForm>>) {
    let prefixed = sp_io::TestExternalities::default().execute_with(Runtime::metadata);
    let RuntimeMetadata::V14(metadata) = prefixed.1 else {
        panic!("`Runtime::metadata` returns version 14");
    };
    (metadata.types, metadata.pallets)
}

/// The variants of a pallet's enum of calls, events or errors.
fn variants(types: &PortableRegistry, id: Option<u32>, of: &str) -> Vec<Item> {
    let ty = types.resolve(id.unwrap_or_else(|| panic!("{of} exist"))).expect("the type exists");
    let TypeDef::Variant(variants) = &ty.type_def else { panic!("{of} are an enum") };
    let item = |variant: &scale_info::Variant<PortableForm>| Item {
        name: format!("{of}::{}", variant.name),
        docs: variant.docs.clone(),
    };
    variants.variants.iter().map(item).collect()
}

fn docs_of(types: &PortableRegistry, pallet: PalletMetadata<PortableForm>) -> Docs {
    let name = &pallet.name;
    let of = |kind: &str| format!("{name}::{kind}");
    let calls = variants(types, pallet.calls.map(|calls| calls.ty.id), &of("Call"));
    let events = variants(types, pallet.event.map(|event| event.ty.id), &of("Event"));
    let errors = variants(types, pallet.error.map(|error| error.ty.id), &of("Error"));
    let entries = pallet.storage.map(|storage| storage.entries).unwrap_or_default();
    // FRAME writes the docs of the counter of a counted map.
    let entries = entries.into_iter().filter(|entry| !entry.name.starts_with("CounterFor"));
    let entries = entries.map(|entry| Item { name: of(&entry.name), docs: entry.docs });
    let constants = pallet.constants.into_iter();
    let constants = constants.map(|one| Item { name: of(&one.name), docs: one.docs });
    let summarised = calls.into_iter().chain(events).chain(entries).chain(constants).collect();
    Docs { summarised, errors }
}

/// Returns what is wrong with docs of which Apps shows only the first line.
fn fault_of_summary(docs: &[String]) -> Option<&'static str> {
    let Some((first, rest)) = docs.split_first() else { return Some("no docs") };
    let first = first.trim();
    let fault = if !first.starts_with(char::is_uppercase) {
        "the first line does not start with a capital letter"
    } else if rest.first().is_some_and(|line| !line.trim().is_empty()) {
        "the first paragraph has several lines"
    } else if !first.ends_with('.') {
        "the first line does not end with a full stop"
    } else if first.chars().count() > MAX_LENGTH {
        "the first line is too long"
    } else {
        return None;
    };
    Some(fault)
}

/// Returns what is wrong with docs of which Apps joins the lines.
fn fault_of_error(docs: &[String]) -> Option<&'static str> {
    match docs {
        [line] if !line.trim().ends_with('.') => Some("the line does not end with a full stop"),
        [_] => None,
        [] => Some("no docs"),
        _ => Some("several lines"),
    }
}

/// Our pallets.
fn ours(pallets: Vec<PalletMetadata<PortableForm>>) -> Vec<PalletMetadata<PortableForm>> {
    let ours: Vec<_> =
        pallets.into_iter().filter(|pallet| PALLETS.contains(&pallet.name.as_str())).collect();
    assert_eq!(ours.len(), PALLETS.len(), "a pallet is missing");
    ours
}

/// Returns each `Pallet::name` in these docs that is of one of our pallets.
///
/// A name in back quotes has no quote in it, so every second piece is one.
fn references(docs: &[String]) -> Vec<String> {
    let text = docs.join("\n");
    let quoted = text.split('`').skip(1).step_by(2);
    let of_ours = quoted
        .filter(|name| name.split_once("::").is_some_and(|(pallet, _)| PALLETS.contains(&pallet)));
    of_ours.map(String::from).collect()
}

#[test]
fn docs_read_well_in_apps() {
    let (types, pallets) = metadata();
    let mut faults = Vec::new();
    for pallet in ours(pallets) {
        let Docs { summarised, errors } = docs_of(&types, pallet);
        let mut check = |items: Vec<Item>, fault_of: fn(&[String]) -> Option<&'static str>| {
            assert!(!items.is_empty(), "the metadata has no such items");
            faults.extend(items.into_iter().filter_map(|Item { name, docs }| {
                let start: Vec<&str> = docs.iter().take(2).map(|line| line.trim()).collect();
                fault_of(&docs).map(|fault| format!("{name}: {fault}: {}", start.join(" | ")))
            }));
        };
        check(summarised, fault_of_summary);
        check(errors, fault_of_error);
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn docs_name_what_exists() {
    let (types, pallets) = metadata();
    let mut existing = BTreeSet::new();
    let mut named = Vec::new();
    for pallet in ours(pallets) {
        let of = pallet.name.clone();
        let Docs { summarised, errors } = docs_of(&types, pallet);
        for Item { name, docs } in summarised.into_iter().chain(errors) {
            let last = name.rsplit("::").next().unwrap_or(&name);
            existing.insert(format!("{of}::{last}"));
            named.extend(references(&docs).into_iter().map(|other| (name.clone(), other)));
        }
    }
    assert!(!named.is_empty(), "no docs name anything of another pallet");
    let missing: Vec<String> = named
        .iter()
        .filter(|(_, other)| !existing.contains(other))
        .map(|(name, other)| format!("{name}: {other}"))
        .collect();
    assert!(missing.is_empty(), "there is no such item:\n{}", missing.join("\n"));
}

#[test]
fn types_have_short_names_in_apps() {
    let (types, _) = metadata();
    let long: Vec<String> = types
        .types
        .iter()
        .map(|entry| entry.ty.path.to_string())
        .filter(|path| path.starts_with("medchain_primitives"))
        .collect();
    assert!(long.is_empty(), "without `scale_info(replace_segment(…))`: {}", long.join(", "));
}

#[test]
fn faults_are_found() {
    let owned = |lines: &[&str]| lines.iter().copied().map(String::from).collect::<Vec<_>>();
    let summary = |lines: &[&str]| fault_of_summary(&owned(lines));
    assert_eq!(summary(&["One line."]), None);
    assert_eq!(summary(&["One line.", "", "More."]), None);
    for bad in [&[][..], &[""], &["no capital."], &["No stop"], &["Two", "lines."]] {
        assert!(summary(bad).is_some(), "{bad:?}");
    }
    let long = format!("{}.", "A".repeat(MAX_LENGTH));
    assert!(summary(&[&long]).is_some());
    let error = |lines: &[&str]| fault_of_error(&owned(lines));
    assert_eq!(error(&["Why. And the way out."]), None);
    for bad in [&[][..], &["No stop"], &["Two", "lines."]] {
        assert!(error(bad).is_some(), "{bad:?}");
    }
    let docs = owned(&["`Emr::one`, `two`,", "`Token::Three`, `Inference::Four`."]);
    assert_eq!(references(&docs), ["Emr::one", "Inference::Four"]);
}
