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
    Metadata::decode_from(compat::TESTED[0]).expect("the metadata can be read")
}

#[test]
fn the_tested_runtimes_are_compatible() {
    for bytes in compat::TESTED {
        let metadata = Metadata::decode_from(bytes).expect("the metadata can be read");
        assert_eq!(compat::check(&metadata), Ok(()));
    }
}

/// The newest metadata with one text in place of another of the same length.
fn altered(from: &[u8], to: &[u8]) -> Metadata {
    let mut bytes = compat::TESTED[0].to_vec();
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty() && from.len() == to.len());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    Metadata::decode_from(&bytes).expect("the metadata can be read")
}

/// The beginning of `System.Version` of a runtime of this version.
fn version(spec: u32) -> Vec<u8> {
    ("medchain", "medchain", 1u32, spec).encode()
}

#[test]
fn a_later_runtime_of_the_same_shape_is_compatible() {
    assert_eq!(compat::check(&altered(&version(2), &version(7))), Ok(()));
}

#[test]
fn a_runtime_of_another_shape_is_refused_with_both_versions() {
    let check = |from: &[u8], to: &[u8], line: &str| {
        let error = compat::check(&altered(from, to)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("this program does not fit the node's runtime: it has version 2, and this program is made for 1 and 2: {line}; update the one or the other")
        );
    };
    check(b"cancel_request", b"cancel_demands", "its call Inference.cancel_request is another");
    check(b"OpenRequestOf", b"OpenRequestIn", "its storage Inference.OpenRequestOf is another");
    check(b"WorkerBond", b"WorkerPawn", "its constant Inference.WorkerBond is another");
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
