//! `medchain verify-certificate`: verifies a certificate of erasure, offline by default.

use std::{fmt, path::PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    certificate::{checks, Certificate, Check, StorePart, MAX_BYTES},
    context::Context,
    files,
    output::{self, one_line, Outcome},
};

/// Arguments of `medchain verify-certificate`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// The certificate's file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Also ask the node (--node) whether its chain has the block, finalised.
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
    pub record_id: RecordId,
    /// The block whose state is proven.
    pub block_number: u32,
    /// That block's hash.
    pub block_hash: String,
    /// Every claim, in order.
    pub checks: Vec<Check>,
    /// What the stores answered, which cannot be verified.
    pub stores: Vec<StorePart>,
    /// Why no store was asked; none where stores were.
    pub stores_not_asked: Option<String>,
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
            "\nShown: if {} is a block of the chain, then in its state record {record} is erased, \
             and the chain keeps no key of it.",
            self.block_hash
        )?;
        if self.online {
            write!(f, "\nOn the node's word alone: block {block} is on the chain.")?;
        } else {
            write!(
                f,
                "\nNot shown: that block {block} is on the chain. Ask a node with --online, or \
                 compare the hash with a source that you trust."
            )?;
        }
        write!(
            f,
            "\nNot shown: that no copy is left. Accounts that opened the record before may have \
             kept it. A key that was sealed to a reader stays in old blocks, and that reader can \
             use it as long as anybody keeps the encrypted file."
        )?;
        match &self.stores_not_asked {
            Some(why) => write!(f, "\nNo store was asked to delete the file: {}", one_line(why)),
            None => {
                write!(f, "\nOn the stores' word alone:")?;
                self.stores.iter().try_for_each(|answer| write!(f, "\n  {answer}"))
            }
        }
    }
}

/// Runs `medchain verify-certificate`.
pub async fn run(context: &Context, args: &VerifyArgs) -> Result<Outcome> {
    let report = verify(context, args).await?;
    output::print(&report, context.json)?;
    Ok(if report.valid { Outcome::Done } else { Outcome::No })
}

/// Verifies a certificate.
pub async fn verify(context: &Context, args: &VerifyArgs) -> Result<VerifyReport> {
    let shown = args.file.display();
    let bytes = files::read_piped(&args.file, "the certificate", MAX_BYTES)?;
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

/// Asks the node about the block.
async fn ask(context: &Context, certificate: &Certificate) -> Result<[Check; 2]> {
    let chain = context.chain().await?;
    let (genesis, block) = (certificate.chain.genesis_hash, &certificate.block);
    let is_chain = match chain.genesis_hash() {
        found if found == genesis => Ok(()),
        found => Err(format!("its genesis block is {found:?}")),
    };
    let is_final = if chain.has_final(block.number, block.hash).await? {
        Ok(())
    } else {
        Err("the node has no such final block".to_owned())
    };
    let node = chain.url();
    Ok([
        Check::new(format!("the node at {node} has the genesis block {genesis:?}"), is_chain),
        Check::new(
            format!("block {} with this hash is on its chain, finalised", block.number),
            is_final,
        ),
    ])
}
