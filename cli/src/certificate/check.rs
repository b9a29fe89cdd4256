//! The claims of a certificate, and whether its proof shows them.

use std::fmt;

use medchain_client::{
    chain::{
        proof::{keys, ProofError, ProvenState},
        RecordStatus,
    },
    H256,
};
use serde::Serialize;

use super::Certificate;
use crate::output::{one_line, time};

/// A claim and whether it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The claim, a sentence without a full stop.
    pub claim: String,
    /// Why it is not shown; none where it is.
    pub problem: Option<String>,
}

impl Check {
    /// A claim, which holds where there is no problem.
    pub fn new(claim: impl Into<String>, result: Result<(), String>) -> Self {
        Self { claim: claim.into(), problem: result.err() }
    }

    /// Whether the claim is shown.
    pub fn holds(&self) -> bool {
        self.problem.is_none()
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.claim)?;
        match &self.problem {
            None => Ok(()),
            Some(problem) => write!(f, ": {}", one_line(problem)),
        }
    }
}

/// Checks every claim that needs no node.
///
/// The first is about the block's header. Where it fails, the others mean nothing and
/// are left out.
pub fn checks(certificate: &Certificate) -> Vec<Check> {
    let block = &certificate.block;
    let claim = format!("the header belongs to block {}, {:?}", block.number, block.hash);
    let state = match certificate.read_proof().open() {
        Ok(state) => state,
        Err(error) => return vec![Check::new(claim, Err(error.to_string()))],
    };
    let header = same("its hash is", &whole(&state.hash()), &whole(&block.hash))
        .and_then(|()| same("its height is", &state.number(), &block.number.to_string()));
    let header = Check::new(claim, header);
    if !header.holds() {
        return vec![header];
    }
    let mut all = vec![header];
    all.extend(about_the_chain(certificate, &state));
    all.extend(about_the_record(certificate, &state));
    all
}

fn about_the_chain(certificate: &Certificate, state: &ProvenState) -> [Check; 3] {
    let chain = &certificate.chain;
    let time = state.timestamp().map(time::shown);
    [
        Check::new(
            format!("its state names {:?} as the genesis block", chain.genesis_hash),
            shown(
                "it names",
                state.genesis_hash().map(|hash| whole(&hash)),
                &whole(&chain.genesis_hash),
            ),
        ),
        Check::new(
            format!("its runtime has version {}", chain.spec_version),
            shown("the version is", state.spec_version(), &chain.spec_version.to_string()),
        ),
        Check::new(
            format!("its time is {}", one_line(&certificate.block.time)),
            shown("the time is", time, &certificate.block.time),
        ),
    ]
}

fn about_the_record(certificate: &Certificate, state: &ProvenState) -> Vec<Check> {
    let part = &certificate.record;
    let id = part.id;
    let record = state
        .record(id)
        .map_err(|error| error.to_string())
        .and_then(|found| found.ok_or_else(|| "there is no such record".to_owned()));
    let erased = record.as_ref().map_err(String::clone).and_then(|record| {
        match (record.status, record.envelopes) {
            (RecordStatus::Erased, 0) => Ok(()),
            (RecordStatus::Erased, left) => Err(format!("{left} envelopes are left")),
            _ => Err("it is not erased".to_owned()),
        }
    });
    let facts = record.and_then(|record| {
        same("the patient is", &record.patient, &part.patient.to_string())?;
        let [found, claimed] =
            [record.content.cid_hash(), part.cid.hashed()].map(|hash| whole(&H256(hash.0)));
        same("the hash of the CID is", &found, &claimed)?;
        match (&part.digest, record.content.document()) {
            (None, _) => Ok(()),
            (Some(digest), Some(document)) => {
                same("the SHA-256 is", &whole(&H256(document.digest.0)), &whole(digest))
            }
            (Some(_), None) => Err("the state has no SHA-256 of it".to_owned()),
        }
    });
    let sha256 = part.digest.as_ref().map(|digest| format!(" of SHA-256 {}", whole(digest)));
    let mut all = vec![
        Check::new(format!("record {id} is erased and has no envelopes"), erased),
        Check::new(
            format!(
                "it belonged to {}, with the content {}{}",
                part.patient,
                part.cid,
                sha256.unwrap_or_default()
            ),
            facts,
        ),
        nothing_left(certificate, state),
    ];
    if let Some(erasure) = &certificate.erasure {
        all.push(Check::new(
            format!("none of the {} accounts that could open it still can", erasure.readers.len()),
            erasure.readers.iter().try_for_each(|reader| {
                match state.value(&keys::envelope(id, reader)) {
                    Ok(None) => Ok(()),
                    Ok(Some(_)) => Err(format!("{reader} has an envelope")),
                    Err(error) => Err(error.to_string()),
                }
            }),
        ));
    }
    all
}

/// Checks that nothing of the record is left in the storage items that hold keys, and
/// in those that the certificate names.
fn nothing_left(certificate: &Certificate, state: &ProvenState) -> Check {
    let record = certificate.record.id;
    let mut entries: Vec<&str> = certificate.absent.iter().map(String::as_str).collect();
    // Those of the runtime that made the block, whatever today's has.
    let (holders, known) = match state.key_holders() {
        Ok(holders) => (holders, Ok(())),
        Err(error) => (&[][..], Err(error.to_string())),
    };
    for entry in holders {
        if !entries.contains(entry) {
            entries.push(entry);
        }
    }
    let nothing_in = |entry: &str| match state.is_empty_under(&keys::of_record(entry, record)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("{} still has an entry for it", with_pallet(entry))),
        Err(error) => Err(format!("of {}, {error}", with_pallet(entry))),
    };
    let result = known.and_then(|()| entries.iter().try_for_each(|entry| nothing_in(entry)));
    let names: Vec<String> = entries.iter().map(|entry| with_pallet(entry)).collect();
    let claim = format!("the chain keeps no key of it: no entry in {}", names.join(", "));
    Check::new(claim, result)
}

/// The name of a storage item with its pallet, which older certificates leave out.
fn with_pallet(entry: &str) -> String {
    let entry = one_line(entry);
    if entry.contains('.') {
        entry
    } else {
        format!("Emr.{entry}")
    }
}

/// A complete hash: its `Display` is shortened.
fn whole(hash: &H256) -> String {
    format!("{hash:?}")
}

fn shown<T: fmt::Display>(
    what: &str,
    found: Result<T, ProofError>,
    claimed: &str,
) -> Result<(), String> {
    found.map_err(|error| error.to_string()).and_then(|found| same(what, &found, claimed))
}

/// Compares as text, which is complete for each value here.
fn same(what: &str, found: &impl fmt::Display, claimed: &str) -> Result<(), String> {
    match found.to_string() {
        found if found == claimed => Ok(()),
        found => Err(format!("{what} {found}")),
    }
}
