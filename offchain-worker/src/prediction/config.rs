//! The configuration of predicting, complete.

use std::{env, ffi::OsString, path::PathBuf, thread, time::Duration};

use medchain_client::store;
use medchain_vision::Engine;

use super::{
    drift::{self, Known},
    jobs::Rules,
    options::{Arguments, Options, PREFIX},
    service::Settings,
};
use crate::shared::{
    backoff::Backoff,
    config::{from_file, seconds, CommonConfig, ConfigError, Timing},
};

/// The port of metrics and health.
const PORT: u16 = 9616;
/// How many films are on their way to a thread, or their answers from it: it takes some 20 a second,
/// and the questions to a node, the store and the disk may take half a second. Fetched files share
/// one room, however many there are.
const UNDER_WAY: usize = 10;
/// The fewest blocks that a move may have before the end of its round.
const LEAST_SECRET_MARGIN: u32 = 20;

/// The configuration, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What both duties have.
    pub common: CommonConfig,
    /// A folder or the URL of an IPFS node, or several of them, separated by commas.
    pub store: String,
    /// The time limit of one fetch from one store.
    pub fetch_timeout: Duration,
    /// The folder with the models' descriptions.
    pub model_dir: PathBuf,
    /// The folder in which answers and films are remembered while they are needed.
    pub state_dir: PathBuf,
    /// What runs the network; `None` is what suits it.
    pub engine: Option<Engine>,
    /// How many threads share the work on one image.
    pub model_threads: usize,
    /// What was answered on known films; `None` is what comes with the model.
    pub drift_expected: Option<Known>,
    /// The numbers of the service.
    pub settings: Settings,
}

impl Config {
    /// Puts flags and environment (which clap has merged) above the file, and fills the
    /// rest with defaults.
    ///
    /// # Errors
    /// [`ConfigError`] with the first thing that is wrong.
    pub fn resolve(arguments: Arguments) -> Result<Self, ConfigError> {
        let options = arguments.options.or(from_file(arguments.config)?);
        let common = options.common(arguments.suri).resolve(PORT, PREFIX)?;
        let settings = settings(&options, common.timing)?;
        Ok(Self {
            common,
            store: options.store.unwrap_or_else(store::default_url),
            fetch_timeout: seconds(options.fetch_timeout_secs, 60),
            model_dir: options.model_dir.ok_or_else(|| ConfigError::Missing {
                what: "folder of the model",
                flag: "--model-dir FOLDER",
                variable: format!("{PREFIX}MODEL_DIR"),
                key: "model_dir",
            })?,
            state_dir: options.state_dir.unwrap_or_else(default_state_dir),
            engine: options.engine,
            model_threads: at_least_one("model_threads", options.model_threads.unwrap_or(1))?,
            drift_expected: options.drift_expected,
            settings,
        })
    }
}

fn settings(options: &Options, timing: Timing) -> Result<Settings, ConfigError> {
    let backoff = |first, longest| Backoff { first: Duration::from_secs(first), longest };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = at_least_one("inference_threads", options.inference_threads.unwrap_or(cores))?;
    let queue = at_least_one("queue", options.queue.unwrap_or(threads * 2))?;
    let max_content = at_least_one("max_content_mib", options.max_content_mib.unwrap_or(65))?;
    Ok(Settings {
        rules: Rules {
            // Those in the threads, those in the queue, and those on their way.
            max_running: threads.saturating_mul(UNDER_WAY + 1).saturating_add(queue),
            retry: backoff(2, seconds(options.retry_longest_secs, 60)),
            consent: backoff(6, seconds(options.consent_longest_secs, 30)),
            resubmit: backoff(4, Duration::from_secs(300)),
            report_margin: options.report_margin_blocks.unwrap_or(20),
            envelope_grace: options.envelope_grace_blocks.unwrap_or(10),
            uploader_grace: options.uploader_grace_blocks.unwrap_or(50),
            secret_margin: secret_margin(options)?,
        },
        drift: drift_rules(options)?,
        timing,
        threads,
        queue,
        max_pending: at_least_one("max_pending", options.max_pending.unwrap_or(256))?,
        max_content: (max_content as u64).saturating_mul(1 << 20),
        follow_best: options.follow_best.unwrap_or(true),
    })
}

fn secret_margin(options: &Options) -> Result<u32, ConfigError> {
    let margin = options.secret_margin_blocks.unwrap_or(100);
    if margin < LEAST_SECRET_MARGIN {
        return Err(ConfigError::Invalid {
            key: "secret_margin_blocks",
            value: margin.to_string(),
            reason: "it must be at least 20: a move that comes too late costs the whole bond",
        });
    }
    Ok(margin)
}

fn drift_rules(options: &Options) -> Result<drift::Rules, ConfigError> {
    let films = options.drift_films.unwrap_or(200);
    let odds = options.drift_odds.unwrap_or(1_000);
    let invalid = |key, value: u32, reason| {
        Err(ConfigError::Invalid { key, value: value.to_string(), reason })
    };
    if films < drift::FEWEST {
        let reason = "it must be at least 50, so that nothing shows about single films";
        return invalid("drift_films", films, reason);
    }
    if odds < 2 {
        return invalid("drift_odds", odds, "it must be at least 2: the alarm would always sound");
    }
    let is_stopping = options.stop_on_drift.unwrap_or(false);
    Ok(drift::Rules { films, odds, is_stopping })
}

/// The folder that systemd gives a service (`StateDirectory=`), or else the user's.
fn default_state_dir() -> PathBuf {
    let folder = |name| env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    folder("STATE_DIRECTORY").unwrap_or_else(|| {
        let home = || PathBuf::from(env::var_os("HOME").unwrap_or_else(|| OsString::from(".")));
        folder("XDG_STATE_HOME")
            .unwrap_or_else(|| home().join(".local/state"))
            .join("medchain/worker")
    })
}

fn at_least_one(key: &'static str, value: usize) -> Result<usize, ConfigError> {
    if value > 0 {
        return Ok(value);
    }
    Err(ConfigError::Invalid { key, value: "0".to_owned(), reason: "it must be at least 1" })
}

#[cfg(test)]
mod tests;
