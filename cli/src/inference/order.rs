//! What is ordered: the model, the number of workers, perhaps one by name.

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{Arithmetic, InferenceOrder, Model, View},
    AccountId32,
};
use medchain_primitives::{ModelId, RecordId, MAX_QUORUM};

use crate::{context::Context, models, records::Reader};

/// The arguments of an order, besides its model.
#[derive(Args, Clone, Debug, Default)]
pub struct Asking {
    /// How many workers must give the same answer; defaults to the model's minimum.
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "model",
        value_parser = clap::value_parser!(u8).range(1..=i64::from(MAX_QUORUM))
    )]
    pub quorum: Option<u8>,
    /// Name the one worker to ask, instead of having the chain draw some.
    ///
    /// It can answer in the next block. Its verdict is provisional for a while.
    #[arg(long, value_name = "ACCOUNT", requires = "model")]
    pub worker: Option<String>,
    /// Wait for the verdict, and open it.
    ///
    /// If the chain replaces a worker meanwhile, seals the record's key to the new one.
    #[arg(long, requires = "model")]
    pub wait: bool,
}

/// An order that the chain will accept, as far as can be known in advance.
pub struct Order {
    /// The model.
    pub model: Model,
    /// How many workers must give the same answer.
    pub quorum: u8,
    /// The worker that is named.
    pub worker: Option<Reader>,
}

impl Order {
    /// Checks an order for a record of `patient`, which may not exist yet.
    pub async fn new(
        context: &Context,
        view: &View,
        (patient, record): (&AccountId32, Option<RecordId>),
        model: ModelId,
        asking: &Asking,
    ) -> Result<Self> {
        let model = models::active(view, model).await?;
        let quorum = quorum(&model, asking)?;
        let named = context.parse_optional(asking.worker.as_deref())?;
        let worker = match named {
            Some(worker) => {
                let of = (model.id, patient, record);
                Some(models::nameable(context, view, of, &worker).await?)
            }
            None => {
                models::ensure_enough(view, model.id, patient, record, quorum).await?;
                None
            }
        };
        Ok(Self { model, quorum, worker })
    }

    /// The order as the chain takes it.
    pub fn on_chain(&self) -> InferenceOrder<AccountId32> {
        InferenceOrder {
            model: self.model.id,
            quorum: self.quorum,
            worker: self.worker.as_ref().map(|worker| worker.account),
        }
    }
}

/// The number of workers to ask for, as the model allows it.
fn quorum(model: &Model, asking: &Asking) -> Result<u8> {
    let quorum = asking.quorum.unwrap_or(model.min_quorum);
    let (id, least) = (model.id, model.min_quorum);
    if quorum < least {
        bail!("model {id} needs at least {least} equal answers; give --quorum {least} or more");
    }
    if quorum > 1 && model.arithmetic != Arithmetic::Exact {
        bail!(
            "model {id} computes in floats, so that honest answers may differ: \
             only one worker can be asked; give --quorum 1"
        );
    }
    if quorum > 1 && asking.worker.is_some() {
        bail!(
            "--worker names the only worker, and {quorum} are asked for; \
             leave it out, or give --quorum 1 where the model allows that"
        );
    }
    Ok(quorum)
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::ModelStatus;
    use medchain_primitives::PreprocessingId;

    use super::*;

    fn asked(arithmetic: Arithmetic, min_quorum: u8, number: Option<u8>, named: bool) -> String {
        let model = Model {
            id: ModelId(4),
            name: "vgg".into(),
            version: "1.0".into(),
            cid: medchain_client::store::cid_of(b"onnx"),
            sha256: [1; 32],
            card: None,
            labels: Vec::new(),
            preprocessing: PreprocessingId::default(),
            arithmetic,
            min_quorum,
            confidence_threshold_ppm: 0,
            fee: 0,
            status: ModelStatus::Active,
        };
        let worker = named.then(|| "5F".to_owned());
        match quorum(&model, &Asking { quorum: number, worker, wait: false }) {
            Ok(number) => number.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_quorum_is_what_the_model_allows() {
        use Arithmetic::{Exact, Float};
        assert_eq!(asked(Exact, 2, None, false), "2");
        assert_eq!(asked(Exact, 2, Some(3), false), "3");
        assert_eq!(asked(Float, 1, None, false), "1");
        assert_eq!(asked(Exact, 1, None, true), "1");
        assert!(asked(Exact, 2, Some(1), false).contains("--quorum 2 or more"));
        assert!(asked(Float, 1, Some(2), false).contains("floats"));
        assert!(asked(Exact, 2, None, true).contains("--worker"));
    }
}
