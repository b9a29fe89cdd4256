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
        ports::{PredictionChain, Undrawn},
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
    let mut draws = Draws { me: ports.chain.account(), grace, seen: BTreeMap::new() };
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
    /// From which block on this worker draws for each request that waits.
    seen: BTreeMap<RequestId, u32>,
}

impl Draws {
    async fn look(
        &mut self,
        chain: &Arc<dyn PredictionChain>,
        models: &BTreeSet<ModelId>,
    ) -> Vec<Submission> {
        // A chain that cannot be read is reported by the watchers.
        let Ok(tip) = chain.tip().await else { return Vec::new() };
        let Ok(undrawn) = chain.undrawn(models).await else { return Vec::new() };
        self.due(tip.block, undrawn)
    }

    /// What to draw at this block.
    fn due(&mut self, block: u32, undrawn: Vec<Undrawn>) -> Vec<Submission> {
        let waiting: BTreeSet<RequestId> = undrawn.iter().map(|one| one.request).collect();
        self.seen.retain(|request, _| waiting.contains(request));
        let mut due = Vec::new();
        for Undrawn { request, quorum, candidates } in undrawn {
            let topic = request.0.to_le_bytes();
            let Some(rank) = turn::rank(&topic, &self.me, &candidates) else { continue };
            let wait = self.grace.saturating_add(rank.saturating_mul(TURN));
            let from = self.seen.entry(request).or_insert_with(|| block.saturating_add(wait));
            if block >= *from {
                // If it is not drawn by then, this worker tries again.
                *from = block.saturating_add(wait.max(TURN));
                let job = JobId { request, phase: Phase::Draw };
                let asks = quorum.saturating_add(SPARE_ASKS);
                due.push(Submission { job, answer: Answer::Draw { asks } });
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> AccountId32 {
        AccountId32([1; 32])
    }

    fn waits(request: u64, candidates: &[u8]) -> Undrawn {
        let candidates = candidates.iter().map(|number| AccountId32([*number; 32])).collect();
        Undrawn { request: RequestId(request), quorum: 2, candidates }
    }

    fn numbers(due: &[Submission]) -> Vec<u64> {
        due.iter().map(|one| one.job.request.0).collect()
    }

    fn draws() -> Draws {
        Draws { me: me(), grace: 50, seen: BTreeMap::new() }
    }

    #[test]
    fn it_leaves_the_draw_to_the_uploader_for_a_while_and_tries_again() {
        let mut draws = draws();
        let alone = || vec![waits(7, &[1])];
        assert!(draws.due(100, alone()).is_empty());
        assert!(draws.due(149, alone()).is_empty());
        let due = draws.due(150, alone());
        assert_eq!(numbers(&due), [7]);
        assert_eq!(due[0].answer, Answer::Draw { asks: 4 });
        assert!(draws.due(151, alone()).is_empty(), "the call is on its way");
        assert_eq!(numbers(&draws.due(200, alone())), [7]);
    }

    #[test]
    fn what_was_drawn_is_forgotten_and_a_new_draw_waits_again() {
        let mut draws = draws();
        draws.due(100, vec![waits(7, &[1])]);
        draws.due(120, vec![]);
        assert!(draws.due(160, vec![waits(7, &[1])]).is_empty());
        assert_eq!(numbers(&draws.due(210, vec![waits(7, &[1])])), [7]);
    }

    #[test]
    fn candidates_take_turns_and_others_do_not_draw() {
        let all = [1, 2, 3, 4];
        let from = |number: u8| {
            let mut draws = Draws { me: AccountId32([number; 32]), ..draws() };
            (100..200).find(|block| !draws.due(*block, vec![waits(7, &all)]).is_empty())
        };
        let mut turns: Vec<u32> = all.iter().filter_map(|number| from(*number)).collect();
        turns.sort_unstable();
        assert_eq!(turns, [150, 155, 160, 165]);
        assert_eq!(from(9), None);
    }
}
