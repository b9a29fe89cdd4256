//! Every option, once: the same names in the file, the environment and the flags.

use std::{net::SocketAddr, path::PathBuf};

use serde::{de::Error as _, Deserialize, Deserializer};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The options of one source; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The node [default: $MEDCHAIN_NODE or ws://127.0.0.1:9944]
    #[arg(long, env = "MEDCHAIN_WORKER_NODE", value_name = "URL")]
    pub node: Option<String>,
    /// The content store: a folder, or ipfs+http://HOST:PORT for an IPFS node's RPC;
    /// several, in the order to try them, with commas between
    /// [default: $MEDCHAIN_STORE or the user's data folder]
    // A URL may hold a password, which the help must not show.
    #[arg(
        long,
        env = "MEDCHAIN_WORKER_STORE",
        hide_env_values = true,
        value_name = "FOLDER|URL,…"
    )]
    #[serde(default, deserialize_with = "one_or_several")]
    pub store: Option<String>,
    /// The worker's key file, as `medchain key` makes it
    #[arg(long, env = "MEDCHAIN_WORKER_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The folder with NAME.json and, unless it is to be fetched from the store, NAME.onnx
    #[arg(long, env = "MEDCHAIN_WORKER_MODEL_DIR", value_name = "FOLDER")]
    pub model_dir: Option<PathBuf>,
    /// Where /metrics and /health are served [default: 127.0.0.1:9616]
    #[arg(long, env = "MEDCHAIN_WORKER_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// What is logged, such as info or medchain_worker=debug [default: info]
    #[arg(long, env = "MEDCHAIN_WORKER_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// How log lines look [default: text]
    #[arg(long, env = "MEDCHAIN_WORKER_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Take requests from the newest block too, which a fork may replace [default: true]
    #[arg(
        long,
        env = "MEDCHAIN_WORKER_FOLLOW_BEST",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub follow_best: Option<bool>,
    /// How many images are predicted at the same time [default: one a core]
    #[arg(long, env = "MEDCHAIN_WORKER_INFERENCE_THREADS", value_name = "N")]
    pub inference_threads: Option<usize>,
    /// How many threads share the work on one image [default: 1]
    #[arg(long, env = "MEDCHAIN_WORKER_MODEL_THREADS", value_name = "N")]
    pub model_threads: Option<usize>,
    /// How many fetched images may wait for an inference thread [default: two a thread]
    #[arg(long, env = "MEDCHAIN_WORKER_QUEUE", value_name = "N")]
    pub queue: Option<usize>,
    /// How many answers may be on their way into a block [default: 256]
    #[arg(long, env = "MEDCHAIN_WORKER_MAX_PENDING", value_name = "N")]
    pub max_pending: Option<usize>,
    /// The largest encrypted image that is fetched, in MiB [default: 65]
    #[arg(long, env = "MEDCHAIN_WORKER_MAX_CONTENT_MIB", value_name = "MIB")]
    pub max_content_mib: Option<usize>,
    /// How long one fetch may take from one store, in seconds [default: 60]
    #[arg(long, env = "MEDCHAIN_WORKER_FETCH_TIMEOUT_SECS", value_name = "S")]
    pub fetch_timeout_secs: Option<u64>,
    /// How long an answer may take into a block before it is sent again [default: 300]
    #[arg(long, env = "MEDCHAIN_WORKER_INCLUSION_TIMEOUT_SECS", value_name = "S")]
    pub inclusion_timeout_secs: Option<u64>,
    /// The longest wait between two attempts at a request, in seconds [default: 60]
    #[arg(long, env = "MEDCHAIN_WORKER_RETRY_LONGEST_SECS", value_name = "S")]
    pub retry_longest_secs: Option<u64>,
    /// The longest wait before consent that was refused is asked for again [default: 30]
    #[arg(long, env = "MEDCHAIN_WORKER_CONSENT_LONGEST_SECS", value_name = "S")]
    pub consent_longest_secs: Option<u64>,
    /// How many blocks before the deadline missing content is reported [default: 20]
    #[arg(long, env = "MEDCHAIN_WORKER_REPORT_MARGIN_BLOCKS", value_name = "BLOCKS")]
    pub report_margin_blocks: Option<u32>,
    /// How many blocks a missing envelope may still arrive [default: 10]
    #[arg(long, env = "MEDCHAIN_WORKER_ENVELOPE_GRACE_BLOCKS", value_name = "BLOCKS")]
    pub envelope_grace_blocks: Option<u32>,
    /// How many blocks a request is left to each worker before this one in its order;
    /// 0: all start at once [default: 5]
    #[arg(long, env = "MEDCHAIN_WORKER_TAKEOVER_BLOCKS", value_name = "BLOCKS")]
    pub takeover_blocks: Option<u32>,
    /// After this long without a block the node counts as dead, in seconds [default: 90]
    #[arg(long, env = "MEDCHAIN_WORKER_STALL_SECS", value_name = "S")]
    pub stall_secs: Option<u64>,
    /// How often funds, registration and store are checked, in seconds [default: 30]
    #[arg(long, env = "MEDCHAIN_WORKER_CHECK_INTERVAL_SECS", value_name = "S")]
    pub check_interval_secs: Option<u64>,
    /// How long begun work may take to end at a shutdown, in seconds [default: 20]
    #[arg(long, env = "MEDCHAIN_WORKER_SHUTDOWN_GRACE_SECS", value_name = "S")]
    pub shutdown_grace_secs: Option<u64>,
}

/// A list in the file means what it means with commas between in a flag.
fn one_or_several<'de, D: Deserializer<'de>>(file: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "neither a text nor a list of texts")]
    enum Stores {
        One(String),
        Several(Vec<String>),
    }
    match Stores::deserialize(file)? {
        Stores::One(store) => Ok(Some(store)),
        Stores::Several(stores) if stores.iter().any(|store| store.contains(',')) => {
            Err(D::Error::custom("a store in a list cannot have a comma in its name"))
        }
        Stores::Several(stores) => Ok(Some(stores.join(","))),
    }
}

impl Options {
    /// These options, and those of `below` where these say nothing.
    pub fn or(self, below: Self) -> Self {
        macro_rules! first {
            ($($field:ident),* $(,)?) => {
                Self { $($field: self.$field.or(below.$field)),* }
            };
        }
        first! {
            node, store, key, model_dir, listen, log, log_format, follow_best,
            inference_threads, model_threads, queue, max_pending, max_content_mib,
            fetch_timeout_secs, inclusion_timeout_secs, retry_longest_secs,
            consent_longest_secs, report_margin_blocks, envelope_grace_blocks, takeover_blocks,
            stall_secs, check_interval_secs, shutdown_grace_secs,
        }
    }
}
