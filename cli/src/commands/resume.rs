//! `medchain resume`: lists what is begun and not finished, and finishes it.
//!
//! A publication is finished by the command that began it: [`Resumption::commands`] says with
//! which arguments, and [`crate::cli`] runs it.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::chain::{Call, Fate, Transaction, TxOutcome};
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    context::Context,
    exit,
    journal::{self, Entry, Journal, Stage},
    output::{self, causes, joined},
    records,
};

/// Arguments of `medchain resume`.
#[derive(Args, Clone, Debug)]
pub struct ResumeArgs {
    /// Only this entry; `--list` shows them.
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// List what is open, and do nothing.
    #[arg(long)]
    pub list: bool,
    /// Give the entry up: ask the stores to delete its content, and forget it.
    ///
    /// Refused while a transaction of it can still get into a block.
    #[arg(long, requires = "id", conflicts_with = "list")]
    pub drop: bool,
}

/// What is open.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResumeReport {
    /// Transactions, and what became of them.
    pub transactions: Vec<SentReport>,
    /// Publications.
    pub entries: Vec<EntryReport>,
    /// The entry that was given up, and what is left of it.
    pub dropped: Option<String>,
}

/// A transaction that was handed over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SentReport {
    /// What it was for.
    pub purpose: String,
    /// Its hash.
    pub extrinsic_hash: String,
    /// Its nonce.
    pub nonce: u64,
    /// What became of it.
    pub fate: String,
    /// Whether that is certain.
    pub certain: bool,
}

/// A publication that is not finished.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntryReport {
    /// What names it in this command.
    pub id: String,
    /// What it is.
    pub what: String,
    /// How far it is.
    pub stage: &'static str,
    /// The CIDs of its content.
    pub cids: Vec<String>,
    /// The hash of its transaction, if one was signed.
    pub extrinsic_hash: Option<String>,
}

impl From<&Entry> for EntryReport {
    fn from(entry: &Entry) -> Self {
        let stage = match (&entry.stage, &entry.transaction) {
            (Stage::Done(_), _) => "done",
            (Stage::Abandoned, _) => "given up; its content may be in a store",
            (_, Some(_)) => "its transaction is signed, and its outcome unknown",
            (Stage::Stored, None) => "stored, and no transaction is on its way",
            (Stage::Begun, None) => "begun",
        };
        Self {
            id: entry.id().to_owned(),
            what: entry.what(),
            stage,
            cids: entry.cids().iter().map(ToString::to_string).collect(),
            extrinsic_hash: entry.transaction.as_ref().map(|one| format!("{:?}", one.hash)),
        }
    }
}

impl fmt::Display for ResumeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(dropped) = &self.dropped {
            return f.write_str(dropped);
        }
        if self.transactions.is_empty() && self.entries.is_empty() {
            return f.write_str("nothing is open");
        }
        for sent in &self.transactions {
            writeln!(
                f,
                "{} (transaction {}, nonce {}): {}",
                sent.purpose, sent.extrinsic_hash, sent.nonce, sent.fate
            )?;
        }
        for entry in &self.entries {
            let cids = joined(&entry.cids);
            writeln!(f, "{}  {}: {} (CID {cids})", entry.id, entry.what, entry.stage)?;
        }
        Ok(())
    }
}

/// What is to be done after the transactions were looked up.
pub struct Resumption {
    /// The report.
    pub report: ResumeReport,
    /// The arguments of `medchain` that finish each publication.
    pub commands: Vec<Vec<String>>,
}

impl Resumption {
    /// Whether something is unknown still.
    pub fn is_unknown(&self) -> bool {
        self.report.transactions.iter().any(|sent| !sent.certain)
    }
}

/// Looks up what is open.
pub async fn open(context: &Context, args: &ResumeArgs) -> Result<Resumption> {
    let journal = context.journal().await?;
    journal.tidy()?;
    if args.drop {
        let dropped = give_up(context, &journal, args.id.as_deref().unwrap_or_default()).await?;
        let report =
            ResumeReport { transactions: Vec::new(), entries: Vec::new(), dropped: Some(dropped) };
        return Ok(Resumption { report, commands: Vec::new() });
    }
    let mut transactions = Vec::new();
    if args.id.is_none() {
        for sent in journal.sent()? {
            let (fate, certain) = match args.list {
                true => (fate(context, &sent.transaction).await?, false),
                false => settled(context, &sent.transaction).await?,
            };
            if certain {
                journal.received(&sent)?;
            }
            transactions.push(SentReport {
                purpose: sent.purpose,
                extrinsic_hash: format!("{:?}", sent.transaction.hash),
                nonce: sent.transaction.nonce,
                fate,
                certain: certain || args.list,
            });
        }
    }
    let wanted = args.id.as_deref().map(|id| journal.find(id)).transpose()?;
    let mut open: Vec<Entry> = journal
        .entries()?
        .into_iter()
        .filter(|entry| !entry.is_done())
        .filter(|entry| wanted.as_ref().is_none_or(|tag| entry.name() == *tag))
        .collect();
    context.name_files(&journal, &mut open);
    let entries = open.iter().map(EntryReport::from).collect();
    let commands = match args.list {
        true => Vec::new(),
        false => open.iter().filter(|entry| entry.stage != Stage::Abandoned).map(again).collect(),
    };
    Ok(Resumption { report: ResumeReport { transactions, entries, dropped: None }, commands })
}

