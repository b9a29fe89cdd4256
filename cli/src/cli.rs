//! The command line: the list of subcommands, and the function that runs each.

mod several;
mod usage;

use anyhow::{bail, Context as _, Result};
use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    commands::{
        access, annul, archive, audit, balance, batch, completions, council, custodian, custodians,
        delegate, disclose, disputes, emergency, erase, ethics, fetch, grant, infer, institution,
        key, model, parameters, patient, policy, portal, predict, provider, records, relation,
        release, replay, report, request, request_access, restore, resume, revoke, rotate, share,
        show, store, transfer, upload, verify_certificate, verify_report, withdraw, worker,
    },
    context::Context,
    demo, exit,
    options::Global,
    output::{self, Outcome},
};

pub use usage::parsed;

/// Encrypted X-rays on IPFS, consent by contract, sealed verdicts on chain.
///
/// Commands that sign show the fee and ask for confirmation; --yes confirms in advance.
#[derive(Debug, Parser)]
#[command(name = "medchain", version, propagate_version = true, after_long_help = exit::HELP)]
pub struct Cli {
    /// Flags that every subcommand takes.
    #[command(flatten)]
    pub global: Global,
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands of `medchain`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create, show and publish keys.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Show an account's funds.
    Balance(balance::BalanceArgs),
    /// Send MEDC, which pays fees and deposits, to an account.
    Transfer(transfer::TransferArgs),
    /// Register as a patient, choose a policy, look up a patient.
    #[command(subcommand)]
    Patient(patient::PatientCommand),
    /// Show the council, vote on its motions, enact or cancel what it announced.
    #[command(subcommand)]
    Council(council::CouncilCommand),
    /// Show the ethics committee, which judges emergencies, and vote on its motions.
    #[command(subcommand)]
    Ethics(ethics::EthicsCommand),
    /// List the bonds, fees and periods that can be changed, and propose a change.
    #[command(subcommand)]
    Parameters(parameters::ParametersCommand),
    /// Admit, list and remove institutions, whose registrars appoint providers.
    #[command(subcommand)]
    Institution(institution::InstitutionCommand),
    /// Give accounts a role for a term: lab technician, clinician, hospital or custodian.
    #[command(subcommand)]
    Provider(provider::ProviderCommand),
    /// Deploy, call and compare policy contracts, and check what a policy allows.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Allow an account or a role to act on your records.
    Grant(grant::GrantArgs),
    /// Revoke a grant.
    Revoke(revoke::RevokeArgs),
    /// Let an account grant and revoke in your name, or end that.
    #[command(subcommand)]
    Delegate(delegate::DelegateCommand),
    /// Encrypt a chest X-ray, store it and register it on chain.
    Upload(upload::UploadArgs),
    /// List a patient's records.
    Records(records::RecordsArgs),
    /// Show a record with its versions, readers and verdicts.
    Show(show::ShowArgs),
    /// Fetch a record, verify it and decrypt it to a file.
    Fetch(fetch::FetchArgs),
    /// Seal a record's key to another reader.
    Share(share::ShareArgs),
    /// Remove envelopes that you paid for, and get their deposits back.
    ///
    /// Such as that of a worker whose verdict is there. Refused as long as a request on the record
    /// is open, or its verdict can be challenged: workers need their envelopes until then.
    Withdraw(withdraw::WithdrawArgs),
    /// Erase a record: destroy its keys and ask the stores to delete its content.
    Erase(erase::EraseArgs),
    /// Verify a certificate of erasure without a node.
    VerifyCertificate(verify_certificate::VerifyArgs),
    /// Request access to a record and wait for its key.
    RequestAccess(request_access::RequestAccessArgs),
    /// Remove an access grant that has expired, which the chain also does by itself.
    Release(release::ReleaseArgs),
    /// List who can do what with a patient's records.
    Access(access::AccessArgs),
    /// List what happened to a patient's records.
    Audit(audit::AuditArgs),
    /// Run, list and show archives of logs, for patients whose node is no archive node.
    #[command(subcommand)]
    Archive(archive::ArchiveCommand),
    /// Choose the custodians, who hand your keys to readers that your policy allows.
    #[command(subcommand)]
    Custodians(custodians::CustodiansCommand),
    /// Be a custodian: register, retire, or decline a patient.
    #[command(subcommand)]
    Custodian(custodian::CustodianCommand),
    /// Break the glass in an emergency, or review an emergency access.
    #[command(subcommand)]
    Emergency(emergency::EmergencyCommand),
    /// Name relatives, guardians and emergency contacts.
    #[command(subcommand)]
    Relation(relation::RelationCommand),
    /// Encrypt a record under a new key for those who may still read it.
    Rotate(rotate::RotateArgs),
    /// Undo an amendment: make the previous version the newest again (patient only).
    ///
    /// Such as an amendment by a caretaker. The version that it undoes stays
    /// readable to its readers until it is erased, and can be restored in turn.
    Restore(restore::RestoreArgs),
    /// Run several commands over one connection, and wait for finality once, at the end.
    ///
    /// Nothing is begun before all lines are understood. Each command waits until its transaction
    /// is in a block, and the next one sees what it did. The batch stops at the first that does
    /// not end with 0; what is in a block stays there. Then it waits until all blocks are final,
    /// and says of every line what became of it. Prints what each command prints, and a summary.
    /// Commands that store or delete content (upload, rotate, erase, model publish) wait for their
    /// own final block: for many films, `medchain upload DIR --manifest FILE.csv` waits once.
    Batch(batch::BatchArgs),
    /// List unfinished uploads, rotations and models, and finish them.
    ///
    /// Uploads, rotations and models that were interrupted go on where they stopped, and
    /// nothing is done twice. Transactions whose outcome is unknown are looked up.
    Resume(resume::ResumeArgs),
    /// Compare what the stores keep with what the chain names.
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Run the model on image files, offline.
    Predict(predict::PredictArgs),
    /// Publish, list, show and verify models.
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Register as a worker, leave, challenge a verdict, and list the workers.
    #[command(subcommand)]
    Worker(worker::WorkerCommand),
    /// Order a verdict on a record, or continue an open request.
    ///
    /// Draws the workers and seals the record's key to them, which needs the key.
    Infer(infer::InferArgs),
    /// Cancel a request for a verdict, or move an overdue one on.
    #[command(subcommand)]
    Request(request::RequestCommand),
    /// Repeat the computation of a verdict and compare the sealed bytes.
    Replay(replay::ReplayArgs),
    /// Write a printable one-page report on a record, as an accessible PDF.
    ///
    /// Film, verdict with probabilities, model, who asked and who computed, and a code with
    /// which anybody can check the page against the chain: see `medchain verify-report`.
    Report(report::ReportArgs),
    /// Compare a report with the chain, from its PDF or from the text of its code.
    ///
    /// Prints for each value whether it matches. The film and the verdict are sealed on chain, so
    /// only a reader of the record (--key) can compare them.
    VerifyReport(verify_report::VerifyReportArgs),
    /// Make a verdict public for ever (patient only).
    ///
    /// Publishes the verdict root of the record, which opens all verdicts on this version
    /// of it, also later ones. To show a verdict to one person, share the record instead;
    /// to disclose one alone, rotate the record first.
    Disclose(disclose::DiscloseArgs),
    /// List the open disputes between workers whose answers differ.
    ///
    /// Two workers settle on chain whose answer is right. In each round both show more about
    /// the first place where they differ, until one number is left that the chain computes.
    /// `medchain-worker` makes the moves.
    Disputes(disputes::DisputesArgs),
    /// End a dispute about a verdict on your record (patient only).
    ///
    /// The last moves of a dispute make a part of what was computed public, and some of them
    /// every verdict on this version of the record; this ends it before. Nobody loses a bond,
    /// so whoever was wrong is not found out. Workers that showed an answer to an open request
    /// are paid; a verdict that was challenged is withdrawn, and does not count any more. Ask
    /// again with `medchain infer`.
    Annul(annul::AnnulArgs),
    /// Serve the web page until Ctrl-C: patients, laboratories and clinicians in a browser.
    ///
    /// Prints the address to open. The page's keys and images stay in the browser; the server
    /// relays to the node and to the stores that --node and --store name. `make portal` builds
    /// it.
    Portal(portal::PortalArgs),
    /// Play the whole story on a temporary chain.
    Demo(demo::DemoArgs),
    /// Print the completion script for a shell.
    Completions(completions::CompletionsArgs),
}

