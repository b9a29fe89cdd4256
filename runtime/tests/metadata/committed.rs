//! What is committed of the runtime's metadata, and read without linking the runtime: all of it, by
//! the worker and the command line; its digest, by the runtime's build script. These tests keep
//! them in step.

use std::path::PathBuf;

use codec::Decode;
use frame_metadata::RuntimeMetadataPrefixed;
use medchain_runtime::{
    constants::{SS58_PREFIX, TOKEN_DECIMALS, TOKEN_SYMBOL},
    Runtime, VERSION,
};
use merkleized_metadata::{generate_metadata_digest, ExtraInfo};

const COMMITTED: &str = "../client/metadata/medchain.scale";
const DIGEST: &str = "metadata-digest";
const METADATA_VERSION: u32 = 15;

/// The metadata as a node returns it over RPC: the opaque bytes without their length.
fn current() -> Vec<u8> {
    let metadata = sp_io::TestExternalities::default()
        .execute_with(|| Runtime::metadata_at_version(METADATA_VERSION));
    metadata.expect("this version exists").to_vec()
}

/// Compares a committed file with what it must hold, or writes it where that was asked for.
fn check(file: &str, current: &[u8]) {
    // Read at run time: checkouts may share compiled code, and this test writes.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let path = PathBuf::from(own).join(file);
    if std::env::var_os("MEDCHAIN_UPDATE_METADATA").is_some() {
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).unwrap();
        std::fs::write(&path, current).unwrap();
        return;
    }
    let committed = std::fs::read(&path).unwrap_or_default();
    assert!(
        committed == current,
        "the runtime's metadata changed: run 'make metadata' and commit {file}"
    );
}

#[test]
fn the_committed_metadata_is_the_runtimes() {
    check(COMMITTED, &current());
}

/// Offline wallets sign this digest, so that they need not trust what a page shows them.
///
/// Source: RFC 78 of the Polkadot Fellowship, "Merkleized Metadata".
#[test]
fn the_committed_digest_is_that_of_the_metadata() {
    let metadata = RuntimeMetadataPrefixed::decode(&mut &*current()).unwrap().1;
    let extra = ExtraInfo {
        spec_version: VERSION.spec_version,
        spec_name: VERSION.spec_name.to_string(),
        base58_prefix: SS58_PREFIX,
        decimals: TOKEN_DECIMALS,
        token_symbol: TOKEN_SYMBOL.to_string(),
    };
    let digest = generate_metadata_digest(&metadata, extra).unwrap().hash();
    check(DIGEST, format!("0x{}\n", hex::encode(digest)).as_bytes());
}
