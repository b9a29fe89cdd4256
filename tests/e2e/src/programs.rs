//! Where the programs and files under test are.

use std::path::PathBuf;

/// The root of the repository.
pub fn repository() -> PathBuf {
    // What cargo says when the test runs: checkouts that share a target folder also
    // share what was compiled in it.
    // Started without cargo, and without that variable, there is only what was compiled.
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.join("../..").canonicalize().expect("it exists")
}

/// A program of this workspace.
///
/// # Panics
/// When it was not built: `make build` does that.
pub fn program(name: &str) -> PathBuf {
    let folder = std::env::var_os("MEDCHAIN_BIN_DIR").map(PathBuf::from).unwrap_or_else(|| {
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
    let folder =
        std::env::var_os("MEDCHAIN_CONTRACTS_DIR").map(PathBuf::from).unwrap_or_else(|| {
            let cache =
                std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).unwrap_or_else(|| {
                    PathBuf::from(std::env::var_os("HOME").expect("there is a home folder"))
                        .join(".cache")
                });
            cache.join("medchain/contracts/ink")
        });
    let path = folder.join(format!("{name}.contract"));
    assert!(path.is_file(), "{} is missing: run 'make contracts' first", path.display());
    path
}

/// The folder with the shipped model.
pub fn model_folder() -> PathBuf {
    repository().join("models/shipped")
}

/// The real test images of this class, if they are on this machine: research
/// data that is not part of the repository.
pub fn shared_images(class: &str) -> Option<Vec<PathBuf>> {
    let folder = repository().join("../shared/data/cxr/test").join(class);
    let mut images: Vec<PathBuf> =
        std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    images.sort();
    (!images.is_empty()).then_some(images)
}
