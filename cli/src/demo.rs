//! `medchain demo`: starts a chain, a store and two workers, and lets a patient, a lab
//! technician, the registrar and a stranger run the ordinary commands.

mod acts;
mod consent;
mod options;
mod people;
mod play;
mod processes;
mod stage;
mod story;
mod summary;
mod verdict;
mod worker_process;

use std::future::Future;

use anyhow::{bail, Context as _, Result};

use crate::{
    options::Global,
    output::{self, Outcome},
};
use options::StoryArg;

pub use options::DemoArgs;

/// Runs `medchain demo`.
///
/// Ends the programs that it started when it succeeds (unless `--keep`), fails or is
/// interrupted.
pub async fn run(args: &DemoArgs, global: &Global) -> Result<Outcome> {
    let json = match args.story {
        StoryArg::Main => {
            serde_json::to_string(&unless_interrupted(play::play(args, global)).await?)
        }
        StoryArg::Consent => {
            serde_json::to_string(&unless_interrupted(consent::play(args, global)).await?)
        }
        StoryArg::Verdict => {
            serde_json::to_string(&unless_interrupted(verdict::play(args, global)).await?)
        }
    };
    if global.json {
        output::line(&json.context("cannot write the summary as JSON")?)?;
    }
    Ok(Outcome::Done)
}

async fn unless_interrupted<T>(story: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        result = story => result,
        () = interrupted() => bail!("interrupted; every program that the demo started has ended"),
    }
}

/// Returns on Ctrl-C or when the program is asked to terminate.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{signal, SignalKind};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
