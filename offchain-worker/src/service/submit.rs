//! The one owner of the account's nonce. It gives each answer the next nonce
//! and does not wait for one to be in a block before it sends the next, so a
//! backlog goes out as fast as blocks take it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::mpsc,
    task::{Id, JoinSet},
};

use super::Message;
use crate::{
    core::{Answer, Outcome, Request},
    ports::{Chain, Clock, Standing, SubmitError},
};

/// How often a lost call is sent again at once, because later ones wait for its nonce.
const MAX_REFILLS: u32 = 3;

/// An answer that is to be signed.
#[derive(Clone, Debug)]
pub struct Submission {
    /// What it answers.
    pub request: Request,
    /// The answer.
    pub answer: Answer,
}

#[derive(Clone, Debug)]
struct Pending {
    submission: Submission,
    nonce: u64,
    started: Duration,
    refills: u32,
}

/// See the module's documentation.
pub struct Submitter {
    chain: Arc<dyn Chain>,
    clock: Arc<dyn Clock>,
    messages: mpsc::Sender<Message>,
    max_pending: usize,
    /// The next nonce; none where the chain has to be asked.
    next: Option<u64>,
    pending: HashMap<Id, Pending>,
    tasks: JoinSet<Result<u32, SubmitError>>,
}

impl Submitter {
    /// A submitter that reports to `messages` and has at most `max_pending`
    /// calls on their way.
    pub fn new(
        chain: Arc<dyn Chain>,
        clock: Arc<dyn Clock>,
        messages: mpsc::Sender<Message>,
        max_pending: usize,
    ) -> Self {
        Self {
            chain,
            clock,
            messages,
            max_pending: max_pending.max(1),
            next: None,
            pending: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Runs until `submissions` ends and all of them are done.
    pub async fn run(mut self, mut submissions: mpsc::UnboundedReceiver<Submission>) {
        let mut open = true;
        while open || !self.tasks.is_empty() {
            tokio::select! {
                Some(ended) = self.tasks.join_next_with_id() => {
                    let (id, result) = match ended {
                        Ok((id, result)) => (id, result),
                        Err(error) => (error.id(), Err(SubmitError::Lost(error.to_string()))),
                    };
                    if let Some(pending) = self.pending.remove(&id) {
                        self.finish(pending, result).await;
                    }
                }
                submission = submissions.recv(),
                    if open && self.pending.len() < self.max_pending =>
                {
                    match submission {
                        Some(submission) => self.begin(submission).await,
                        None => open = false,
                    }
                }
            }
        }
    }

    /// Sends an answer, unless the newest block shows that nobody wants it.
    async fn begin(&mut self, submission: Submission) {
        let started = self.clock.now();
        let outcome = match self.chain.standing(submission.request.id).await {
            Ok(Standing::Open) => match self.nonce().await {
                Ok(nonce) => {
                    self.send(Pending { submission, nonce, started, refills: 0 });
                    return;
                }
                Err(reason) => Outcome::Lost(reason),
            },
            Ok(Standing::Ours { at }) => Outcome::Included { block: at },
            Ok(Standing::Closed) => Outcome::ClosedElsewhere,
            Err(error) => Outcome::Lost(error.to_string()),
        };
        self.tell(submission, outcome, started).await;
    }

    fn send(&mut self, pending: Pending) {
        let chain = self.chain.clone();
        let Submission { request, answer } = pending.submission.clone();
        let nonce = pending.nonce;
        let handle =
            self.tasks.spawn(async move { chain.submit(request.id, &answer, nonce).await });
        self.pending.insert(handle.id(), pending);
    }

    async fn finish(&mut self, pending: Pending, result: Result<u32, SubmitError>) {
        let outcome = match result {
            Ok(block) => Outcome::Included { block },
            Err(SubmitError::Refused(Outcome::ClosedElsewhere)) => {
                // An earlier call of this worker, perhaps from before a
                // restart, may be what closed it.
                match self.chain.standing(pending.submission.request.id).await {
                    Ok(Standing::Ours { at }) => Outcome::Included { block: at },
                    _ => Outcome::ClosedElsewhere,
                }
            }
            Err(SubmitError::Refused(outcome)) => outcome,
            Err(SubmitError::Unpaid(reason)) => {
                self.next = None;
                Outcome::Rejected(reason)
            }
            Err(SubmitError::Lost(reason)) => match self.refill(&pending, reason).await {
                Some(outcome) => outcome,
                None => return,
            },
        };
        self.tell(pending.submission, outcome, pending.started).await;
    }

    /// A lost call leaves a gap that all later nonces wait for. Where there
    /// are later ones, the same answer fills the gap at once; otherwise the
    /// loss is returned and the core decides.
    async fn refill(&mut self, lost: &Pending, reason: String) -> Option<Outcome> {
        self.next = None;
        let holds_up = self.pending.values().any(|pending| pending.nonce > lost.nonce);
        if holds_up && lost.refills < MAX_REFILLS {
            match self.nonce().await {
                Ok(nonce) if nonce <= lost.nonce => {
                    self.send(Pending { nonce, refills: lost.refills + 1, ..lost.clone() });
                    return None;
                }
                // The nonce is used: the call may be in the pool or a block.
                Ok(_) | Err(_) => self.next = None,
            }
        }
        Some(Outcome::Lost(reason))
    }

    /// The smallest free nonce.
    async fn nonce(&mut self) -> Result<u64, String> {
        let base = match self.next {
            Some(next) => next,
            None => self.chain.next_nonce().await.map_err(|error| error.to_string())?,
        };
        let taken: BTreeSet<u64> = self.pending.values().map(|pending| pending.nonce).collect();
        let mut nonce = base;
        while taken.contains(&nonce) {
            nonce = nonce.saturating_add(1);
        }
        self.next = Some(nonce.saturating_add(1));
        Ok(nonce)
    }

    async fn tell(&self, submission: Submission, outcome: Outcome, started: Duration) {
        let message = Message::Submitted {
            request: submission.request.id,
            answer: submission.answer,
            outcome,
            took: self.clock.now().saturating_sub(started),
        };
        // Nobody listens any more when the service is going down.
        let _ = self.messages.send(message).await;
    }
}
