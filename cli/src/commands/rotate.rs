//! `medchain rotate`: the same content under a new key and a new CID.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent, Record, RecordStatus, View},
    crypto::{self, ContentKey},
    AccountId32,
};
use medchain_primitives::{Action, RecordId};
use serde::Serialize;

use crate::{
    arguments,
    consent::Question,
    context::Context,
    output::{self, Outcome},
    records::{self, Content, EnvelopesOf, Reader},
    signing::{event, Included},
};

/// Arguments of `medchain rotate`.
#[derive(Args, Clone, Debug)]
pub struct RotateArgs {
    /// The number of the record's newest version.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
    /// Do not give the new version to this reader of the old one; repeat for more.
    #[arg(long = "without", value_name = "ACCOUNT")]
    pub without: Vec<String>,
    /// Give the new version to this reader whatever the policy says; repeat for more.
    ///
    /// By default, the readers of the old version whom the policy allows to view or infer
    /// get the new one. Workers that may only infer get it once the chain draws them.
    #[arg(long = "with", value_name = "ACCOUNT")]
    pub with: Vec<String>,
    /// Also erase the old version, in the same transaction.
    #[arg(long)]
    pub erase_old: bool,
}

/// A new version under a new key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RotateReport {
    /// The new version.
    pub record_id: RecordId,
    /// The old version.
    pub previous: RecordId,
    /// The CID of the new encrypted content.
    pub cid: String,
    /// The accounts that can open it.
    pub readers: Vec<AccountId32>,
    /// The readers of the old version that did not get the new one.
    pub left_out: Vec<AccountId32>,
    /// How many custodians keep its key.
    pub custodians: usize,
    /// Whether the old version is erased.
    pub old_erased: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for RotateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
            writeln!(
                f,
                "not      to {reader}, which is a worker or may not view it; --with seals to it"
            )?;
        }
        if self.custodians > 0 {
            writeln!(f, "kept     by {} custodians", self.custodians)?;
        }
        let old = if self.old_erased {
            "is erased"
        } else {
            "stays readable to its readers; erase it with --erase-old"
        };
        writeln!(f, "record {} {old}", self.previous)?;
        write!(
            f,
            "What this cannot do: accounts that opened the old version may have kept its \
             key or its content, and other stores may have its ciphertext."
        )
    }
}

/// Runs `medchain rotate`.
pub async fn run(context: &Context, args: &RotateArgs) -> Result<Outcome> {
    output::print(&rotate(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Encrypts a record under a new key for those who may still read it.
pub async fn rotate(context: &Context, args: &RotateArgs) -> Result<RotateReport> {
    context.ensure_can_ask()?;
    let view = context.view().await?;
    let record = records::find(&view, args.record).await?;
    match record.status {
        RecordStatus::Active => {}
        RecordStatus::Superseded { by } => {
            bail!("record {} was superseded by record {by}; rotate that one", record.id)
        }
        RecordStatus::Erased => {
            bail!("record {} was erased: nobody can open it any longer", record.id)
        }
    }
    if args.erase_old && context.account()? != record.patient {
        bail!("only the patient may erase a record; leave out --erase-old");
    }
    let (readers, left_out) = readers(context, &view, &record, args).await?;
    let opened = records::open(context, &view, &record).await?;

    let key = ContentKey::generate();
    let content = Content::new(crypto::encrypt(&key, &record.patient.0, &opened.bytes)?);
    let of = EnvelopesOf::record(context, &record.patient, &content.cid).await?;
    let sealed = readers.iter().map(|reader| reader.seal(&key, &of));
    let envelopes = sealed.collect::<Result<Vec<_>>>()?;
    let entrusted = records::entrust(context, &view, &record.patient, &content.cid, &key).await?;
    // Both depend on the key, so the old version's would not fit.
    let film = records::film_of(record.id, record.kind, &opened.bytes);
    let commitments = film.map(|film| records::commitments(&key, &film)).transpose()?;
    let custodians = entrusted.as_ref().map_or(0, |entrusted| entrusted.custodians.len());
    let amend = Call::AmendRecord {
        record: record.id,
        cid: content.cid.clone(),
        digest: content.digest,
        commitments,
        envelopes,
        custody: entrusted.map(|entrusted| entrusted.entrustment),
    };
    let call = if args.erase_old {
        Call::Batch(vec![amend, Call::EraseRecord { record: record.id }])
    } else {
        amend
    };
    let purpose = "rotate the record's key";
    let question = if args.erase_old {
        "rotate the record's key and erase the old version, which nobody can undo"
    } else {
        purpose
    };
    context.confirm(&call, question).await?;
    content.put(context).await?;
    let outcome = context.send(&call, purpose).await?;
    let new = event(&outcome, purpose, |event| match event {
        ChainEvent::RecordAmended { record, .. } => Some(*record),
        _ => None,
    })?;
    Ok(RotateReport {
        record_id: new,
        previous: record.id,
        cid: content.cid.to_string(),
        readers: readers.iter().map(|reader| reader.account).collect(),
        left_out,
        custodians,
        old_erased: args.erase_old,
        included: (&outcome).into(),
    })
}

/// The readers of the new version, and the readers of the old one that are left out.
///
/// The patient, the author and the accounts that the policy allows to view or infer get
/// the new version, except those named with --without and those without a published key.
/// Workers that may only infer do not get it: whoever orders a verdict has others drawn.
async fn readers(
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
            || may_read(view, &patient, &account).await?;
        let reader = match stays {
            true => Reader::find_if_published(context, view, &account).await?,
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
async fn may_read(view: &View, patient: &AccountId32, account: &AccountId32) -> Result<bool> {
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
