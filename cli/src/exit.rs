//! How the program ends: the exit codes, and what it says when a signal ends it.

use std::{
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

use medchain_client::chain::ChainError;

use crate::output::{one_line, Outcome};

/// The table in `--help`.
pub const HELP: &str = "\
Exit codes:
  0    done, or the answer is yes
  1    an error: nothing was done, or the message says what;
       or a part of a batch or folder failed
  2    the command line was not understood
  3    the answer is no: denied, or a mismatch
  4    a transaction was sent and its outcome is unknown: see `medchain resume`
  130  interrupted by Ctrl-C, 143 by SIGTERM: the message says what is left";

/// The exit code of a question whose answer is no.
pub const NO: u8 = 3;
/// The exit code where the outcome of a transaction is unknown.
pub const UNKNOWN: u8 = 4;

/// What is begun, for whoever interrupts it.
static BEGUN: Mutex<Option<String>> = Mutex::new(None);
/// How far several things are, of which that is one.
static UNDERWAY: Mutex<Option<String>> = Mutex::new(None);

/// The exit code of a command that ran to its end.
pub fn code(outcome: Outcome) -> ExitCode {
    match outcome {
        Outcome::Done => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::FAILURE,
        Outcome::No => ExitCode::from(NO),
        Outcome::Unknown => ExitCode::from(UNKNOWN),
    }
}

/// The exit code of an error.
pub fn code_of(error: &anyhow::Error) -> ExitCode {
    match is_unknown(error) {
        true => ExitCode::from(UNKNOWN),
        false => ExitCode::FAILURE,
    }
}

/// Whether a transaction may have had an effect all the same.
pub fn is_unknown(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<ChainError>()).any(ChainError::is_unknown)
}

/// Says what an interrupted program has begun, and how to go on with it; none: nothing.
pub fn begun(what: Option<String>) {
    *BEGUN.lock().unwrap_or_else(PoisonError::into_inner) = what;
}

/// Says how far a command is that does several things, each of which says by [`begun`] what it
/// has begun, and when that is over; none: it is at its end.
pub fn underway(what: Option<String>) {
    *UNDERWAY.lock().unwrap_or_else(PoisonError::into_inner) = what;
}

/// Ends the program on Ctrl-C and SIGTERM with a line that says what stands. It can end
/// anywhere: whatever has to outlive it is on disk before it happens.
pub fn on_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{signal, SignalKind};
        for (kind, code) in [(SignalKind::interrupt(), 130), (SignalKind::terminate(), 143)] {
            let Ok(mut signals) = signal(kind) else { continue };
            tokio::spawn(async move {
                if signals.recv().await.is_some() {
                    end(code);
                }
            });
        }
    }
}

fn end(code: i32) -> ! {
    crate::files::delete_temporaries();
    let begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let underway = UNDERWAY.lock().unwrap_or_else(PoisonError::into_inner).clone();
    crate::output::tell!("\r{}", one_line(&interrupted(begun.as_deref(), underway.as_deref())));
    // Last, because whatever asks for a secret goes on until the program ends.
    crate::secrets::restore_terminal();
    std::process::exit(code)
}

fn interrupted(begun: Option<&str>, underway: Option<&str>) -> String {
    match (begun, underway) {
        (Some(one), None) | (None, Some(one)) => format!("interrupted: {one}"),
        (Some(begun), Some(underway)) => format!("interrupted: {begun}; {underway}"),
        (None, None) => "interrupted: nothing was stored or sent by the last step".into(),
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::{AccountId32, H256};

    use super::*;

    fn unknown() -> ChainError {
        ChainError::OutcomeUnknown {
            call: "Emr.add_record".into(),
            hash: H256([1; 32]),
            account: AccountId32([2; 32]),
            nonce: 3,
            until: 4,
            cause: Box::new(ChainError::StaleNonce),
        }
    }

    #[test]
    fn three_things_have_three_codes() {
        let of = |error: anyhow::Error| code_of(&error);
        assert_eq!(code(Outcome::Done), ExitCode::SUCCESS);
        assert_eq!(code(Outcome::No), ExitCode::from(3));
        assert_eq!(code(Outcome::Failed), ExitCode::from(1));
        assert_eq!(code(Outcome::Unknown), ExitCode::from(4));
        assert_eq!(of(anyhow::anyhow!("it failed")), ExitCode::from(1));
        assert_eq!(of(ChainError::StaleNonce.into()), ExitCode::from(1));
        let wrapped = anyhow::Error::new(unknown()).context("could not send").context("later");
        assert_eq!(of(wrapped), ExitCode::from(4));
    }

    #[test]
    fn an_interruption_says_what_stands() {
        assert!(interrupted(None, None).contains("nothing was stored or sent"));
        let stored = "the film is stored";
        assert_eq!(interrupted(Some(stored), None), "interrupted: the film is stored");
        // The transaction of a list is in a block: that it was begun is no longer said.
        let list = interrupted(None, Some("3 of 9 files are added"));
        assert_eq!(list, "interrupted: 3 of 9 files are added");
        let both = interrupted(Some(stored), Some("3 of 9 files are added"));
        assert!(both.contains(stored) && both.contains("3 of 9"), "{both}");
    }
}
