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
        ports::{Drawable, Looked, PredictionChain, Undrawn},
    },
    shared::turn,
};

/// For how many blocks a draw is left to each worker before this one.
const TURN: u32 = 5;
/// By how many more than it needs the policy is asked about workers, at most.
const SPARE_ASKS: u8 = 2;

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
    quorum: u8,
    /// How long the others before it have.
    wait: u32,
    /// From which block on it is this worker's turn.
    from: u32,
    /// The last block in which anybody can draw.
    until: u32,
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
        undrawn.into_iter().for_each(|one| self.note(&one));
        let due = self.due(tip.block);
        if due.is_empty() {
            return Vec::new();
        }
        let Ok(drawable) = chain.drawable(&due).await else { return Vec::new() };
        self.draw(tip.block, &due, &drawable)
    }

    /// Notes when it is this worker's turn, if ever.
    fn note(&mut self, undrawn: &Undrawn) {
        let Undrawn { request, quorum, candidates, since, until } = undrawn;
        if self.waiting.get(request).is_some_and(|known| known.until == *until) {
            return;
        }
        // Of an earlier draw of the same request, if any.
        self.waiting.remove(request);
        let topic = request.0.to_le_bytes();
        let Some(rank) = turn::rank(&topic, &self.me, candidates) else { return };
        let wait = self.grace.saturating_add(rank.saturating_mul(TURN));
        let from = since.saturating_add(wait);
        if from < *until {
            let (quorum, until) = (*quorum, *until);
            self.waiting.insert(*request, Waiting { quorum, wait, from, until });
        }
    }

    /// Whose turn has come at this block. Those that have ended are forgotten.
    fn due(&mut self, block: u32) -> Vec<RequestId> {
        self.waiting.retain(|_, waiting| block < waiting.until);
        let due = self.waiting.iter().filter(|(_, waiting)| block >= waiting.from);
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
            let waiting = self.waiting.get_mut(request).filter(|_| *drawable == Drawable::Now);
            let Some(waiting) = waiting else { continue };
            // If it is not drawn by then, this worker tries again.
            waiting.from = block.saturating_add(waiting.wait.max(TURN));
            let job = JobId { request: *request, phase: Phase::Draw };
            let asks = waiting.quorum.saturating_add(SPARE_ASKS);
            draws.push(Submission { job, answer: Answer::Draw { asks } });
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

    /// A draw that began in block 100.
    fn waits(request: u64, candidates: &[u8]) -> Undrawn {
        let candidates = candidates.iter().map(|number| AccountId32([*number; 32])).collect();
        let (quorum, candidates) = (2, Arc::new(candidates));
        Undrawn { request: RequestId(request), quorum, candidates, since: 100, until: 700 }
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
        draws.note(&waits(7, &[1]));
        assert!(drawn(&mut draws, 149).is_empty());
        let due = drawn(&mut draws, 150);
        assert_eq!(numbers(&due), [7]);
        assert_eq!(due[0].answer, Answer::Draw { asks: 4 });
        draws.note(&waits(7, &[1]));
        assert!(drawn(&mut draws, 151).is_empty(), "the call is on its way");
        assert_eq!(numbers(&drawn(&mut draws, 200)), [7]);
        assert!(drawn(&mut draws, 700).is_empty(), "it has ended");
        assert!(draws.waiting.is_empty());
    }

    #[test]
    fn what_was_drawn_is_forgotten_and_a_new_draw_waits_again() {
        let mut draws = draws();
        draws.note(&waits(7, &[1]));
        let due = draws.due(160);
        assert!(draws.draw(160, &due, &BTreeMap::new()).is_empty());
        assert!(drawn(&mut draws, 300).is_empty());
        draws.note(&Undrawn { since: 300, until: 900, ..waits(7, &[1]) });
        assert!(drawn(&mut draws, 349).is_empty());
        assert_eq!(numbers(&drawn(&mut draws, 350)), [7]);
    }

    #[test]
    fn a_draw_without_its_seed_is_looked_at_again() {
        let mut draws = draws();
        draws.note(&waits(7, &[1]));
        let due = draws.due(150);
        let later = BTreeMap::from([(RequestId(7), Drawable::Later)]);
        assert!(draws.draw(150, &due, &later).is_empty());
        assert_eq!(numbers(&drawn(&mut draws, 151)), [7]);
    }

    #[test]
    fn candidates_take_turns_and_others_do_not_draw() {
        let all = [1, 2, 3, 4];
        let from = |number: u8| {
            let mut draws = Draws::new(AccountId32([number; 32]), 50);
            draws.note(&waits(7, &all));
            (100..200).find(|block| !drawn(&mut draws, *block).is_empty())
        };
        let mut turns: Vec<u32> = all.iter().filter_map(|number| from(*number)).collect();
        turns.sort_unstable();
        assert_eq!(turns, [150, 155, 160, 165]);
        assert_eq!(from(9), None);
    }
}
