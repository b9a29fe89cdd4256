//! The modules of the program depend on each other in one direction.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The package's sources.
fn root() -> PathBuf {
    // Asked at run time: checkouts may share what was compiled.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the package's folder");
    Path::new(&package).join("src")
}

/// The modules that `main.rs` declares, in order: each may use only those below it.
fn rooms() -> Vec<String> {
    let main = fs::read_to_string(root().join("main.rs")).unwrap();
    let declared = main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    ["main"].into_iter().chain(declared).map(str::to_owned).collect()
}

/// The sources of the program, each with its path below `src`, without `.rs`.
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
    let root = root();
    let mut found = Vec::new();
    walk(&root, &mut found);
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().with_extension("");
            (name.to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// The paths that a source names below `crate::`, as `room::module`.
fn uses(source: &str) -> BTreeSet<String> {
    let code: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut found = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        match part.strip_prefix('{') {
            Some(group) => found.extend(items(group)),
            None => found.extend(path(part)),
        }
    }
    found
}

/// The items of a group of imports, up to its closing brace.
fn items(group: &str) -> Vec<String> {
    let (mut depth, mut begin, mut found) = (0, 0, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.extend(path(&group[begin..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.extend(path(&group[begin..at]));
                begin = at + 1;
            }
            _ => {}
        }
    }
    found
}

fn path(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let text = text.trim_start();
    let text = &text[..text.find(|c| !is_part(c)).unwrap_or(text.len())];
    (!text.is_empty()).then(|| text.trim_end_matches(':').to_owned())
}

fn room(path: &str) -> &str {
    path.split(['/', ':']).next().unwrap_or(path)
}

#[test]
fn rooms_depend_on_each_other_in_one_direction() {
    let rooms = rooms();
    let level = |room: &str| {
        let found = rooms.iter().position(|known| known == room);
        found.unwrap_or_else(|| panic!("main.rs does not declare {room}"))
    };
    for (name, source) in sources() {
        for used in uses(&source) {
            let (from, to) = (room(&name), room(&used));
            assert!(from == to || level(from) < level(to), "{name} uses {used}");
        }
    }
}

#[test]
fn no_command_uses_another() {
    for (name, source) in sources().into_iter().filter(|(name, _)| room(name) == "commands") {
        let others: Vec<String> =
            uses(&source).into_iter().filter(|used| room(used) == "commands").collect();
        assert!(others.is_empty(), "{name} uses {others:?}");
    }
}

#[test]
fn imports_are_found_in_every_form() {
    let source = "
        use crate::context::Context;
        use crate::{
            consent::{self, names},
            files, models,
            output::{self, time::{elapsed_ms, shown}, Outcome},
        };
        // crate::cli::Cli
        fn here() -> crate::audit::Entry { crate::signing::event() }
    ";
    let found: Vec<String> = uses(source).into_iter().collect();
    let expected = [
        "audit::Entry",
        "consent",
        "context::Context",
        "files",
        "models",
        "output",
        "signing::event",
    ];
    assert_eq!(found, expected);
}
