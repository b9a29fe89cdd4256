//! `medchain erase`: destroys a record's keys on chain, asks the stores to delete its
//! content, and writes a certificate of that.

use std::{collections::BTreeSet, fmt, path::PathBuf};

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, Chain, ChainEvent, Finality, Record, RecordStatus, View},
    AccountId32, H256,
};
use medchain_primitives::{Cid, RecordId};
use serde::Serialize;

use crate::{
    arguments,
    certificate::{proven_keys, Certificate, ErasurePart},
    context::Context,
    exit, files,
    output::{self, joined, Outcome},
    records::{self, Deletion},
    signing::{ensure_event, Included},
};

/// Arguments of `medchain erase`.
#[derive(Args, Clone, Debug)]
pub struct EraseArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
    /// Write a certificate of the erasure to this file.
    ///
    /// `medchain verify-certificate` verifies it without a node.
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Replace the certificate's file if it exists.
    #[arg(long, requires = "certificate")]
    pub force: bool,
    /// Do not ask the stores to delete the encrypted file.
    #[arg(long)]
    pub keep_stored: bool,
    /// Ask the stores even though a record of another patient has the same content.
    ///
    /// Encrypted files of two patients are never the same: one of you has copied the CID, on
    /// purpose or by mistake. Make sure that it was not you. Not needed where the file opens with
    /// your key before the record is erased.
    #[arg(long, conflicts_with = "keep_stored")]
    pub even_if_shared: bool,
    /// The CID of its content, where it was erased before and nothing here knows that any more.
    ///
    /// The chain keeps only its hash, with which it is compared. Your log has it: see `medchain
    /// audit`.
    #[arg(long)]
    pub cid: Option<Cid>,
}

/// An erased record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EraseReport {
    /// The record.
    pub record_id: RecordId,
    /// Its patient.
    pub patient: AccountId32,
    /// The CID of its content; none where it was erased before, and nothing here knows it.
    pub cid: Option<String>,
    /// Its versions that are not erased: each is a record of its own.
    pub other_versions: Vec<RecordId>,
    /// The accounts whose envelopes were destroyed; empty if it was erased before.
    pub readers: Vec<AccountId32>,
    /// What became of its content.
    #[serde(flatten)]
    pub deletion: Deletion,
    /// The certificate's file.
    pub certificate: Option<String>,
    /// The transaction, unless the record was erased before.
    #[serde(flatten)]
    pub included: Option<Included>,
}

impl fmt::Display for EraseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.included {
            Some(included) => write!(
                f,
                "record {} is erased: the keys of {} readers are destroyed ({included})",
                self.record_id,
                self.readers.len()
            )?,
            None => write!(f, "record {} was erased before", self.record_id)?,
        }
        if !self.other_versions.is_empty() {
            write!(f, "\nother versions are not erased: {}", joined(&self.other_versions))?;
        }
        for line in self.deletion.lines("the encrypted file") {
            write!(f, "\n{line}")?;
        }
        if let Some(file) = &self.certificate {
            write!(
                f,
                "\ncertificate in {file}; anybody can verify it with medchain verify-certificate"
            )?;
        }
        Ok(())
    }
}

