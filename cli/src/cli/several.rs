//! `medchain batch`: its lines as commands, one after the other.

use anyhow::{bail, Result};
use clap::{parser::ValueSource, Args as _, CommandFactory, FromArgMatches};

use super::{usage::in_one_line, Cli, Command};
use crate::{
    commands::{
        archive::ArchiveCommand,
        batch::{self, BatchArgs, BatchReport, Line, LineOutcome, LineReport},
    },
    context::Context,
    exit,
    options::Global,
    output::{self, causes, Outcome},
};

/// Runs the commands of a batch, and waits until all of their blocks are final.
pub(super) async fn run(context: &Context, global: &Global, args: &BatchArgs) -> Result<Outcome> {
    let lines = batch::read(context, args)?;
    let mut commands = Vec::new();
    for line in lines {
        let command = parse(&line)?;
        commands.push((line, command));
    }
    let run = async |command: Command| command.run(context, global).await;
    let reports = one_after_the_other(commands, args.keep_going, run).await;
    let settled = context.settle_collected().await?;
    exit::begun(None);
    exit::underway(None);
    let transactions = settled.iter().map(Into::into).collect();
    let report = BatchReport { lines: reports, transactions };
    output::print(&report, context.json)?;
    Ok(report.outcome())
}

/// Runs commands until one does not end with 0; with `keep_going`, until the outcome of one is
/// unknown.
async fn one_after_the_other<C>(
    commands: Vec<(Line, C)>,
    keep_going: bool,
    mut run: impl AsyncFnMut(C) -> Result<Outcome>,
) -> Vec<LineReport> {
    let mut reports = Vec::new();
    let mut stopped = false;
    let number = commands.len();
    for (line, command) in commands {
        if stopped {
            reports.push(LineReport::new(&line, LineOutcome::NotBegun, None));
            continue;
        }
        let (outcome, error) = match run(command).await {
            Ok(outcome) => (outcome.into(), None),
            Err(error) => {
                let outcome = match exit::is_unknown(&error) {
                    true => LineOutcome::Unknown,
                    false => LineOutcome::Failed,
                };
                let error = error.context(format!("line {}", line.number));
                crate::output::tell!("{}", output::error_line(&error));
                (outcome, Some(causes(&error)))
            }
        };
        stopped = match outcome {
            LineOutcome::Done => false,
            LineOutcome::Unknown => true,
            LineOutcome::No | LineOutcome::Failed | LineOutcome::NotBegun => !keep_going,
        };
        reports.push(LineReport::new(&line, outcome, error));
        exit::begun(None);
        exit::underway(Some(format!(
            "of {number} commands, {} were run, and are in blocks that may not be final yet; \
             `medchain resume --list` says what is open",
            reports.len()
        )));
    }
    reports
}

/// The command of a line, without options that hold for the whole batch.
fn parse(line: &Line) -> Result<Command> {
    let name = Cli::command().get_name().to_owned();
    let words = [name].into_iter().chain(line.words.iter().cloned());
    let parsed = Cli::command().try_get_matches_from(words).map_err(|error| {
        let said = in_one_line(&error);
        let said = said.trim_start_matches("error: ");
        anyhow::anyhow!("line {}: {}: {said}; nothing was begun", line.number, line.shown())
    })?;
    let flags = Global::augment_args(clap::Command::new("global"));
    for flag in flags.get_arguments() {
        if parsed.value_source(flag.get_id().as_str()) == Some(ValueSource::CommandLine) {
            bail!(
                "line {}: --{} holds for the whole batch; give it before the file, and begin \
                 another batch for another account; nothing was begun",
                line.number,
                flag.get_long().unwrap_or_default()
            );
        }
    }
    let command = Cli::from_arg_matches(&parsed)?.command;
    match command {
        Command::Batch(_)
        | Command::Resume(_)
        | Command::Portal(_)
        | Command::Archive(ArchiveCommand::Run(_))
        | Command::Demo(_)
        | Command::Completions(_) => {
            bail!(
                "line {}: {} has no place in a batch; nothing was begun",
                line.number,
                line.shown()
            )
        }
        command => Ok(command),
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::{chain::ChainError, AccountId32, H256};

    use super::*;

    fn error(words: &str) -> String {
        let words = words.split_whitespace().map(str::to_owned).collect();
        parse(&Line { number: 7, words }).unwrap_err().to_string()
    }

    /// What becomes of lines whose commands answer so.
    async fn outcomes(answers: Vec<Result<Outcome>>, keep_going: bool) -> Vec<String> {
        let line = |number| Line { number, words: vec!["balance".to_owned()] };
        let commands = answers.into_iter().enumerate();
        let commands = commands.map(|(place, answer)| (line(place + 1), answer)).collect();
        let run = async |answer: Result<Outcome>| answer;
        let reports = one_after_the_other(commands, keep_going, run).await;
        reports.iter().map(|report| report.outcome.to_string()).collect()
    }

    fn unknown() -> Result<Outcome> {
        Err(ChainError::OutcomeUnknown {
            call: "Emr.add_record".into(),
            hash: H256([1; 32]),
            account: AccountId32([2; 32]),
            nonce: 3,
            until: 4,
            cause: Box::new(ChainError::StaleNonce),
        }
        .into())
    }

    #[tokio::test]
    async fn a_batch_stops_where_something_is_wrong() {
        let done = || Ok(Outcome::Done);
        let failed = || Err(anyhow::anyhow!("it failed"));
        assert_eq!(outcomes(vec![done(), done()], false).await, ["done", "done"]);
        let all = outcomes(vec![done(), failed(), done()], false).await;
        assert_eq!(all, ["done", "failed", "not begun"]);
        let all = outcomes(vec![failed(), Ok(Outcome::No), done()], true).await;
        assert_eq!(all, ["failed", "no", "done"]);
        assert_eq!(outcomes(vec![Ok(Outcome::No), done()], false).await, ["no", "not begun"]);
        // Nothing may follow what nobody knows.
        for keep_going in [false, true] {
            let all = outcomes(vec![done(), unknown(), done()], keep_going).await;
            assert_eq!(all, ["done", "unknown", "not begun"]);
            let all = outcomes(vec![Ok(Outcome::Unknown), done()], keep_going).await;
            assert_eq!(all, ["unknown", "not begun"]);
        }
    }

    #[test]
    fn a_line_is_a_command_without_global_options() {
        let line = |words: &str| Line {
            number: 1,
            words: words.split_whitespace().map(str::to_owned).collect(),
        };
        assert!(matches!(parse(&line("records 5F")), Ok(Command::Records(_))));
        for words in ["records 5F --key me.key", "--json records 5F", "records -y 5F", "-v balance"]
        {
            let error = error(words);
            assert!(error.contains("line 7") && error.contains("whole batch"), "{words}: {error}");
        }
    }

    #[test]
    fn what_is_no_command_is_named_with_its_line() {
        for (words, expected) in [
            ("fly 5F", "fly"),
            ("grant --to 5F", "--actions"),
            ("batch other.txt", "no place in a batch"),
            ("resume", "no place in a batch"),
            ("demo", "no place in a batch"),
        ] {
            let error = error(words);
            assert!(error.contains("line 7") && error.contains("nothing was begun"), "{error}");
            assert!(error.contains(expected), "{words}: {error}");
        }
    }
}
