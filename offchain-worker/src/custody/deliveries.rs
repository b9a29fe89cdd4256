//! Which shares a custodian owes, and when it delivers them: one state machine.
//!
//! ```text
//! final grants ─► whose turn? ─► Deliver ─► in a block ─► final
//!                     ▲                        │ reorganised
//!                     └──── refused, lost ◄────┘
//! ```
//! It acts on final blocks only, so no share is delivered for a grant that a
//! reorganisation may remove. All waits are counted in final blocks.
//!
//! Between two blocks it remembers how far each delivery is. Forgetting that, as a
//! restart does, costs a question to the chain and nothing else.

use std::collections::BTreeMap;

use medchain_client::AccountId32;

use crate::shared::outcome::Outcome;

mod event;
mod grant;
#[cfg(test)]
mod tests;

pub use event::{Closed, Event, Note, Obstacle, Step};
pub use grant::{Grant, GrantId, Grants, Turn};

/// No wait between two attempts is longer, in final blocks.
const LONGEST_WAIT: u32 = 16;

/// The numbers that an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// For how many blocks a grant is left to each custodian before this one.
    pub takeover_blocks: u32,
}

/// How many grants are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// On records of which this custodian keeps no share.
    pub foreign: usize,
    /// Left to the custodians before this one in the order.
    pub assigned_elsewhere: usize,
    /// Waiting for the next attempt.
    pub waiting: usize,
    /// Refused for now.
    pub refused: usize,
    /// The share is being encrypted or sent.
    pub delivering: usize,
    /// The share is in a block that is not final.
    pub included: usize,
    /// The share is in a block that is not final, and came after a refusal or the end.
    pub exposed: usize,
    /// The share is in a final block.
    pub delivered: usize,
    /// The others have delivered enough.
    pub enough: usize,
    /// The custodian's share cannot be opened.
    pub unopened: usize,
    /// Too late for a share; the chain removes the grant soon.
    pub over: usize,
}

/// A grant, and how far its delivery is.
struct Delivery {
    grant: Grant,
    state: State,
    /// Attempts that failed in a row.
    failures: u32,
    /// Whether the newest final block has no such grant.
    is_gone: bool,
    is_closed: bool,
}

enum State {
    /// No attempt before this final block.
    Waiting(u32),
    /// As `Waiting`, because access is refused.
    Refused(u32),
    /// [`Step::Deliver`] was returned, and its end is not known.
    Delivering,
    /// The share is in this block.
    Included(u32),
    /// The share is in this block, in which access was refused or had ended.
    Exposed(u32),
    /// The share cannot be opened.
    Unopened,
}

/// All deliveries that a custodian owes or has begun.
pub struct Deliveries {
    me: AccountId32,
    rules: Rules,
    finalised: u32,
    best: u32,
    all: BTreeMap<GrantId, Delivery>,
    foreign: usize,
}

impl Deliveries {
    /// For this account, before the first list.
    pub fn new(rules: Rules, me: AccountId32) -> Self {
        Self { me, rules, finalised: 0, best: 0, all: BTreeMap::new(), foreign: 0 }
    }

    /// Processes an event and says what to do.
    pub fn handle(&mut self, event: Event) -> Vec<Step> {
        let mut steps = Vec::new();
        match event {
            Event::Listed(grants) => self.on_list(grants, &mut steps),
            Event::Obstructed { grant, obstacle } => {
                self.on_end(&grant, &mut steps, |delivery, at| delivery.obstructed(obstacle, at));
            }
            Event::Submitted { grant, outcome } => {
                self.on_end(&grant, &mut steps, |delivery, at| delivery.submitted(outcome, at));
            }
        }
        steps
    }

