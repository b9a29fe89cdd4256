//! What the modules of the worker import of each other, and what the pure ones do without.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The modules without IO, clock, randomness and `async`.
const PURE: [&str; 6] = [
    "prediction/jobs",
    "prediction/drift",
    "custody/deliveries",
    "shared/backoff",
    "shared/outcome",
    "shared/turn",
];

/// Words of which the pure modules have none.
const IMPURE: [&str; 8] =
    ["async", "await", "tokio", "fs", "Instant", "SystemTime", "rand", "spawn"];

/// The sources of the worker, each with its path below `src`, without `.rs`.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    // Asked at run time: checkouts may share what was compiled.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the package's folder");
    let root = Path::new(&package).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().with_extension("");
            (name.to_str().unwrap().to_owned(), code(&fs::read_to_string(&path).unwrap()))
        })
        .collect()
}

/// A source without its comments.
fn code(source: &str) -> String {
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules right below `crate::` that a source names.
fn uses(code: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        match part.strip_prefix('{') {
            Some(group) => found.extend(items(group)),
            None => {
                found.insert(first_word(part));
            }
        }
    }
    found.remove("");
    found
}

/// The first words of the items of a group of imports, up to its closing brace.
fn items(group: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut found) = (0, 0, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' | ',' if depth == 0 => {
                found.push(first_word(&group[begin..at]));
                begin = at + 1;
                if character == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

fn first_word(text: &str) -> &str {
    words(text).next().unwrap_or_default()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn is_within(name: &str, module: &str) -> bool {
    name.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[test]
fn shared_knows_no_duty_and_no_duty_the_other() {
    let refused: [(&str, &[&str]); 3] = [
        ("shared", &["prediction", "custody"]),
        ("prediction", &["custody"]),
        ("custody", &["prediction"]),
    ];
    for (module, others) in refused {
        let within: Vec<_> =
            sources().into_iter().filter(|(name, _)| is_within(name, module)).collect();
        assert!(within.len() > 1, "there is no module {module}");
        for (name, code) in within {
            for other in others {
                assert!(!uses(&code).contains(other), "{name} uses {other}");
            }
        }
    }
}

#[test]
fn pure_modules_neither_wait_nor_read() {
    for module in PURE {
        let within: Vec<_> =
            sources().into_iter().filter(|(name, _)| is_within(name, module)).collect();
        assert!(!within.is_empty(), "there is no module {module}");
        for (name, code) in within {
            let found: Vec<_> = words(&code).filter(|word| IMPURE.contains(word)).collect();
            assert!(found.is_empty(), "{name} has {found:?}");
        }
    }
}

#[test]
fn imports_are_found_in_every_form() {
    let source = "
        use crate::shared::backoff::Backoff;
        use crate::{
            // crate::comment
            prediction::{jobs::Job, ports},
            cli,
        };
        fn f() { crate::custody::start::run(); }
        use medchain_client::custody::ReplyKey;
    ";
    let code = code(source);
    let found: Vec<&str> = uses(&code).into_iter().collect();
    assert_eq!(found, ["cli", "custody", "prediction", "shared"]);
}
