//! The options of a duty: the same names in the file, the environment and the flags. Those that
//! both duties have are defined here.

/// Defines the `PREFIX`, `Arguments` and `Options` of a duty.
///
/// The order is that of `--help`. A duty's own options stand in braces after the common ones that
/// they follow; where a common one means something else in each duty, the duty says what.
///
/// No struct that both flatten: serde would then accept unknown keys of a file, and no longer say
/// in which line an error is.
macro_rules! define_options {
    // Every option, in order.
    (@all { $($(#[$($attribute:tt)*])* pub $name:ident: Option<$value:ty>,)* }) => {
        /// The options of one source; `None` where it does not set one.
        #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize, clap::Args)]
        #[serde(deny_unknown_fields)]
        pub struct Options {
            $($(#[$($attribute)*])* pub $name: Option<$value>,)*
        }

        impl Options {
            /// These options, and those of `below` where these are not set.
            pub fn or(self, below: Self) -> Self {
                Self { $($name: self.$name.or(below.$name),)* }
            }

            /// Those that both duties have, with the development secret, which no file may set.
            pub fn common(&self, suri: Option<String>) -> $crate::shared::config::CommonOptions {
                $crate::shared::config::CommonOptions {
                    node: self.node.clone(),
                    suri,
                    key: self.key.clone(),
                    passphrase_file: self.passphrase_file.clone(),
                    passphrase_command: self.passphrase_command.clone(),
                    insecure_node: self.insecure_node,
                    witness: self.witness.clone(),
                    listen: self.listen,
                    log: self.log.clone(),
                    log_format: self.log_format,
                    inclusion_timeout_secs: self.inclusion_timeout_secs,
                    stall_secs: self.stall_secs,
                    check_interval_secs: self.check_interval_secs,
                    shutdown_grace_secs: self.shutdown_grace_secs,
                }
            }
        }
    };
    (
        prefix: $prefix:tt,
        $(#[$($arguments:tt)*])* arguments { $($flags:tt)* }
        $(#[$($suri:tt)*])* suri,
        $(#[$($witness:tt)*])* witness { $($content:tt)* }
        $(#[$($key:tt)*])* key { $($folders:tt)* }
        $(#[$($listen:tt)*])* listen { $($work:tt)* }
        $(#[$($inclusion:tt)*])* inclusion_timeout_secs { $($rules:tt)* }
        $(#[$($check:tt)*])* check_interval_secs,
    ) => {
        /// Every environment variable of this duty starts with this.
        pub const PREFIX: &str = $prefix;

        $(#[$($arguments)*])*
        #[derive(Clone, Debug, clap::Args)]
        pub struct Arguments {
            /// A TOML file with any of the options below, with underscores for dashes
            #[arg(long, env = concat!($prefix, "CONFIG"), value_name = "FILE")]
            pub config: Option<std::path::PathBuf>,
            $($flags)*
            /// Allow --suri: for development chains, whose keys are public
            #[arg(long)]
            pub dev: bool,
            $(#[$($suri)*])*
            #[arg(
                long,
                env = concat!($prefix, "SURI"),
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

        $crate::shared::options::define_options! { @all {
            /// The node [default: $MEDCHAIN_NODE or ws://127.0.0.1:9944]
            // A URL may hold a password, which the help must not show.
            #[arg(
                long,
                env = concat!($prefix, "NODE"),
                hide_env_values = true,
                value_name = "URL"
            )]
            pub node: Option<String>,
            /// Accept ws:// to a node on another machine; anybody on the network path can then
            /// change what it says [default: false]
            #[arg(
                long,
                env = concat!($prefix, "INSECURE_NODE"),
                value_name = "BOOL",
                num_args = 0..=1,
                default_missing_value = "true"
            )]
            pub insecure_node: Option<bool>,
            $(#[$($witness)*])*
            // A URL may hold a password, which the help must not show.
            #[arg(
                long,
                env = concat!($prefix, "WITNESS"),
                hide_env_values = true,
                value_name = "URL"
            )]
            pub witness: Option<String>,
            $($content)*
            $(#[$($key)*])*
            #[arg(long, env = concat!($prefix, "KEY"), value_name = "FILE")]
            pub key: Option<std::path::PathBuf>,
            /// A file with the passphrase of the key file, where that is encrypted
            #[arg(long, env = concat!($prefix, "PASSPHRASE_FILE"), value_name = "FILE")]
            pub passphrase_file: Option<std::path::PathBuf>,
            /// A program that prints the passphrase within a minute, in place of that file; split
            /// into words as in a shell, and run without one
            // Somebody may have written a secret into it, which the help must not show.
            #[arg(
                long,
                env = concat!($prefix, "PASSPHRASE_COMMAND"),
                hide_env_values = true,
                value_name = "COMMAND"
            )]
            pub passphrase_command: Option<String>,
            $($folders)*
            $(#[$($listen)*])*
            #[arg(long, env = concat!($prefix, "LISTEN"), value_name = "ADDRESS")]
            pub listen: Option<std::net::SocketAddr>,
            /// The log filter, such as info or medchain_worker=debug [default: info]
            #[arg(long, env = concat!($prefix, "LOG"), value_name = "FILTER")]
            pub log: Option<String>,
            /// The format of log lines [default: text]
            #[arg(long, env = concat!($prefix, "LOG_FORMAT"), value_name = "FORMAT")]
            pub log_format: Option<$crate::shared::config::LogFormat>,
            $($work)*
            $(#[$($inclusion)*])*
            #[arg(long, env = concat!($prefix, "INCLUSION_TIMEOUT_SECS"), value_name = "S")]
            pub inclusion_timeout_secs: Option<u64>,
            $($rules)*
            /// Reconnect after this many seconds without a block [default: 90]
            #[arg(long, env = concat!($prefix, "STALL_SECS"), value_name = "S")]
            pub stall_secs: Option<u64>,
            $(#[$($check)*])*
            #[arg(long, env = concat!($prefix, "CHECK_INTERVAL_SECS"), value_name = "S")]
            pub check_interval_secs: Option<u64>,
            /// At a shutdown, give work in progress this many seconds to end [default: 20]
            #[arg(long, env = concat!($prefix, "SHUTDOWN_GRACE_SECS"), value_name = "S")]
            pub shutdown_grace_secs: Option<u64>,
        } }
    };
}
pub(crate) use define_options;
