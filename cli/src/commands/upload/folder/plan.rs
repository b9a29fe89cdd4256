//! What is known before the first film is read: who may, who reads, what it costs, and how many
//! records one transaction takes.

use std::collections::{btree_map::Entry, BTreeMap};

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{format_balance, Call, InferenceOrder, View},
    crypto::{self, ContentKey},
    store, AccountId32,
};
use medchain_primitives::{ModelId, RecordKind};
use medchain_vision::SQUARE_SIDE;

use super::{
    super::{
        allowed::{ensure_allowed, readers},
        call::NewRecord,
        UploadArgs,
    },
    manifest::Row,
};
use crate::{
    context::Context,
    inference::{Asking, Order},
    output::{causes, counted},
    records::Reader,
};

/// The most records that go into one transaction: a refusal of one sends the others again.
const MOST: u64 = 100;

/// What holds for the films of a patient that have the same order.
pub(super) struct Terms {
    /// The accounts that get an envelope.
    pub(super) readers: Vec<Reader>,
    /// What is ordered.
    pub(super) order: Option<InferenceOrder<AccountId32>>,
}

/// What is known in advance.
pub(super) struct Plan {
    /// The terms of each patient and model, or why the chain would refuse.
    terms: BTreeMap<(AccountId32, Option<ModelId>), Result<Terms, String>>,
    /// How many records one transaction takes.
    pub(super) at_once: usize,
    /// How many a block has room for.
    pub(super) a_block: u64,
    /// The fee and the deposits of one record, at most.
    cost: (u128, u128),
}

impl Plan {
    /// Asks the chain what it will ask, for each patient once.
    pub(super) async fn of(context: &Context, args: &UploadArgs, rows: &[Row]) -> Result<Self> {
        let step = context.progress.bar("Asking about the patients", rows.len() as u64, false);
        let view = context.view().await?;
        let mut terms = BTreeMap::new();
        for (done, row) in rows.iter().enumerate() {
            let of = (row.patient, row.model);
            if let Entry::Vacant(place) = terms.entry(of) {
                let found = Terms::find(context, &view, args, row).await;
                place.insert(found.map_err(|error| causes(&error)));
            }
            step.at(done as u64 + 1);
        }
        drop(step);
        let mut plan = Self { terms, at_once: 1, a_block: 1, cost: (0, 0) };
        // Where the chain would refuse all of them, some may have been added before.
        let Some(call) = plan.largest(context, &view, rows).await? else { return Ok(plan) };
        let identity = context.identity()?;
        let chain = context.chain().await?;
        let fee = chain.estimate_fee(identity, &call).await.context("cannot estimate the fee")?;
        let held = view.held_by(&identity.account(), &call).await;
        plan.cost = (fee, held.context("cannot compute the deposits")?);
        let weight = chain.estimate_weight(identity, &call).await;
        let weight = weight.context("cannot compute the weight of a record")?;
        plan.a_block = view.room_in_a_block()?.holds(weight);
        let fit = view.largest_transaction()?.holds(weight);
        plan.at_once = usize::try_from(batch_of(fit)).unwrap_or(1);
        Ok(plan)
    }

    /// The terms of a file.
    pub(super) fn terms(&self, row: &Row) -> Result<&Terms> {
        match self.terms.get(&(row.patient, row.model)) {
            Some(Ok(terms)) => Ok(terms),
            Some(Err(error)) => bail!("{error}"),
            None => bail!("nobody asked about {}", row.patient),
        }
    }

    /// The call of a record with as much as any of the list has.
    async fn largest(&self, context: &Context, view: &View, rows: &[Row]) -> Result<Option<Call>> {
        let size = |row: &&Row| match self.terms(row) {
            Ok(terms) => Some((terms.order.is_some(), terms.readers.len())),
            Err(_) => None,
        };
        let largest = rows.iter().filter(|row| size(row).is_some()).max_by_key(size);
        let Some(row) = largest else { return Ok(None) };
        let (terms, key) = (self.terms(row)?, ContentKey::generate());
        let content = crypto::encrypt(&key, &row.patient.0, b"as large as any other")?;
        let new = NewRecord {
            patient: &row.patient,
            kind: row.kind,
            readers: &terms.readers,
            inference: terms.order.clone(),
        };
        let square = [[0u8; SQUARE_SIDE]; SQUARE_SIDE];
        let commitments = match row.kind {
            RecordKind::ChestXray => key.commitments(square.as_flattened()),
            _ => None,
        };
        let of = (&store::cid_of(&content), crypto::digest(&content));
        new.call(context, view, &key, of, commitments).await.map(Some)
    }

    /// Shows what all of it costs at most, and returns once it is confirmed.
    pub(super) async fn confirm(&self, context: &Context, rows: &[Row]) -> Result<()> {
        let number = rows.iter().filter(|row| self.terms(row).is_ok()).count();
        if number == 0 {
            return Ok(());
        }
        let times = |amount: u128| amount.saturating_mul(number as u128);
        let (fee, held) = (times(self.cost.0), times(self.cost.1));
        context.tell(&format!(
            "{} in transactions of up to {}: fees at most {}, deposits at most {}; what was added \
             before costs nothing",
            counted(number as u64, "record"),
            self.at_once,
            format_balance(fee),
            format_balance(held)
        ));
        context.confirm_cost("Emr.add_record", "register the records", (fee, held)).await
    }
}

impl Terms {
    async fn find(context: &Context, view: &View, args: &UploadArgs, row: &Row) -> Result<Self> {
        ensure_allowed(context, view, &row.patient, row.model).await?;
        let order = match row.model {
            Some(model) => {
                let asking =
                    Asking { quorum: args.asking.quorum, worker: None, ..Asking::default() };
                Some(Order::new(context, view, (&row.patient, None), model, &asking).await?)
            }
            None => None,
        };
        let readers = readers(context, view, &row.patient, args, None).await?;
        Ok(Self { readers, order: order.as_ref().map(Order::on_chain) })
    }
}

/// How many records go into one transaction, of which so many fit: not all, because a patient may
/// have chosen custodians since, and the transaction itself takes some.
fn batch_of(fit: u64) -> u64 {
    (fit / 4 * 3).clamp(1, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_never_empty_and_never_full() {
        assert_eq!([0, 1, 2, 8, 90, 1_000].map(batch_of), [1, 1, 1, 6, 66, 100]);
    }
}
