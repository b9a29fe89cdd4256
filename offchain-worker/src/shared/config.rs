//! The configuration of a duty: a TOML file, above it the environment, above that the
//! flags. What both duties have in common is resolved here.

use std::{ffi::OsString, fs, net::SocketAddr, path::PathBuf, time::Duration};

use medchain_client::{
    chain::{AddressError, NodeAddress, Plaintext, DEFAULT_URL, NODE_VARIABLE},
    keys::{Identity, KeyError, KeyFile, PassphraseSource},
};
use serde::{de::DeserializeOwned, Deserialize};
use tracing::warn;

use super::{backoff::Backoff, watch::Reconnection};

/// How long a program may take to print the passphrase: nobody is there to type.
const PASSPHRASE_LIMIT: Duration = Duration::from_secs(60);

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Where the account's secret comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A key file that only its owner may read, and where its passphrase is.
    File {
        /// The key file.
        path: PathBuf,
        /// Where the passphrase is, which an encrypted key file needs.
        passphrase: Option<PassphraseSource>,
    },
    /// A development secret.
    Suri(String),
}

impl std::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { path, .. } => write!(f, "File({})", path.display()),
            Self::Suri(_) => f.write_str("Suri(…)"),
        }
    }
}

impl KeySource {
    /// Opens the identity.
    ///
    /// # Errors
    /// [`KeyError`] where there is none, or others may read it.
    pub fn open(&self) -> Result<Identity, KeyError> {
        match self {
            Self::File { path, passphrase } => {
                let file = KeyFile::read(path)?;
                if file.is_outdated() {
                    let path = path.display();
                    warn!(
                        "{path} has an old form; `medchain key passphrase --key {path}` renews it"
                    );
                }
                let needed = passphrase.as_ref().filter(|_| file.is_encrypted());
                let Some(source) = needed else { return file.open(None) };
                let passphrase = source.read(Some(PASSPHRASE_LIMIT))?;
                let (identity, fitting) = file.open_as_read(&passphrase)?;
                if fitting != passphrase {
                    let path = path.display();
                    warn!(
                        "{path} was encrypted with a byte order mark as a part of its passphrase; \
                         `medchain key passphrase --key {path}` encrypts it without it"
                    );
                }
                Ok(identity)
            }
            Self::Suri(uri) => Identity::from_secret_uri(uri),
        }
    }
}

/// The options that both duties have; `None` where no source sets one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommonOptions {
    /// The node's WebSocket address.
    pub node: Option<String>,
    /// A development secret.
    pub suri: Option<String>,
    /// A key file.
    pub key: Option<PathBuf>,
    /// A file with the passphrase of the key file.
    pub passphrase_file: Option<PathBuf>,
    /// A command line that prints the passphrase of the key file.
    pub passphrase_command: Option<String>,
    /// Whether `ws://` to another machine is accepted.
    pub insecure_node: Option<bool>,
    /// The WebSocket address of a node that confirms what the first one says.
    pub witness: Option<String>,
    /// Where metrics and health are served.
    pub listen: Option<SocketAddr>,
    /// A filter in the syntax of `tracing`.
    pub log: Option<String>,
    /// The format of log lines.
    pub log_format: Option<LogFormat>,
    /// The limit for a call's way into a block, in seconds.
    pub inclusion_timeout_secs: Option<u64>,
    /// The limit without a block, in seconds.
    pub stall_secs: Option<u64>,
    /// The interval of the account's checks, in seconds.
    pub check_interval_secs: Option<u64>,
    /// The time that work in progress has at a shutdown, in seconds.
    pub shutdown_grace_secs: Option<u64>,
}

/// What the configurations of both duties have in common, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommonConfig {
    /// The node's WebSocket address.
    pub node: NodeAddress,
    /// The WebSocket address of a node of another operator, which confirms what that one says.
    pub witness: Option<NodeAddress>,
    /// The account.
    pub key: KeySource,
    /// Where metrics and health are served.
    pub listen: SocketAddr,
    /// A filter in the syntax of `tracing`.
    pub log: String,
    /// The format of log lines.
    pub log_format: LogFormat,
    /// A call that is not in a block after this long counts as lost.
    pub inclusion_timeout: Duration,
    /// When the service acts.
    pub timing: Timing,
}

/// When a service acts, whichever its duty is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The rules for lost connections.
    pub reconnection: Reconnection,
    /// How often the account is checked.
    pub check_interval: Duration,
    /// How long work that has begun may take to end at a shutdown.
    pub shutdown_grace: Duration,
}

