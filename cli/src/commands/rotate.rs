//! `medchain rotate`: the same content under a new key and a new CID.

mod readers;

use std::fmt;

use anyhow::{bail, Context as _, Result};
use async_trait::async_trait;
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent, Note, Record, RecordStatus, Transaction, TxOutcome, View},
    crypto::{self, ContentKey},
    AccountId32,
};
use medchain_primitives::{Cid, RecordId};
use serde::Serialize;
use zeroize::Zeroizing;

use self::readers::readers;
use crate::{
    arguments,
    context::Context,
    journal::{self, Done, Task},
    output::{self, Outcome},
    records::{self, Content, Deletion, EnvelopesOf},
    signing::{event, Included},
};

/// What the transaction is for, in messages.
const PURPOSE: &str = "rotate the record's key";

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
    ///
    /// The stores are asked to delete its content then.
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
    /// What became of its content where it is.
    #[serde(flatten)]
    pub deletion: Deletion,
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
        for line in self.deletion.lines("its content") {
            writeln!(f, "{line}")?;
        }
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

/// Encrypts a record under a new key for those who may still read it, or goes on with that
/// where it was interrupted.
pub async fn rotate(context: &Context, args: &RotateArgs) -> Result<RotateReport> {
    context.ensure_can_ask()?;
    let view = context.view().await?;
    let record = records::find(&view, args.record).await?;
    let journal = context.journal().await?;
    let tag = journal.tag(&[b"rotate", &args.record.to_string().into_bytes()])?;
    let mut held = journal.hold(&tag).await?;
    let before = view.envelopes(record.id).await?.into_iter().map(|(reader, _)| reader).collect();
    let (opened, key) = (Zeroizing::default(), None);
    let mut new = Rotation { context, args, record, opened, key, call: None };
    let identity = context.identity()?;
    let goes_on = |entry: &journal::Entry| entry.is_done() || entry.transaction.is_some();
    if !held.entry.as_ref().is_some_and(goes_on) && held.kept(identity)?.is_none() {
        new.open(&view).await?;
    }
    let task = Task {
        identity,
        what: format!("the rotation of record {}", args.record),
        command: command(context, args)?,
        path: None,
        again: false,
    };
    let landed = journal::publish(&mut new, &mut held, &task).await;
    let landed = landed.map_err(|error| held.unfinished(error))?;
    report(context, &new, before, &landed).await.with_context(|| {
        format!(
            "the rotation of record {} is on chain, but the rest failed; the same command \
             finishes it",
            args.record
        )
    })
}

/// What the chain says of a new version, whichever command added it.
async fn report(
    context: &Context,
    new: &Rotation<'_>,
    before: Vec<AccountId32>,
    landed: &journal::Landed,
) -> Result<RotateReport> {
    let (view, old) = (context.view().await?, &new.record);
    let id = RecordId(landed.number()?);
    let readers: Vec<AccountId32> =
        view.envelopes(id).await?.into_iter().map(|(reader, _)| reader).collect();
    let custody = view.custody(id).await?;
    let now = records::find(&view, old.id).await?;
    let old_erased = now.status == RecordStatus::Erased;
    let deletion = match old_erased {
        true => {
            let cid = records::erased_cid(context, old).await?;
            let of = (old, cid.as_ref());
            records::delete_content(context, &view, of, new.key.as_slice(), false).await?
        }
        false => Deletion::default(),
    };
    Ok(RotateReport {
        record_id: id,
        previous: old.id,
        cid: landed.cids.first().map(ToString::to_string).unwrap_or_default(),
        left_out: before.into_iter().filter(|reader| !readers.contains(reader)).collect(),
        readers,
        custodians: custody.map_or(0, |custody| custody.accounts().len()),
        old_erased,
        deletion,
        included: (&landed.outcome).into(),
    })
}

/// The arguments that go on with a rotation.
fn command(context: &Context, args: &RotateArgs) -> Result<Vec<String>> {
    let mut command = vec!["rotate".to_owned(), args.record.to_string()];
    for (flag, accounts) in [("--without", &args.without), ("--with", &args.with)] {
        for account in accounts {
            command.extend([flag.to_owned(), context.parse_account(account)?.to_string()]);
        }
    }
    if args.erase_old {
        command.push("--erase-old".to_owned());
    }
    Ok(command)
}

/// A rotation on its way.
struct Rotation<'a> {
    context: &'a Context,
    args: &'a RotateArgs,
    /// The version that is replaced.
    record: Record,
    /// Its content, once it was opened.
    opened: Zeroizing<Vec<u8>>,
    /// The key that opened it.
    key: Option<ContentKey>,
    call: Option<Call>,
}