/// The arguments that finish a publication: an upload does so with the content that is kept,
/// because its file may be gone.
fn again(entry: &Entry) -> Vec<String> {
    let mut command = entry.command();
    if entry.command_name() == Some("upload") {
        command.extend(["--entry".to_owned(), entry.tag.clone()]);
    }
    command
}

/// What the chain says of a transaction now.
async fn fate(context: &Context, transaction: &Transaction) -> Result<String> {
    Ok(match context.chain().await?.fate(transaction).await? {
        Fate::Included { outcome: Ok(outcome), .. } => done(transaction, &outcome),
        Fate::Included { outcome: Err(error), .. } => failed(&error.into()),
        Fate::Never { reason } => never(&reason),
        _ => format!("in no block; it can get into one until block {}", transaction.until),
    })
}

/// Waits for the fate of a transaction, and says whether it is certain.
async fn settled(context: &Context, transaction: &Transaction) -> Result<(String, bool)> {
    Ok(match context.settle(transaction, &transaction.call).await {
        Ok(outcome) => (done(transaction, &outcome), true),
        Err(error) if exit::is_unknown(&error) => (causes(&error), false),
        Err(error) => match journal::certainty(&error) {
            journal::Certainty::NoEffect => (never(&causes(&error)), true),
            _ => (failed(&error), true),
        },
    })
}

fn done(transaction: &Transaction, outcome: &TxOutcome) -> String {
    let erasure = Call::EraseRecord { record: RecordId(0) }.name();
    let left = match transaction.call == erasure {
        true => "; its file may still be in a store, so run `medchain erase` for it again",
        false => "",
    };
    format!("succeeded in block {}{left}", outcome.block_number)
}

fn failed(error: &anyhow::Error) -> String {
    format!("failed: {}", causes(error))
}

fn never(reason: &str) -> String {
    format!("had no effect and will have none ({reason}); repeat the command if you still want it")
}

/// Gives an entry up.
async fn give_up(context: &Context, journal: &Journal, id: &str) -> Result<String> {
    let tag = journal.find(id)?;
    let mut held = journal.hold(&tag).await?;
    if let Some(entry) = &mut held.entry {
        context.name_files(journal, std::slice::from_mut(entry));
    }
    let Some(entry) = held.entry.clone() else {
        bail!("the journal has no entry {id}; see `medchain resume --list`");
    };
    if let Some(transaction) = &entry.transaction {
        match context.chain().await?.fate(transaction).await? {
            Fate::Never { .. } | Fate::Included { outcome: Err(_), is_final: true } => {}
            _ => bail!(
                "the transaction {:?} of {} is in a block, or can get into one until block {}; \
                 run `medchain resume {}` instead",
                transaction.hash,
                entry.what(),
                transaction.until,
                entry.id()
            ),
        }
    }
    if entry.is_done() {
        bail!("{} is finished; nothing is to be given up", entry.what());
    }
    // A folder deletes a file by its root, which it stores last: without it, the other blocks of
    // what was stored in part would stay.
    let mut is_whole = true;
    if entry.stage == Stage::Begun {
        let kept = held.kept(context.identity()?)?;
        for bytes in kept.map(|(_, contents)| contents).unwrap_or_default() {
            is_whole &= records::put(context, &bytes).await.is_ok();
        }
    }
    journal::abandon(&mut records::LetGo(context), &mut held).await?;
    let parts = match is_whole {
        true => "",
        false => "; a store that could not take all of it may keep parts, which nobody can open",
    };
    Ok(format!(
        "{} is given up, and the stores were asked to delete its content{parts}",
        entry.what()
    ))
}

/// Prints what is open, unless it is finished now and that says it.
pub fn print(context: &Context, resumption: &Resumption) -> Result<()> {
    if resumption.commands.is_empty() || !resumption.report.transactions.is_empty() {
        output::print(&resumption.report, context.json)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use medchain_client::{AccountId32, H256};

    use super::*;

    #[test]
    fn an_erasure_that_was_interrupted_says_that_its_file_may_be_stored_still() {
        let transaction = |call: &Call| Transaction {
            call: call.name(),
            account: AccountId32([2; 32]),
            nonce: 3,
            hash: H256([1; 32]),
            bytes: Vec::new(),
            spec_version: 1,
            since: 0,
            until: 9,
        };
        let outcome = TxOutcome {
            block_hash: H256([7; 32]),
            block_number: 5,
            extrinsic_hash: H256([1; 32]),
            fee: 1,
            events: Vec::new(),
        };
        let said = |call: &Call| done(&transaction(call), &outcome);
        let erased = said(&Call::EraseRecord { record: RecordId(3) });
        for words in ["succeeded in block 5", "may still be in a store", "`medchain erase`"] {
            assert!(erased.contains(words), "no '{words}' in {erased}");
        }
        let other = said(&Call::CancelRequest { request: medchain_primitives::RequestId(3) });
        assert_eq!(other, "succeeded in block 5");
    }
}