impl Cli {
    /// Runs the subcommand.
    pub async fn run(self) -> Result<Outcome> {
        let Self { global, command } = self;
        let mut context = Context::new(&global)?;
        if matches!(command, Command::Batch(_)) {
            context.collect();
        }
        let context = &context;
        // The demo ends its node and workers itself.
        if !matches!(command, Command::Demo(_)) {
            exit::on_signal();
        }
        match command {
            Command::Resume(args) => resume(context, &global, &args).await,
            Command::Batch(args) => several::run(context, &global, &args).await,
            command => command.run(context, &global).await,
        }
    }
}

impl Command {
    async fn run(self, context: &Context, global: &Global) -> Result<Outcome> {
        match self {
            Self::Resume(_) => bail!("`medchain resume` runs other commands, never itself"),
            Self::Batch(_) => bail!("`medchain batch` runs other commands, never itself"),
            Self::Store(command) => store::run(context, &command).await,
            Self::Withdraw(args) => withdraw::run(context, &args).await,
            Self::Request(command) => request::run(context, &command).await,
            Self::Release(args) => release::run(context, &args).await,
            Self::Key(command) => key::run(context, &command).await,
            Self::Balance(args) => balance::run(context, &args).await,
            Self::Transfer(args) => transfer::run(context, &args).await,
            Self::Patient(command) => patient::run(context, &command).await,
            Self::Council(command) => council::run(context, &command).await,
            Self::Ethics(command) => ethics::run(context, &command).await,
            Self::Parameters(command) => parameters::run(context, &command).await,
            Self::Institution(command) => institution::run(context, &command).await,
            Self::Provider(command) => provider::run(context, &command).await,
            Self::Policy(command) => policy::run(context, &command).await,
            Self::Grant(args) => grant::run(context, &args).await,
            Self::Revoke(args) => revoke::run(context, &args).await,
            Self::Delegate(command) => delegate::run(context, &command).await,
            Self::Upload(args) => upload::run(context, &args).await,
            Self::Records(args) => records::run(context, &args).await,
            Self::Show(args) => show::run(context, &args).await,
            Self::Fetch(args) => fetch::run(context, &args).await,
            Self::Share(args) => share::run(context, &args).await,
            Self::Erase(args) => erase::run(context, &args).await,
            Self::VerifyCertificate(args) => verify_certificate::run(context, &args).await,
            Self::RequestAccess(args) => request_access::run(context, &args).await,
            Self::Access(args) => access::run(context, &args).await,
            Self::Audit(args) => audit::run(context, &args).await,
            Self::Archive(command) => archive::run(context, &command).await,
            Self::Custodians(command) => custodians::run(context, &command).await,
            Self::Custodian(command) => custodian::run(context, &command).await,
            Self::Emergency(command) => emergency::run(context, &command).await,
            Self::Relation(command) => relation::run(context, &command).await,
            Self::Rotate(args) => rotate::run(context, &args).await,
            Self::Restore(args) => restore::run(context, &args).await,
            Self::Predict(args) => predict::run(&args, global.json),
            Self::Model(command) => model::run(context, &command).await,
            Self::Worker(command) => worker::run(context, &command).await,
            Self::Infer(args) => infer::run(context, &args).await,
            Self::Replay(args) => replay::run(context, &args).await,
            Self::Report(args) => report::run(context, &args).await,
            Self::VerifyReport(args) => verify_report::run(context, &args).await,
            Self::Disclose(args) => disclose::run(context, &args).await,
            Self::Disputes(args) => disputes::run(context, &args).await,
            Self::Annul(args) => annul::run(context, &args).await,
            Self::Portal(args) => portal::run(context, &args),
            Self::Demo(args) => demo::run(&args, global).await,
            Self::Completions(args) => completions::run(&args, &mut Cli::command()),
        }
    }
}

