//! What is remembered of each grant between two blocks. Forgetting it, as a
//! restart does, costs a question to the chain and nothing else.

use std::collections::BTreeMap;

use super::{Account, Action, Event, Grant, GrantId, Grants, Note, Obstacle, Outcome, Turn};

/// No wait between two attempts is longer, in final blocks.
const LONGEST_WAIT: u32 = 16;

/// The numbers that an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many blocks a grant is left to each custodian before this one.
    pub takeover_blocks: u32,
}

/// How a grant left the custodian's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Its share is there for good.
    Delivered,
    /// The others have handed over enough.
    Enough,
    /// The grant ended, or its time did.
    Ended,
}

/// How many grants are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// On records of which this custodian keeps no share.
    pub foreign: usize,
    /// Left to the custodians before it in the order.
    pub assigned_elsewhere: usize,
    /// Waiting for the next attempt.
    pub waiting: usize,
    /// Refused by the policy for now.
    pub refused: usize,
    /// The share is being sealed or sent.
    pub delivering: usize,
    /// The share is in a block that is not final.
    pub included: usize,
    /// The share is there for good.
    pub delivered: usize,
    /// The others have handed over enough.
    pub enough: usize,
    /// The custodian's share cannot be opened.
    pub unopened: usize,
    /// Too late for a share; the chain removes it soon.
    pub over: usize,
}

/// A grant, and how far its delivery is.
struct Held {
    grant: Grant,
    state: State,
    /// Attempts that failed in a row.
    failures: u32,
    /// Whether no final block has it any more.
    is_gone: bool,
    is_closed: bool,
}

enum State {
    /// Not tried again before this final block.
    Waiting(u32),
    /// As `Waiting`, because the policy says no.
    Refused(u32),
    /// [`Action::Deliver`] was given, and its end is not known.
    Delivering,
    /// The share is in this block.
    Included(u32),
    /// The share cannot be opened.
    Unopened,
}

/// All that a custodian has to do, and has begun.
pub struct Deliveries {
    me: Account,
    rules: Rules,
    finalised: u32,
    best: u32,
    held: BTreeMap<GrantId, Held>,
    foreign: usize,
}

impl Deliveries {
    /// For this account, before the first list.
    pub fn new(rules: Rules, me: Account) -> Self {
        Self { me, rules, finalised: 0, best: 0, held: BTreeMap::new(), foreign: 0 }
    }

