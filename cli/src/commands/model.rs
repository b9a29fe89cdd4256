//! `medchain model`: the networks that the chain knows.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use medchain_client::chain::{format_balance, parse_balance, Call, ChainEvent, Model, ModelStatus};
use medchain_primitives::ModelId;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    content::Content,
    context::Context,
    files,
    model_files::{ModelFiles, MAX_TEXT_BYTES},
    output::{self, percent, Outcome},
    sign::{as_root, event, Included},
};

/// Subcommands of `medchain model`.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Store a model, its preprocessing and its card, and register it with the
    /// chain's sudo key.
    Publish(PublishArgs),
    /// List the registered models.
    List,
    /// Show one model.
    Show {
        /// Its number.
        model: u32,
    },
}

/// Arguments of `medchain model publish`.
#[derive(Args, Clone, Debug)]
pub struct PublishArgs {
    /// The ONNX file, with its .json and MODEL_CARD.md beside it; without it,
    /// the model that ships with MedChain.
    #[arg(value_name = "FILE.onnx")]
    pub onnx: Option<PathBuf>,
    /// The name that users will see, at most 32 bytes; without it, the one in
    /// the .json.
    #[arg(long)]
    pub name: Option<String>,
    /// Its version, at most 32 bytes; without it, the one in the .json.
    #[arg(long = "model-version", value_name = "VERSION")]
    pub model_version: Option<String>,
    /// What a worker earns for one prediction, in MEDC, such as 0.1.
    #[arg(long, value_name = "MEDC", default_value = "0.1", value_parser = amount)]
    pub fee: u128,
}

/// Reads an amount of MEDC, in smallest units.
pub fn amount(text: &str) -> Result<u128, String> {
    parse_balance(text).ok_or_else(|| "an amount of MEDC such as 1 or 0.25".to_string())
}

/// A model as the chain knows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelReport {
    /// Its number.
    pub model_id: u32,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it takes requests.
    pub active: bool,
    /// Where the ONNX file is.
    pub cid: String,
    /// SHA-256 of the ONNX file.
    pub sha256: String,
    /// Where the model card is.
    pub card: Option<String>,
    /// The classes, in order.
    pub labels: Vec<String>,
    /// The id of the preprocessing.
    pub preprocessing: String,
    /// Labels that are less probable are shown as uncertain.
    pub confidence_threshold: f64,
    /// What a prediction costs, in smallest units.
    pub fee: String,
    #[serde(skip)]
    fee_shown: String,
}

impl From<&Model> for ModelReport {
    fn from(model: &Model) -> Self {
        Self {
            model_id: model.id.0,
            name: model.name.clone(),
            version: model.version.clone(),
            active: model.status == ModelStatus::Active,
            cid: model.cid.to_string(),
            sha256: hex::encode(model.sha256),
            card: model.card.as_ref().map(|card| card.to_string()),
            labels: model.labels.clone(),
            preprocessing: String::from_utf8_lossy(&model.preprocessing).into_owned(),
            confidence_threshold: f64::from(model.confidence_threshold_ppm) / 1e6,
            fee: model.fee.to_string(),
            fee_shown: format_balance(model.fee),
        }
    }
}

impl std::fmt::Display for ModelReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = if self.active { "active" } else { "retired" };
        let card = self.card.as_deref().unwrap_or("none");
        let threshold = percent((self.confidence_threshold * 1e6).round() as u32);
        writeln!(f, "model          {} ({status})", self.model_id)?;
        writeln!(f, "name           {} {}", self.name, self.version)?;
        writeln!(f, "labels         {}", self.labels.join(", "))?;
        writeln!(f, "uncertain      below {threshold}")?;
        writeln!(f, "fee            {}", self.fee_shown)?;
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

impl std::fmt::Display for ListReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.models.is_empty() {
            return f.write_str("no models are registered");
        }
        for model in &self.models {
            let status = if model.active { "active" } else { "retired" };
            writeln!(
                f,
                "{:>4}  {} {}  {status}  fee {}",
                model.model_id, model.name, model.version, model.fee_shown
            )?;
        }
        Ok(())
    }
}

/// A model that was published.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublishReport {
    /// The model as the chain knows it.
    #[serde(flatten)]
    pub model: ModelReport,
    /// Where the preprocessing file is; the chain knows it by its id.
    pub spec_cid: String,
    /// The transaction.
    pub included: Included,
}

impl std::fmt::Display for PublishReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}registered     {}", self.model, self.included)
    }
}

/// Runs `medchain model`.
pub async fn run(context: &Context, command: ModelCommand) -> Result<Outcome> {
    match command {
        ModelCommand::Publish(args) => {
            output::print(&publish(context, &args).await?, context.json)?
        }
        ModelCommand::List => {
            let models = context.view().await?.models().await?;
            let models = models.iter().map(ModelReport::from).collect();
            output::print(&ListReport { models }, context.json)?
        }
        ModelCommand::Show { model } => {
            let found = context.view().await?.model(ModelId(model)).await?;
            let found = found.with_context(|| format!("there is no model {model}"))?;
            output::print(&ModelReport::from(&found), context.json)?
        }
    }
    Ok(Outcome::Done)
}

/// Stores the files and registers the model.
pub async fn publish(context: &Context, args: &PublishArgs) -> Result<PublishReport> {
    let files = ModelFiles::find(args.onnx.as_deref())?;
    let (onnx, spec_json) = files.read()?;
    // Loading it is the proof that workers can.
    let model = medchain_vision::Model::load(&onnx, &spec_json)
        .with_context(|| format!("cannot load the model {}", files.onnx.display()))?;
    let spec = model.spec();
    let card = match files.card.exists() {
        true => Some(Content::new(files::read(&files.card, "the model card", MAX_TEXT_BYTES)?)),
        false => None,
    };
    let sha256: [u8; 32] = Sha256::digest(&onnx).into();
    let onnx = Content::new(onnx);
    let spec_content = Content::new(spec_json);
    let call = Call::RegisterModel {
        name: args.name.clone().unwrap_or_else(|| spec.model.clone()),
        version: args.model_version.clone().unwrap_or_else(|| spec.version.clone()),
        cid: onnx.cid.clone(),
        sha256,
        card: card.as_ref().map(|card| card.cid.clone()),
        labels: spec.labels.clone(),
        preprocessing: spec.id.clone(),
        confidence_threshold_ppm: spec.confidence_threshold_parts(),
        fee: args.fee,
    };
    let call = as_root(call, true);
    let purpose = "register the model";
    context.ensure_can_ask()?;
    context.confirm(&call, purpose).await?;
    for content in [Some(&onnx), Some(&spec_content), card.as_ref()] {
        if let Some(content) = content {
            content.put(context).await?;
        }
    }
    let outcome = context.send(&call, purpose).await?;
    let id = event(&outcome, purpose, |event| match event {
        ChainEvent::ModelRegistered { model, .. } => Some(*model),
        _ => None,
    })?;
    let view = context.chain().await?.at(outcome.block_hash).await?;
    let model = view.model(id).await?;
    let model = model.with_context(|| format!("model {} is not in its own block", id.0))?;
    Ok(PublishReport {
        model: ModelReport::from(&model),
        spec_cid: spec_content.cid.to_string(),
        included: (&outcome).into(),
    })
}
