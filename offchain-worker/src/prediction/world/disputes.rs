//! Disputes on the chain in memory: as pallet-disputes, and as what pallet-inference makes of
//! their ends.

use std::sync::Arc;

use medchain_client::{
    chain::{
        ChainEvent, Dispute, FailureCause, RequestStatus, SealedAnswer, SlashReason, Step,
        VerdictStatus, UNIT,
    },
    AccountId32,
};
use medchain_disputes::{Game, Move, Progress, Refused, Side, Spec, Stage, Standing};
use medchain_primitives::{Receipt, RequestId};

use super::{
    account, cid, execute, key,
    model::{exact, Liar, Lie},
    name, record, square, State, World, GENESIS, MODEL,
};
use crate::{
    prediction::{jobs::Answer, ports::KeptFilm},
    shared::outcome::Outcome,
};

/// How many blocks a round lasts.
const ROUND: u32 = 100;
/// For how many blocks a verdict can be challenged.
const CHALLENGEABLE: u32 = 40;

/// A verdict.
#[derive(Clone)]
pub struct Verdict {
    pub workers: Vec<AccountId32>,
    pub sealed: SealedAnswer,
    pub until: u32,
    pub status: VerdictStatus,
}

impl World {
    /// A record with this content and a request for it, which the small exact network answers.
    pub fn ask_exact(&self, content: &[u8], workers: &[u8]) -> RequestId {
        self.state().is_exact = true;
        self.ask(content, workers)
    }

    /// Lets the world play worker `number`, which lies.
    pub fn lie(&self, number: u8, id: RequestId, lie: Lie) -> Arc<Liar> {
        let mut state = self.state();
        let content = state.content[&cid(id).to_string()].clone().unwrap();
        let liar = Liar::new(lie, &key(id), &square(&content), &name(id));
        state.liars.insert((id, account(number)), liar.clone());
        liar
    }

    /// The worker that lies commits to its answer.
    pub fn commit_lie(&self, number: u8, id: RequestId) {
        self.commit(number, id, &self.liar(number, id).sealed);
    }

    /// It shows its answer.
    pub fn reveal_lie(&self, number: u8, id: RequestId) {
        self.reveal(number, id, self.liar(number, id).sealed.clone());
    }

    /// It answers alone.
    pub fn answer_lie(&self, number: u8, id: RequestId) {
        let answer = Answer::Sealed(self.liar(number, id).sealed.clone());
        execute(&mut self.state(), &account(number), id, answer).unwrap();
    }

    /// It challenges the verdict.
    pub fn challenge(&self, number: u8, id: RequestId) {
        self.challenge_with(number, id, self.liar(number, id).sealed.clone());
    }

    /// Worker `number` challenges the verdict with what the network gives.
    pub fn challenge_rightly(&self, number: u8, id: RequestId) {
        let content = self.state().content[&cid(id).to_string()].clone().unwrap();
        let output = exact().output(&square(&content));
        self.challenge_with(number, id, key(id).verdict_key(&name(id)).seal(&output));
    }

    fn challenge_with(&self, number: u8, id: RequestId, sealed: SealedAnswer) {
        let (challenger, mut state) = (account(number), self.state());
        let asked = state.asked(id);
        let verdict = asked.verdict.as_mut().unwrap();
        verdict.status = VerdictStatus::Challenged;
        asked.members.insert(challenger, Step::Revealed(sealed.clone()));
        let event =
            ChainEvent::VerdictChallenged { request: id, record: record(id), challenger, sealed };
        state.tell(event);
        go_on(&mut state, id);
    }

    fn liar(&self, number: u8, id: RequestId) -> Arc<Liar> {
        self.state().liars[&(id, account(number))].clone()
    }

    /// The present dispute about a request.
    pub fn dispute(&self, id: RequestId) -> Option<Dispute> {
        self.state().now.disputes.get(&id).cloned()
    }

    /// The workers of a verdict.
    pub fn verdict(&self, id: RequestId) -> Option<Verdict> {
        self.state().asked(id).verdict.clone()
    }

    /// The film that a worker keeps.
    pub fn kept(&self, worker: &AccountId32, id: RequestId) -> Option<KeptFilm> {
        self.state().films.get(worker)?.get(&id).cloned()
    }

    /// The patient ends the dispute.
    pub fn annul(&self, id: RequestId) {
        let mut state = self.state();
        state.now.disputes.remove(&id);
        state.asked(id).status = RequestStatus::Cancelled;
        state.tell(ChainEvent::DisputeAbandoned { request: id });
        state.tell(ChainEvent::DisputeAnnulled { request: id, record: record(id) });
    }
}

/// Goes on with a request whose workers have all shown their answers.
pub(super) fn compare(state: &mut State, id: RequestId) {
    let answers = answers(state, id);
    if two_that_differ(&answers).is_some() {
        state.tell(ChainEvent::AnswersDiffer { request: id, record: record(id), answers });
    }
    go_on(state, id);
}

fn answers(state: &mut State, id: RequestId) -> Vec<(AccountId32, SealedAnswer)> {
    let shown = state.asked(id).members.iter().filter_map(|(worker, step)| match step {
        Step::Revealed(sealed) => Some((*worker, sealed.clone())),
        _ => None,
    });
    shown.collect()
}

type Answered = (AccountId32, SealedAnswer);

fn two_that_differ(answers: &[Answered]) -> Option<[Answered; 2]> {
    let (first, others) = answers.split_first()?;
    let other = others.iter().find(|(_, sealed)| *sealed != first.1)?;
    Some([first.clone(), other.clone()])
}

