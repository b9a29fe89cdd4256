//! The call that adds a record, and what its transaction did.

use anyhow::{anyhow, Context as _, Error, Result};
use medchain_client::{
    chain::{Call, ChainEvent, FilmCommitments, InferenceOrder, Transaction, TxOutcome, View},
    crypto::ContentKey,
    AccountId32,
};
use medchain_primitives::{Cid, ContentDigest, RecordId, RecordKind};

use super::PURPOSE;
use crate::{
    context::Context,
    journal::{certainty, Certainty},
    records::{self, EnvelopesOf, Reader},
};

/// A record that is to be added, without its content.
pub(super) struct NewRecord<'a> {
    /// The patient.
    pub(super) patient: &'a AccountId32,
    /// What it is.
    pub(super) kind: RecordKind,
    /// The accounts that get an envelope.
    pub(super) readers: &'a [Reader],
    /// The verdict that is ordered with it.
    pub(super) inference: Option<InferenceOrder<AccountId32>>,
}

impl NewRecord<'_> {
    /// The call that adds it with this content, whose key is sealed to its readers and shared
    /// among the patient's custodians.
    pub(super) async fn call(
        &self,
        context: &Context,
        view: &View,
        key: &ContentKey,
        (cid, digest): (&Cid, ContentDigest),
        commitments: Option<FilmCommitments>,
    ) -> Result<Call> {
        let of = EnvelopesOf::record(context, self.patient, cid).await?;
        let seal = |reader: &Reader| reader.seal(key, &of);
        let envelopes = self.readers.iter().map(seal).collect::<Result<_>>()?;
        let entrusted = records::entrust(context, view, self.patient, cid, key).await?;
        Ok(Call::AddRecord {
            patient: *self.patient,
            cid: cid.clone(),
            digest,
            kind: self.kind,
            commitments,
            envelopes,
            inference: self.inference.clone(),
            custody: entrusted.map(|entrusted| entrusted.entrustment),
        })
    }
}

/// The record that a transaction added with these contents; it may have added others as well.
pub(super) fn added(outcome: &TxOutcome, contents: &[Cid]) -> Result<RecordId> {
    let found = outcome.events.iter().find_map(|event| match event {
        ChainEvent::RecordAdded { record, cid, .. } if contents.contains(cid) => Some(*record),
        _ => None,
    });
    found.with_context(|| {
        format!(
            "could not {PURPOSE}: the transaction is in block {}, but without its event; look it \
             up there to see why",
            outcome.block_number
        )
    })
}

/// What the refusal of a transaction says about one film: where it was to add several, nothing,
/// and the film may be sent alone.
pub(super) fn of_this_film(transaction: &Transaction, error: Error) -> Error {
    let has_others = transaction.call == Call::Batch(Vec::new()).name();
    match has_others && certainty(&error) == Certainty::Refused {
        true => anyhow!("{error:#}; another film of the same transaction may be the reason"),
        false => error,
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::{
        chain::{ChainError, EmrError},
        store, H256,
    };

    use super::*;

    #[test]
    fn each_film_of_a_batch_finds_its_own_record() {
        let cids = [store::cid_of(b"one"), store::cid_of(b"two"), store::cid_of(b"three")];
        let event = |number: u64, cid: &Cid| ChainEvent::RecordAdded {
            record: RecordId(number),
            patient: AccountId32([1; 32]),
            author: AccountId32([2; 32]),
            cid: cid.clone(),
            kind: RecordKind::ChestXray,
        };
        let outcome = TxOutcome {
            block_hash: H256([0; 32]),
            block_number: 7,
            extrinsic_hash: H256([0; 32]),
            fee: 0,
            events: vec![event(10, &cids[0]), event(11, &cids[1])],
        };
        for (number, cid) in [(10, &cids[0]), (11, &cids[1])] {
            assert_eq!(added(&outcome, std::slice::from_ref(cid)).unwrap(), RecordId(number));
        }
        assert!(added(&outcome, &cids[2..]).unwrap_err().to_string().contains("block 7"));
    }

    #[test]
    fn a_refusal_of_many_gives_up_none_of_them() {
        let refusal = || Error::new(ChainError::Dispatch(EmrError::NoGrant.into()));
        let of = |call: &str| {
            let transaction = Transaction {
                call: call.to_owned(),
                account: AccountId32([1; 32]),
                nonce: 1,
                hash: H256([2; 32]),
                bytes: Vec::new(),
                spec_version: 1,
                since: 1,
                until: 2,
            };
            certainty(&of_this_film(&transaction, refusal()))
        };
        assert_eq!(of("Emr.add_record"), Certainty::Refused);
        assert_eq!(of("Utility.batch_all"), Certainty::NoEffect);
    }
}
