//! The values that governance changes while the chain runs.

use medchain_primitives::Parameter;

use super::View;
use crate::chain::{items::ApiMethod, ChainError};

/// The name of the parameter.
const DRAW_PERIOD: &str = "Inference.DrawPeriod";

impl View {
    /// The values that governance can change, with their bounds.
    pub async fn parameters(&self) -> Result<Vec<Parameter>, ChainError> {
        self.runtime_api(ApiMethod::PARAMETERS, &()).await
    }

    /// How many blocks there are to draw the workers of a request whose draw begins now.
    pub async fn draw_period(&self) -> Result<u32, ChainError> {
        let all = self.parameters().await?;
        let period = all.iter().find(|one| one.name.as_slice() == DRAW_PERIOD.as_bytes());
        let blocks = period.and_then(|period| u32::try_from(period.value).ok());
        blocks.ok_or_else(|| ChainError::decode(ApiMethod::PARAMETERS, format!("no {DRAW_PERIOD}")))
    }
}
