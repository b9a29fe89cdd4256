//! Whether every call, storage value, event and error that this crate knows is what
//! the committed metadata says. A test of the runtime keeps that file fresh.

mod api;
mod calls;
mod commands;
mod disputes;
mod errors;
pub mod events;
mod storage;

use codec::Encode;
use medchain_primitives::{EncryptionKey, SealedKey};
use scale_info::{form::PortableForm, TypeDef, Variant};
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

fn sealed_key() -> SealedKey {
    SealedKey::new(&EncryptionKey([6; 32]), [5; 32], [7; 48])
}

pub fn metadata() -> Metadata {
    Metadata::decode_from(compat::TESTED).expect("the metadata can be decoded")
}

/// The committed metadata with one text in place of another of the same length.
pub fn altered(from: &[u8], to: &[u8]) -> Metadata {
    let bytes = replaced(compat::TESTED, from, to);
    Metadata::decode_from(&bytes).expect("the metadata can be decoded")
}

/// Metadata with one text in place of another of the same length.
pub fn replaced(metadata: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = metadata.to_vec();
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty() && from.len() == to.len());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

/// The variants of an enum in the metadata.
pub fn variants(metadata: &mut Metadata, type_id: u32) -> &mut Vec<Variant<PortableForm>> {
    match &mut metadata.types_mut().types[type_id as usize].ty.type_def {
        TypeDef::Variant(found) => &mut found.variants,
        other => panic!("{other:?} is not an enum"),
    }
}

/// Asserts that `bytes` are exactly one value of a type.
fn assert_is(metadata: &Metadata, type_id: u32, bytes: &[u8], what: &str) {
    let mut rest = bytes;
    decode_with_visitor(&mut rest, type_id, metadata.types(), IgnoreVisitor::new())
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(rest.is_empty(), "{what}: {} bytes are left over", rest.len());
}

/// Asserts that a sample is a value of a type, and is displayed as `shown`.
fn assert_reads(metadata: &Metadata, type_id: u32, sample: &impl Encode, shown: &str, what: &str) {
    let bytes = sample.encode();
    assert_is(metadata, type_id, &bytes, what);
    let value = decode_as_type(&mut bytes.as_slice(), type_id, metadata.types()).unwrap();
    let text = value.to_string();
    assert!(text.contains(shown), "{what}: {text} does not contain {shown}");
}