fn go_on(state: &mut State, id: RequestId) {
    let answers = answers(state, id);
    if let Some(pair) = two_that_differ(&answers) {
        return begin(state, id, pair);
    }
    let until = state.block() + CHALLENGEABLE;
    let asked = state.asked(id);
    let event = match (&mut asked.verdict, answers.first()) {
        (Some(verdict), left) => {
            asked.status = RequestStatus::Answered;
            if left.is_some_and(|(_, sealed)| *sealed == verdict.sealed) {
                (verdict.status, verdict.until) = (VerdictStatus::Standing, until);
                ChainEvent::VerdictUpheld { request: id, challengeable_until: until }
            } else {
                verdict.status = VerdictStatus::Annulled;
                ChainEvent::VerdictAnnulled {
                    request: id,
                    record: record(id),
                    status: Some(VerdictStatus::Annulled),
                }
            }
        }
        (verdict @ None, Some((_, sealed))) => {
            asked.status = RequestStatus::Answered;
            let workers: Vec<_> = asked.members.keys().copied().collect();
            let (sealed, status) = (sealed.clone(), VerdictStatus::Standing);
            *verdict =
                Some(Verdict { workers: workers.clone(), sealed: sealed.clone(), until, status });
            ChainEvent::VerdictReached {
                request: id,
                record: record(id),
                model: MODEL,
                workers,
                sealed,
                receipt: Receipt([0; 32]),
                challengeable_until: until,
            }
        }
        (None, None) => {
            let cause = FailureCause::NobodyRight;
            asked.status = RequestStatus::Failed { cause };
            ChainEvent::InferenceFailed { request: id, record: record(id), cause }
        }
    };
    state.tell(event);
}

fn begin(state: &mut State, id: RequestId, [one, other]: [Answered; 2]) {
    let deadline = next_round(state, id);
    let asked = state.asked(id);
    asked.status = RequestStatus::Disputed;
    let spec = Spec {
        network: exact().described.clone(),
        input_root: asked.commitments.input_root,
        verdicts: asked.commitments.verdicts,
        genesis: GENESIS,
        record: record(id),
        model: MODEL,
        request: id,
        answers: [one.1, other.1],
    };
    let players = [one.0, other.0];
    state.now.disputes.insert(id, Dispute { request: id, players, game: Game::new(spec) });
    state.tell(ChainEvent::DisputeStarted { request: id, players, deadline });
}

fn next_round(state: &mut State, id: RequestId) -> u32 {
    let deadline = state.block() + ROUND;
    state.asked(id).deadline = deadline;
    deadline
}

/// Makes a move.
pub(super) fn play(
    state: &mut State,
    worker: &AccountId32,
    id: RequestId,
    made: Move,
    is_late: bool,
) -> Result<(), Outcome> {
    let dispute = state.now.disputes.get_mut(&id).ok_or(Outcome::ClosedElsewhere)?;
    let side = dispute.side_of(worker).ok_or(Outcome::ClosedElsewhere)?;
    if is_late || state.erased.contains(&id) {
        return Err(Outcome::TooLate);
    }
    let progress = dispute.game.play(side, made).map_err(|refused| match refused {
        Refused::WrongMove | Refused::AlreadyMoved => Outcome::ClosedElsewhere,
        other => Outcome::Rejected(format!("{other:?}")),
    })?;
    state.tell(ChainEvent::MoveMade { request: id, player: *worker });
    match progress {
        Progress::Waiting => {}
        Progress::Next => {
            let deadline = next_round(state, id);
            state.tell(ChainEvent::RoundStarted { request: id, deadline });
        }
        Progress::Over(standing) => settle(state, id, standing, false),
    }
    Ok(())
}

/// Moves for all liars that have something to say.
pub(super) fn let_liars_play(state: &mut State) {
    for ((id, worker), liar) in state.liars.clone() {
        let made = state.now.disputes.get(&id).and_then(|dispute| {
            let side = dispute.side_of(&worker)?;
            // It leaves the end to the other player: whatever it opened would be the truth.
            if matches!(
                dispute.game.stage,
                Stage::Value { .. } | Stage::Salt { .. } | Stage::Answer { .. }
            ) {
                return None;
            }
            // One that would be refused is not made.
            let made = liar.next(&dispute.game, side)?;
            dispute.game.clone().play(side, made.clone()).is_ok().then_some(made)
        });
        if let Some(made) = made {
            play(state, &worker, id, made, false).unwrap();
        }
    }
}

/// Ends rounds whose time is over.
pub(super) fn time_out(state: &mut State) {
    let block = state.block();
    let ids: Vec<RequestId> = state.now.disputes.keys().copied().collect();
    for id in ids {
        if block > state.asked(id).deadline {
            let standing = state.now.disputes[&id].game.timed_out();
            settle(state, id, standing, true);
        }
    }
}

fn settle(state: &mut State, id: RequestId, standing: Standing, timed_out: bool) {
    let Some(dispute) = state.now.disputes.remove(&id) else { return };
    let stands = |side: &Side| *side.of(&standing.0);
    let winner = Side::BOTH.into_iter().find(stands).map(|side| *side.of(&dispute.players));
    let losers = Side::BOTH.into_iter().filter(|side| !stands(side));
    let losers: Vec<AccountId32> = losers.map(|side| *side.of(&dispute.players)).collect();
    let event =
        ChainEvent::DisputeSettled { request: id, winner, losers: losers.clone(), timed_out };
    state.tell(event);
    for worker in losers {
        state.asked(id).members.remove(&worker);
        let (reason, amount) = (SlashReason::WrongAnswer, 100 * UNIT);
        state.tell(ChainEvent::WorkerSlashed { worker, request: id, reason, amount });
    }
    go_on(state, id);
}
