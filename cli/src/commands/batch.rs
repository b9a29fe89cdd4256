//! `medchain batch`: several commands, over one connection, that wait for finality once.
//!
//! The lines are read here; [`crate::cli`] runs them, because no command uses another.

use std::{
    fmt,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{bail, Context as _, Result};
use clap::Args;
use serde::Serialize;

use crate::{
    context::Context,
    files,
    output::{self, counted, Outcome},
    secrets,
    signing::Settled,
};

/// The largest list of commands, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Arguments of `medchain batch`.
#[derive(Args, Clone, Debug)]
pub struct BatchArgs {
    /// The file with the commands; - reads standard input.
    ///
    /// One command a line, as it would follow `medchain`; quotes as in a shell, # begins a
    /// comment. Global options, such as --key, are given once, outside.
    pub file: PathBuf,
    /// Go on after a command that failed.
    ///
    /// After a transaction whose outcome is unknown, the batch stops all the same.
    #[arg(long)]
    pub keep_going: bool,
}

/// A line with a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// The arguments, as they follow `medchain`.
    pub words: Vec<String>,
}

impl Line {
    /// As people recognise it.
    pub fn shown(&self) -> String {
        self.words.join(" ")
    }
}

/// Reads the commands, and does none.
pub fn read(context: &Context, args: &BatchArgs) -> Result<Vec<Line>> {
    let what = "the list of commands";
    let bytes = if args.file == Path::new("-") {
        if context.passphrase().is_some_and(secrets::is_input) {
            bail!("standard input is the list of commands, and cannot be the passphrase as well");
        }
        let mut bytes = Vec::new();
        let input = std::io::stdin().lock();
        input
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("cannot read {what} from standard input"))?;
        bytes
    } else {
        files::read_piped(&args.file, what, MAX_BYTES)?
    };
    if bytes.len() as u64 > MAX_BYTES {
        bail!("{what} is larger than {} MiB", MAX_BYTES / (1024 * 1024));
    }
    let text = String::from_utf8(bytes).with_context(|| format!("{what} is no UTF-8 text"))?;
    let lines = split(text.trim_start_matches('\u{feff}'))?;
    if lines.is_empty() {
        bail!("there is no command in {}", args.file.display());
    }
    Ok(lines)
}

/// The commands in a text.
fn split(text: &str) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let number = place + 1;
        let words = shlex::split(line);
        let mut words = words.with_context(|| format!("line {number}: a quote is not closed"))?;
        if words.first().is_some_and(|first| first == "medchain") {
            words.remove(0);
        }
        if !words.is_empty() {
            lines.push(Line { number, words });
        }
    }
    Ok(lines)
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineReport {
    /// Its number.
    pub line: usize,
    /// The command.
    pub command: String,
    /// How it ended.
    #[serde(serialize_with = "output::displayed")]
    pub outcome: LineOutcome,
    /// Why it failed.
    pub error: Option<String>,
}

impl LineReport {
    /// A line that ended so.
    pub fn new(line: &Line, outcome: LineOutcome, error: Option<String>) -> Self {
        Self { line: line.number, command: line.shown(), outcome, error }
    }
}

/// Where a transaction of the batch is in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransactionReport {
    /// What it was for.
    pub purpose: String,
    /// Its hash.
    pub extrinsic_hash: String,
    /// Its nonce.
    pub nonce: u64,
    /// What became of it.
    pub fate: String,
    /// The final block that it is in.
    pub block_number: Option<u32>,
    #[serde(skip)]
    is_unknown: bool,
}

impl From<&Settled> for TransactionReport {
    fn from(settled: &Settled) -> Self {
        let transaction = &settled.sent.transaction;
        Self {
            purpose: settled.sent.purpose.clone(),
            extrinsic_hash: format!("{:?}", transaction.hash),
            nonce: transaction.nonce,
            fate: settled.fate(),
            block_number: settled.outcome.as_ref().ok().map(|outcome| outcome.block_number),
            is_unknown: settled.is_unknown(),
        }
    }
}

/// How one line ended. Serialised by its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineOutcome {
    /// Its command is done, or the answer is yes.
    Done,
    /// The answer is no.
    No,
    /// Its command failed, or a part of what it does.
    Failed,
    /// The outcome of its transaction is unknown.
    Unknown,
    /// Its command was not run.
    NotBegun,
}

impl LineOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::No => "no",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotBegun => "not begun",
        }
    }
}

impl fmt::Display for LineOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Outcome> for LineOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::No => Self::No,
            Outcome::Failed => Self::Failed,
            Outcome::Unknown => Self::Unknown,
        }
    }
}

/// What a batch did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchReport {
    /// The lines, each with what became of it.
    pub lines: Vec<LineReport>,
    /// The transactions that were waited for together.
    pub transactions: Vec<TransactionReport>,
}

