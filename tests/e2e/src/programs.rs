//! Where the programs and files under test are.

use std::path::PathBuf;

/// The root of the repository.
pub fn repository() -> PathBuf {
    // Checkouts that share a target folder share the compiled path as well, so the
    // variable that cargo sets for a running test counts first.
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.join("../..").canonicalize().expect("it exists")
}

/// A program of this workspace.
///
/// # Panics
/// Where it was not built: `make build` does that.
pub fn program(name: &str) -> PathBuf {
    let folder = folder_named_by("MEDCHAIN_BIN_DIR").unwrap_or_else(|| {
        // A test runs as target/debug/deps/NAME.
        let test = std::env::current_exe().expect("a test has a path");
        test.ancestors().nth(2).expect("it lies in target/debug/deps").to_path_buf()
    });
    let path = folder.join(name);
    assert!(path.is_file(), "{} is missing: run 'make build' first", path.display());
    path
}

/// The bundle of a contract, as `make contracts` leaves it.
pub fn contract(name: &str) -> PathBuf {
    let folder = folder_named_by("MEDCHAIN_CONTRACTS_DIR").unwrap_or_else(|| {
        let cache = folder_named_by("XDG_CACHE_HOME").unwrap_or_else(|| {
            folder_named_by("HOME").expect("there is a home folder").join(".cache")
        });
        cache.join("medchain/contracts/ink")
    });
    let path = folder.join(format!("{name}.contract"));
    assert!(path.is_file(), "{} is missing: run 'make contracts' first", path.display());
    path
}

fn folder_named_by(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

/// The folder with the shipped model.
pub fn model_folder() -> PathBuf {
    repository().join("models/shipped")
}

/// The real test images of this class, where they are on this machine: research data
/// that is not part of the repository.
pub fn shared_images(class: &str) -> Option<Vec<PathBuf>> {
    let folder = repository().join("../shared/data/cxr/test").join(class);
    let mut images: Vec<PathBuf> =
        std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    images.sort();
    (!images.is_empty()).then_some(images)
}
