//! The flags that every subcommand takes.

use std::path::PathBuf;

use clap::{ArgAction, Args};
use medchain_client::{chain::NODE_VARIABLE, store::STORE_VARIABLE};

/// Lists these flags apart from a subcommand's own.
const GLOBAL: &str = "Global options";

/// The flags that every subcommand takes.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// The node's WebSocket address [default: ws://127.0.0.1:9944].
    ///
    /// A node on another machine needs wss://, or a tunnel; see --insecure-node.
    // A URL may hold a password, which the help must not show.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        env = NODE_VARIABLE,
        hide_env_values = true,
        value_name = "URL"
    )]
    pub node: Option<String>,
    /// Accept ws:// to a node on another machine.
    ///
    /// Anybody on the network path can then read and change what the node says, including the
    /// keys that your records are sealed to.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub insecure_node: bool,
    /// A second node, of another operator, which confirms who receives keys, and which key.
    ///
    /// The keys of readers, custodians and chosen workers, and the records themselves, are then
    /// proven in a block that both nodes call final, so that one node alone cannot name a key of
    /// its own. Sealing to workers waits until their draw is final.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        env = "MEDCHAIN_SECOND_NODE",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub second_node: Option<String>,
    /// Seal to the changed encryption key of this account, and remember it.
    ///
    /// The first key of every account is remembered, and another one stops the command. Compare
    /// the new key with its owner first. Give the flag once for each account.
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "ACCOUNT")]
    pub accept_new_key: Vec<String>,
    /// Where encrypted files are stored: folders or IPFS nodes, comma-separated.
    ///
    /// Name an IPFS node by its RPC address, such as http://127.0.0.1:5001 or
    /// /ip4/127.0.0.1/tcp/5001, elsewhere with https. MEDCHAIN_STORE_TOKENS names a private
    /// file with the tokens of stores: on each line an address, a space, a token. Several
    /// stores are all written to, and read from in the given order. Defaults to a folder of
    /// your account on this computer.
    // A URL may hold a password, which the help must not show.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        env = STORE_VARIABLE,
        hide_env_values = true,
        value_name = "PLACE,…"
    )]
    pub store: Option<String>,
    /// The key file to sign and decrypt with; see `medchain key new`.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        env = "MEDCHAIN_KEY",
        value_name = "FILE"
    )]
    pub key: Option<PathBuf>,
    /// A file with the passphrase of the key file; - reads a line of standard input.
    ///
    /// Only you may be able to read the file. Without this, you are asked on the terminal.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        env = "MEDCHAIN_PASSPHRASE_FILE",
        value_name = "FILE"
    )]
    pub passphrase_file: Option<PathBuf>,
    /// A program that prints the passphrase, such as "pass show medchain/lab".
    ///
    /// It is split into words as in a shell, but no shell runs it. It may ask you, and has to
    /// print the passphrase alone, on one line. Not together with --passphrase-file.
    // Somebody may have written a secret into it, which the help must not show.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        env = "MEDCHAIN_PASSPHRASE_COMMAND",
        hide_env_values = true,
        value_name = "COMMAND"
    )]
    pub passphrase_command: Option<String>,
    /// Sign as a development account, such as //Alice; needs --dev.
    ///
    /// The secrets of development accounts are public.
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "URI")]
    pub suri: Option<String>,
    /// Allow development accounts, as --suri and wherever an account is asked for.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub dev: bool,
    /// Print one JSON object instead of text.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub json: bool,
    /// Sign without asking for confirmation.
    #[arg(long, short = 'y', global = true, help_heading = GLOBAL)]
    pub yes: bool,
    /// Return once the transaction is in a block, without waiting for finality.
    ///
    /// Faster on a network with a relay chain, but a fork can still drop the block.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub in_block: bool,
    /// Log to standard error; repeat for more.
    #[arg(long, short, global = true, help_heading = GLOBAL, action = ArgAction::Count)]
    pub verbose: u8,
}
