//! `medchain model`: the models on chain.

mod publication;
mod retire;
mod verify;

use std::{fmt, path::PathBuf};

use anyhow::{bail, Result};
use clap::{Args, Subcommand};
use medchain_client::chain::{format_balance, Arithmetic, Model, ModelStatus, Network, View};
use medchain_primitives::{ModelId, MAX_QUORUM};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    models::{self, NetworkSummary},
    output::{self, joined, percent, Outcome},
    signing::{Included, Proposal},
};

/// Subcommands of `medchain model`.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Store a model and register it on chain (council only).
    ///
    /// Stores its preprocessing and its model card as well.
    Publish(PublishArgs),
    /// List the registered models.
    List,
    /// Show a model.
    Show {
        /// The model's number.
        #[arg(value_parser = arguments::model())]
        model: ModelId,
    },
    /// Check a model's file and its network against the chain.
    ///
    /// Fetches the ONNX file by its CID, compares the SHA-256, and computes what the chain
    /// needs to settle disputes about an exact model: the shape of each layer, the root of its
    /// weights, and the softmax scale. Exit code 3 means that something differs.
    Verify(verify::VerifyArgs),
    /// Stop new requests for a model, or allow them again (council only).
    ///
    /// Its verdicts stay. Of its open requests, those to which all workers have committed are still
    /// answered; the others fail at their deadline, or can be cancelled.
    Retire(retire::RetireArgs),
}

/// Arguments of `medchain model publish`.
#[derive(Args, Clone, Debug)]
pub struct PublishArgs {
    /// The ONNX file; defaults to the model that ships with MedChain.
    ///
    /// Its .json and its MODEL_CARD.md are in the same folder.
    #[arg(value_name = "FILE.onnx")]
    pub onnx: Option<PathBuf>,
    /// The name, at most 32 bytes; defaults to the one in the .json.
    #[arg(long)]
    pub name: Option<String>,
    /// The version, at most 32 bytes; defaults to the one in the .json.
    #[arg(long = "model-version", value_name = "VERSION")]
    pub model_version: Option<String>,
    /// The fee that each worker earns for an answer, in MEDC.
    ///
    /// That of an exact model is limited, so that no worker gains by withholding its answer from
    /// the others: to a sixth of the least `Inference.RevealPenalty`, see `medchain parameters list`.
    #[arg(long, value_name = "MEDC", default_value = "0.1", value_parser = arguments::amount())]
    pub fee: u128,
    /// The fewest workers that must give the same answer; 1 if the model computes in floats.
    ///
    /// Honest answers of a model in floats may differ, so only one worker is asked.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 1,
        value_parser = clap::value_parser!(u8).range(1..=i64::from(MAX_QUORUM))
    )]
    pub min_quorum: u8,
    /// Register the same model once more, although you have registered it before.
    #[arg(long)]
    pub again: bool,
}

/// A model on chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelReport {
    /// The model's number.
    pub model_id: ModelId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it takes requests.
    pub active: bool,
    /// The CID of the ONNX file.
    pub cid: String,
    /// The SHA-256 of the ONNX file.
    pub sha256: String,
    /// The CID of the model card.
    pub card: Option<String>,
    /// The classes, in order.
    pub labels: Vec<String>,
    /// The preprocessing's id.
    pub preprocessing: String,
    /// Whether two honest workers give the same bytes: `exact` or `float`.
    pub arithmetic: Arithmetic,
    /// The number of layers of an exact model's network; none of a model of floats.
    pub layers: Option<usize>,
    /// A digest of what the chain knows of that network.
    pub network_digest: Option<String>,
    /// The fewest workers that must give the same answer.
    pub min_quorum: u8,
    /// Labels with a lower probability are shown as uncertain.
    pub confidence_threshold: f64,
    /// The fee for one worker's answer, in plancks.
    pub fee: String,
    #[serde(skip)]
    fee_shown: String,
}

impl ModelReport {
    fn new(model: &Model, network: Option<&Network>) -> Self {
        let network = network.map(NetworkSummary::from);
        Self {
            model_id: model.id,
            name: model.name.clone(),
            version: model.version.clone(),
            active: model.status == ModelStatus::Active,
            cid: model.cid.to_string(),
            sha256: hex::encode(model.sha256),
            card: model.card.as_ref().map(ToString::to_string),
            labels: model.labels.clone(),
            preprocessing: String::from_utf8_lossy(&model.preprocessing).into_owned(),
            arithmetic: model.arithmetic,
            layers: network.as_ref().map(|network| network.layers),
            network_digest: network.map(|network| network.digest),
            min_quorum: model.min_quorum,
            confidence_threshold: f64::from(model.confidence_threshold_ppm) / 1e6,
            fee: model.fee.to_string(),
            fee_shown: format_balance(model.fee),
        }
    }

