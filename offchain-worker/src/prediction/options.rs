//! The options of predicting: the same names in the file, the environment and the
//! flags.

use std::path::PathBuf;

use medchain_vision::Engine;
use serde::{de::Error as _, Deserialize, Deserializer};

use super::drift::Known;
use crate::shared::options::define_options;

define_options! {
    prefix: "MEDCHAIN_WORKER_",
    /// The arguments of `run` and `check`.
    arguments {}
    /// A secret URI such as //Ferdie in place of a key file
    suri,
    /// A second node, of another operator: what the first one says is proven to both before a
    /// film is opened [default: none]
    witness {
        /// Where encrypted files are: folders or IPFS nodes (`http://127.0.0.1:5001`),
        /// comma-separated, in the order to try them
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
    }
    /// The worker's key file, as `medchain key` makes it
    key {
        /// The folder with NAME.json and NAME.onnx; without NAME.onnx, it is fetched from the store
        #[arg(long, env = "MEDCHAIN_WORKER_MODEL_DIR", value_name = "FOLDER")]
        pub model_dir: Option<PathBuf>,
        /// The folder that keeps sealed answers until they are shown, and encrypted films until no
        /// answer can be disputed
        /// [default: $STATE_DIRECTORY or the user's state folder]
        #[arg(long, env = "MEDCHAIN_WORKER_STATE_DIR", value_name = "FOLDER")]
        pub state_dir: Option<PathBuf>,
    }
    /// The address for /metrics and /health [default: 127.0.0.1:9616]
    listen {
        /// Take requests from the newest block too, which a fork may replace [default: true]
        #[arg(
            long,
            env = "MEDCHAIN_WORKER_FOLLOW_BEST",
            value_name = "BOOL",
            num_args = 0..=1,
            default_missing_value = "true"
        )]
        pub follow_best: Option<bool>,
        /// How many images are predicted at the same time, while as many more are opened
        /// [default: one per core]
        #[arg(long, env = "MEDCHAIN_WORKER_INFERENCE_THREADS", value_name = "N")]
        pub inference_threads: Option<usize>,
        /// What runs the network: exact, for exact models only, or tract [default: what suits it]
        #[arg(long, env = "MEDCHAIN_WORKER_ENGINE", value_name = "ENGINE")]
        pub engine: Option<Engine>,
        /// How many threads share the work on one image [default: 1]
        #[arg(long, env = "MEDCHAIN_WORKER_MODEL_THREADS", value_name = "N")]
        pub model_threads: Option<usize>,
        /// How many images may be opened ahead of their turn [default: two per thread]
        #[arg(long, env = "MEDCHAIN_WORKER_QUEUE", value_name = "N")]
        pub queue: Option<usize>,
        /// How many answers may be on their way into a block [default: 256]
        #[arg(long, env = "MEDCHAIN_WORKER_MAX_PENDING", value_name = "N")]
        pub max_pending: Option<usize>,
        /// The largest encrypted image that is fetched, in MiB [default: 65]
        #[arg(long, env = "MEDCHAIN_WORKER_MAX_CONTENT_MIB", value_name = "MIB")]
        pub max_content_mib: Option<usize>,
        /// The time limit of one fetch from one store, in seconds [default: 60]
        #[arg(long, env = "MEDCHAIN_WORKER_FETCH_TIMEOUT_SECS", value_name = "S")]
        pub fetch_timeout_secs: Option<u64>,
    }
    /// Resend an answer that is not in a block after this many seconds [default: 300]
    inclusion_timeout_secs {
        /// The longest wait between two attempts at a request, in seconds [default: 60]
        #[arg(long, env = "MEDCHAIN_WORKER_RETRY_LONGEST_SECS", value_name = "S")]
        pub retry_longest_secs: Option<u64>,
        /// The longest wait before refused consent is asked for again, in seconds [default: 30]
        #[arg(long, env = "MEDCHAIN_WORKER_CONSENT_LONGEST_SECS", value_name = "S")]
        pub consent_longest_secs: Option<u64>,
        /// Report what keeps it from answering this many blocks before the deadline [default: 20]
        #[arg(long, env = "MEDCHAIN_WORKER_REPORT_MARGIN_BLOCKS", value_name = "BLOCKS")]
        pub report_margin_blocks: Option<u32>,
        /// Wait this many blocks for a missing envelope [default: 10]
        #[arg(long, env = "MEDCHAIN_WORKER_ENVELOPE_GRACE_BLOCKS", value_name = "BLOCKS")]
        pub envelope_grace_blocks: Option<u32>,
        /// Leave drawing workers and sealing the key to the uploader for this many blocks; then
        /// draw, and ask custodians for the key, which the account pays for [default: 50]
        #[arg(long, env = "MEDCHAIN_WORKER_UPLOADER_GRACE_BLOCKS", value_name = "BLOCKS")]
        pub uploader_grace_blocks: Option<u32>,
        /// In a dispute, make a move that shows the verdict, or the secret of a record, this many blocks
        /// before the end of the round: until then the patient can end the dispute [default: 100]
        #[arg(long, env = "MEDCHAIN_WORKER_SECRET_MARGIN_BLOCKS", value_name = "BLOCKS")]
        pub secret_margin_blocks: Option<u32>,
        /// Compare the shares of answers in each batch of this many films [default: 200]
        #[arg(long, env = "MEDCHAIN_WORKER_DRIFT_FILMS", value_name = "FILMS")]
        pub drift_films: Option<u32>,
        /// Sound the drift alarm in at most one of this many batches without drift [default: 1000]
        #[arg(long, env = "MEDCHAIN_WORKER_DRIFT_ODDS", value_name = "BATCHES")]
        pub drift_odds: Option<u32>,
        /// What was answered on known films of your own, as covid=84,normal=1104,uncertain=210
        /// [default: NAME.shares.json beside the model]
        #[arg(long, env = "MEDCHAIN_WORKER_DRIFT_EXPECTED", value_name = "LABEL=FILMS,…")]
        pub drift_expected: Option<Known>,
        /// Decline new requests once the drift alarm has sounded, until a restart [default: false]
        #[arg(
            long,
            env = "MEDCHAIN_WORKER_STOP_ON_DRIFT",
            value_name = "BOOL",
            num_args = 0..=1,
            default_missing_value = "true"
        )]
        pub stop_on_drift: Option<bool>,
    }
    /// Check funds, registration and store every this many seconds [default: 30]
    check_interval_secs,
}

/// Joins a list in the file with commas, as a flag has it.
fn one_or_several<'de, D: Deserializer<'de>>(file: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a string or a list of strings")]
    enum Stores {
        One(String),
        Several(Vec<String>),
    }
    match Stores::deserialize(file)? {
        Stores::One(store) => Ok(Some(store)),
        Stores::Several(stores) if stores.iter().any(|store| store.contains(',')) => {
            Err(D::Error::custom("the name of a store cannot have a comma; in a URL, write it %2C"))
        }
        Stores::Several(stores) => Ok(Some(stores.join(","))),
    }
}
