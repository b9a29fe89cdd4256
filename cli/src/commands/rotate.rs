//! `medchain rotate`: the same content under a new key and a new CID, for those
//! who may still read it.

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent, Record, RecordStatus, View},
    crypto::{self, ContentKey},
    AccountId32,
};
use medchain_primitives::Action;
use serde::Serialize;

use crate::{
    commands::fetch,
    content::Content,
    context::Context,
    custody,
    envelopes::{self, Reader},
    output::{self, Outcome},
    policy_questions::Question,
    sign::{event, Included},
};

/// Arguments of `medchain rotate`.
#[derive(Args, Clone, Debug)]
pub struct RotateArgs {
    /// The number of the record: its newest version.
    pub record: u64,
    /// Readers of the old version who do not get the new one; repeat it for more.
    #[arg(long = "without", value_name = "ACCOUNT")]
    pub without: Vec<String>,
    /// Readers who get the new version although the patient's policy lets them
    /// neither view nor infer; repeat it for more.
    #[arg(long = "with", value_name = "ACCOUNT")]
    pub with: Vec<String>,
    /// Erase the old version as well, in the same transaction.
    #[arg(long)]
    pub erase_old: bool,
}

/// A new version under a new key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RotateReport {
    /// The new version.
    pub record_id: u64,
    /// The version before.
    pub previous: u64,
    /// Where the new encrypted content is.
    pub cid: String,
    /// Who can open it.
    pub readers: Vec<String>,
    /// Readers of the version before who did not get this one.
    pub left_out: Vec<String>,
    /// How many custodians keep its key.
    pub custodians: usize,
    /// Whether the version before is erased.
    pub old_erased: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for RotateReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "record {} replaces record {} under a new key ({})",
            self.record_id, self.previous, self.included
        )?;
        writeln!(f, "CID      {}", self.cid)?;
        for reader in &self.readers {
            writeln!(f, "sealed   to {reader}")?;
        }
        for reader in &self.left_out {
            writeln!(f, "not      to {reader}, whom the policy does not let in; --with seals it")?;
        }
        if self.custodians > 0 {
            writeln!(f, "kept     by {} custodians", self.custodians)?;
        }
        let old = match self.old_erased {
            true => "is erased",
            false => "stays readable to its readers; --erase-old erases it",
        };
        writeln!(f, "record {} {old}", self.previous)?;
        write!(
            f,
            "What this cannot do: whoever has opened the old version may have kept its \
             key or its bytes, and its ciphertext may lie in other stores."
        )
    }
}

/// Runs `medchain rotate`.
pub async fn run(context: &Context, args: &RotateArgs) -> Result<Outcome> {
    output::print(&rotate(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Encrypts a record anew for those who may still read it.
pub async fn rotate(context: &Context, args: &RotateArgs) -> Result<RotateReport> {
    context.ensure_can_ask()?;
    let view = context.view().await?;
    let record = envelopes::record(&view, args.record).await?;
    match record.status {
        RecordStatus::Active => {}
        RecordStatus::Superseded { by } => {
            bail!("record {} was replaced by record {by}; rotate that one", record.id)
        }
        RecordStatus::Erased => bail!("record {} was erased", record.id),
    }
    if args.erase_old && context.account()? != record.patient {
        bail!("only the patient erases a record");
    }
    let (readers, left_out) = readers(context, &view, &record, args).await?;
    let opened = fetch::open(context, &view, &record).await?;

    let key = ContentKey::generate();
    let content = Content::new(crypto::encrypt(&key, &record.patient, &opened.bytes)?);
    let envelopes = readers.iter().map(|reader| reader.seal(&key)).collect::<Result<Vec<_>>>()?;
    let split = custody::split(&view, &record.patient, &content.cid, &key).await?;
    let custodians = split.as_ref().map_or(0, |split| split.shares.len());
    let amend = Call::AmendRecord {
        record: record.id,
        cid: content.cid.clone(),
        digest: content.digest,
        envelopes,
        custody: split.as_ref().map(|split| split.shares.clone()),
    };
    let call = if args.erase_old {
        Call::Batch(vec![amend, Call::EraseRecord { record: record.id }])
    } else {
        amend
    };
    let purpose = "rotate the record's key";
    let question = match args.erase_old {
        true => "rotate the record's key, and erase the old version for ever",
        false => purpose,
    };
    context.confirm(&call, question).await?;
    content.put(context).await?;
    let outcome = context.send(&call, purpose).await?;
    let new = event(&outcome, purpose, |event| match event {
        ChainEvent::RecordAmended { record, .. } => Some(*record),
        _ => None,
    })?;
    for event in &outcome.events {
        if let (ChainEvent::RecordEntrusted { threshold, .. }, Some(split)) = (event, &split) {
            split.warn_if_not(*threshold, new);
        }
    }
    Ok(RotateReport {
        record_id: new.0,
        previous: record.id.0,
        cid: content.cid.to_string(),
        readers: readers.iter().map(|reader| reader.account.to_string()).collect(),
        left_out,
        custodians,
        old_erased: args.erase_old,
        included: (&outcome).into(),
    })
}

/// Who gets the new version, and which readers of the old one do not: the patient,
/// the author, and those whom the policy lets view or infer; without those who are
/// named and those who took their key back.
async fn readers(
    context: &Context,
    view: &View,
    record: &Record,
    args: &RotateArgs,
) -> Result<(Vec<Reader>, Vec<String>)> {
    let parse = |all: &[String]| -> Result<Vec<AccountId32>> {
        all.iter().map(|text| context.parse_account(text)).collect()
    };
    let (without, with) = (parse(&args.without)?, parse(&args.with)?);
    let patient = record.patient;
    if without.contains(&patient) {
        bail!("the patient always gets the new version");
    }
    let (mut readers, mut left_out) = (vec![Reader::find(view, &patient).await?], Vec::new());
    for (account, _) in view.envelopes(record.id).await? {
        if account == patient || without.contains(&account) {
            continue;
        }
        let stays = account == record.author
            || with.contains(&account)
            || may_read(view, &patient, &account).await?;
        match Reader::find_if_published(view, &account).await?.filter(|_| stays) {
            Some(reader) => readers.push(reader),
            None => left_out.push(account.to_string()),
        }
    }
    Ok((readers, left_out))
}

/// Whether the policy lets this account read, for whatever purpose, or predict.
async fn may_read(view: &View, patient: &AccountId32, account: &AccountId32) -> Result<bool> {
    let reading = |one: &Question| matches!(one.action, Action::View | Action::Infer);
    for question in Question::all(view).into_iter().filter(reading) {
        if question.ask(view, patient, account).await?.is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}