    /// Takes an event in and says what to do.
    pub fn handle(&mut self, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Listed(grants) => self.on_list(grants, &mut actions),
            Event::Obstructed { grant, obstacle } => {
                self.on_end(&grant, &mut actions, |held, at| held.obstructed(obstacle, at));
            }
            Event::Submitted { grant, outcome } => {
                self.on_end(&grant, &mut actions, |held, at| held.submitted(outcome, at));
            }
        }
        actions
    }

    /// How many grants are in which state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { foreign: self.foreign, ..Counts::default() };
        for held in self.held.values() {
            let place = match (self.turn(&held.grant), &held.state) {
                (Turn::Delivered, _) => &mut counts.delivered,
                (_, State::Delivering) => &mut counts.delivering,
                (_, State::Included(_)) => &mut counts.included,
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

    fn on_list(&mut self, list: Grants, actions: &mut Vec<Action>) {
        // After a change of node, an older block may come. It is no news.
        if list.finalised < self.finalised {
            return;
        }
        self.finalised = list.finalised;
        self.best = list.best.max(list.finalised);
        self.foreign = 0;
        for held in self.held.values_mut() {
            held.is_gone = true;
        }
        for grant in list.grants {
            self.add(grant, actions);
        }
        self.held.retain(|id, held| {
            if held.is_gone && !held.is_closed {
                held.is_closed = true;
                let how = match held.state {
                    State::Included(_) => Closed::Delivered,
                    _ => Closed::Ended,
                };
                actions.push(Action::Note(*id, Note::Closed(how)));
            }
            // The end of what has begun is waited for.
            !held.is_gone || matches!(held.state, State::Delivering)
        });
        self.start(actions);
    }

    fn add(&mut self, grant: Grant, actions: &mut Vec<Action>) {
        let id = grant.id;
        let turn = self.turn(&grant);
        if turn == Turn::Foreign {
            self.foreign += 1;
            return;
        }
        let finalised = self.finalised;
        let held = self.held.entry(id).or_insert_with(|| {
            if matches!(turn, Turn::From(_) | Turn::Now { .. }) {
                actions.push(Action::Note(id, Note::Seen));
            }
            Held {
                grant: grant.clone(),
                state: State::Waiting(0),
                failures: 0,
                is_gone: false,
                // What was over before it was seen is no news.
                is_closed: !matches!(turn, Turn::From(_) | Turn::Now { .. }),
            }
        });
        held.grant = grant;
        held.is_gone = false;
        let how = match turn {
            Turn::Delivered => Some(Closed::Delivered),
            Turn::Enough => Some(Closed::Enough),
            Turn::Over => Some(Closed::Ended),
            _ => None,
        };
        if let Some(how) = how.filter(|_| !held.is_closed) {
            held.is_closed = true;
            actions.push(Action::Note(id, Note::Closed(how)));
        }
        if let State::Included(at) = held.state {
            if at <= finalised && turn != Turn::Delivered {
                held.state = State::Waiting(0);
                actions.push(Action::Note(id, Note::TakenBack));
            }
        }
    }

    /// Starts what is due: emergencies first, which others must not be able to delay
    /// by asking for much, then what ends first.
    fn start(&mut self, actions: &mut Vec<Action>) {
        let (me, finalised, best) = (self.me, self.finalised, self.best);
        let takeover = self.rules.takeover_blocks;
        let mut due: Vec<(u32, &mut Held)> = self
            .held
            .values_mut()
            .filter(|held| !held.is_gone && held.is_waiting_no_longer_than(finalised))
            .filter_map(|held| match held.grant.turn(&me, finalised, best, takeover) {
                Turn::Now { rank } => Some((rank, held)),
                _ => None,
            })
            .collect();
        due.sort_by_key(|(_, held)| (!held.grant.is_emergency, held.grant.until));
        for (rank, held) in due {
            if rank >= held.grant.custody.threshold && held.failures == 0 {
                actions.push(Action::Note(held.grant.id, Note::TakenOver { rank }));
            }
            held.state = State::Delivering;
            actions.push(Action::Deliver(held.grant.clone()));
        }
    }

    /// What was begun has ended. What follows from that waits for the next list.
    fn on_end(
        &mut self,
        id: &GrantId,
        actions: &mut Vec<Action>,
        end: impl FnOnce(&mut Held, u32) -> Option<Note>,
    ) {
        let Some(held) = self.held.get_mut(id) else {
            return;
        };
        if !matches!(held.state, State::Delivering) {
            return;
        }
        let note = end(held, self.finalised);
        if held.is_gone {
            self.held.remove(id);
            return;
        }
        actions.extend(note.map(|note| Action::Note(*id, note)));
    }
}

impl Held {
    fn is_waiting_no_longer_than(&self, finalised: u32) -> bool {
        matches!(self.state, State::Waiting(from) | State::Refused(from) if from <= finalised)
    }

    fn obstructed(&mut self, obstacle: Obstacle, finalised: u32) -> Option<Note> {
        match obstacle {
            Obstacle::Unopened(reason) => {
                self.state = State::Unopened;
                Some(Note::Unopened { reason })
            }
            Obstacle::NoKey(reason) | Obstacle::Passing(reason) => {
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
        let mut after = self.fail();
        if matches!(outcome, Outcome::Rejected(_)) {
            // Each attempt may cost a fee, and somebody has to look first.
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
            // A final block says soon how it is; if it does not, it is asked again.
            _ => None,
        }
    }

    /// One more failure, and how many final blocks it is until the next attempt:
    /// 1, 2, 4 and so on.
    fn fail(&mut self) -> u32 {
        let wait = 1u32.checked_shl(self.failures).unwrap_or(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        wait.min(LONGEST_WAIT)
    }
}
