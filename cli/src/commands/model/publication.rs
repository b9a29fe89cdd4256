//! Storing a model's files and having governance register it.

use anyhow::{bail, Context as _, Result};
use async_trait::async_trait;
use medchain_client::{
    chain::{format_balance, Body, Call, ChainEvent, ModelStatus, Note, Transaction, TxOutcome},
    crypto::ContentKey,
    store,
};
use medchain_primitives::{Cid, ModelId, SQUARE_ID};
use sha2::{Digest, Sha256};

use super::{ModelReport, PublishArgs, PublishReport, Published};
use crate::{
    context::Context,
    files,
    journal::{self, Task},
    models::{self, ModelFiles, MAX_TEXT_BYTES},
    records,
    signing::{Mandate, Share},
};

/// What the transaction is for, in messages.
const PURPOSE: &str = "register the model";
/// How the numbers of a registered model begin, and those of a motion to register one.
const REGISTERED: u64 = 0;
const PROPOSED: u64 = 1;

/// Stores the files and has governance register the model, or goes on with that where it was
/// interrupted.
pub(super) async fn propose(context: &Context, args: &PublishArgs) -> Result<Published> {
    let files = ModelFiles::find(args.onnx.as_deref())?;
    let (call, contents, preprocessing) = describe(&files, args)?;
    context.ensure_can_ask()?;
    let Call::RegisterModel { name, version, network, .. } = &call else {
        bail!("a model is registered by another call");
    };
    if network.is_some() {
        ensure_fee(args.fee, context.view().await?.largest_fee().await?)?;
    }
    let what = format!("the publication of the model {name} {version}");
    let journal = context.journal().await?;
    let terms = format!("{name}\n{version}\n{}\n{}", args.fee, args.min_quorum);
    let cids: Vec<Cid> = contents.iter().map(|bytes| store::cid_of(bytes)).collect();
    let mut parts: Vec<&[u8]> = vec![b"model", terms.as_bytes()];
    parts.extend(cids.iter().map(|cid| cid.as_str().as_bytes()));
    let mut held = journal.hold(&journal.tag(&parts)?).await?;
    let spec_cid = cids.get(1).map(ToString::to_string).unwrap_or_default();
    let mut new = Publication { context, call, contents, preprocessing, mandate: None };
    let command = command(&files, args);
    let identity = context.identity()?;
    let task = Task { identity, what, command, path: None, again: args.again };
    let landed = journal::publish(&mut new, &mut held, &task).await;
    let landed = landed.map_err(|error| held.unfinished(error))?;
    match landed.numbers[..] {
        [PROPOSED, motion] => {
            let motion = u32::try_from(motion).context("a motion has no such number")?;
            let proposal = context.support(Body::Council, motion, &landed.outcome).await?;
            Ok(Published::Proposed(proposal))
        }
        [REGISTERED, id] => {
            let id = ModelId(u32::try_from(id).context("a model has no such number")?);
            let view = context.view().await?;
            let model = view.model(id).await?;
            let model = model.with_context(|| format!("model {id} is not registered any more"))?;
            Ok(Published::Registered(Box::new(PublishReport {
                model: ModelReport::read(&view, &model).await?,
                spec_cid,
                included: (&landed.outcome).into(),
            })))
        }
        _ => bail!("the journal does not say which model was registered"),
    }
}

/// The call that registers a model, its files' contents, and its preprocessing.
fn describe(files: &ModelFiles, args: &PublishArgs) -> Result<(Call, Vec<Vec<u8>>, String)> {
    let (onnx, spec_json) = files.read()?;
    // Workers can load it only if this program can.
    let model = medchain_vision::Model::load(&onnx, &spec_json)
        .with_context(|| format!("cannot load the model {}", files.onnx.display()))?;
    let spec = model.spec();
    // Disputes about an exact model need it, and compare with it.
    let network = models::describe(&onnx, &spec_json)
        .with_context(|| format!("{} cannot be registered", files.onnx.display()))?;
    if network.is_none() && args.min_quorum > 1 {
        bail!(
            "{} computes in floats, so that honest answers may differ: only one worker can be \
             asked; leave out --min-quorum",
            files.onnx.display()
        );
    }
    if network.is_some() && spec.id != SQUARE_ID {
        bail!(
            "{} has the preprocessing {}, and disputes about an exact model are about the greys \
             that {SQUARE_ID} gives: workers would lose them although they are right",
            files.onnx.display(),
            spec.id
        );
    }
    let card = match files.card.exists() {
        true => Some(files::read(&files.card, "the model card", MAX_TEXT_BYTES)?),
        false => None,
    };
    let sha256: [u8; 32] = Sha256::digest(&onnx).into();
    let call = Call::RegisterModel {
        name: args.name.clone().unwrap_or_else(|| spec.model.clone()),
        version: args.model_version.clone().unwrap_or_else(|| spec.version.clone()),
        cid: store::cid_of(&onnx),
        sha256,
        card: card.as_ref().map(|card| store::cid_of(card)),
        labels: spec.labels.clone(),
        preprocessing: spec.id.clone(),
        network,
        min_quorum: args.min_quorum,
        confidence_threshold_ppm: spec.confidence_threshold_parts(),
        fee: args.fee,
    };
    let preprocessing = spec.id.clone();
    Ok((call, [onnx, spec_json].into_iter().chain(card).collect(), preprocessing))
}

