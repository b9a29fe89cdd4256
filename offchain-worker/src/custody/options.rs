//! The options of custody: the same names in the file, the environment and the flags.

use std::{net::SocketAddr, path::PathBuf};

use serde::Deserialize;

use crate::shared::config::{merge, LogFormat};

/// Every environment variable of this duty starts with this.
pub const PREFIX: &str = "MEDCHAIN_CUSTODIAN_";

/// The arguments of `custodian`.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// A TOML file with any of the options below, with underscores for dashes
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Check configuration, key, node, registration and funds, then exit
    #[arg(long)]
    pub check: bool,
    /// Allow --suri: for development chains, whose keys are public
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
    /// Everything that the file may set as well.
    #[command(flatten)]
    pub options: Options,
}

/// The options of one source; `None` where it does not set one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The node [default: $MEDCHAIN_NODE or ws://127.0.0.1:9944]
    // A URL may hold a password, which the help must not show.
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_NODE", hide_env_values = true, value_name = "URL")]
    pub node: Option<String>,
    /// Accept ws:// to a node on another machine; anybody on the network path can then change what
    /// it says [default: false]
    #[arg(
        long,
        env = "MEDCHAIN_CUSTODIAN_INSECURE_NODE",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub insecure_node: Option<bool>,
    /// A second node, of another operator: what the first one says is proven to both before a share is handed over
    /// [default: none]
    // A URL may hold a password, which the help must not show.
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_WITNESS", hide_env_values = true, value_name = "URL")]
    pub witness: Option<String>,
    /// The custodian's key file, as `medchain key` makes it
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// A file with the passphrase of the key file, where that is encrypted
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// A program that prints the passphrase within a minute, in place of that file; split into
    /// words as in a shell, and run without one
    // Somebody may have written a secret into it, which the help must not show.
    #[arg(
        long,
        env = "MEDCHAIN_CUSTODIAN_PASSPHRASE_COMMAND",
        hide_env_values = true,
        value_name = "COMMAND"
    )]
    pub passphrase_command: Option<String>,
    /// The address for /metrics and /health [default: 127.0.0.1:9618]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// The log filter, such as info or medchain_worker=debug [default: info]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// The format of log lines [default: text]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Leave a grant to each custodian before this one in its order for this many blocks;
    /// 0: all start at once [default: 5]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_TAKEOVER_BLOCKS", value_name = "BLOCKS")]
    pub takeover_blocks: Option<u32>,
    /// Resend a share that is not in a block after this many seconds [default: 120]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_INCLUSION_TIMEOUT_SECS", value_name = "S")]
    pub inclusion_timeout_secs: Option<u64>,
    /// Reconnect after this many seconds without a block [default: 90]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_STALL_SECS", value_name = "S")]
    pub stall_secs: Option<u64>,
    /// Check funds and registration every this many seconds [default: 30]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_CHECK_INTERVAL_SECS", value_name = "S")]
    pub check_interval_secs: Option<u64>,
    /// At a shutdown, give work in progress this many seconds to end [default: 20]
    #[arg(long, env = "MEDCHAIN_CUSTODIAN_SHUTDOWN_GRACE_SECS", value_name = "S")]
    pub shutdown_grace_secs: Option<u64>,
}

impl Options {
    /// These options, and those of `below` where these are not set.
    pub fn or(self, below: Self) -> Self {
        merge!(self, below, {
            node, insecure_node, witness, key, passphrase_file, passphrase_command, listen, log, log_format, takeover_blocks, inclusion_timeout_secs,
            stall_secs, check_interval_secs, shutdown_grace_secs,
        })
    }
}