/// Looks up the transactions that are open, and has each publication finished by the command
/// that began it.
async fn resume(context: &Context, global: &Global, args: &resume::ResumeArgs) -> Result<Outcome> {
    let resumption = resume::open(context, args).await?;
    resume::print(context, &resumption)?;
    let mut unknown = resumption.is_unknown();
    let mut failed = None;
    for arguments in &resumption.commands {
        let name = [Cli::command().get_name().to_owned()];
        let command = Cli::try_parse_from(name.iter().chain(arguments))
            .context("the journal's command is of another version of this program")?
            .command;
        // One that fails is no reason to leave the others.
        if let Err(error) = command.run(context, global).await {
            unknown |= exit::is_unknown(&error);
            crate::output::tell!("{}", output::error_line(&error));
            failed = Some(error);
        }
    }
    match (failed, unknown) {
        (_, true) => Ok(Outcome::Unknown),
        (Some(_), false) => bail!("not everything could be finished; see the errors above"),
        (None, false) => Ok(Outcome::Done),
    }
}

#[cfg(test)]
mod tests {
    use medchain_primitives::RecordId;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn a_review_says_which() {
        for (line, accept) in [
            ("medchain emergency review 3 --accept", true),
            ("medchain emergency review 3 --reject", false),
        ] {
            let Command::Emergency(emergency::EmergencyCommand::Review(args)) =
                parse(line).unwrap().command
            else {
                panic!("{line} is no review");
            };
            assert_eq!((args.accept, args.reject), (accept, !accept), "{line}");
        }
    }

