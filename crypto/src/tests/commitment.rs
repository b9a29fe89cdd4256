//! The attack that the commitment in a file's header is against: one file, two films.

use chacha20::{
    cipher::{KeyIvInit, StreamCipher},
    XChaCha20,
};
use chacha20poly1305::{aead::AeadInPlace, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use num_bigint::BigUint;

use super::*;
use crate::file::{associated_data, Derived};

/// Two blocks: 31 bytes of content and the byte that ends them.
const BODY: usize = 32;

/// The one-time key of Poly1305, and what encrypts the body.
struct Stream {
    r: BigUint,
    s: BigUint,
    body: [u8; BODY],
}

impl Stream {
    fn new(key: &[u8; 32], nonce: &[u8; 24]) -> Self {
        let mut bytes = [0; 64 + BODY];
        XChaCha20::new(key.into(), nonce.into()).apply_keystream(&mut bytes);
        let clamp = 0x0ffffffc_0ffffffc_0ffffffc_0fffffff_u128;
        let r = u128::from_le_bytes(bytes[..16].try_into().unwrap()) & clamp;
        let s = u128::from_le_bytes(bytes[16..32].try_into().unwrap());
        Self { r: r.into(), s: s.into(), body: bytes[64..].try_into().unwrap() }
    }

    /// What the authenticator sums, but for the first block of the ciphertext, and by what that
    /// block is multiplied.
    fn parts(&self, associated: &[u8], last: &[u8; 16]) -> (BigUint, BigUint) {
        let (prime, high) = (prime(), BigUint::from(1u8) << 128);
        let mut padded = associated.to_vec();
        padded.resize(associated.len().next_multiple_of(16), 0);
        let lengths = [associated.len() as u64, BODY as u64].map(u64::to_le_bytes).concat();
        let blocks = padded.chunks(16).chain([&[0; 16], last, &lengths[..]]);
        let blocks: Vec<BigUint> =
            blocks.map(|block| BigUint::from_bytes_le(block) + &high).collect();
        let free = padded.len() / 16;
        let power = |at: usize| self.r.modpow(&(blocks.len() - at).into(), &prime);
        let others = blocks.iter().enumerate().filter(|(at, _)| *at != free);
        let sum = others.map(|(at, block)| block * power(at)).sum::<BigUint>() % &prime;
        (sum, power(free))
    }
}

fn prime() -> BigUint {
    (BigUint::from(1u8) << 130) - 5u8
}

/// A body and its tag that both keys authenticate: the first block solves a linear equation
/// modulo 2^130 - 5, as in "Fast Message Franking" by Dodis, Grubbs, Ristenpart and Woodage
/// (2018) for GCM.
fn two_faced(streams: &[Stream; 2], associated: &[u8], ends: u8) -> Option<([u8; BODY], [u8; 16])> {
    let (prime, high) = (prime(), BigUint::from(1u8) << 128);
    for attempt in 0u64..200 {
        let mut last = [0; 16];
        last[..8].copy_from_slice(&attempt.to_le_bytes());
        last[15] = ends;
        let [one, other] = streams;
        let (sums, powers) = (one.parts(associated, &last), other.parts(associated, &last));
        let ((sum, by), (other_sum, other_by)) = (sums, powers);
        let slope = (&by + &prime - &other_by) % &prime;
        let rest = (other_sum.clone() + &other.s + &prime + &prime - &sum - &one.s) % &prime;
        let block = rest * slope.modpow(&(&prime - 2u8), &prime) % &prime;
        // A full block has its 129th bit set, and no higher one.
        if &block >> 128 != BigUint::from(1u8) {
            continue;
        }
        let tag = (&sum + &block * by) % &prime + &one.s;
        if tag != (other_sum + &block * other_by) % &prime + &other.s {
            continue;
        }
        let sixteen = |number: BigUint| -> [u8; 16] {
            let mut bytes = BigUint::to_bytes_le(&(number % &high));
            bytes.resize(16, 0);
            bytes.try_into().unwrap()
        };
        let body = [sixteen(block), last].concat().try_into().unwrap();
        return Some((body, sixteen(tag)));
    }
    None
}

fn opens(key: &[u8; 32], nonce: &[u8; 24], associated: &[u8], body: &[u8], tag: &[u8]) -> bool {
    let (mut body, nonce) = (body.to_vec(), XNonce::from_slice(nonce));
    let tag = Tag::from_slice(tag);
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt_in_place_detached(nonce, associated, &mut body, tag).is_ok()
}

#[test]
fn a_file_made_for_two_keys_opens_under_the_one_that_it_commits_to() {
    let keys = [1, 2].map(|byte| ContentKey::from_bytes([byte; 32]));
    let associated = associated_data(&PATIENT);
    let made = (0u64..).find_map(|number| {
        let mut nonce = [0; 24];
        nonce[..8].copy_from_slice(&number.to_le_bytes());
        let derived = keys.each_ref().map(|key| Derived::new(key, &nonce, &PATIENT));
        let streams = derived.each_ref().map(|derived| Stream::new(&derived.body, &nonce));
        // Both contents end with the byte that ends a content.
        let ends = streams.each_ref().map(|stream| stream.body[BODY - 1] ^ 0x80);
        if ends[0] != ends[1] {
            return None;
        }
        let (body, tag) = two_faced(&streams, &associated, ends[0])?;
        Some((nonce, derived, body, tag))
    });
    let (nonce, derived, body, tag) = made.unwrap();
    // The cipher alone opens it with both keys.
    for derived in &derived {
        assert!(opens(&derived.body, &nonce, &associated, &body, &tag));
    }
    for committed in 0..2 {
        let commitment = derived[committed].commitment;
        let file = [b"MCX2", &nonce[..], &commitment, &body, &tag].concat();
        let film = decrypt(&keys[committed], &PATIENT, &file).unwrap();
        assert_eq!(film.len(), BODY - 1);
        let other = decrypt(&keys[1 - committed], &PATIENT, &file).unwrap_err();
        assert_eq!(other, CryptoError::Authentication);
    }
}
