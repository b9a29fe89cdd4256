//! Drawn and named workers, beside the model: the draw is the grant, as long as it holds.

use medchain_primitives::{RequestId, RequestStatus};
use pallet_inference::Choice;
use sp_keyring::Sr25519Keyring as Who;
use sp_runtime::{BoundedVec, DispatchResult};

use super::{
    model::{Deed, Seat, PATIENT as OWNER},
    table::{in_vain, Both, CLINICIAN, CUSTODIANS, EVERYBODY, GRANTEE},
};
use crate::tests::{custodians::signed, draws, *};

/// The worker, which the policy allows whatever a test grants it.
const WORKER: Who = GRANTEE;
const VIEW: u8 = 1 << Action::View as u8;
const INFER: u8 = 1 << Action::Infer as u8;
/// For how many blocks a request awaits keys.
const PERIOD: u32 = 50;

/// The request at this place.
pub fn request_of(place: usize) -> RequestId {
    RequestId(place as u64)
}

impl Both {
    /// The chain draws a worker for a request about a record, or the requester names it. Returns
    /// its place.
    pub fn seat(&mut self, worker: Who, record: usize, drawn: bool, blocks: u32) -> usize {
        let place = self.model.seats.len();
        let until = self.model.now + blocks;
        let choice = if drawn { draws::drawn() } else { Choice::Named };
        draws::seat(request_of(place), RecordId(record as u64), worker, choice, until);
        self.model.seats.push(Seat { worker, record, drawn, until, ended: false });
        place
    }

    /// The request at this place awaits keys no more.
    pub fn leave(&mut self, place: usize) {
        if let Some(seat) = self.model.seats.get_mut(place) {
            seat.ended = true;
            pallet_inference::Requests::<Runtime>::mutate_extant(request_of(place), |request| {
                request.status = RequestStatus::Cancelled;
            });
        }
    }

    /// An account seals the key of the record to the worker.
    pub fn seal(&self, who: Who, place: usize) -> DispatchResult {
        let worker = self.model.seats.get(place).map_or(who, |seat| seat.worker);
        let keys = BoundedVec::truncate_from(vec![(worker.to_account_id(), sealed_key())]);
        Inference::seal_to_workers(signed(who), request_of(place), keys)
    }
}

/// What happens between the first share and the next ones.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Nothing,
    Revoked,
    AllowedOther,
    NoPolicy,
    Ended,
    Overdue,
    Amended,
    Erased,
    Entrusted,
    Taken,
    GivenUp,
    SealedByOwner,
    AskedAgain,
    AllRetired,
    OneDismissed,
}

impl Turn {
    const ALL: [Self; 15] = [
        Self::Nothing,
        Self::Revoked,
        Self::AllowedOther,
        Self::NoPolicy,
        Self::Ended,
        Self::Overdue,
        Self::Amended,
        Self::Erased,
        Self::Entrusted,
        Self::Taken,
        Self::GivenUp,
        Self::SealedByOwner,
        Self::AskedAgain,
        Self::AllRetired,
        Self::OneDismissed,
    ];

    fn happen(self, both: &mut Both, place: usize) {
        match self {
            Self::Nothing => {}
            Self::Revoked => both.revoke(WORKER),
            Self::AllowedOther => both.grant(WORKER, VIEW, None),
            Self::NoPolicy => both.act(OWNER, Deed::SetPolicy(false)),
            Self::Ended => both.leave(place),
            Self::Overdue => both.go_to(both.model.now + PERIOD + 1),
            Self::Amended => both.act(OWNER, Deed::Amend(0)),
            Self::Erased => both.act(OWNER, Deed::Erase(0)),
            Self::Entrusted => both.act(OWNER, Deed::Entrust(0)),
            Self::Taken => both.act(OWNER, Deed::Take(0, WORKER)),
            Self::GivenUp => both.act(WORKER, Deed::Take(0, WORKER)),
            Self::SealedByOwner => both.act(OWNER, Deed::Seal(place)),
            // Under another request, and once more under the same.
            Self::AskedAgain => {
                let other = both.seat(WORKER, 0, true, PERIOD);
                both.act(WORKER, Deed::Work(other));
                both.act(WORKER, Deed::Work(place));
            }
            Self::AllRetired => {
                for custodian in CUSTODIANS {
                    both.act(custodian, Deed::Retire);
                }
            }
            Self::OneDismissed => both.set_role(CUSTODIANS[1], Role::Custodian, false),
        }
    }
}

