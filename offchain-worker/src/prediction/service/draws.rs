//! Drawing the workers of requests that their uploaders have left alone.
//!
//! Without it, a request whose uploader is gone would end before any worker could ask custodians for
//! the key. All workers that could be drawn see the same request: they take turns.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use medchain_client::AccountId32;
use medchain_primitives::{ModelId, RequestId};
use tokio::{sync::mpsc, time::sleep};

use super::{message::Message, outbox::Submission, setup::Ports};
use crate::{
    prediction::{
        jobs::{Answer, JobId, Phase},
        ports::{Candidates, Drawable, Looked, PredictionChain, Undrawn},
    },
    shared::turn,
};

/// For how many blocks a draw is left to each worker before this one.
const TURN: u32 = 5;
/// By how many more than it needs the policy is asked about workers, at most.
const SPARE_ASKS: u8 = 2;
/// After how many blocks to look again whether a record was entrusted: there may be many that
/// never are.
const NOT_ENTRUSTED: u32 = 25;
/// How many requests are looked at at once.
const BATCH: usize = 4_000;

/// Looks for ever, and tells the dispatcher what to draw.
pub(super) async fn run(ports: Ports, grace: u32, messages: mpsc::Sender<Message>, wait: Duration) {
    let asked = ports.models.iter().filter(|(_, model)| model.is_asked);
    let models = asked.map(|(id, _)| *id).collect();
    let mut draws = Draws::new(ports.chain.account(), grace);
    loop {
        for submission in draws.look(&ports.chain, &models).await {
            if messages.send(Message::Draw(submission)).await.is_err() {
                return;
            }
        }
        sleep(wait).await;
    }
}

struct Draws {
    me: AccountId32,
    grace: u32,
    /// How far it has looked.
    looked: Option<Looked>,
    /// The draws that it would make.
    waiting: BTreeMap<RequestId, Waiting>,
}

/// A draw that a worker makes if nobody else does.
struct Waiting {
    model: ModelId,
    quorum: u8,
    /// The block in which the draw began.
    since: u32,
    /// The last block in which anybody can draw.
    until: u32,
    /// When it is this worker's turn; `None` as long as it cannot be drawn itself.
    turn: Option<Turn>,
}

impl Waiting {
    fn is_due(&self, block: u32) -> bool {
        self.turn.as_ref().is_some_and(|turn| block >= turn.from)
    }
}

struct Turn {
    /// How long the others before it have.
    wait: u32,
    /// From which block on it is this worker's turn.
    from: u32,
}

impl Draws {
    fn new(me: AccountId32, grace: u32) -> Self {
        Self { me, grace, looked: None, waiting: BTreeMap::new() }
    }

    async fn look(
        &mut self,
        chain: &Arc<dyn PredictionChain>,
        models: &BTreeSet<ModelId>,
    ) -> Vec<Submission> {
        // A chain that cannot be read is reported by the watchers.
        let Ok(tip) = chain.tip().await else { return Vec::new() };
        let undrawn = chain.undrawn(models, self.grace, self.looked).await;
        let Ok((looked, undrawn)) = undrawn else { return Vec::new() };
        self.looked = Some(looked);
        undrawn.iter().for_each(|one| self.note(one));
        self.forget(tip.block);
        let models = self.without_turn();
        if !models.is_empty() {
            let Ok(candidates) = chain.candidates(&models).await else { return Vec::new() };
            self.rank(&candidates);
        }
        let mut draws = Vec::new();
        for due in self.due(tip.block).chunks(BATCH) {
            let Ok(drawable) = chain.drawable(due).await else { break };
            draws.extend(self.draw(tip.block, due, &drawable));
        }
        draws
    }

    /// Notes a draw, which has no turn yet.
    fn note(&mut self, undrawn: &Undrawn) {
        let Undrawn { request, model, quorum, since, until } = *undrawn;
        // An earlier draw of the same request ended in another block.
        if self.waiting.get(&request).is_none_or(|known| known.until != until) {
            self.waiting.insert(request, Waiting { model, quorum, since, until, turn: None });
        }
    }

    /// Forgets those that nobody can draw any more at this block.
    fn forget(&mut self, block: u32) {
        self.waiting.retain(|_, waiting| block < waiting.until);
    }

    /// The models of the draws in which this worker has no turn.
    fn without_turn(&self) -> BTreeSet<ModelId> {
        let waiting = self.waiting.values().filter(|waiting| waiting.turn.is_none());
        waiting.map(|waiting| waiting.model).collect()
    }

    /// Finds out when it is this worker's turn. One that is no candidate, as while it is suspended,
    /// may be one at the next look.
    fn rank(&mut self, candidates: &Candidates) {
        for (request, waiting) in &mut self.waiting {
            if waiting.turn.is_some() {
                continue;
            }
            let Some(candidates) = candidates.get(&waiting.model) else { continue };
            let topic = request.0.to_le_bytes();
            let rank = turn::rank(&topic, &self.me, candidates);
            waiting.turn = rank.map(|rank| {
                let wait = self.grace.saturating_add(rank.saturating_mul(TURN));
                Turn { wait, from: waiting.since.saturating_add(wait) }
            });
        }
    }

    /// Those in which this worker's turn has come at this block.
    fn due(&self, block: u32) -> Vec<RequestId> {
        let due = self.waiting.iter().filter(|(_, waiting)| waiting.is_due(block));
        due.map(|(request, _)| *request).collect()
    }

