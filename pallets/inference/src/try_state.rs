//! The invariants that hold between any two calls.

use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{ensure, traits::fungible::InspectHold};
use medchain_primitives::{Arithmetic, RecordKind, RequestStatus, VerdictStatus};
use sp_runtime::{traits::Zero, Saturating, TryRuntimeError};

use crate::{
    AccountIdOf, Assignments, AwaitedSeed, BalanceOf, Candidates, Choice, CommitteeOf, Committees,
    Config, Draw, DrawnBy, Due, HoldReason, KeyCost, KeyCosts, LatestVerdict, Models, Networks,
    NextDue, NextModelId, NextRequestId, OpenRequestOf, Pallet, RequestOf, Requests, RequestsAbout,
    Seeds, Step, Verdicts, WorkerStatus, Workers,
};

impl<T: Config> Pallet<T> {
    /// Checks every invariant of the pallet.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::try_state_models()?;
        Self::try_state_workers()?;
        Self::try_state_requests()?;
        Self::try_state_costs()?;
        Self::try_state_seeds()?;
        Self::try_state_verdicts()
    }

    /// Models have numbers below the next one and are well-formed.
    fn try_state_models() -> Result<(), TryRuntimeError> {
        let next = NextModelId::<T>::get();
        for (id, model) in Models::<T>::iter() {
            ensure!(id < next, "a model's number is not below the next one");
            ensure!(Self::check_model(&model).is_ok(), "a model is malformed");
            let network = Networks::<T>::get(id);
            let exact = model.arithmetic == Arithmetic::Exact;
            ensure!(
                network.is_some() == exact,
                "an exact model has no network, or a float one has"
            );
            let fits = network.is_none_or(|network| Self::check_network(&model, &network).is_ok());
            ensure!(fits, "a network does not fit its model");
        }
        ensure!(
            Networks::<T>::iter_keys().all(Models::<T>::contains_key),
            "a network belongs to no model"
        );
        Ok(())
    }

    /// Workers run existing models, their bonds are held, and the active ones are candidates.
    ///
    /// A worker may have removed its encryption key, so that nothing can be sealed to it.
    fn try_state_workers() -> Result<(), TryRuntimeError> {
        for (who, worker) in Workers::<T>::iter() {
            ensure!(!worker.models.is_empty(), "a worker runs no model");
            let distinct: BTreeSet<_> = worker.models.iter().collect();
            ensure!(distinct.len() == worker.models.len(), "a worker names a model twice");
            let active = worker.status == WorkerStatus::Active;
            for model in distinct {
                ensure!(Models::<T>::contains_key(model), "a worker runs an unknown model");
                let listed = Self::place_of(&who, &Candidates::<T>::get(model)).is_ok();
                ensure!(listed == active, "the candidates of a model are wrong about a worker");
            }
            let held =
                <T as Config>::Currency::balance_on_hold(&HoldReason::WorkerBond.into(), &who);
            ensure!(held == worker.bond, "a worker's bond differs from what is held");
            let assigned = Assignments::<T>::iter_key_prefix(&who).count();
            ensure!(assigned == worker.assigned as usize, "a worker's requests are miscounted");
        }
        for (model, candidates) in Candidates::<T>::iter() {
            ensure!(
                candidates
                    .windows(2)
                    .all(|pair| matches!(pair, [one, two] if one.worker < two.worker)),
                "the candidates of a model are not in order"
            );
            let now = frame_system::Pallet::<T>::block_number();
            for candidate in candidates {
                ensure!(candidate.since <= now, "a candidate is one since a later block");
                let worker =
                    Workers::<T>::get(candidate.worker).ok_or("a candidate is no worker")?;
                ensure!(worker.models.contains(&model), "a candidate does not run the model");
            }
        }
        for (who, request, ()) in Assignments::<T>::iter() {
            let committee = Committees::<T>::get(request).ok_or("a closed request is assigned")?;
            let chosen = committee.members.iter().any(|member| member.worker == who);
            ensure!(chosen, "a request is on the list of a worker that was not chosen");
        }
        Ok(())
    }

    /// Every open request has a committee, a deadline to come and held fees; closed ones nothing.
    ///
    /// A request whose verdict is challenged is open again: it holds no fees, and another one may
    /// be made meanwhile.
    fn try_state_requests() -> Result<(), TryRuntimeError> {
        let next = NextRequestId::<T>::get();
        let mut fees = BTreeMap::<AccountIdOf<T>, BalanceOf<T>>::new();
        let (mut open, mut challenges, mut due) = (0usize, 0usize, 0usize);
        let mut about = BTreeMap::<AccountIdOf<T>, u32>::new();
        for (id, request) in Requests::<T>::iter() {
            ensure!(id < next, "a request's number is not below the next one");
            let record = pallet_emr::Records::<T>::get(request.record)
                .ok_or("a request is about an unknown record")?;
            ensure!(
                record.patient == request.patient && record.kind == RecordKind::ChestXray,
                "a request is not about the patient's chest X-ray"
            );
            let model = Models::<T>::get(request.model).ok_or("a request is for no model")?;
            ensure!(
                Self::check_quorum(&model, request.quorum).is_ok(),
                "the model does not allow a request's quorum"
            );
            let is_open = request.status.is_open();
            let indexed = OpenRequestOf::<T>::get(request.record, request.model) == Some(id);
            let verdict = Verdicts::<T>::get(id);
            let challenged = is_open && verdict.is_some();
            ensure!(indexed == (is_open && !challenged), "the index is wrong about a request");
            // What has no verdict is moved on, and in the end removed.
            let is_due = request.status != RequestStatus::Answered;
            due = due.saturating_add(usize::from(is_due));
            ensure!(
                Due::<T>::contains_key(request.deadline, id) == is_due,
                "the list of due requests is wrong about a request"
            );
            let committee = Committees::<T>::get(id);
            ensure!(committee.is_some() == is_open, "a closed request has a committee");
            let held = fees.entry(request.requester.clone()).or_default();
            if let Some(committee) = committee {
                open = open.saturating_add(1);
                about.entry(request.patient.clone()).or_default().saturating_inc();
                if challenged {
                    challenges = challenges.saturating_add(1);
                } else {
                    let quorum: BalanceOf<T> = request.quorum.into();
                    held.saturating_accrue(request.fee.saturating_mul(quorum));
                }
                Self::try_state_committee(id, &request, &committee, challenged)?;
            }
            let status = verdict.map(|verdict| verdict.status);
            let fits = match request.status {
                RequestStatus::Answered => {
                    status.is_some_and(|status| status != VerdictStatus::Challenged)
                }
                RequestStatus::Disputed => matches!(status, None | Some(VerdictStatus::Challenged)),
                _ => status.is_none(),
            };
            ensure!(fits, "a verdict is missing or surplus, or has the wrong status");
        }
        ensure!(
            OpenRequestOf::<T>::iter_values().count().saturating_add(challenges) == open
                && Due::<T>::iter_keys().count() == due
                && Committees::<T>::iter_keys().count() == open,
            "an index contains an unknown request"
        );
        let counted: BTreeMap<AccountIdOf<T>, u32> = RequestsAbout::<T>::iter().collect();
        ensure!(about == counted, "the open requests about a patient are miscounted");
        let next_due = NextDue::<T>::get();
        ensure!(
            Due::<T>::iter_keys().all(|(last, _)| next_due.is_some_and(|next| next <= last)),
            "a request is due before the next block to process"
        );
        let disputes = pallet_disputes::Disputes::<T>::iter_keys();
        let mut disputed = disputes.filter_map(Requests::<T>::get);
        ensure!(
            disputed.all(|request| request.status == RequestStatus::Disputed),
            "a dispute is about a request that is not disputed"
        );
        for (who, fee) in fees {
            let held = <T as Config>::Currency::balance_on_hold(&HoldReason::Fee.into(), &who);
            ensure!(held == fee, "the fees of open requests differ from what is held");
        }
        Ok(())
    }

    /// The members of a committee are as far as the status of the request says.
    fn try_state_committee(
        id: medchain_primitives::RequestId,
        request: &RequestOf<T>,
        committee: &CommitteeOf<T>,
        challenged: bool,
    ) -> Result<(), TryRuntimeError> {
        let members = &committee.members;
        let distinct: BTreeSet<_> = members.iter().map(|member| &member.worker).collect();
        ensure!(distinct.len() == members.len(), "a worker was chosen twice");
        ensure!(
            distinct.into_iter().all(|who| Assignments::<T>::contains_key(who, id)),
            "a chosen worker does not have the request on its list"
        );
        if request.status == RequestStatus::Disputed {
            Self::try_state_dispute(id, committee)?;
        } else {
            let missing = Self::missing(request, committee);
            ensure!(
                (missing > 0) == (request.status == RequestStatus::Drawing),
                "a request draws though nobody is missing, or does not though somebody is"
            );
        }
        let most = usize::from(request.quorum).saturating_add(usize::from(challenged));
        ensure!(members.len() <= most, "a committee is too large");
        let lost = committee.lost.len() as u32;
        ensure!(lost < Self::most_lost(), "a request has lost too many workers");
        ensure!(
            committee.choice != Choice::Cancelled
                || (request.quorum == 1 && request.status == RequestStatus::Committing),
            "a cancelled request awaits no single answer"
        );
        if !matches!(committee.choice, Choice::Named | Choice::Cancelled) {
            let draw = DrawnBy::<T>::get(request.record, request.model);
            let begin = match committee.choice {
                Choice::Seeded { seed, .. } => Choice::Seeded { seed, last: None },
                other => other,
            };
            ensure!(
                draw.is_some_and(|draw| draw.begin == begin && draw.opened <= request.opened),
                "a request is not drawn as all others for its record and model"
            );
        }
        if request.status == RequestStatus::Disputed {
            return Ok(());
        }
        let revealing = request.status == RequestStatus::Revealing;
        let fits = |step: &Step| match step {
            Step::Chosen => !revealing,
            Step::Committed(_) => true,
            Step::Revealed(_) => revealing,
        };
        ensure!(members.iter().all(|member| fits(&member.step)), "a member is ahead or behind");
        let committed = members.iter().filter(|member| member.step != Step::Chosen).count();
        ensure!(
            revealing || committed < usize::from(request.quorum),
            "all have committed, and nothing is revealed"
        );
        Ok(())
    }

    /// Two members with the answers that they have shown dispute.
    fn try_state_dispute(
        id: medchain_primitives::RequestId,
        committee: &CommitteeOf<T>,
    ) -> Result<(), TryRuntimeError> {
        let dispute = pallet_disputes::Disputes::<T>::get(id);
        let dispute = dispute.ok_or("nobody settles whose answer is right")?;
        for (player, answer) in dispute.players.iter().zip(&dispute.game.spec.answers) {
            let shown = committee.members.iter().any(|member| {
                member.worker == *player && member.step == Step::Revealed(answer.clone())
            });
            ensure!(shown, "a player is no member, or has shown another answer");
        }
        let all = committee.members.iter().all(|member| matches!(member.step, Step::Revealed(_)));
        ensure!(all, "a member has not shown its answer");
        Ok(())
    }

    /// What a key has cost is noted of workers that were drawn for an open request, until all have
    /// committed.
    fn try_state_costs() -> Result<(), TryRuntimeError> {
        for (id, costs) in KeyCosts::<T>::iter() {
            let committee = Committees::<T>::get(id).ok_or("a closed request has costs")?;
            let drawn = matches!(committee.choice, Choice::Seeded { .. });
            let status = Requests::<T>::get(id).map(|request| request.status);
            let ended = [Some(RequestStatus::Revealing), Some(RequestStatus::Disputed)];
            let awaited = !ended.contains(&status);
            ensure!(drawn && awaited && !costs.is_empty(), "costs are noted where there are none");
            let distinct: BTreeSet<_> = costs.iter().map(|cost| &cost.worker).collect();
            ensure!(distinct.len() == costs.len(), "a worker's costs are noted twice");
            for KeyCost { worker, paid, .. } in &costs {
                let is_member = committee.members.iter().any(|member| member.worker == *worker);
                ensure!(is_member || committee.lost.contains(worker), "costs are of no worker");
                ensure!(!paid.is_zero(), "a cost of nothing is noted");
            }
        }
        Ok(())
    }

    /// Seeds are kept for exactly the draws that have not used theirs.
    fn try_state_seeds() -> Result<(), TryRuntimeError> {
        let mut waiting = BTreeMap::<u32, u32>::new();
        for (record, model, Draw { begin, opened }) in DrawnBy::<T>::iter() {
            ensure!(
                pallet_emr::Records::<T>::contains_key(record) && Models::<T>::contains_key(model),
                "a draw is for an unknown record or model"
            );
            let now = frame_system::Pallet::<T>::block_number();
            ensure!(opened <= now, "a draw is of a later block");
            match begin {
                Choice::After { number } => waiting.entry(number).or_default().saturating_inc(),
                Choice::Seeded { last: None, .. } => (),
                _ => return Err("a draw does not begin with a seed".into()),
            }
        }
        let awaited = AwaitedSeed::<T>::get();
        ensure!(
            awaited.windows(2).all(|pair| matches!(pair, [one, two] if one.0 < two.0)),
            "the awaited seeds are not in order"
        );
        let mut kept: BTreeMap<u32, u32> =
            Seeds::<T>::iter().map(|(number, (_, draws))| (number, draws)).collect();
        for (number, draws) in awaited {
            ensure!(kept.insert(number, draws).is_none(), "a seed is both there and awaited");
        }
        ensure!(kept == waiting, "the seeds are not those that draws wait for");
        Ok(())
    }

    /// Verdicts answer a request for their record and model, and their receipts are correct.
    fn try_state_verdicts() -> Result<(), TryRuntimeError> {
        for (id, verdict) in Verdicts::<T>::iter() {
            let request = Requests::<T>::get(id).ok_or("a verdict answers an unknown request")?;
            ensure!(
                request.record == verdict.record && request.model == verdict.model,
                "a verdict answers a request for another record or model"
            );
            ensure!(
                (1..=usize::from(request.quorum)).contains(&verdict.workers.len()),
                "a verdict has more workers than its request"
            );
            let model = Models::<T>::get(verdict.model).ok_or("a verdict is of no model")?;
            let record = pallet_emr::Records::<T>::get(verdict.record)
                .ok_or("a verdict is on an unknown record")?;
            let receipt = medchain_primitives::receipt_of(
                &model.sha256,
                &model.preprocessing,
                &record.content,
                &verdict.sealed,
            );
            // Those from before an erasure name the CID, which the state has no more.
            ensure!(
                verdict.receipt == receipt || record.content.document().is_none(),
                "a verdict's receipt is wrong"
            );
            let latest = LatestVerdict::<T>::get(verdict.record, verdict.model);
            ensure!(latest.is_some_and(|latest| id <= latest), "the latest verdict is not");
        }
        for (record, model, id) in LatestVerdict::<T>::iter() {
            let named = Verdicts::<T>::get(id)
                .is_some_and(|verdict| verdict.record == record && verdict.model == model);
            ensure!(named, "the latest verdict is of another record or model");
        }
        Ok(())
    }
}
