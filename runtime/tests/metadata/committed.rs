//! The worker and the command line read the committed metadata instead of linking the runtime.
//! This test keeps the two in step.

use std::path::PathBuf;

const COMMITTED: &str = "../client/metadata/medchain.scale";
const VERSION: u32 = 15;

#[test]
fn the_committed_metadata_is_the_runtimes() {
    // Read at run time: checkouts may share compiled code, and this test writes.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let path = PathBuf::from(own).join(COMMITTED);
    let metadata = sp_io::TestExternalities::default().execute_with(|| {
        medchain_runtime::Runtime::metadata_at_version(VERSION).expect("this version exists")
    });
    // As a node returns it over RPC: the opaque bytes without their length.
    let current: &[u8] = &metadata;
    if std::env::var_os("MEDCHAIN_UPDATE_METADATA").is_some() {
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).unwrap();
        std::fs::write(&path, current).unwrap();
        return;
    }
    let committed = std::fs::read(&path).unwrap_or_default();
    assert!(
        committed == current,
        "the runtime's metadata changed: run 'make metadata' and commit {COMMITTED}"
    );
}
