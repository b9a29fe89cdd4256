//! `medchain verify-certificate`: checks what `medchain erase` wrote, without a
//! node unless one is asked for.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;

use crate::{
    certificate::{checks, printable, Certificate, Check, StorePart, MAX_BYTES},
    context::Context,
    files,
    output::{self, Outcome},
};

/// Arguments of `medchain verify-certificate`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// The certificate.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Also ask the node (--node) whether the block is on its chain to stay.
    #[arg(long)]
    pub online: bool,
}

/// What a certificate shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerifyReport {
    /// The file.
    pub file: String,
    /// Whether every claim that was checked holds.
    pub valid: bool,
    /// Whether a node was asked about the block.
    pub online: bool,
    /// The record.
    pub record_id: u64,
    /// The block whose state is shown.
    pub block_number: u32,
    /// That block's hash.
    pub block_hash: String,
    /// Every claim, in order.
    pub checks: Vec<Check>,
    /// What the stores said, which nobody can check.
    pub stores: Vec<StorePart>,
    /// Why no store was asked, where none was.
    pub stores_not_asked: Option<String>,
}

impl std::fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for check in &self.checks {
            writeln!(f, "{}  {check}", if check.holds() { "yes" } else { "NO " })?;
        }
        if !self.valid {
            return write!(
                f,
                "\n{} does not show that record {} is erased.",
                self.file, self.record_id
            );
        }
        let (block, record) = (self.block_number, self.record_id);
        write!(
            f,
            "\nShown: whoever takes {} for a block of the chain knows that in its state record \
             {record} is erased, and that the chain keeps no key of it there.",
            self.block_hash
        )?;
        match self.online {
            true => write!(f, "\nThat block {block} is on the chain is this node's word.")?,
            false => write!(
                f,
                "\nNot shown: that block {block} is on the chain. --online asks a node; or compare \
                 its hash where you trust it."
            )?,
        }
        write!(
            f,
            "\nNot shown: that no copy is left. Who opened the record before keeps what they saw; \
             a key that was sealed to a reader stays in old blocks, and that reader can use it \
             while somebody keeps the encrypted file."
        )?;
        match &self.stores_not_asked {
            Some(why) => write!(f, "\nNo store was asked to let the file go: {}", printable(why)),
            None => {
                write!(f, "\nWhat the stores said is their own word:")?;
                self.stores.iter().try_for_each(|answer| write!(f, "\n  {answer}"))
            }
        }
    }
}

/// Runs `medchain verify-certificate`; exit code 1 means that a claim fails.
pub async fn run(context: &Context, args: &VerifyArgs) -> Result<Outcome> {
    let report = verify(context, args).await?;
    output::print(&report, context.json)?;
    Ok(if report.valid { Outcome::Done } else { Outcome::No })
}

/// Checks a certificate.
pub async fn verify(context: &Context, args: &VerifyArgs) -> Result<VerifyReport> {
    let shown = args.file.display();
    let bytes = files::read(&args.file, "the certificate", MAX_BYTES)?;
    let certificate = Certificate::read(&bytes).with_context(|| format!("cannot read {shown}"))?;
    let mut all = checks(&certificate);
    if args.online {
        all.extend(ask(context, &certificate).await?);
    }
    Ok(VerifyReport {
        file: shown.to_string(),
        valid: all.iter().all(Check::holds),
        online: args.online,
        record_id: certificate.record.id,
        block_number: certificate.block.number,
        block_hash: format!("{:?}", certificate.block.hash),
        checks: all,
        stores: certificate.stores,
        stores_not_asked: certificate.stores_not_asked,
    })
}

/// What the node knows of the block.
async fn ask(context: &Context, certificate: &Certificate) -> Result<[Check; 2]> {
    let chain = context.chain().await?;
    let (genesis, block) = (certificate.chain.genesis_hash, &certificate.block);
    let is_chain = match chain.genesis_hash() {
        found if found == genesis => Ok(()),
        found => Err(format!("its chain began with {found:?}")),
    };
    let is_final = match chain.has_final(block.number, block.hash).await? {
        true => Ok(()),
        false => Err("the node has no such final block".to_owned()),
    };
    let node = chain.url();
    Ok([
        Check::new(format!("the chain of the node at {node} began with {genesis:?}"), is_chain),
        Check::new(format!("block {} with this hash is on it, and final", block.number), is_final),
    ])
}
