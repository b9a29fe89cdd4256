//! The same input gives the same bytes, on every machine and in every release of one layout.

use sha2::{Digest, Sha256};

use super::samples;
use crate::{render, LAYOUT};

/// `MEDCHAIN_SAMPLES=FOLDER cargo test -p medchain-report write -- --ignored` writes every sample:
/// for people, and for `scripts/check-pdf-ua.py`.
#[test]
#[ignore = "it writes files"]
fn write() {
    let folder = std::env::var("MEDCHAIN_SAMPLES").expect("MEDCHAIN_SAMPLES names a folder");
    for (name, report) in samples::all() {
        let pdf = render(&report, Some(&samples::film(300, 250))).unwrap().pdf;
        std::fs::write(format!("{folder}/{name}.pdf"), pdf).unwrap();
    }
}

/// SHA-256 of all samples' files, one after the other.
///
/// When this changes, a page that was made before is no longer drawn as it was: raise [`LAYOUT`].
const GOLDEN: (u32, &str) = (1, "89a60af95113c85d90968e327e70359a22290b2e48f9a032bbfcb27d4bf136d6");

#[test]
fn the_samples_are_the_same_bytes() {
    let mut hasher = Sha256::new();
    for (_, report) in samples::all() {
        let film = samples::film(300, 250);
        let pdf = render(&report, Some(&film)).unwrap().pdf;
        assert_eq!(pdf, render(&report, Some(&film)).unwrap().pdf);
        hasher.update(pdf);
    }
    assert_eq!((LAYOUT, hex::encode(hasher.finalize()).as_str()), GOLDEN);
}
