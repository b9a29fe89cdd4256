//! Every error and every event of the pallet is seen in some test.

use std::{fs, path::Path};

use scale_info::{TypeDef, TypeInfo};

use crate::{mock::Test, Error, Event};

/// The names of the variants of an enum, without the hidden one for its parameter.
fn variants<Type: TypeInfo>() -> Vec<String> {
    let TypeDef::Variant(variants) = Type::type_info().type_def else { return Vec::new() };
    let names = variants.variants.iter().map(|variant| variant.name.to_string());
    names.filter(|name| !name.starts_with("__")).collect()
}

/// Whether a path stands in a text, and not only at the beginning of a longer one.
fn is_named(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(place, _)| {
        let rest = text.get(place + path.len()..).unwrap_or_default();
        !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
    })
}

#[test]
fn every_error_and_every_event_is_seen() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests");
    let tests: String = fs::read_dir(folder)
        .expect("the tests are there")
        .map(|entry| fs::read_to_string(entry.expect("a file").path()).expect("a text"))
        .collect();
    let errors = variants::<Error<Test>>().into_iter().filter(|name| {
        let paths = [format!("Error::<Test>::{name}"), format!(" Error::{name}")];
        !paths.iter().any(|path| is_named(&tests, path))
    });
    let events = variants::<Event<Test>>().into_iter();
    let events = events.filter(|name| !is_named(&tests, &format!("Event::{name}")));
    assert_eq!(errors.chain(events).collect::<Vec<_>>(), Vec::<String>::new());
}
