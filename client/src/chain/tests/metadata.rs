//! Whether every call, storage value and event that this crate knows is what
//! the committed metadata says. A test of the runtime holds that file fresh.

mod calls;
mod events;
mod storage;

use codec::Encode;
use subxt::{
    ext::{
        scale_decode::visitor::{decode_with_visitor, IgnoreVisitor},
        scale_value::scale::decode_as_type,
    },
    Metadata,
};

use crate::{chain::compat, AccountId32};

const ALICE: AccountId32 = AccountId32([1; 32]);
const BOB: AccountId32 = AccountId32([2; 32]);

fn metadata() -> Metadata {
    Metadata::decode_from(compat::TESTED).expect("the metadata can be read")
}

#[test]
fn the_tested_runtime_is_compatible() {
    assert_eq!(compat::check(&metadata()), Ok(()));
}

/// Asserts that `bytes` are exactly one value of a type.
fn assert_is(metadata: &Metadata, type_id: u32, bytes: &[u8], what: &str) {
    let mut rest = bytes;
    decode_with_visitor(&mut rest, type_id, metadata.types(), IgnoreVisitor::new())
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(rest.is_empty(), "{what}: {} bytes are left over", rest.len());
}

/// Asserts that a sample is a value of a type, and reads there as `shown`.
fn assert_reads(metadata: &Metadata, type_id: u32, sample: &impl Encode, shown: &str, what: &str) {
    let bytes = sample.encode();
    assert_is(metadata, type_id, &bytes, what);
    let value = decode_as_type(&mut bytes.as_slice(), type_id, metadata.types()).unwrap();
    let text = value.to_string();
    assert!(text.contains(shown), "{what}: {text} does not contain {shown}");
}