impl Rotation<'_> {
    /// Checks that the record can be rotated, and opens it.
    async fn open(&mut self, view: &View) -> Result<()> {
        let record = &self.record;
        match record.status {
            RecordStatus::Active => {}
            RecordStatus::Superseded { by } => {
                bail!("record {} was superseded by record {by}; rotate that one", record.id)
            }
            RecordStatus::Erased => {
                bail!("record {} was erased: nobody can open it any longer", record.id)
            }
        }
        if self.args.erase_old && self.context.account()? != record.patient {
            bail!("only the patient may erase a record; leave out --erase-old");
        }
        // Before anything is fetched: whether there is somebody to seal to.
        readers(self.context, view, record, self.args).await?;
        let opened = records::open(self.context, view, record).await?;
        (self.opened, self.key) = (opened.bytes, Some(opened.key));
        Ok(())
    }
}

#[async_trait]
impl journal::Stores for Rotation<'_> {
    async fn let_go(&mut self, cid: &Cid) -> Result<()> {
        records::let_go(self.context, cid).await
    }
}

#[async_trait]
impl journal::World for Rotation<'_> {
    fn create(&mut self) -> Result<(Option<ContentKey>, Vec<Vec<u8>>)> {
        if self.opened.is_empty() {
            bail!(
                "the journal's content is damaged; drop it with `medchain resume --drop`, and \
                 repeat the command"
            );
        }
        let key = ContentKey::generate();
        let content = crypto::encrypt(&key, &self.record.patient.0, &self.opened)?;
        Ok((Some(key), vec![content]))
    }

    async fn prepare(&mut self, key: Option<&ContentKey>, contents: &[Vec<u8>]) -> Result<()> {
        let view = self.context.view().await?;
        self.record = records::find(&view, self.args.record).await?;
        if self.opened.is_empty() {
            self.open(&view).await?;
        }
        let Self { context, args, record, opened, .. } = self;
        let (context, args) = (*context, *args);
        let key = key.context("a rotation has a key")?;
        let content = Content::new(contents.first().context("a rotation has content")?.clone());
        let (readers, _) = readers(context, &view, record, args).await?;
        let of = EnvelopesOf::record(context, &record.patient, &content.cid).await?;
        let envelopes =
            readers.iter().map(|reader| reader.seal(key, &of)).collect::<Result<_>>()?;
        let entrusted =
            records::entrust(context, &view, &record.patient, &content.cid, key).await?;
        // Both depend on the key, so the old version's would not fit.
        let film = records::film_of(record.id, record.kind, opened);
        let commitments = film.map(|film| records::commitments(key, &film)).transpose()?;
        let amend = Call::AmendRecord {
            record: record.id,
            cid: content.cid,
            digest: content.digest,
            commitments,
            envelopes,
            custody: entrusted.map(|entrusted| entrusted.entrustment),
        };
        let (call, question) = match args.erase_old {
            true => (
                Call::Batch(vec![amend, Call::EraseRecord { record: record.id }]),
                "rotate the record's key and erase the old version, which nobody can undo",
            ),
            false => (amend, PURPOSE),
        };
        context.confirm(&call, question).await?;
        if args.erase_old {
            // The chain forgets it with the erasure.
            let journal = context.journal().await?;
            journal.erase(record.id, &records::document(record)?.cid)?;
        }
        self.call = Some(call);
        Ok(())
    }

    async fn put(&mut self, bytes: &[u8]) -> Result<()> {
        records::put(self.context, bytes).await.map(|_| ())
    }

    async fn submit(&mut self, note: Note<'_>) -> Result<TxOutcome> {
        let call = self.call.as_ref().context("nothing was prepared")?;
        self.context.send_noted(call, PURPOSE, self.context.lasting(), note).await
    }

    async fn settle(&mut self, transaction: &Transaction) -> Result<TxOutcome> {
        self.context.settle(transaction, PURPOSE).await
    }

    fn numbers(&self, outcome: &TxOutcome, _: &[Cid]) -> Result<Vec<u64>> {
        let record = event(outcome, PURPOSE, |event| match event {
            ChainEvent::RecordAmended { record, .. } => Some(*record),
            _ => None,
        })?;
        Ok(vec![record.0])
    }

    async fn found(&mut self, contents: &[Cid]) -> Result<Option<Done>> {
        match contents.first() {
            Some(cid) => records::added_already(self.context, &self.record.patient, cid).await,
            None => Ok(None),
        }
    }

    async fn height(&mut self) -> Result<u32> {
        records::final_height(self.context).await
    }

    async fn stands(&mut self, numbers: &[u64], contents: &[Cid]) -> Result<bool> {
        let view = self.context.view().await?;
        // A version that was restored can be rotated again.
        let now = records::find(&view, self.args.record).await?;
        Ok(now.status != RecordStatus::Active && records::stands(&view, numbers, contents).await?)
    }
}
