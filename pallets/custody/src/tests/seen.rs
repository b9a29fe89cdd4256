//! Every error and every event of the pallet is seen in some test.

use std::{fs, path::Path};

use scale_info::{TypeDef, TypeInfo};

use crate::{mock::Test, Error, Event};

/// The names of the variants of an enum.
fn variants<Type: TypeInfo>() -> Vec<String> {
    match Type::type_info().type_def {
        TypeDef::Variant(variants) => {
            variants.variants.iter().map(|variant| variant.name.to_string()).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn every_error_and_every_event_is_seen() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests");
    let tests: String = fs::read_dir(folder)
        .expect("the tests are there")
        .map(|entry| fs::read_to_string(entry.expect("a file").path()).expect("a text"))
        .collect();
    // An error of a generic enum has a hidden variant for its parameter.
    let errors = variants::<Error<Test>>().into_iter().filter(|name| !name.starts_with("__"));
    let unseen: Vec<_> =
        errors
            .filter(|name| {
                !["Error::<Test>::", "Error::"]
                    .iter()
                    .any(|path| tests.contains(&format!("{path}{name}")))
            })
            .chain(variants::<Event<Test>>().into_iter().filter(|name| {
                !name.starts_with("__") && !tests.contains(&format!("Event::{name}"))
            }))
            .collect();
    assert_eq!(unseen, Vec::<String>::new());
}
