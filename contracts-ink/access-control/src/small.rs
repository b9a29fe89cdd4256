//! What the contract does often, written so that it compiles to little code:
//! an account is 32 bytes, and each place that copies one costs more code than
//! a call does.

use ink::{
    env::{
        event::{
            state::{HasRemainingTopics, Uninit},
            TopicsBuilder, TopicsBuilderBackend,
        },
        Environment, Event,
    },
    primitives::AccountId,
    scale::{Encode, EncodeLike, Output},
};
use policy::{MedChainEnvironment, Role};

/// A patient, and an account or a role: the key of a grant, and the first two
/// fields of every event.
pub struct Pair {
    bytes: [u8; 64],
    /// How many of the bytes an event has: a role is one byte long.
    length: usize,
}

impl Pair {
    /// `patient` and an account.
    #[inline(never)]
    pub fn new(patient: &AccountId, other: &AccountId) -> Self {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(patient.as_ref());
        bytes[32..].copy_from_slice(other.as_ref());
        Pair { bytes, length: 64 }
    }

    /// The caller, who is the patient, and an account.
    #[inline(never)]
    pub fn own(other: &AccountId) -> Self {
        Self::new(&ink::env::caller::<MedChainEnvironment>(), other)
    }

    /// `patient` and a role.
    pub fn of_role(patient: &AccountId, role: Role) -> Self {
        let mut other = [0; 32];
        other[0] = role as u8;
        Pair { length: 33, ..Self::new(patient, &AccountId(other)) }
    }
}

impl Encode for Pair {
    fn encode_to<T: Output + ?Sized>(&self, output: &mut T) {
        output.write(&self.bytes);
    }
}

impl EncodeLike<(AccountId, AccountId)> for &Pair {}

/// Emits an event of the type `E`. Its first two fields, which are its topics,
/// are those of `pair`; `rest` stands for the others.
pub fn emit<E: Event>(pair: &Pair, rest: impl Encode) {
    let mut data = Data { bytes: [0; 128], length: 0 };
    data.write(&pair.bytes[..pair.length]);
    rest.encode_to(&mut data);
    send(&E::SIGNATURE_TOPIC.unwrap_or_default(), pair, data);
}

#[inline(never)]
fn send(signature: &[u8; 32], pair: &Pair, data: Data) {
    ink::env::emit_event::<MedChainEnvironment, _>(Plain { signature, pair, data });
}

/// An event as its bytes. What ink! makes of an event's type is the same, but
/// half a kilobyte of code for each.
struct Plain<'a> {
    signature: &'a [u8; 32],
    pair: &'a Pair,
    data: Data,
}

impl Encode for Plain<'_> {
    fn encode_to<T: Output + ?Sized>(&self, output: &mut T) {
        output.write(&self.data.bytes[..self.data.length]);
    }
}

impl Event for Plain<'_> {
    type RemainingTopics = [HasRemainingTopics; 3];

    // It differs from event to event, and stands among the topics below.
    const SIGNATURE_TOPIC: Option<[u8; 32]> = None;

    fn topics<E: Environment, B: TopicsBuilderBackend<E>>(
        &self,
        builder: TopicsBuilder<Uninit, E, B>,
    ) -> B::Output {
        let half = |from| <&[u8; 32]>::try_from(&self.pair.bytes[from..from + 32]).ok();
        let topics = builder.build::<Self>().push_topic(Some(self.signature));
        topics.push_topic(half(0)).push_topic(half(32)).finish()
    }
}

/// The encoded fields of an event.
struct Data {
    bytes: [u8; 128],
    length: usize,
}

impl Output for Data {
    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        self.bytes[self.length..end].copy_from_slice(bytes);
        self.length = end;
    }
}