/// Refuses a fee that the chain would refuse, before anything is stored.
fn ensure_fee(fee: u128, largest: u128) -> Result<()> {
    if fee > largest {
        bail!(
            "a fee of {} is too high: a worker that withholds its answer could gain more than the \
             penalty takes from it; give --fee {} or less",
            format_balance(fee),
            amount_of(largest)
        );
    }
    Ok(())
}

/// An amount as arguments have it, without the name of its unit.
fn amount_of(amount: u128) -> String {
    format_balance(amount).split_whitespace().next().unwrap_or_default().to_owned()
}

/// The arguments that go on with a publication, from any folder.
fn command(files: &ModelFiles, args: &PublishArgs) -> Vec<String> {
    let onnx = std::path::absolute(&files.onnx).unwrap_or_else(|_| files.onnx.clone());
    let mut command: Vec<String> =
        ["model", "publish", &onnx.display().to_string()].map(str::to_owned).to_vec();
    let mut add = |flag: &str, value: String| command.extend([flag.to_owned(), value]);
    add("--fee", amount_of(args.fee));
    add("--min-quorum", args.min_quorum.to_string());
    if let Some(name) = &args.name {
        add("--name", name.clone());
    }
    if let Some(version) = &args.model_version {
        add("--model-version", version.clone());
    }
    command
}

/// A publication on its way.
struct Publication<'a> {
    context: &'a Context,
    call: Call,
    contents: Vec<Vec<u8>>,
    preprocessing: String,
    mandate: Option<Mandate>,
}

#[async_trait]
impl journal::Stores for Publication<'_> {
    async fn let_go(&mut self, cid: &Cid) -> Result<()> {
        // Files of a model are public, and another one may have the same: its preprocessing, of
        // which the chain knows no CID, or all of them.
        let models = self.context.view().await?.models().await?;
        let same = |id: &[u8]| id == self.preprocessing.as_bytes();
        match models.iter().any(|model| same(&model.preprocessing)) {
            true => Ok(()),
            false => records::let_go(self.context, cid).await,
        }
    }
}

#[async_trait]
impl journal::World for Publication<'_> {
    fn create(&mut self) -> Result<(Option<ContentKey>, Vec<Vec<u8>>)> {
        Ok((None, std::mem::take(&mut self.contents)))
    }

    async fn prepare(&mut self, _: Option<&ContentKey>, _: &[Vec<u8>]) -> Result<()> {
        let call = self.call.clone();
        let mandate = self.context.mandate(call, Share::Majority, PURPOSE).await?;
        self.context.confirm(&mandate.call, PURPOSE).await?;
        self.mandate = Some(mandate);
        Ok(())
    }

    async fn put(&mut self, bytes: &[u8]) -> Result<()> {
        records::put(self.context, bytes).await.map(|_| ())
    }

    async fn submit(&mut self, note: Note<'_>) -> Result<TxOutcome> {
        let mandate = self.mandate.as_ref().context("nothing was prepared")?;
        // The vote shows that a motion is final.
        let finality = match mandate.is_motion() {
            true => medchain_client::chain::Finality::Best,
            false => self.context.lasting(),
        };
        self.context.send_noted(&mandate.call, PURPOSE, finality, note).await
    }

    async fn settle(&mut self, transaction: &Transaction) -> Result<TxOutcome> {
        self.context.settle(transaction, PURPOSE).await
    }

    fn numbers(&self, outcome: &TxOutcome, _: &[Cid]) -> Result<Vec<u64>> {
        crate::signing::event(outcome, PURPOSE, |event| match event {
            ChainEvent::ModelRegistered { model, .. } => Some(vec![REGISTERED, model.0.into()]),
            ChainEvent::MotionProposed { index, .. } => Some(vec![PROPOSED, (*index).into()]),
            _ => None,
        })
    }

    async fn height(&mut self) -> Result<u32> {
        records::final_height(self.context).await
    }

    async fn stands(&mut self, numbers: &[u64], contents: &[Cid]) -> Result<bool> {
        let view = self.context.view().await?;
        Ok(match *numbers {
            [PROPOSED, motion] => {
                view.motions(Body::Council).await?.iter().any(|one| u64::from(one.index) == motion)
            }
            [REGISTERED, id] => view.models().await?.iter().any(|model| {
                u64::from(model.id.0) == id
                    && Some(&model.cid) == contents.first()
                    && model.status == ModelStatus::Active
            }),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest penalty, of 5 MEDC, among six others.
    const LARGEST: u128 = 833_333_333_333;

    #[test]
    fn a_fee_that_the_chain_refuses_is_refused_before() {
        assert!(ensure_fee(0, LARGEST).is_ok());
        assert!(ensure_fee(LARGEST, LARGEST).is_ok());
        let refused = ensure_fee(LARGEST + 1, LARGEST).unwrap_err().to_string();
        assert!(refused.ends_with("give --fee 0.833333333333 or less"), "{refused}");
    }
}
