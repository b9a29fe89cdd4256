//! What is known before the first film is read: who may, who reads, what it costs, and how many
//! records one transaction takes.

use std::collections::{btree_map::Entry, BTreeMap, BTreeSet};

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
    /// What one record holds, at most.
    held: u128,
}

/// What is known in advance.
pub(super) struct Plan {
    /// The terms of each patient and model, or why the chain would refuse.
    terms: BTreeMap<(AccountId32, Option<ModelId>), Result<Terms, String>>,
    /// How many records one transaction takes.
    pub(super) at_once: usize,
    /// How many a block has room for.
    pub(super) a_block: u64,
    /// The fee of one record, at most.
    fee: u128,
}

impl Plan {
    /// Asks the chain what it will ask, for each patient once.
    pub(super) async fn of(context: &Context, args: &UploadArgs, rows: &[Row]) -> Result<Self> {
        let step = context.progress.bar("Asking about the patients", rows.len() as u64, false);
        let view = context.view().await?;
        let mut terms = BTreeMap::new();
        // The call of a record with as much as any of the list has.
        let mut largest: Option<(bool, usize, Call)> = None;
        for (done, row) in rows.iter().enumerate() {
            let of = (row.patient, row.model);
            if let Entry::Vacant(place) = terms.entry(of) {
                let found = Terms::find(context, &view, args, row).await;
                let found = found.map(|(terms, call)| {
                    let (orders, readers) = (terms.order.is_some(), terms.readers.len());
                    let is_larger = largest
                        .as_ref()
                        .is_none_or(|(other, number, _)| (orders, readers) > (*other, *number));
                    if is_larger {
                        largest = Some((orders, readers, call));
                    }
                    terms
                });
                place.insert(found.map_err(|error| causes(&error)));
            }
            step.at(done as u64 + 1);
        }
        drop(step);
        let mut plan = Self { terms, at_once: 1, a_block: 1, fee: 0 };
        // Where the chain would refuse all of them, some may have been added before.
        let Some((_, _, call)) = largest else { return Ok(plan) };
        let identity = context.identity()?;
        let chain = context.chain().await?;
        let fee = chain.estimate_fee(identity, &call).await;
        plan.fee = fee.context("cannot estimate the fee")?;
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

    /// Shows what all of it costs at most, and returns once it is confirmed. Files in the lines
    /// `added` were added before, as far as their names tell: their account need not have the
    /// funds a second time.
    ///
    /// An account that cannot pay the first transaction is refused here.
    pub(super) async fn confirm(
        &self,
        context: &Context,
        rows: &[Row],
        added: &BTreeSet<u64>,
    ) -> Result<()> {
        let of = |row: &Row| self.terms(row).ok().map(|terms| (self.fee, terms.held));
        let all: Vec<Cost> = rows.iter().filter_map(of).collect();
        if all.is_empty() {
            return Ok(());
        }
        let (fee, held) = sum(&all);
        context.tell(&format!(
            "{} in transactions of up to {}: fees at most {}, deposits at most {}; what was added \
             before ({} of them, by their names) costs nothing",
            counted(all.len() as u64, "record"),
            self.at_once,
            format_balance(fee),
            format_balance(held),
            added.len(),
        ));
        let open = |row: &Row| (!added.contains(&row.line)).then(|| of(row)).flatten();
        let costs: Vec<Option<Cost>> = rows.iter().map(open).collect();
        let (first, rest) = needed(&costs, self.at_once);
        context.ensure_funds(first).await?;
        let spendable = context.spendable().await?;
        if spendable < rest.0.saturating_add(rest.1) {
            context.tell(&format!(
                "the account can spend {}, which may not be enough for all of them: send it some \
                 with `medchain transfer`, and the same command goes on",
                format_balance(spendable)
            ));
        }
        context.ask("Emr.add_record", "register the records", (fee, held))
    }
}

impl Terms {
    /// The terms of a file, and the call of such a record.
    async fn find(
        context: &Context,
        view: &View,
        args: &UploadArgs,
        row: &Row,
    ) -> Result<(Self, Call)> {
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
        let order = order.as_ref().map(Order::on_chain);
        let call = sample(context, view, row, (readers.as_slice(), order.clone())).await?;
        let held = view.held_by(&context.account()?, &call).await;
        let held = held.context("cannot compute the deposits")?;
        Ok((Self { readers, order, held }, call))
    }
}

/// The call of a record that costs as much as any with these terms.
async fn sample(
    context: &Context,
    view: &View,
    row: &Row,
    (readers, inference): (&[Reader], Option<InferenceOrder<AccountId32>>),
) -> Result<Call> {
    let key = ContentKey::generate();
    let content = crypto::encrypt(&key, &row.patient.0, b"as large as any other")?;
    // Another file of the same terms may be one, and no other kind costs more.
    let kind = RecordKind::ChestXray;
    let new = NewRecord { patient: &row.patient, kind, readers, inference };
    let square = [[0u8; SQUARE_SIDE]; SQUARE_SIDE];
    let commitments = key.commitments(square.as_flattened());
    let of = (&store::cid_of(&content), crypto::digest(&content));
    new.call(context, view, &key, of, commitments).await
}

/// A fee, and what is held.
type Cost = (u128, u128);

/// What all of these cost.
fn sum(costs: &[Cost]) -> Cost {
    costs.iter().fold((0, 0), |(fee, held): Cost, (more, further)| {
        (fee.saturating_add(*more), held.saturating_add(*further))
    })
}

/// What the first transaction costs, of at most so many records, and what all of them do. Files
/// without a cost are not sent.
fn needed(costs: &[Option<Cost>], at_once: usize) -> (Cost, Cost) {
    let sent = |chunk: &[Option<Cost>]| -> Vec<Cost> { chunk.iter().flatten().copied().collect() };
    let first = costs.chunks(at_once.max(1)).map(sent).find(|chunk| !chunk.is_empty());
    (sum(&first.unwrap_or_default()), sum(&sent(costs)))
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
    fn only_the_first_transaction_must_be_affordable() {
        let dear = Some((1, 10));
        assert_eq!(needed(&[None, None], 2), ((0, 0), (0, 0)));
        // What was added before, or would be refused, costs nothing.
        assert_eq!(needed(&[None, None, dear, None, dear], 2), ((1, 10), (2, 20)));
        assert_eq!(needed(&[Some((1, 5)), dear, dear], 2), ((2, 15), (3, 25)));
        assert_eq!(sum(&[(1, u128::MAX), (1, 1)]), (2, u128::MAX));
    }

    #[test]
    fn a_transaction_is_never_empty_and_never_full() {
        assert_eq!([0, 1, 2, 8, 90, 1_000].map(batch_of), [1, 1, 1, 6, 66, 100]);
    }
}