    /// How many grants are in which state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { foreign: self.foreign, ..Counts::default() };
        for delivery in self.all.values() {
            let place = match (self.turn(&delivery.grant), &delivery.state) {
                (Turn::Delivered, _) => &mut counts.delivered,
                (_, State::Delivering) => &mut counts.delivering,
                (_, State::Included(_)) => &mut counts.included,
                (_, State::Exposed(_)) => &mut counts.exposed,
                (Turn::Enough, _) => &mut counts.enough,
                (Turn::Over, _) => &mut counts.over,
                (_, State::Unopened) => &mut counts.unopened,
                (Turn::From(_), _) => &mut counts.assigned_elsewhere,
                (_, State::Refused(_)) => &mut counts.refused,
                (_, State::Waiting(_)) => &mut counts.waiting,
            };
            *place += 1;
        }
        counts
    }

    fn turn(&self, grant: &Grant) -> Turn {
        grant.turn(&self.me, self.finalised, self.best, self.rules.takeover_blocks)
    }

    fn on_list(&mut self, list: Grants, steps: &mut Vec<Step>) {
        // After a change of node an older block may come, with nothing new.
        if list.finalised < self.finalised {
            return;
        }
        self.finalised = list.finalised;
        self.best = list.best.max(list.finalised);
        self.foreign = 0;
        for delivery in self.all.values_mut() {
            delivery.is_gone = true;
        }
        for grant in list.grants {
            self.add(grant, steps);
        }
        self.all.retain(|id, delivery| {
            if delivery.is_gone && !delivery.is_closed {
                delivery.is_closed = true;
                let how = match delivery.state {
                    State::Included(_) => Closed::Delivered,
                    State::Exposed(_) => Closed::Exposed,
                    _ => Closed::Ended,
                };
                steps.push(Step::Note(*id, Note::Closed(how)));
            }
            // What has begun is remembered until it ends.
            !delivery.is_gone || matches!(delivery.state, State::Delivering)
        });
        self.start(steps);
    }

    fn add(&mut self, grant: Grant, steps: &mut Vec<Step>) {
        let id = grant.id;
        let turn = self.turn(&grant);
        if turn == Turn::Foreign {
            self.foreign += 1;
            return;
        }
        let finalised = self.finalised;
        let delivery = self.all.entry(id).or_insert_with(|| {
            if matches!(turn, Turn::From(_) | Turn::Now { .. }) {
                steps.push(Step::Note(id, Note::Seen));
            }
            Delivery {
                grant: grant.clone(),
                state: State::Waiting(0),
                failures: 0,
                is_gone: false,
                // A grant that was over before it was seen is not noted.
                is_closed: !matches!(turn, Turn::From(_) | Turn::Now { .. }),
            }
        });
        delivery.grant = grant;
        delivery.is_gone = false;
        let how = match turn {
            Turn::Delivered => Some(Closed::Delivered),
            Turn::Enough => Some(Closed::Enough),
            Turn::Over => Some(Closed::Ended),
            _ => None,
        };
        if let Some(how) = how.filter(|_| !delivery.is_closed) {
            delivery.is_closed = true;
            steps.push(Step::Note(id, Note::Closed(how)));
        }
        if let State::Included(at) | State::Exposed(at) = delivery.state
            && at <= finalised
            && turn != Turn::Delivered
        {
            delivery.state = State::Waiting(0);
            steps.push(Step::Note(id, Note::Reorganised));
        }
    }

    /// Starts what is due: emergencies first, so that nobody can delay them with many
    /// grants, then what ends first.
    fn start(&mut self, steps: &mut Vec<Step>) {
        let (me, finalised, best) = (self.me, self.finalised, self.best);
        let takeover = self.rules.takeover_blocks;
        let mut due: Vec<(u32, &mut Delivery)> = self
            .all
            .values_mut()
            .filter(|delivery| !delivery.is_gone && delivery.is_waiting_no_longer_than(finalised))
            .filter_map(|delivery| match delivery.grant.turn(&me, finalised, best, takeover) {
                Turn::Now { rank } => Some((rank, delivery)),
                _ => None,
            })
            .collect();
        due.sort_by_key(|(_, delivery)| (!delivery.grant.is_emergency, delivery.grant.until));
        for (rank, delivery) in due {
            if rank >= delivery.grant.threshold() && delivery.failures == 0 {
                steps.push(Step::Note(delivery.grant.id, Note::TakenOver { rank }));
            }
            delivery.state = State::Delivering;
            steps.push(Step::Deliver(delivery.grant.clone()));
        }
    }

    /// A delivery has ended, for now. The next list decides what follows.
    fn on_end(
        &mut self,
        id: &GrantId,
        steps: &mut Vec<Step>,
        end: impl FnOnce(&mut Delivery, u32) -> Option<Note>,
    ) {
        let Some(delivery) = self.all.get_mut(id) else {
            return;
        };
        if !matches!(delivery.state, State::Delivering) {
            return;
        }
        let note = end(delivery, self.finalised);
        if delivery.is_gone {
            self.all.remove(id);
            return;
        }
        steps.extend(note.map(|note| Step::Note(*id, note)));
    }
}

impl Delivery {
    fn is_waiting_no_longer_than(&self, finalised: u32) -> bool {
        matches!(self.state, State::Waiting(from) | State::Refused(from) if from <= finalised)
    }

    fn obstructed(&mut self, obstacle: Obstacle, finalised: u32) -> Option<Note> {
        match obstacle {
            Obstacle::Unopened(reason) => {
                self.state = State::Unopened;
                Some(Note::Unopened { reason })
            }
            Obstacle::Passing(reason) => {
                let after = self.fail();
                self.state = State::Waiting(finalised.saturating_add(after));
                Some(Note::Retrying { attempt: self.failures, after, reason })
            }
        }
    }

    fn submitted(&mut self, outcome: Outcome, finalised: u32) -> Option<Note> {
        if let Outcome::Included { block } = outcome {
            self.state = State::Included(block);
            self.failures = 0;
            return None;
        }
        if let Outcome::Exposed { block } = outcome {
            self.state = State::Exposed(block);
            return Some(Note::Exposed { block });
        }
        let mut after = self.fail();
        if matches!(outcome, Outcome::Rejected(_)) {
            // Each attempt may cost a fee, and an operator has to look first.
            after = LONGEST_WAIT;
        }
        let attempt = self.failures;
        let again = finalised.saturating_add(after);
        self.state = match outcome {
            Outcome::NoConsent(_) => State::Refused(again),
            _ => State::Waiting(again),
        };
        match outcome {
            Outcome::NoConsent(reason) => Some(Note::Refused { attempt, after, reason }),
            Outcome::Lost(reason) | Outcome::Rejected(reason) => {
                Some(Note::Retrying { attempt, after, reason })
            }
            // A final block says soon how it ended; if none does, another attempt follows.
            _ => None,
        }
    }

    /// Counts one more failure. Returns the number of final blocks until the next
    /// attempt: 1, 2, 4 and so on.
    fn fail(&mut self) -> u32 {
        let wait = 1u32.checked_shl(self.failures).unwrap_or(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        wait.min(LONGEST_WAIT)
    }
}
