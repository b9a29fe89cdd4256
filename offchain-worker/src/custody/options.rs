//! The options of custody: the same names in the file, the environment and the flags.

use crate::shared::options::define_options;

define_options! {
    prefix: "MEDCHAIN_CUSTODIAN_",
    /// The arguments of `custodian`.
    arguments {
        /// Check configuration, key, node, registration and funds, then exit
        #[arg(long)]
        pub check: bool,
    }
    /// A secret URI such as //Gwen in place of a key file
    suri,
    /// A second node, of another operator: what the first one says is proven to both before a
    /// share is handed over [default: none]
    witness {}
    /// The custodian's key file, as `medchain key` makes it
    key {}
    /// The address for /metrics and /health [default: 127.0.0.1:9618]
    listen {
        /// Leave a grant to each custodian before this one in its order for this many blocks;
        /// 0: all start at once [default: 5]
        #[arg(long, env = "MEDCHAIN_CUSTODIAN_TAKEOVER_BLOCKS", value_name = "BLOCKS")]
        pub takeover_blocks: Option<u32>,
    }
    /// Resend a share that is not in a block after this many seconds [default: 120]
    inclusion_timeout_secs {}
    /// Check funds and registration every this many seconds [default: 30]
    check_interval_secs,
}