impl BatchReport {
    /// How the batch answers: the worst of what its lines and transactions say.
    pub fn outcome(&self) -> Outcome {
        let any = |outcome: LineOutcome| self.lines.iter().any(|line| line.outcome == outcome);
        let unsettled = |one: &TransactionReport| one.block_number.is_none();
        if any(LineOutcome::Unknown) || self.transactions.iter().any(|one| one.is_unknown) {
            Outcome::Unknown
        } else if any(LineOutcome::Failed) || self.transactions.iter().any(unsettled) {
            Outcome::Failed
        } else if any(LineOutcome::No) {
            Outcome::No
        } else {
            Outcome::Done
        }
    }
}

impl fmt::Display for BatchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use LineOutcome::{Done, Failed, No, NotBegun, Unknown};
        let count = |outcome: LineOutcome| {
            self.lines.iter().filter(|line| line.outcome == outcome).count() as u64
        };
        write!(f, "batch: {} done", counted(count(Done), "command"))?;
        for outcome in [No, Failed, Unknown, NotBegun] {
            if count(outcome) > 0 {
                write!(f, ", {} {outcome}", count(outcome))?;
            }
        }
        let last = self.transactions.iter().filter_map(|one| one.block_number).max();
        if let Some(last) = last {
            let number = self.transactions.len() as u64;
            write!(f, "; {} final, the last in block {last}", counted(number, "transaction"))?;
        }
        for line in self.lines.iter().filter(|line| line.outcome != Done) {
            write!(f, "\nline {}: {}: {}", line.line, line.outcome, line.command)?;
        }
        for one in self.transactions.iter().filter(|one| one.block_number.is_none()) {
            write!(
                f,
                "\n{} ({}, nonce {}): {}",
                one.purpose, one.extrinsic_hash, one.nonce, one.fate
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{
        LineOutcome::{Done, Failed, No, NotBegun, Unknown},
        *,
    };

    #[test]
    fn lines_are_split_as_a_shell_splits_them() {
        let lines = split(
            "# the laboratory\n\nmedchain grant --to 5F --actions view   # a comment\r\n\
             upload 'a film.png' --patient \"5G\"\n",
        )
        .unwrap();
        let words: Vec<(usize, Vec<&str>)> = lines
            .iter()
            .map(|line| (line.number, line.words.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(
            words,
            [
                (3, vec!["grant", "--to", "5F", "--actions", "view"]),
                (4, vec!["upload", "a film.png", "--patient", "5G"]),
            ]
        );
        let open = split("balance\ngrant --to '5F").unwrap_err().to_string();
        assert_eq!(open, "line 2: a quote is not closed");
    }

    fn report(outcomes: &[LineOutcome], blocks: &[(Option<u32>, bool)]) -> BatchReport {
        let line = |(place, outcome): (usize, &LineOutcome)| LineReport {
            line: place + 1,
            command: format!("command {place}"),
            outcome: *outcome,
            error: None,
        };
        let transaction = |(block, is_unknown): &(Option<u32>, bool)| TransactionReport {
            purpose: "grant access".into(),
            extrinsic_hash: "0x01".into(),
            nonce: 7,
            fate: "somewhere".into(),
            block_number: *block,
            is_unknown: *is_unknown,
        };
        BatchReport {
            lines: outcomes.iter().enumerate().map(line).collect(),
            transactions: blocks.iter().map(transaction).collect(),
        }
    }

    #[test]
    fn the_worst_of_all_is_the_answer() {
        let of = |outcomes: &[LineOutcome], blocks: &[(Option<u32>, bool)]| {
            report(outcomes, blocks).outcome()
        };
        assert_eq!(of(&[Done, Done], &[(Some(5), false)]), Outcome::Done);
        assert_eq!(of(&[Done, No], &[]), Outcome::No);
        assert_eq!(of(&[No, Failed, NotBegun], &[]), Outcome::Failed);
        assert_eq!(of(&[Failed, Unknown], &[]), Outcome::Unknown);
        // In a block that a fork replaced, or in one that nobody tells.
        assert_eq!(of(&[Done], &[(Some(5), false), (None, false)]), Outcome::Failed);
        assert_eq!(of(&[Done], &[(None, false), (None, true)]), Outcome::Unknown);
    }

    #[test]
    fn it_says_what_is_done_and_what_is_not() {
        let text =
            report(&[Done, Unknown, NotBegun], &[(Some(9), false), (None, true)]).to_string();
        for words in [
            "1 command done, 1 unknown, 1 not begun",
            "the last in block 9",
            "line 2: unknown: command 1",
            "line 3: not begun: command 2",
            "nonce 7): somewhere",
        ] {
            assert!(text.contains(words), "no '{words}' in {text}");
        }
    }
}
