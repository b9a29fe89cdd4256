//! The configuration: a TOML file, above it the environment
//! (`MEDCHAIN_WORKER_*`, for the custodian `MEDCHAIN_CUSTODIAN_*`), above that the
//! flags.

use std::{ffi::OsString, fs, net::SocketAddr, path::PathBuf, thread, time::Duration};

use medchain_client::{
    chain::DEFAULT_URL,
    keys::{Identity, KeyError},
    store,
};
use serde::de::DeserializeOwned;

use crate::{
    core::{Backoff, Rules},
    service::Settings,
};

mod custodian;
mod options;

pub use custodian::{CustodianArguments, CustodianConfig, CustodianOptions};
pub use options::{LogFormat, Options};

/// Every variable of the environment that is read starts with one of these.
pub const PREFIXES: [&str; 2] = ["MEDCHAIN_WORKER_", "MEDCHAIN_CUSTODIAN_"];

/// What `run` and `check` take.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// A TOML file with any of the options below, dashes as underscores
    #[arg(long, env = "MEDCHAIN_WORKER_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Allow --suri: for development chains, whose keys everybody knows
    #[arg(long)]
    pub dev: bool,
    /// A secret URI such as //Ferdie in place of a key file
    #[arg(
        long,
        env = "MEDCHAIN_WORKER_SURI",
        hide_env_values = true,
        value_name = "URI",
        requires = "dev",
        conflicts_with = "key"
    )]
    pub suri: Option<String>,
    /// Everything that may also stand in the file.
    #[command(flatten)]
    pub options: Options,
}

/// Where the account's secret comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A key file that only its owner may read.
    File(PathBuf),
    /// A development secret.
    Suri(String),
}

impl std::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Suri(_) => f.write_str("Suri(…)"),
        }
    }
}

impl KeySource {
    /// A development secret, or else a key file.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] where there is neither.
    pub fn of(suri: Option<String>, key: Option<PathBuf>) -> Result<Self, ConfigError> {
        match (suri, key) {
            (Some(uri), _) => Ok(Self::Suri(uri)),
            (None, Some(path)) => Ok(Self::File(path)),
            (None, None) => Err(ConfigError::Missing("key")),
        }
    }

    /// The identity itself.
    ///
    /// # Errors
    /// [`KeyError`] where there is none, or others may read it.
    pub fn open(&self) -> Result<Identity, KeyError> {
        match self {
            Self::File(path) => Identity::load(path),
            Self::Suri(uri) => Identity::from_secret_uri(uri),
        }
    }
}

/// The configuration, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The node's WebSocket address.
    pub node: String,
    /// A folder or the URL of an IPFS node, or several with commas between.
    pub store: String,
    /// The account.
    pub key: KeySource,
    /// The folder with the models' descriptions.
    pub model_dir: PathBuf,
    /// How many threads work on one matrix product.
    pub model_threads: usize,
    /// Where metrics and health are served.
    pub listen: SocketAddr,
    /// A filter in the syntax of `tracing`.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// How long an answer may take into a block before it counts as lost.
    pub inclusion_timeout: Duration,
    /// The numbers of the service.
    pub settings: Settings,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not valid.
    #[error("the configuration {} is wrong in line {line}: {reason}", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// Something necessary is nowhere.
    #[error("{0} is missing: give it as a flag, in the environment or in the configuration file")]
    Missing(&'static str),
    /// A value cannot be used.
    #[error("{key} cannot be {value}: {reason}")]
    Invalid {
        /// Of which option.
        key: &'static str,
        /// The value.
        value: String,
        /// Why.
        reason: &'static str,
    },
    /// A variable of the environment that nothing reads: likely a typing error.
    #[error("{0} is not an option of this program")]
    UnknownVariable(String),
}

/// Refuses variables that start with one of [`PREFIXES`] and are no option of
/// `command` or its subcommands.
///
/// # Errors
/// [`ConfigError::UnknownVariable`] with the first one.
pub fn check_variables(
    command: &clap::Command,
    names: impl IntoIterator<Item = OsString>,
) -> Result<(), ConfigError> {
    let known: Vec<OsString> = std::iter::once(command)
        .chain(command.get_subcommands())
        .flat_map(|command| command.get_arguments())
        .filter_map(|argument| argument.get_env().map(OsString::from))
        .collect();
    for name in names {
        let text = name.to_string_lossy();
        if PREFIXES.iter().any(|prefix| text.starts_with(prefix)) && !known.contains(&name) {
            return Err(ConfigError::UnknownVariable(text.into_owned()));
        }
    }
    Ok(())
}