    /// What to draw at this block.
    fn draw(
        &mut self,
        block: u32,
        due: &[RequestId],
        drawable: &BTreeMap<RequestId, Drawable>,
    ) -> Vec<Submission> {
        let mut draws = Vec::new();
        for request in due {
            let Some(drawable) = drawable.get(request) else {
                self.waiting.remove(request);
                continue;
            };
            let Some(waiting) = self.waiting.get_mut(request) else { continue };
            let Some(turn) = &mut waiting.turn else { continue };
            match drawable {
                Drawable::Now => {
                    // If it is not drawn by then, this worker tries again.
                    turn.from = block.saturating_add(turn.wait.max(TURN));
                    let job = JobId { request: *request, phase: Phase::Draw };
                    let asks = waiting.quorum.saturating_add(SPARE_ASKS);
                    draws.push(Submission { job, answer: Answer::Draw { asks } });
                }
                // At the next look.
                Drawable::Later => {}
                Drawable::NotEntrusted => turn.from = block.saturating_add(NOT_ENTRUSTED),
            }
        }
        draws
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> AccountId32 {
        AccountId32([1; 32])
    }

    const MODEL: ModelId = ModelId(3);

    /// A draw that began in block 100.
    fn waits(request: u64) -> Undrawn {
        let request = RequestId(request);
        Undrawn { request, model: MODEL, quorum: 2, since: 100, until: 700 }
    }

    /// These workers can be drawn now.
    fn rank(draws: &mut Draws, candidates: &[u8]) {
        let candidates = candidates.iter().map(|number| AccountId32([*number; 32])).collect();
        draws.rank(&BTreeMap::from([(MODEL, candidates)]));
    }

    /// Notes a draw for which these workers can be drawn.
    fn note(draws: &mut Draws, undrawn: &Undrawn, candidates: &[u8]) {
        draws.note(undrawn);
        rank(draws, candidates);
    }

    /// What is drawn at a block where nobody else has drawn.
    fn drawn(draws: &mut Draws, block: u32) -> Vec<Submission> {
        let due = draws.due(block);
        let all = due.iter().map(|request| (*request, Drawable::Now)).collect();
        draws.draw(block, &due, &all)
    }

    fn numbers(due: &[Submission]) -> Vec<u64> {
        due.iter().map(|one| one.job.request.0).collect()
    }

    fn draws() -> Draws {
        Draws::new(me(), 50)
    }

    #[test]
    fn it_leaves_the_draw_to_the_uploader_for_a_while_and_tries_again() {
        let mut draws = draws();
        note(&mut draws, &waits(7), &[1]);
        assert!(drawn(&mut draws, 149).is_empty());
        let due = drawn(&mut draws, 150);
        assert_eq!(numbers(&due), [7]);
        assert_eq!(due[0].answer, Answer::Draw { asks: 4 });
        note(&mut draws, &waits(7), &[1]);
        assert!(drawn(&mut draws, 151).is_empty(), "the call is on its way");
        assert_eq!(numbers(&drawn(&mut draws, 200)), [7]);
        draws.forget(699);
        assert_eq!(draws.waiting.len(), 1);
        draws.forget(700);
        assert!(draws.waiting.is_empty(), "it has ended");
    }

    #[test]
    fn what_was_drawn_is_forgotten_and_a_new_draw_waits_again() {
        let mut draws = draws();
        note(&mut draws, &waits(7), &[1]);
        let due = draws.due(160);
        assert!(draws.draw(160, &due, &BTreeMap::new()).is_empty());
        assert!(drawn(&mut draws, 300).is_empty());
        note(&mut draws, &Undrawn { since: 300, until: 900, ..waits(7) }, &[1]);
        assert!(drawn(&mut draws, 349).is_empty());
        assert_eq!(numbers(&drawn(&mut draws, 350)), [7]);
    }

    #[test]
    fn a_draw_without_its_seed_is_looked_at_again() {
        let mut draws = draws();
        note(&mut draws, &waits(7), &[1]);
        let due = draws.due(150);
        let later = BTreeMap::from([(RequestId(7), Drawable::Later)]);
        assert!(draws.draw(150, &due, &later).is_empty());
        assert_eq!(numbers(&drawn(&mut draws, 151)), [7]);
    }

    #[test]
    fn a_record_that_is_entrusted_late_is_drawn_then() {
        let mut draws = draws();
        note(&mut draws, &waits(7), &[1]);
        for block in [150, 175, 200] {
            let due = draws.due(block);
            assert_eq!(due, [RequestId(7)]);
            let not_yet = BTreeMap::from([(RequestId(7), Drawable::NotEntrusted)]);
            assert!(draws.draw(block, &due, &not_yet).is_empty());
            assert!(draws.due(block + 1).is_empty(), "it is not asked for at each look");
        }
        assert_eq!(numbers(&drawn(&mut draws, 225)), [7]);
    }

    #[test]
    fn a_worker_that_becomes_a_candidate_later_has_a_turn_then() {
        let mut draws = draws();
        note(&mut draws, &waits(7), &[2]);
        assert!(drawn(&mut draws, 300).is_empty());
        assert_eq!(draws.without_turn(), [MODEL].into());
        rank(&mut draws, &[1]);
        assert!(draws.without_turn().is_empty());
        assert_eq!(numbers(&drawn(&mut draws, 301)), [7]);
    }

    #[test]
    fn candidates_take_turns_and_others_do_not_draw() {
        let all = [1, 2, 3, 4];
        let from = |number: u8| {
            let mut draws = Draws::new(AccountId32([number; 32]), 50);
            note(&mut draws, &waits(7), &all);
            (100..200).find(|block| !drawn(&mut draws, *block).is_empty())
        };
        let mut turns: Vec<u32> = all.iter().filter_map(|number| from(*number)).collect();
        turns.sort_unstable();
        assert_eq!(turns, [150, 155, 160, 165]);
        assert_eq!(from(9), None);
    }
}
