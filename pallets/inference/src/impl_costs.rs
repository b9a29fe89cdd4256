//! What drawn workers pay custodians for the key of a record, and who bears it in the end.
//!
//! Whoever orders a verdict bears it where workers were kept from answering: otherwise it would
//! cost nothing to have them pay, to end the request, and to ask for the next.

use frame_support::pallet_prelude::*;
use medchain_primitives::{RequestId, RequestStatus};
use sp_runtime::traits::{Saturating, Zero};

use crate::{
    AccountIdOf, BalanceOf, CommitteeOf, Committees, Config, Event, HoldReason, KeyCost, KeyCosts,
    Pallet, RequestOf, Requests, Step, WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// Notes what a worker with a place ([`Self::key_place`]) has paid a custodian for the key.
    pub fn note_key_cost(worker: &AccountIdOf<T>, id: RequestId, amount: BalanceOf<T>) {
        if amount.is_zero() {
            return;
        }
        let epoch = Requests::<T>::get(id).map_or(0, |request| Self::key_epoch(&request));
        KeyCosts::<T>::mutate(id, |costs| {
            match costs.iter_mut().find(|cost| cost.worker == *worker) {
                Some(cost) => {
                    cost.paid.saturating_accrue(amount);
                    cost.epoch = epoch;
                }
                // There is a place for all that a request loses, its members included.
                None => {
                    let cost = KeyCost { worker: worker.clone(), paid: amount, epoch };
                    let _ = costs.try_push(cost);
                }
            }
        });
    }

    /// The maximum weight of [`Self::note_key_cost`], and of [`Self::forget_key_cost`].
    pub fn note_key_cost_weight() -> Weight {
        <T as Config>::WeightInfo::note_key_cost()
    }

    /// Whether a drawn worker without a place ([`Self::key_place`]) lost it by what others did:
    /// cancelled the request, gave it the key, left the committee, or took record or model away.
    pub fn is_stopped(worker: &AccountIdOf<T>, id: RequestId) -> bool {
        let Some(request) = Requests::<T>::get(id) else { return false };
        let is_member = || {
            Committees::<T>::get(id)
                .is_some_and(|found| found.members.iter().any(|member| member.worker == *worker))
        };
        match request.status {
            RequestStatus::Cancelled => true,
            RequestStatus::Drawing if is_member() => true,
            _ => Self::has_key(&request, worker) || Self::subjects(&request).is_err(),
        }
    }

    /// Lets a worker leave with what the key has cost it. That stays noted where others keep it
    /// from answering. Returns the weight that asking the policy used.
    pub(crate) fn leave_with_key_cost(
        who: &AccountIdOf<T>,
        id: RequestId,
        request: &RequestOf<T>,
    ) -> Weight {
        if !KeyCosts::<T>::get(id).iter().any(|cost| cost.worker == *who) {
            return Weight::zero();
        }
        if Self::key_was_taken(who, id, request) || Self::subjects(request).is_err() {
            return Weight::zero();
        }
        let question = Self::to_infer(&request.patient, who, request.record, request.model);
        let answer = pallet_emr::Pallet::<T>::check_access(question);
        if answer.result.is_ok() {
            Self::forget_key_cost(who, id);
        }
        answer.weight
    }

    /// Whether the patient has taken the key back that a worker has paid for, and had when the time
    /// for answers began.
    ///
    /// A worker can give it back too, in the place of an answer. The patient's key epoch, which
    /// rises with each key that the patient takes back, tells the one from the other.
    pub(crate) fn key_was_taken(
        who: &AccountIdOf<T>,
        id: RequestId,
        request: &RequestOf<T>,
    ) -> bool {
        request.status == RequestStatus::Committing
            && !Self::has_key(request, who)
            && KeyCosts::<T>::get(id)
                .iter()
                .any(|cost| cost.worker == *who && cost.epoch != Self::key_epoch(request))
    }

    /// The present key epoch of the patient whom a request is about.
    fn key_epoch(request: &RequestOf<T>) -> u32 {
        pallet_emr::Patients::<T>::get(&request.patient).map_or(0, |patient| patient.key_epoch)
    }

    /// Forgets what the key has cost a worker that leaves, or gives its access up, of its own will.
    pub fn forget_key_cost(who: &AccountIdOf<T>, id: RequestId) {
        KeyCosts::<T>::mutate_exists(id, |noted| {
            if let Some(costs) = noted {
                costs.retain(|cost| cost.worker != *who);
                if costs.is_empty() {
                    *noted = None;
                }
            }
        });
    }

    /// Releases the fees of a request that ends without a verdict. What the key has cost workers
    /// that were kept from answering comes out of them, each at most the fee of its answer.
    ///
    /// If it is cancelled, those that have committed were paid before.
    pub(crate) fn give_back(
        id: RequestId,
        request: &RequestOf<T>,
        committee: &CommitteeOf<T>,
        is_cancelled: bool,
    ) -> DispatchResult {
        let is_paid = |step: &Step| is_cancelled && *step != Step::Chosen;
        let paid = committee.members.iter().filter(|member| is_paid(&member.step)).count();
        let unearned = usize::from(request.quorum).saturating_sub(paid) as u32;
        let mut left = request.fee.saturating_mul(unearned.into());
        let costs = KeyCosts::<T>::take(id);
        if !costs.is_empty() {
            // Where a request runs out that waits for keys, nobody can tell who is to blame. In any
            // other end, others have cancelled it, left it, or taken record or model away.
            let ran_out = request.status == RequestStatus::Sealing && Self::is_overdue(request);
            let is_stopped = !ran_out || Self::subjects(request).is_err();
            for KeyCost { worker, paid, .. } in costs {
                let member = committee.members.iter().find(|member| member.worker == worker);
                // Whoever has the key has done its part, unless the request waits for an envelope
                // for its new key. What is still noted of a worker that has left was not its own
                // doing.
                let is_owed = member.is_none_or(|one| {
                    let has_key =
                        || pallet_emr::Pallet::<T>::has_current_envelope(request.record, &worker);
                    !is_paid(&one.step) && (is_stopped || has_key())
                });
                let amount = paid.min(request.fee).min(left);
                if !is_owed || amount.is_zero() {
                    continue;
                }
                left.saturating_reduce(amount);
                if Self::pay(&request.requester, &worker, amount)? {
                    let event = Event::KeyCostRepaid { request: id, worker, amount };
                    Self::deposit_logged(&request.patient, event);
                }
            }
        }
        Self::release(HoldReason::Fee, &request.requester, left)
    }
}