impl CommonOptions {
    /// Fills what no source sets with defaults; `port` is the duty's own, and so is
    /// `prefix`, with which its environment variables start.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] where there is no key, [`ConfigError::Key`] for a passphrase in
    /// two places, [`ConfigError::Node`] for an address that may not be used,
    /// [`ConfigError::Invalid`] for a witness that is the node.
    pub fn resolve(self, port: u16, prefix: &str) -> Result<CommonConfig, ConfigError> {
        let key = match (self.suri, self.key) {
            (Some(uri), _) => KeySource::Suri(uri),
            (None, Some(path)) => {
                let command = self.passphrase_command.as_deref();
                let passphrase = PassphraseSource::named(self.passphrase_file, command)?;
                KeySource::File { path, passphrase }
            }
            (None, None) => {
                return Err(ConfigError::Missing {
                    what: "key",
                    flag: "--key FILE",
                    variable: format!("{prefix}KEY"),
                    key: "key",
                })
            }
        };
        let node = self.node.or_else(|| std::env::var(NODE_VARIABLE).ok());
        let plaintext = match self.insecure_node {
            Some(true) => Plaintext::Everywhere,
            _ => Plaintext::LocalOnly,
        };
        let witness = self.witness.filter(|url| !url.is_empty());
        let witness = witness.map(|url| NodeAddress::parse(&url, plaintext)).transpose()?;
        let node = NodeAddress::parse(node.as_deref().unwrap_or(DEFAULT_URL), plaintext)?;
        if let Some(witness) = witness.as_ref().filter(|witness| **witness == node) {
            return Err(ConfigError::Invalid {
                key: "witness",
                value: witness.to_string(),
                reason: "it is the node itself, which would confirm its own words; name a node of \
                         another operator",
            });
        }
        Ok(CommonConfig {
            witness,
            node,
            key,
            listen: self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], port))),
            log: self.log.unwrap_or_else(|| "info".to_owned()),
            log_format: self.log_format.unwrap_or(LogFormat::Text),
            inclusion_timeout: seconds(self.inclusion_timeout_secs, 300),
            timing: Timing {
                reconnection: Reconnection {
                    stall: seconds(self.stall_secs, 90),
                    backoff: Backoff {
                        first: Duration::from_secs(2),
                        longest: Duration::from_secs(30),
                    },
                },
                check_interval: seconds(self.check_interval_secs, 30),
                shutdown_grace: seconds(self.shutdown_grace_secs, 20),
            },
        })
    }
}

/// A duration that is set in seconds, or its default.
pub(crate) fn seconds(value: Option<u64>, default: u64) -> Duration {
    Duration::from_secs(value.unwrap_or(default))
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
    #[error("the configuration {} has an error in line {line}: {reason}", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// No source sets a required option.
    #[error("no {what}: pass {flag}, or set {variable}, or `{key}` in the configuration file")]
    Missing {
        /// What is missing.
        what: &'static str,
        /// The flag that sets it.
        flag: &'static str,
        /// The environment variable that sets it.
        variable: String,
        /// The key in the file that sets it.
        key: &'static str,
    },
    /// What names the passphrase cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The address of the node cannot be used.
    #[error(transparent)]
    Node(#[from] AddressError),
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
    /// No option reads this environment variable: likely a typing error.
    #[error(
        "unknown environment variable {name}; `medchain-worker {subcommand} --help` lists them"
    )]
    UnknownVariable {
        /// Its name.
        name: String,
        /// The subcommand whose variables start like this one.
        subcommand: &'static str,
    },
}

/// Refuses environment variables that are no option of `command` or its subcommands and
/// start with one of `prefixes`, each given with the subcommand that reads them.
///
/// # Errors
/// [`ConfigError::UnknownVariable`] with the first one.
pub fn check_variables(
    command: &clap::Command,
    prefixes: &[(&str, &'static str)],
    names: impl IntoIterator<Item = OsString>,
) -> Result<(), ConfigError> {
    let known: Vec<OsString> = std::iter::once(command)
        .chain(command.get_subcommands())
        .flat_map(clap::Command::get_arguments)
        .filter_map(|argument| argument.get_env().map(OsString::from))
        .collect();
    for name in names {
        let text = name.to_string_lossy();
        let reader = prefixes.iter().find(|(prefix, _)| text.starts_with(prefix));
        if let Some(&(_, subcommand)) = reader.filter(|_| !known.contains(&name)) {
            return Err(ConfigError::UnknownVariable { name: text.into_owned(), subcommand });
        }
    }
    Ok(())
}

/// Reads the options in a TOML text; `path` is for messages.
///
/// # Errors
/// [`ConfigError::Parse`], also for an unknown key.
pub fn parse<T: DeserializeOwned>(text: &str, path: PathBuf) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).unwrap_or_default().matches('\n').count();
        // The key alone, because the value may be a secret.
        let key = text.lines().nth(line).and_then(|line| line.split_once('='));
        let key = key.map_or_else(String::new, |(key, _)| format!("{}: ", key.trim()));
        let message = error.message().replace('\n', " ");
        ConfigError::Parse { path, line: line + 1, reason: format!("{key}{message}") }
    })
}

/// Reads the options in the file, if there is one.
///
/// # Errors
/// [`ConfigError::Read`], [`ConfigError::Parse`].
pub fn from_file<T: DeserializeOwned + Default>(path: Option<PathBuf>) -> Result<T, ConfigError> {
    match path {
        Some(path) => match fs::read_to_string(&path) {
            Ok(text) => parse(&text, path),
            Err(source) => Err(ConfigError::Read { path, source }),
        },
        None => Ok(T::default()),
    }
}