/// Reads the options in a TOML text; `path` is for messages.
///
/// # Errors
/// [`ConfigError::Parse`], for an unknown key as well.
pub fn parse<T: DeserializeOwned>(text: &str, path: PathBuf) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).unwrap_or_default().matches('\n').count();
        // The key alone, because the value may be what nobody should read.
        let key = text.lines().nth(line).and_then(|line| line.split_once('='));
        let key = key.map_or_else(String::new, |(key, _)| format!("{}: ", key.trim()));
        let message = error.message().replace('\n', " ");
        ConfigError::Parse { path, line: line + 1, reason: format!("{key}{message}") }
    })
}

/// The options in the file, if there is one.
fn from_file<T: DeserializeOwned + Default>(path: Option<PathBuf>) -> Result<T, ConfigError> {
    match path {
        Some(path) => match fs::read_to_string(&path) {
            Ok(text) => parse(&text, path),
            Err(source) => Err(ConfigError::Read { path, source }),
        },
        None => Ok(T::default()),
    }
}

impl Config {
    /// Puts flags and environment (which clap has merged) above the file and
    /// fills the rest with defaults.
    ///
    /// # Errors
    /// [`ConfigError`] with the first thing that is wrong.
    pub fn resolve(arguments: Arguments) -> Result<Self, ConfigError> {
        let options = arguments.options.or(from_file(arguments.config)?);
        let key = KeySource::of(arguments.suri, options.key.clone())?;
        let settings = settings(&options)?;
        Ok(Self {
            node: options
                .node
                .or_else(|| std::env::var("MEDCHAIN_NODE").ok())
                .unwrap_or_else(|| DEFAULT_URL.to_owned()),
            store: options.store.unwrap_or_else(store::default_url),
            key,
            model_dir: options.model_dir.ok_or(ConfigError::Missing("model_dir"))?,
            model_threads: at_least_one("model_threads", options.model_threads.unwrap_or(1))?,
            listen: options.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 9616))),
            log: options.log.unwrap_or_else(|| "info".to_owned()),
            log_format: options.log_format.unwrap_or(LogFormat::Text),
            inclusion_timeout: Duration::from_secs(options.inclusion_timeout_secs.unwrap_or(300)),
            settings,
        })
    }
}

fn settings(options: &Options) -> Result<Settings, ConfigError> {
    let seconds = |value: Option<u64>, default| Duration::from_secs(value.unwrap_or(default));
    let backoff = |longest| Backoff { first: Duration::from_secs(2), longest };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = at_least_one("inference_threads", options.inference_threads.unwrap_or(cores))?;
    let queue = at_least_one("queue", options.queue.unwrap_or(threads * 2))?;
    let max_content = at_least_one("max_content_mib", options.max_content_mib.unwrap_or(65))?;
    Ok(Settings {
        rules: Rules {
            // Those in the threads, those in the queue, and some being fetched.
            max_running: threads + queue + 4,
            // Who could help out is rarely the only one: half of the threads stay idle
            // rather than all of them repeat what others are just ending.
            max_taken_over: threads.div_ceil(2),
            takeover_blocks: options.takeover_blocks.unwrap_or(5),
            retry: backoff(seconds(options.retry_longest_secs, 60)),
            consent: Backoff {
                first: Duration::from_secs(6),
                longest: seconds(options.consent_longest_secs, 30),
            },
            resubmit: Backoff { first: Duration::from_secs(4), longest: Duration::from_secs(300) },
            report_margin: options.report_margin_blocks.unwrap_or(20),
            envelope_grace: options.envelope_grace_blocks.unwrap_or(10),
        },
        threads,
        queue,
        max_pending: at_least_one("max_pending", options.max_pending.unwrap_or(256))?,
        max_content: (max_content as u64).saturating_mul(1 << 20),
        fetch_timeout: seconds(options.fetch_timeout_secs, 60),
        follow_best: options.follow_best.unwrap_or(true),
        stall: seconds(options.stall_secs, 90),
        reconnect: backoff(Duration::from_secs(30)),
        check_interval: seconds(options.check_interval_secs, 30),
        shutdown_grace: seconds(options.shutdown_grace_secs, 20),
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
