//! Workers that wait for the key of a record: the draw is the grant, as long as it holds.

use medchain_primitives::Action;
use sp_keyring::Sr25519Keyring as Who;

use super::{Access, Basis, Model, Status, PATIENT};

/// Who makes the requests for inference.
pub const REQUESTER: Who = Who::Eve;

/// A worker's place in a request for inference.
#[derive(Clone, Copy, Debug)]
pub struct Seat {
    /// The worker.
    pub worker: Who,
    /// The record that it is to look at.
    pub record: usize,
    /// Whether the chain drew it; otherwise the requester named it.
    pub drawn: bool,
    /// The last block in which it can get the key.
    pub until: u32,
    /// Whether the request awaits keys no more.
    pub ended: bool,
}

impl Model {
    /// The place, if its request awaits keys.
    fn awaits_keys(&self, place: usize) -> Option<&Seat> {
        self.seats.get(place).filter(|seat| {
            let record = self.records.get(seat.record);
            let active = record.is_some_and(|record| record.status == Status::Active);
            active && !seat.ended && self.now <= seat.until
        })
    }

    /// The place of a worker that was drawn, and still waits for the key.
    pub(super) fn waits(&self, place: usize) -> Option<&Seat> {
        self.awaits_keys(place)
            .filter(|seat| seat.drawn && !self.envelopes.contains(&(seat.record, seat.worker)))
    }

    /// Whether a worker may ask custodians for the key.
    pub(super) fn may_work(&self, who: Who, place: usize) -> bool {
        self.waits(place).is_some_and(|seat| {
            let free = match self.access.get(&(seat.record, who)).map(|access| access.basis) {
                None | Some(Basis::Policy) => true,
                Some(Basis::Emergency(_)) => false,
                // It asks once, until it has lost that place.
                Some(Basis::Draw(other)) => self.waits(other).is_none(),
            };
            seat.worker == who && free && self.kept(seat.record) && self.policy(who, Action::Infer)
        })
    }

    /// Whether an account may seal the key to the worker in this place.
    ///
    /// Who was drawn and got enough shares may, for itself. So may whoever must have the key: the
    /// patient, the author, and a requester with an envelope.
    pub(super) fn may_seal(&self, who: Who, place: usize) -> bool {
        self.awaits_keys(place).is_some_and(|seat| {
            let record = &self.records[seat.record];
            let served = self.waits(place).is_some_and(|seat| seat.worker == who)
                && record.threshold.is_some_and(|needed| {
                    let access = self.access.get(&(seat.record, who));
                    access.is_some_and(|access| access.delivered.len() >= usize::from(needed))
                });
            let requests = who == REQUESTER && self.envelopes.contains(&(seat.record, who));
            !self.envelopes.contains(&(seat.record, seat.worker))
                && (who == PATIENT || who == record.author || requests || served)
        })
    }

    /// Whether a grant may be ended by anybody: that of a worker without its place.
    pub(super) fn is_lost(&self, access: &Access) -> bool {
        matches!(access.basis, Basis::Draw(place) if self.waits(place).is_none())
    }

    /// A worker gets the key.
    pub(super) fn seal(&mut self, place: usize) {
        let seat = &mut self.seats[place];
        seat.ended = true;
        self.envelopes.insert((seat.record, seat.worker));
    }
}
