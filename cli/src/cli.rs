//! What can be typed: the global flags and the list of subcommands.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::commands::{
    access, access_list, audit, certificate, completions, custodians, delegate, demo, emergency,
    erase, fetch, funds, grant, infer, key, model, patient, policy, predict, provider, records,
    relation, replay, rotate, share, show, upload, worker,
};

/// Where a node is looked for when nothing else is said.
pub const DEFAULT_NODE: &str = "ws://127.0.0.1:9944";

/// What the help puts apart from a subcommand's own options.
const GLOBAL: &str = "Global options";

/// Encrypted X-rays on IPFS, consent by contract, predictions on chain.
///
/// Commands that sign show the fee and ask first; --yes answers for you.
#[derive(Debug, Parser)]
#[command(name = "medchain", version, propagate_version = true)]
pub struct Cli {
    /// Flags that every subcommand takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The flags that every subcommand takes.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// WebSocket address of the node.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        env = "MEDCHAIN_NODE",
        value_name = "URL",
        default_value = DEFAULT_NODE
    )]
    pub node: String,
    /// Where encrypted files are kept: a folder, or the RPC address of an IPFS
    /// node (http://127.0.0.1:5001). Several, with commas between, are written
    /// to all together and read from in their order. Without it, a folder of
    /// your own account on this computer.
    // A URL may hold a password, which the help must not show.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        env = "MEDCHAIN_STORE",
        hide_env_values = true,
        value_name = "PLACE,…"
    )]
    pub store: Option<String>,
    /// The key file that you sign and decrypt with; see `medchain key new`.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        env = "MEDCHAIN_KEY",
        value_name = "FILE"
    )]
    pub key: Option<PathBuf>,
    /// A development account such as //Alice in place of a key file. Only with
    /// --dev: everybody knows its secret.
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "URI")]
    pub suri: Option<String>,
    /// Allow development accounts (--suri, and //Name where an address is asked for).
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub dev: bool,
    /// Print one JSON object in place of text for people.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub json: bool,
    /// Sign without asking.
    #[arg(long, short = 'y', global = true, help_heading = GLOBAL)]
    pub yes: bool,
    /// Do not wait until the transaction's block is final: faster with a relay
    /// chain, but a fork may still take the transaction back.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub in_block: bool,
    /// Say more on standard error; twice for still more.
    #[arg(long, short, global = true, help_heading = GLOBAL, action = ArgAction::Count)]
    pub verbose: u8,
}

/// What medchain can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make, look at and publish keys.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Show what an account has.
    Balance(funds::BalanceArgs),
    /// Send MEDC to an account, which fees and deposits are paid from.
    Transfer(funds::TransferArgs),
    /// Register yourself as a patient, choose a policy, look a patient up.
    #[command(subcommand)]
    Patient(patient::PatientCommand),
    /// Register laboratories, clinicians and hospitals (the registrar's work).
    #[command(subcommand)]
    Provider(provider::ProviderCommand),
    /// Deploy a policy contract, call it, or ask what the policy in force says.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Allow an account, or all with a role, to act on your records.
    Grant(grant::GrantArgs),
    /// Take a grant back.
    Revoke(grant::RevokeArgs),
    /// Let somebody grant and revoke in your name, or stop that.
    #[command(subcommand)]
    Delegate(delegate::DelegateCommand),
    /// Encrypt a chest X-ray, store it and register it on chain.
    Upload(upload::UploadArgs),
    /// List the records of a patient.
    Records(records::RecordsArgs),
    /// Show a record: its versions, envelopes, prediction and receipt.
    Show(show::ShowArgs),
    /// Fetch a record, verify it, decrypt it and write it to a file.
    Fetch(fetch::FetchArgs),
    /// Hand the key of a record to another reader.
    Share(share::ShareArgs),
    /// Erase a record for ever: destroy its keys, and have the stores let it go.
    Erase(erase::EraseArgs),
    /// Check what `erase --certificate` wrote, without a node.
    VerifyCertificate(certificate::VerifyArgs),
    /// Ask the patient's policy for access to a record, and wait for the key.
    RequestAccess(access::RequestAccessArgs),
    /// Show who can do what with a patient's records now.
    Access(access_list::AccessArgs),
    /// List what happened to a patient's records: who asked, who got in, who not.
    Audit(audit::AuditArgs),
    /// Choose who keeps your keys and hands them to whom your policy lets in.
    #[command(subcommand)]
    Custodians(custodians::CustodiansCommand),
    /// Break the glass in an emergency, or review that somebody did.
    #[command(subcommand)]
    Emergency(emergency::EmergencyCommand),
    /// Name relatives, guardians and emergency contacts.
    #[command(subcommand)]
    Relation(relation::RelationCommand),
    /// Encrypt a record anew, under a new key, for those who may still read it.
    Rotate(rotate::RotateArgs),
    /// Run the model on image files, offline.
    Predict(predict::PredictArgs),
    /// Publish and look at models.
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Register this account as an inference worker, or stop being one.
    #[command(subcommand)]
    Worker(worker::WorkerCommand),
    /// Ask for a prediction on a record that is already on chain.
    Infer(infer::InferArgs),
    /// Repeat a prediction from the record and compare it with the receipt.
    Replay(replay::ReplayArgs),
    /// Play the whole story on a chain of its own.
    Demo(demo::DemoArgs),
    /// Print the completion script of a shell.
    Completions(completions::CompletionsArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_and_after_the_subcommand() {
        for line in [
            "medchain --json --yes --dev --suri //Bob records 5F",
            "medchain records 5F --json --yes --dev --suri //Bob",
        ] {
            let cli = parse(line).unwrap();
            assert!(cli.global.json && cli.global.yes && cli.global.dev, "{line}");
            assert_eq!(cli.global.suri.as_deref(), Some("//Bob"), "{line}");
        }
    }

    #[test]
    fn what_is_missing_is_a_usage_error() {
        for line in [
            "medchain",
            "medchain upload",
            "medchain upload scan.png",
            "medchain fetch 0",
            "medchain grant --to 5F",
            "medchain grant --to 5F --actions fly",
            "medchain show first",
            "medchain predict",
            "medchain completions tcsh",
            "medchain transfer 5F",
        ] {
            let error = parse(line).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
