//! What must be equal is equal, what must differ differs, and the bytes stay what they are.

use bounded_collections::BoundedVec;
use medchain_primitives::{AnswerSalt, ModelId, Output, RecordId, RequestId, SealedAnswer};
use proptest::prelude::*;
use sp_arithmetic::Permill;

use crate::*;

const NAME: VerdictName =
    VerdictName { genesis: [9; 32], record: RecordId(1), model: ModelId(2), request: RequestId(3) };

fn output(label: u8, parts: &[u32]) -> Output {
    let parts: Vec<_> = parts.iter().map(|part| Permill::from_parts(*part)).collect();
    Output { label, probabilities: BoundedVec::truncate_from(parts) }
}

fn covid() -> Output {
    output(0, &[900_000, 60_000, 40_000])
}

fn key(name: VerdictName) -> VerdictKey {
    VerdictKey::new(&verdict_root(&[7; 32]), &name)
}

#[test]
fn honest_workers_have_equal_bytes_and_a_reader_opens_them() {
    let sealed = key(NAME).seal(&covid());
    assert_eq!(sealed, key(NAME).seal(&covid()));
    assert_eq!(key(NAME).open(&sealed), Ok(covid()));
    assert_eq!(sealed.len(), 16 + 1 + 1 + 3 * 4);
    assert_eq!(key(NAME).seal(&output(0, &[125_000; 8])).len(), 50);
}

#[test]
fn no_two_verdicts_have_the_same_key() {
    let sealed = key(NAME).seal(&covid());
    for other in [
        VerdictName { genesis: [8; 32], ..NAME },
        VerdictName { record: RecordId(0), ..NAME },
        VerdictName { model: ModelId(0), ..NAME },
        VerdictName { request: RequestId(0), ..NAME },
    ] {
        assert_eq!(key(other).open(&sealed), Err(Wrong));
        assert_ne!(key(other).seal(&covid()), sealed);
    }
    let stranger = VerdictKey::new(&verdict_root(&[6; 32]), &NAME);
    assert_eq!(stranger.open(&sealed), Err(Wrong));
}

#[test]
fn the_derived_bytes_are_pinned() {
    // From a second implementation, in Python. They must not change, or old verdicts could
    // not be read.
    let root = verdict_root(&[7; 32]);
    let square = vec![114; SIDE * SIDE];
    let commitment =
        answer_commitment(RequestId(3), &[1; 32], &key(NAME).seal(&covid()), &AnswerSalt([5; 32]));
    let pinned = [
        hex::encode(root.0),
        hex::encode(verdict_commitment(&root).0),
        hex::encode(key(NAME).seal(&covid())),
        hex::encode(input_root(&square, &InputSalt::new(&[7; 32])).unwrap().0),
        hex::encode(commitment.0),
        hex::encode(answer_salt(&[7; 32], &[9; 32], RequestId(3)).0),
    ];
    assert_eq!(pinned.join("\n"), include_str!("pinned.txt").trim_end());
}

#[test]
fn the_cipher_is_that_of_rfc_5297() {
    // Appendix A.1 of the RFC: a key of 32 bytes, one header.
    use aes_siv::{siv::Aes128Siv, KeyInit};
    let key =
        hex::decode("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff").unwrap();
    let header = hex::decode("101112131415161718191a1b1c1d1e1f2021222324252627").unwrap();
    let plain = hex::decode("112233445566778899aabbccddee").unwrap();
    let sealed = Aes128Siv::new_from_slice(&key).unwrap().encrypt([header], &plain).unwrap();
    assert_eq!(hex::encode(sealed), "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c");
}

#[test]
fn a_secret_does_not_print_itself() {
    let shown =
        format!("{:?} {:?} {:?}", verdict_root(&[7; 32]), key(NAME), InputSalt::new(&[7; 32]));
    assert_eq!(shown, "VerdictRoot(…) VerdictKey(…) InputSalt(…)");
}

#[test]
fn a_square_of_another_size_has_no_root() {
    let salt = InputSalt::new(&[7; 32]);
    assert_eq!(input_root(&[], &salt), None);
    assert_eq!(input_root(&vec![0; SIDE * SIDE - 1], &salt), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]

    #[test]
    fn every_pixel_and_the_salt_count(place in 0..SIDE * SIDE, grey: u8) {
        let mut square = vec![grey; SIDE * SIDE];
        let root = |square: &[u8], key: u8| input_root(square, &InputSalt::new(&[key; 32])).unwrap();
        let before = root(&square, 1);
        prop_assert_ne!(before, root(&square, 2));
        square[place] = grey.wrapping_add(1);
        prop_assert_ne!(before, root(&square, 1));
    }

    #[test]
    fn a_changed_seal_does_not_open(place in 0..30usize, bit in 0..8u8) {
        let mut sealed = key(NAME).seal(&covid()).into_inner();
        sealed[place] ^= 1 << bit;
        prop_assert_eq!(key(NAME).open(&SealedAnswer::truncate_from(sealed)), Err(Wrong));
    }

    #[test]
    fn a_commitment_binds_all_of_its_parts(request: u64, worker: [u8; 32], salt: [u8; 32], other: [u8; 32]) {
        prop_assume!(worker != other && salt != other);
        let sealed = key(NAME).seal(&covid());
        let commit = |request, worker: &[u8], sealed: &SealedAnswer, salt| {
            answer_commitment(RequestId(request), worker, sealed, &AnswerSalt(salt))
        };
        let base = commit(request, &worker, &sealed, salt);
        prop_assert_ne!(base, commit(request.wrapping_add(1), &worker, &sealed, salt));
        prop_assert_ne!(base, commit(request, &other, &sealed, salt));
        prop_assert_ne!(base, commit(request, &worker, &sealed, other));
        prop_assert_ne!(base, commit(request, &worker, &SealedAnswer::default(), salt));
    }
}
