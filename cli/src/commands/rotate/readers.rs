//! Who gets the new version of a record.

use anyhow::{bail, Result};
use medchain_client::{
    chain::{Record, View},
    AccountId32,
};
use medchain_primitives::Action;

use super::RotateArgs;
use crate::{consent::Question, context::Context, records::Reader, trust};

/// The readers of the new version, and the readers of the old one that are left out.
///
/// The patient, the author and the accounts that the policy allows to view or infer get
/// the new version, except those named with --without and those without a published key.
/// Workers that may only infer do not get it: whoever orders a verdict has others drawn.
pub(super) async fn readers(
    context: &Context,
    view: &View,
    record: &Record,
    args: &RotateArgs,
) -> Result<(Vec<Reader>, Vec<AccountId32>)> {
    let parse = |all: &[String]| -> Result<Vec<AccountId32>> {
        all.iter().map(|text| context.parse_account(text)).collect()
    };
    let (without, with) = (parse(&args.without)?, parse(&args.with)?);
    let patient = record.patient;
    trust::ensure_record(context, record).await?;
    let proven = trust::witnessed(context).await?;
    let both = trust::Both::of(context, view).await?;
    if without.contains(&patient) {
        bail!("the patient always gets the new version; remove the patient from --without");
    }
    let (mut readers, mut left_out) =
        (vec![Reader::find(context, view, &patient).await?], Vec::new());
    for (account, _) in view.envelopes(record.id).await? {
        if account == patient || without.contains(&account) {
            continue;
        }
        let stays = account == record.author
            || with.contains(&account)
            || may_read(&both, &patient, &account).await?;
        let reader = match stays {
            true => {
                trust::ensure_reader(proven.as_ref(), record.id, &account).await?;
                Reader::find_if_published(context, view, &account).await?
            }
            false => None,
        };
        match reader {
            Some(reader) => readers.push(reader),
            None => left_out.push(account),
        }
    }
    Ok((readers, left_out))
}

/// Whether the policy allows an account to view, for any purpose, or to infer, which
/// counts where it is no worker: then it orders verdicts.
///
/// With a second node, both must say so.
async fn may_read(
    both: &trust::Both,
    patient: &AccountId32,
    account: &AccountId32,
) -> Result<bool> {
    for view in both.each() {
        if !is_allowed(view, patient, account).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn is_allowed(view: &View, patient: &AccountId32, account: &AccountId32) -> Result<bool> {
    let is_worker = view.worker(account).await?.is_some();
    let reading = |one: &Question| match one.action {
        Action::View => true,
        Action::Infer => !is_worker,
        _ => false,
    };
    for question in Question::all().into_iter().filter(reading) {
        if question.ask(view, patient, account).await?.is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}
