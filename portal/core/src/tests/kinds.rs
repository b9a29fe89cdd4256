//! Errors that a page says in its own words.

use medchain_report::CODE_PREFIX;

use super::{fixture, PASSPHRASE};
use crate::{
    kinds::marked,
    report::{Scanned, Shown},
    secrets::Secret,
};

/// The page's tables, where each kind is a name in quotes.
const TABLES: [&str; 2] =
    [include_str!("../../../src/i18n/en.ts"), include_str!("../../../src/i18n/de.ts")];

fn film(bytes: &[u8]) -> String {
    let decoded = medchain_vision::decode(bytes).map(|_| ()).map_err(|error| marked(&error));
    let cleaned = medchain_vision::deidentify(bytes).map(|_| ()).map_err(|error| marked(&error));
    assert_eq!(decoded, cleaned, "it is the same, whoever reads it first");
    decoded.expect_err("it is no film")
}

fn key_file(text: &str, passphrase: &str) -> String {
    Secret::from_key_file(text, passphrase).map(|_| ()).expect_err("it does not open")
}

fn code(text: &str) -> String {
    Scanned::read(text).map(|_| ()).expect_err("it is no code")
}

#[test]
fn what_people_meet_has_a_kind_that_the_page_has_words_for() {
    let cut = fixture("grey8.png");
    let cut = cut.get(..cut.len() / 2).expect("it is longer");
    let secret = Secret::generate().expect("there is randomness");
    let file = secret.to_key_file(PASSPHRASE, "my key").expect("there is randomness");
    let letter = Shown::read(b"Dear doctor").map(|_| ()).expect_err("it is no report");
    for (said, kind) in [
        (film(b""), "empty-file"),
        (film(b"Dear doctor"), "not-an-image"),
        (film(cut), "damaged-image"),
        (key_file("{}", ""), "not-a-key-file"),
        (key_file(&file, "another"), "wrong-passphrase"),
        (letter, "not-a-pdf"),
        (code("Dear doctor"), "not-a-code"),
        (code(&format!("{CODE_PREFIX}ABC")), "damaged-code"),
    ] {
        let sentence = said.strip_prefix(&format!("[{kind}] "));
        assert!(sentence.is_some_and(|sentence| sentence.len() > 10), "{said}");
    }
}

#[test]
fn each_kind_is_in_the_tables_of_all_languages() {
    let kinds: Vec<&str> = include_str!("../kinds.rs")
        .split("Some(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(kinds.len(), 15, "{kinds:?}");
    for kind in kinds {
        for table in TABLES {
            assert!(table.contains(&format!("'{kind}': ")), "{kind}");
        }
    }
}