/// Whatever happens while a worker waits: who gets shares, who may seal, and who ends what.
#[test]
fn every_turn_of_a_place() {
    for threshold in 1..=3 {
        development_chain().execute_with(|| {
            let start = Both::new(threshold);
            for drawn in [true, false] {
                for actions in [INFER, VIEW, VIEW | INFER] {
                    for turn in Turn::ALL {
                        in_vain(|| a_turn(&start, drawn, actions, turn));
                    }
                }
            }
        });
    }
}

fn a_turn(start: &Both, drawn: bool, actions: u8, turn: Turn) {
    let mut both = start.clone();
    both.grant(WORKER, actions, None);
    let place = both.seat(WORKER, 0, drawn, PERIOD);
    for who in EVERYBODY {
        both.act(who, Deed::Work(place));
        both.act(who, Deed::Expire(0, WORKER));
    }
    both.act(WORKER, Deed::View(0));
    both.act(CUSTODIANS[0], Deed::Deliver(0, WORKER));
    both.act(WORKER, Deed::Seal(place));
    turn.happen(&mut both, place);
    both.act(Who::Eve, Deed::Expire(0, WORKER));
    for custodian in CUSTODIANS {
        both.act(custodian, Deed::Deliver(0, WORKER));
        both.act(WORKER, Deed::Seal(place));
    }
    both.compare_state();
    both.act(WORKER, Deed::Work(place));
    both.act(WORKER, Deed::Renew(0));
    for who in EVERYBODY {
        both.act(who, Deed::Seal(place));
    }
    both.act(WORKER, Deed::Work(place));
    both.compare_state();
}

/// An emergency and a draw do not stand in for each other.
#[test]
fn a_worker_in_an_emergency() {
    development_chain().execute_with(|| {
        let start = Both::new(1);
        for first in [true, false] {
            in_vain(|| {
                let mut both = start.clone();
                both.grant(CLINICIAN, INFER, None);
                let place = both.seat(CLINICIAN, 0, true, PERIOD);
                both.act(CLINICIAN, Deed::Break);
                let mut deeds = [Deed::Work(place), Deed::Request(0)];
                if first {
                    deeds.reverse();
                }
                for deed in deeds {
                    both.act(CLINICIAN, deed);
                    both.act(CUSTODIANS[0], Deed::Deliver(0, CLINICIAN));
                    both.compare_state();
                }
                both.act(OWNER, Deed::Review(0, false));
                both.act(CUSTODIANS[1], Deed::Deliver(0, CLINICIAN));
                both.act(CLINICIAN, Deed::Work(place));
                both.act(CUSTODIANS[2], Deed::Deliver(0, CLINICIAN));
                both.compare_state();
            });
        }
    });
}

/// Who retired or declines gets no new keys, and delivers what it keeps.
#[test]
fn custodians_who_retire_or_decline() {
    for threshold in 1..=3 {
        development_chain().execute_with(|| {
            let mut both = Both::new(threshold);
            both.act(OWNER, Deed::View(0));
            for (leaves, comes_back) in
                [(Deed::Retire, Deed::Register), (Deed::Decline(true), Deed::Decline(false))]
            {
                for who in EVERYBODY {
                    both.act(who, comes_back);
                }
                both.act(CUSTODIANS[1], leaves);
                both.act(CUSTODIANS[1], leaves);
                // Neither the old group is entrusted with anything, nor is it chosen again.
                both.act(OWNER, Deed::Append(true));
                both.act(OWNER, Deed::Entrust(0));
                both.act(OWNER, Deed::Choose(threshold));
                both.act(OWNER, Deed::Renew(0));
                for custodian in CUSTODIANS {
                    both.act(custodian, Deed::Deliver(0, OWNER));
                }
                both.act(CUSTODIANS[1], Deed::Break);
                both.compare_state();
                both.act(CUSTODIANS[1], comes_back);
                both.act(OWNER, Deed::Choose(threshold));
                both.act(OWNER, Deed::Append(true));
                both.compare_state();
            }
        });
    }
}
