//! The custodian's configuration: the same three sources, with the prefix
//! `MEDCHAIN_CUSTODIAN_`.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use medchain_client::chain::DEFAULT_URL;
use serde::Deserialize;

use super::{from_file, ConfigError, KeySource, LogFormat};
use crate::{
    core::{custody::Rules, Backoff},
    custodian::Settings,
};

/// What `custodian` takes.
#[derive(Clone, Debug, clap::Args)]
pub struct CustodianArguments {
    /// A TOML file with any of the options below, dashes as underscores
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Check configuration, key, node, registration and funds, then end
    #[arg(long)]
    pub check: bool,
    /// Allow --suri: for development chains, whose keys everybody knows
    #[arg(long)]
    pub dev: bool,
    /// A secret URI such as //Gwen in place of a key file
    #[arg(
        long,
        env = "MEDCHAIN_CUSTODIAN_SURI",
        hide_env_values = true,
        value_name = "URI",
        requires = "dev",
        conflicts_with = "key"
    )]
    pub suri: Option<String>,
    /// Everything that may also stand in the file.
    #[command(flatten)]
    pub options: CustodianOptions,
}

/// The options of one source; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct CustodianOptions {
    /// The node [default: $MEDCHAIN_NODE or ws://127.0.0.1:9944]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_NODE", value_name = "URL")]
    pub node: Option<String>,
    /// The custodian's key file, as `medchain key` makes it
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Where /metrics and /health are served [default: 127.0.0.1:9618]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// What is logged, such as info or medchain_worker=debug [default: info]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// How log lines look [default: text]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// How many blocks a grant is left to each custodian before this one in its order;
    /// 0: all start at once [default: 5]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_TAKEOVER_BLOCKS", value_name = "BLOCKS")]
    pub takeover_blocks: Option<u32>,
    /// How long a share may take into a block before it is sent again [default: 300]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_INCLUSION_TIMEOUT_SECS", value_name = "S")]
    pub inclusion_timeout_secs: Option<u64>,
    /// After this long without a block the node counts as dead, in seconds [default: 90]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_STALL_SECS", value_name = "S")]
    pub stall_secs: Option<u64>,
    /// How often funds and registration are checked, in seconds [default: 30]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_CHECK_INTERVAL_SECS", value_name = "S")]
    pub check_interval_secs: Option<u64>,
    /// How long begun work may take to end at a shutdown, in seconds [default: 20]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_SHUTDOWN_GRACE_SECS", value_name = "S")]
    pub shutdown_grace_secs: Option<u64>,
}

impl CustodianOptions {
    /// These options, and those of `below` where these say nothing.
    pub fn or(self, below: Self) -> Self {
        macro_rules! first {
            ($($field:ident),* $(,)?) => {
                Self { $($field: self.$field.or(below.$field)),* }
            };
        }
        first! {
            node, key, listen, log, log_format, takeover_blocks, inclusion_timeout_secs,
            stall_secs, check_interval_secs, shutdown_grace_secs,
        }
    }
}

/// The custodian's configuration, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodianConfig {
    /// The node's WebSocket address.
    pub node: String,
    /// The account.
    pub key: KeySource,
    /// Where metrics and health are served.
    pub listen: SocketAddr,
    /// A filter in the syntax of `tracing`.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// How long a share may take into a block before it counts as lost.
    pub inclusion_timeout: Duration,
    /// The numbers of the service.
    pub settings: Settings,
}

impl CustodianConfig {
    /// Puts flags and environment (which clap has merged) above the file and
    /// fills the rest with defaults.
    ///
    /// # Errors
    /// [`ConfigError`] with the first thing that is wrong.
    pub fn resolve(arguments: CustodianArguments) -> Result<Self, ConfigError> {
        let options = arguments.options.or(from_file(arguments.config)?);
        let seconds = |value: Option<u64>, default| Duration::from_secs(value.unwrap_or(default));
        Ok(Self {
            key: KeySource::of(arguments.suri, options.key)?,
            node: options
                .node
                .or_else(|| std::env::var("MEDCHAIN_NODE").ok())
                .unwrap_or_else(|| DEFAULT_URL.to_owned()),
            listen: options.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 9618))),
            log: options.log.unwrap_or_else(|| "info".to_owned()),
            log_format: options.log_format.unwrap_or(LogFormat::Text),
            inclusion_timeout: seconds(options.inclusion_timeout_secs, 300),
            settings: Settings {
                rules: Rules { takeover_blocks: options.takeover_blocks.unwrap_or(5) },
                stall: seconds(options.stall_secs, 90),
                reconnect: Backoff {
                    first: Duration::from_secs(2),
                    longest: Duration::from_secs(30),
                },
                check_interval: seconds(options.check_interval_secs, 30),
                shutdown_grace: seconds(options.shutdown_grace_secs, 20),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;
    use crate::config::parse;

    const EXAMPLE: &str = include_str!("../../custodian-example-config.toml");

    fn resolve(flags: &[&str]) -> Result<CustodianConfig, String> {
        let command = CustodianArguments::augment_args(Command::new("test"));
        let flags = std::iter::once("test").chain(flags.iter().copied());
        let matches = command.try_get_matches_from(flags).map_err(|error| error.to_string())?;
        let arguments = CustodianArguments::from_arg_matches(&matches).unwrap();
        CustodianConfig::resolve(arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn the_example_shows_every_option_with_its_default() {
        let whole: String = EXAMPLE
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.contains(" = ") => rest,
                _ => line,
            })
            .map(|line| format!("{line}\n"))
            .collect();
        parse::<CustodianOptions>(&whole, "example".into()).unwrap();
        let command = CustodianArguments::augment_args(Command::new("test"));
        for argument in command.get_arguments() {
            let name = argument.get_id().as_str();
            let is_flag_alone = ["config", "check", "dev", "suri"].contains(&name);
            if !is_flag_alone && !name.starts_with(char::is_uppercase) {
                assert!(whole.contains(&format!("\n{name} = ")), "{name}");
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("custodian.toml");
        std::fs::write(&path, whole).unwrap();
        let with = resolve(&["--config", path.to_str().unwrap()]).unwrap();
        let key = "/etc/medchain/custodian.json";
        let without = resolve(&["--key", key, "--node", DEFAULT_URL]).unwrap();
        assert_eq!(with, without);
        assert!(without.listen.ip().is_loopback());
    }

    #[test]
    fn flags_stand_above_the_file_and_a_wrong_file_names_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("custodian.toml");
        let with = |text: &str, flags: &[&str]| {
            std::fs::write(&path, text).unwrap();
            resolve(&[&["--config", path.to_str().unwrap()], flags].concat())
        };
        let config = with("key = \"a\"\ntakeover_blocks = 7", &["--takeover-blocks", "2"]);
        assert_eq!(config.unwrap().settings.rules.takeover_blocks, 2);
        // An option of the other duty has no business here.
        let error = with("key = \"a\"\nmodel_dir = \"m\"", &[]).unwrap_err();
        assert!(error.contains("line 2:") && error.contains("model_dir"), "{error}");
        assert!(with("", &[]).unwrap_err().starts_with("key is missing"));
    }

    #[test]
    fn a_development_secret_needs_dev_and_is_never_shown() {
        assert!(resolve(&["--suri", "//Gwen"]).is_err());
        assert!(resolve(&["--dev", "--suri", "//Gwen", "--key", "k"]).is_err());
        let config = resolve(&["--dev", "--suri", "//Gwen"]).unwrap();
        assert_eq!(config.key, KeySource::Suri("//Gwen".to_owned()));
        assert!(!format!("{config:?}").contains("Gwen"));
    }
}
