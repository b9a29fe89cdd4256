//! The values that governance changes while the chain runs.

use medchain_primitives::{Parameter, MAX_QUORUM};

use super::View;
use crate::chain::{items::ApiMethod, ChainError};

/// The names of parameters.
const DRAW_PERIOD: &str = "Inference.DrawPeriod";
const REVEAL_PENALTY: &str = "Inference.RevealPenalty";

impl View {
    /// The values that governance can change, with their bounds.
    pub async fn parameters(&self) -> Result<Vec<Parameter>, ChainError> {
        self.runtime_api(ApiMethod::PARAMETERS, &()).await
    }

    /// How many blocks there are to draw the workers of a request whose draw begins now.
    pub async fn draw_period(&self) -> Result<u32, ChainError> {
        let period = self.parameter(DRAW_PERIOD).await?;
        u32::try_from(period.value).map_err(|error| {
            ChainError::decode(ApiMethod::PARAMETERS, format!("{DRAW_PERIOD}: {error}"))
        })
    }

    /// The largest fee of a model whose answers are compared.
    ///
    /// With a larger one, a worker that withholds its answer from the others could gain more than
    /// the least penalty takes from it.
    pub async fn largest_fee(&self) -> Result<u128, ChainError> {
        let penalty = self.parameter(REVEAL_PENALTY).await?;
        Ok(penalty.least / u128::from(MAX_QUORUM - 1))
    }

    async fn parameter(&self, name: &str) -> Result<Parameter, ChainError> {
        let all = self.parameters().await?;
        let found = all.into_iter().find(|one| one.name.as_slice() == name.as_bytes());
        found.ok_or_else(|| ChainError::decode(ApiMethod::PARAMETERS, format!("no {name}")))
    }
}