    #[test]
    fn an_emergency_can_be_about_several_records() {
        let records = vec![RecordId(3), RecordId(5)];
        for line in [
            "medchain emergency break-glass 3 5 --reason other",
            "medchain emergency break --reason other 3 5",
        ] {
            let Command::Emergency(emergency::EmergencyCommand::BreakGlass(args)) =
                parse(line).unwrap().command
            else {
                panic!("{line} breaks no glass");
            };
            assert_eq!(args.records, records, "{line}");
        }
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_global_flags_work_before_and_after_the_subcommand() {
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
    fn a_missing_argument_is_a_usage_error() {
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
            "medchain emergency review 3",
            "medchain emergency review 3 --accept --reject",
            "medchain emergency break-glass --reason other",
            "medchain emergency break-glass 3",
            "medchain emergency request",
            "medchain emergency judge 3",
            "medchain emergency judge 3 maybe",
            "medchain emergency lift",
            "medchain custodian decline",
            "medchain upload scan.png --patient 5F --quorum 2",
            "medchain upload scan.png --patient 5F --worker 5F",
            "medchain upload scan.png --patient 5F --model 0 --quorum 8",
            "medchain infer 3 --model 0 --quorum 0",
            "medchain report 3",
            "medchain report -o report.pdf",
            "medchain report 3 -o report.pdf --model 0 --request 9",
            "medchain verify-report",
            "medchain disclose",
            "medchain annul",
            "medchain disputes first",
            "medchain model verify",
            "medchain worker challenge",
            "medchain patient set-policy",
            "medchain patient set-policy 5F --nobody",
            "medchain patient set-policy --default --pin-default",
            "medchain provider add 5F custodian --days 0",
            "medchain provider add 5F custodian --days 1 --until 9",
            "medchain policy default announce",
            "medchain council vote",
            "medchain ethics vote",
            "medchain resume --drop",
            "medchain resume 1 --drop --list",
            "medchain request cancel",
            "medchain release",
            "medchain model retire",
            "medchain withdraw",
            "medchain batch",
            "medchain patient register --grant 5F",
            "medchain provider add 5F custodian --grant-for 5F:fly",
        ] {
            let error = parse(line).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    /// Every command, subcommand and flag has a help text whose first paragraph is one
    /// line: `-h` and the list of subcommands show no more.
    #[test]
    fn every_help_text_begins_with_one_short_line() {
        fn check(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!((5..=90).contains(&about.chars().count()), "{path}: {about}");
            for argument in command.get_arguments() {
                let name = argument.get_id();
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!((5..=90).contains(&help.chars().count()), "{path} {name}: {help}");
            }
            command.get_subcommands().for_each(|one| check(one, &path));
        }
        check(&Cli::command(), "");
    }
}
