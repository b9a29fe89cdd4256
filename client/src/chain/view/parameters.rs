//! The values that governance changes while the chain runs.

use medchain_primitives::Parameter;

use super::View;
use crate::chain::{items::ApiMethod, ChainError};

impl View {
    /// The values that governance can change, with their bounds.
    pub async fn parameters(&self) -> Result<Vec<Parameter>, ChainError> {
        self.runtime_api(ApiMethod::PARAMETERS, &()).await
    }
}