/// Runs `medchain erase`.
pub async fn run(context: &Context, args: &EraseArgs) -> Result<Outcome> {
    output::print(&erase(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Erases a record.
///
/// If it was erased before, asks the stores again and makes another certificate, without
/// a transaction: so the same command finishes what failed halfway.
pub async fn erase(context: &Context, args: &EraseArgs) -> Result<EraseReport> {
    if let Some(path) = &args.certificate {
        if context.lasting() == Finality::Best {
            bail!("a certificate needs a final block; leave out --in-block or --certificate");
        }
        files::ensure_can_write(path, args.force)?;
    }
    if !args.keep_stored {
        // A store that is named wrongly is an error before anything is erased.
        context.store()?;
    }
    let chain = context.chain().await?;
    let view = context.view().await?;
    let record = records::find(&view, args.record).await?;
    if let Some(cid) = args.cid.as_ref().filter(|cid| !record.content.is_of(cid)) {
        bail!("{cid} is not the CID of record {}: it does not have the hash on chain", record.id);
    }
    // The erasure destroys the envelopes. Where no key opens, nothing shows whose the file is.
    let keys = match args.keep_stored {
        true => Vec::new(),
        false => records::keys(context, &view, &record).await.unwrap_or_default(),
    };
    let erased = if record.status != RecordStatus::Erased {
        Some(sign(context, &view, &record).await?)
    } else if args.keep_stored && args.certificate.is_none() {
        bail!("record {} was erased before, so there is nothing to do", record.id);
    } else {
        None
    };
    let cid = match &args.cid {
        Some(cid) => Some(cid.clone()),
        None => records::erased_cid(context, &record).await?,
    };
    // The record is erased now; if the rest fails, the same command finishes it.
    let finish = async {
        let view = context.view().await?;
        let all = view.records_of(&record.patient).await?;
        let deletion = match args.keep_stored {
            true => Deletion::not_asked("you asked to keep it (--keep-stored)"),
            false => {
                let even_if_shared = args.even_if_shared;
                let of = (&record, cid.as_ref());
                records::delete_content(context, &view, of, &keys, even_if_shared).await?
            }
        };
        if let Some(path) = &args.certificate {
            let cid = cid.clone().with_context(|| {
                format!("no certificate can be made: {}", records::nowhere(&record))
            })?;
            let certificate = certify(chain, (&record, cid), erased.as_ref(), &deletion).await?;
            files::write_atomically(path, certificate.to_json()?.as_bytes(), args.force, false)?;
        }
        anyhow::Ok((deletion, other_versions(&all, record.id)))
    };
    let (deletion, other_versions) = finish.await.with_context(|| {
        format!(
            "record {} is erased, but the rest failed; run the same command again to finish",
            record.id
        )
    })?;
    exit::begun(None);
    let readers = erased.as_ref().map(|erased| erased.readers.clone()).unwrap_or_default();
    Ok(EraseReport {
        record_id: record.id,
        patient: record.patient,
        cid: cid.map(|cid| cid.to_string()),
        other_versions,
        readers,
        deletion,
        certificate: args.certificate.as_ref().map(|path| path.display().to_string()),
        included: erased.map(|erased| erased.included),
    })
}

/// A transaction that erased a record.
struct Erased {
    readers: Vec<AccountId32>,
    block: H256,
    extrinsic: H256,
    included: Included,
}

async fn sign(context: &Context, view: &View, record: &Record) -> Result<Erased> {
    let (id, patient, account) = (record.id, &record.patient, context.account()?);
    if account != *patient {
        bail!("only its patient {patient} may erase record {id}, and you sign as {account}");
    }
    let readers = view.envelopes(id).await?.into_iter().map(|(reader, _)| reader).collect();
    let call = Call::EraseRecord { record: id };
    let purpose = &format!("erase record {id}");
    if let Some(previous) = record.previous.filter(|_| record.status == RecordStatus::Active) {
        let is_live = |version: Record| version.status != RecordStatus::Erased;
        if view.record(previous).await?.is_some_and(is_live) {
            crate::output::tell!(
                "warning: record {previous}, which this version replaced, can never be the newest \
                 again once it is erased; run `medchain restore {previous}` before, if it should be"
            );
        }
    }
    context.ensure_can_ask()?;
    context.confirm(&call, &format!("erase record {id}, which nobody can undo")).await?;
    // The chain forgets it with the erasure.
    context.journal().await?.erase(id, &records::document(record)?.cid)?;
    // The stores delete the content next.
    let outcome = context.send_until(&call, purpose, context.lasting()).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::RecordErased { .. }))?;
    exit::begun(Some(format!(
        "record {id} is erased, and its file may still be in a store; run `medchain erase \
         {id}` again"
    )));
    Ok(Erased {
        readers,
        block: outcome.block_hash,
        extrinsic: outcome.extrinsic_hash,
        included: (&outcome).into(),
    })
}

/// A record's other versions that are not erased, among `all` its patient's records.
fn other_versions(all: &[Record], id: RecordId) -> Vec<RecordId> {
    let mut versions = BTreeSet::from([id]);
    let mut before = 0;
    // One step in each direction at a time, until nothing new is found.
    while before < versions.len() {
        before = versions.len();
        for record in all {
            if let Some(previous) = record.previous
                && (versions.contains(&record.id) || versions.contains(&previous))
            {
                versions.extend([record.id, previous]);
            }
        }
    }
    let left = all.iter().filter(|record| {
        record.id != id && record.status != RecordStatus::Erased && versions.contains(&record.id)
    });
    left.map(|record| record.id).collect()
}

/// Makes the certificate of the node's proof.
async fn certify(
    chain: &Chain,
    (record, cid): (&Record, Cid),
    erased: Option<&Erased>,
    deletion: &Deletion,
) -> Result<Certificate> {
    let block = match erased {
        Some(erased) => erased.block,
        None => still_erased(chain, record.id).await?,
    };
    let readers = erased.map(|erased| erased.readers.clone()).unwrap_or_default();
    let proof = chain.read_proof(block, &proven_keys(record.id, &readers)).await?;
    let erasure = erased.map(|erased| ErasurePart { extrinsic_hash: erased.extrinsic, readers });
    let Deletion { stores, stores_not_asked } = deletion.clone();
    Certificate::new((record.id, cid), proof, erasure, stores, stores_not_asked)
}

/// The newest final block, in which a record that was erased before must be erased.
async fn still_erased(chain: &Chain, id: RecordId) -> Result<H256> {
    let view = chain.finalised().await?;
    match view.record(id).await? {
        Some(record) if record.status == RecordStatus::Erased => Ok(view.hash()),
        _ => bail!("the block that erased record {id} is not final yet; try again in a minute"),
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::store::cid_of;
    use medchain_primitives::{ContentDigest, RecordContent, RecordKind};

    use super::*;

    fn version(id: u64, previous: Option<u64>, status: RecordStatus) -> Record {
        Record {
            id: RecordId(id),
            patient: AccountId32([1; 32]),
            author: AccountId32([2; 32]),
            content: RecordContent::kept(cid_of(&id.to_le_bytes()), ContentDigest([3; 32])),
            kind: RecordKind::ChestXray,
            previous: previous.map(RecordId),
            added_at: 1,
            status,
            deposit: 0,
        }
    }

    #[test]
    fn remaining_versions_are_found_in_both_directions() {
        use RecordStatus::{Active, Erased, Superseded};
        let by = |id| Superseded { by: RecordId(id) };
        let all = [
            version(0, None, by(3)),
            version(1, None, Active),
            version(3, Some(0), Erased),
            version(5, Some(3), by(8)),
            version(8, Some(5), Active),
        ];
        for (id, left) in [(5, vec![0, 8]), (3, vec![0, 5, 8]), (1, vec![]), (8, vec![0, 5])] {
            let left: Vec<RecordId> = left.into_iter().map(RecordId).collect();
            assert_eq!(other_versions(&all, RecordId(id)), left, "{id}");
        }
    }
}