    /// Reads what belongs to a model.
    async fn read(view: &View, model: &Model) -> Result<Self> {
        let network = match model.arithmetic {
            Arithmetic::Exact => view.network(model.id).await?,
            Arithmetic::Float => None,
        };
        Ok(Self::new(model, network.as_ref()))
    }

    fn network(&self) -> Option<NetworkSummary> {
        Some(NetworkSummary { layers: self.layers?, digest: self.network_digest.clone()? })
    }

    fn status(&self) -> ModelStatus {
        if self.active {
            ModelStatus::Active
        } else {
            ModelStatus::Retired
        }
    }
}

impl fmt::Display for ModelReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status();
        let card = self.card.as_deref().unwrap_or("none");
        let threshold = percent((self.confidence_threshold * 1e6).round() as u32);
        writeln!(f, "model          {} ({status})", self.model_id)?;
        writeln!(f, "name           {} {}", self.name, self.version)?;
        writeln!(f, "labels         {}", joined(&self.labels))?;
        writeln!(f, "uncertain      below {threshold}")?;
        writeln!(f, "arithmetic     {}", self.arithmetic)?;
        if let Some(network) = self.network() {
            writeln!(f, "network        {network}")?;
        }
        writeln!(f, "workers        at least {}", self.min_quorum)?;
        writeln!(f, "fee            {} for each worker", self.fee_shown)?;
        writeln!(f, "preprocessing  {}", self.preprocessing)?;
        writeln!(f, "CID            {}", self.cid)?;
        writeln!(f, "SHA-256        {}", self.sha256)?;
        writeln!(f, "card           {card}")
    }
}

/// The registered models.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// By number.
    pub models: Vec<ModelReport>,
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.models.is_empty() {
            return f.write_str("no models are registered");
        }
        for model in &self.models {
            let status = model.status();
            writeln!(
                f,
                "{:>4}  {} {}  {status}  {}  at least {}  fee {} each",
                model.model_id,
                model.name,
                model.version,
                model.arithmetic,
                output::counted(model.min_quorum, "worker"),
                model.fee_shown
            )?;
        }
        Ok(())
    }
}

/// A published model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublishReport {
    /// The model on chain.
    #[serde(flatten)]
    pub model: ModelReport,
    /// The CID of the preprocessing file, which the chain knows by its id.
    pub spec_cid: String,
    /// The transaction.
    pub included: Included,
}

impl fmt::Display for PublishReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}registered     {}", self.model, self.included)
    }
}

/// Runs `medchain model`.
pub async fn run(context: &Context, command: &ModelCommand) -> Result<Outcome> {
    match command {
        ModelCommand::Publish(args) => match publication::propose(context, args).await? {
            Published::Registered(report) => output::print(&*report, context.json)?,
            Published::Proposed(proposal) => output::print(&proposal, context.json)?,
        },
        ModelCommand::List => {
            let view = context.view().await?;
            let mut models = Vec::new();
            for model in view.models().await? {
                models.push(ModelReport::read(&view, &model).await?);
            }
            output::print(&ListReport { models }, context.json)?;
        }
        ModelCommand::Show { model } => {
            let view = context.view().await?;
            let found = models::registered(&view, *model).await?;
            output::print(&ModelReport::read(&view, &found).await?, context.json)?;
        }
        ModelCommand::Verify(args) => return verify::run(context, args).await,
        ModelCommand::Retire(args) => return retire::run(context, args).await,
    }
    Ok(Outcome::Done)
}

/// What became of a model that was to be published.
enum Published {
    /// It is registered.
    Registered(Box<PublishReport>),
    /// Its files are stored, and the council has to vote on it.
    Proposed(Proposal),
}

/// Stores the files and registers the model at once, as the sudo key of a development chain.
pub async fn publish(context: &Context, args: &PublishArgs) -> Result<PublishReport> {
    match publication::propose(context, args).await? {
        Published::Registered(report) => Ok(*report),
        Published::Proposed(proposal) => bail!("{proposal}"),
    }
}
