//! What a proof is about, absorbed before its challenge is drawn (strong Fiat-Shamir).
//!
//! Merlin's transcripts (STROBE-128, <https://merlin.cool>): each message has a label and its
//! length. Messages are SCALE-encoded, and fixed by label and version in what they mean.

use codec::Encode;

pub(crate) use merlin::Transcript;

use crate::curve::Scalar;

/// Protocol, group and version. Any change to what is absorbed changes the version; one that
/// concerns a single statement changes the name of that statement.
const DOMAIN: &[u8] = b"medchain/sharing/ristretto255/1";

/// Starts the transcript of one kind of statement.
pub(crate) fn start(statement: &'static [u8]) -> Transcript {
    let mut transcript = Transcript::new(DOMAIN);
    transcript.append_message(b"statement", statement);
    transcript
}

/// Absorbs a message.
pub(crate) fn absorb(transcript: &mut Transcript, label: &'static [u8], message: &impl Encode) {
    message.using_encoded(|bytes| transcript.append_message(label, bytes));
}

/// Draws a uniform scalar.
pub(crate) fn challenge(transcript: &mut Transcript, label: &'static [u8]) -> Scalar {
    let mut wide = [0; 64];
    transcript.challenge_bytes(label, &mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}
