//! Whether a duty can be done, and if not, why.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What the parts of the worker have reported.
#[derive(Debug, Default)]
struct State {
    block: Option<(u32, Duration)>,
    chain: Option<String>,
    witness: Option<String>,
    store: Option<String>,
    disk: Option<String>,
    account: Option<String>,
    declining: Option<String>,
}

/// The worker's condition, shared by all its parts.
#[derive(Debug)]
pub struct Health {
    state: Mutex<State>,
    stall: Duration,
}

impl Health {
    /// Unhealthy until the first block, and whenever no new final block comes for
    /// longer than `stall`.
    pub fn new(stall: Duration) -> Self {
        Self { state: Mutex::default(), stall }
    }

    /// A final block was read.
    pub fn block(&self, number: u32, now: Duration) {
        let mut state = self.state();
        state.block = Some((number, now));
        state.chain = None;
    }

    /// The chain could not be read.
    pub fn chain_failed(&self, reason: &str) {
        self.state().chain = Some(reason.to_owned());
    }

    /// The second node was asked; `None` where it confirms what the first one says, or where
    /// there is none.
    pub fn witness(&self, problem: Option<String>) {
        self.state().witness = problem;
    }

    /// The store does not answer.
    pub fn store_failed(&self, reason: &str) {
        self.state().store = Some(reason.to_owned());
    }

    /// The store answers.
    pub fn store_answered(&self) {
        self.state().store = None;
    }

    /// Nothing can be written to the state folder.
    pub fn disk_failed(&self, reason: &str) {
        self.state().disk = Some(reason.to_owned());
    }

    /// The state folder can be written to.
    pub fn disk_written(&self) {
        self.state().disk = None;
    }

    /// The account was checked; `None` where all is well.
    pub fn account(&self, problem: Option<String>) {
        self.state().account = problem;
    }

    /// The worker declines new work until it is restarted, for this reason.
    pub fn decline(&self, reason: String) {
        self.state().declining = Some(reason);
    }

    /// The newest final block, or one line that says what is wrong.
    pub fn verdict(&self, now: Duration) -> Result<u32, String> {
        let state = self.state();
        if let Some(reason) = &state.chain {
            return Err(reason.clone());
        }
        let Some((block, at)) = state.block else {
            return Err("no block has been read yet".to_owned());
        };
        let age = now.saturating_sub(at);
        if age > self.stall {
            return Err(format!("no final block for {} s, since block {block}", age.as_secs()));
        }
        if let Some(reason) = state.witness.as_ref().or(state.store.as_ref()) {
            return Err(reason.clone());
        }
        match state.disk.as_ref().or(state.account.as_ref()).or(state.declining.as_ref()) {
            Some(reason) => Err(reason.clone()),
            None => Ok(block),
        }
    }

    /// A panic elsewhere leaves whole values here, so a poisoned lock is still good.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_verdict_names_the_first_cause() {
        let health = Health::new(60 * SECOND);
        assert!(health.verdict(SECOND).is_err());
        health.block(7, SECOND);
        assert_eq!(health.verdict(2 * SECOND), Ok(7));
        assert_eq!(
            health.verdict(100 * SECOND),
            Err("no final block for 99 s, since block 7".to_owned())
        );
        health.store_failed("no store");
        assert_eq!(health.verdict(2 * SECOND), Err("no store".to_owned()));
        health.witness(Some("no witness".to_owned()));
        assert_eq!(health.verdict(2 * SECOND), Err("no witness".to_owned()));
        health.chain_failed("no node");
        assert_eq!(health.verdict(2 * SECOND), Err("no node".to_owned()));
        health.block(8, 3 * SECOND);
        assert_eq!(health.verdict(4 * SECOND), Err("no witness".to_owned()));
        health.witness(None);
        health.store_answered();
        health.account(Some("no funds".to_owned()));
        assert_eq!(health.verdict(4 * SECOND), Err("no funds".to_owned()));
        health.disk_failed("no room");
        assert_eq!(health.verdict(4 * SECOND), Err("no room".to_owned()));
        health.disk_written();
        health.account(None);
        assert_eq!(health.verdict(4 * SECOND), Ok(8));
        health.decline("no new work".to_owned());
        assert_eq!(health.verdict(4 * SECOND), Err("no new work".to_owned()));
        // What keeps it from what it has begun comes first.
        health.account(Some("no funds".to_owned()));
        assert_eq!(health.verdict(4 * SECOND), Err("no funds".to_owned()));
        health.account(None);
        health.block(9, 5 * SECOND);
        assert_eq!(health.verdict(5 * SECOND), Err("no new work".to_owned()));
    }
}
