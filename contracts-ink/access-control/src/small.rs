//! Frequent steps of the contract, written to compile to little code: copying a
//! 32-byte account inline takes more code than a call does.

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

/// A patient with an account or a role: the key of a grant, and the first two
/// fields of every event.
pub struct Pair {
    halves: [[u8; 32]; 2],
    /// How many of the 64 bytes are in an event: a role takes one byte.
    length: usize,
}

impl Pair {
    /// Pairs a patient with an account.
    #[inline(never)]
    pub fn new(patient: &AccountId, other: &AccountId) -> Self {
        Pair { halves: [patient.0, other.0], length: 64 }
    }

    /// Pairs the caller, as the patient, with an account.
    #[inline(never)]
    pub fn own(other: &AccountId) -> Self {
        Self::new(&ink::env::caller::<MedChainEnvironment>(), other)
    }

    /// The same patient with another account.
    pub fn with(&self, other: &AccountId) -> Self {
        let [patient, _] = self.halves;
        Self::new(&AccountId(patient), other)
    }

    /// Pairs a patient with a role.
    pub fn of_role(patient: &AccountId, role: Role) -> Self {
        let mut other = [0; 32];
        other[0] = role as u8;
        Pair { length: 33, ..Self::new(patient, &AccountId(other)) }
    }
}

impl Encode for Pair {
    fn encode_to<T: Output + ?Sized>(&self, output: &mut T) {
        output.write(self.halves.as_flattened());
    }
}

impl EncodeLike<(AccountId, AccountId)> for &Pair {}

/// Emits an event of the type `E`, and writes it into the patient's log. Its first two
/// fields, which are its topics, come from `pair`, the others from `rest`.
pub fn emit<E: Event>(pair: &Pair, rest: &impl Encode) {
    let mut data = Data { bytes: [0; Data::MOST], length: 0 };
    data.write(pair.halves.as_flattened().get(..pair.length).unwrap_or_default());
    rest.encode_to(&mut data);
    send(&E::SIGNATURE_TOPIC.unwrap_or_default(), pair, &data);
}

#[inline(never)]
fn send(signature: &[u8; 32], pair: &Pair, data: &Data) {
    let data = data.bytes.get(..data.length).unwrap_or_default();
    ink::env::emit_event::<MedChainEnvironment, _>(Plain { signature, pair, data });
    let [patient, _] = pair.halves;
    let fields = data.get(patient.len()..).unwrap_or_default();
    // The chain takes no note where the patient has another policy: the event alone stays then.
    let _ = policy::note(&AccountId(patient), signature, fields);
}

/// An encoded event. The code that ink! derives for an event type does the same,
/// but takes half a kilobyte for each.
struct Plain<'a> {
    signature: &'a [u8; 32],
    pair: &'a Pair,
    data: &'a [u8],
}

impl Encode for Plain<'_> {
    fn encode_to<T: Output + ?Sized>(&self, output: &mut T) {
        output.write(self.data);
    }
}

impl Event for Plain<'_> {
    type RemainingTopics = [HasRemainingTopics; 3];

    // Each event has its own, which `topics` adds below.
    const SIGNATURE_TOPIC: Option<[u8; 32]> = None;

    fn topics<E: Environment, B: TopicsBuilderBackend<E>>(
        &self,
        builder: TopicsBuilder<Uninit, E, B>,
    ) -> B::Output {
        let [patient, other] = &self.pair.halves;
        let topics = builder.build::<Self>().push_topic(Some(self.signature));
        topics.push_topic(Some(patient)).push_topic(Some(other)).finish()
    }
}

/// The encoded fields of an event.
struct Data {
    bytes: [u8; Self::MOST],
    length: usize,
}

impl Data {
    /// The longest event, `Granted`, has 104 bytes.
    const MOST: usize = 128;
}

impl Output for Data {
    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) {
        let end = self.length.saturating_add(bytes.len());
        // There is always room: see `MOST`. Were there none, the call would be reverted.
        let Some(room) = self.bytes.get_mut(self.length..end) else { policy::direct::refuse() };
        room.copy_from_slice(bytes);
        self.length = end;
    }
}
