//! An event as it is read from a block.

use codec::{Decode, DecodeAll};
use medchain_audit::Source;
use subxt::Metadata;

use crate::{
    chain::{fields::Fields, ChainError, DispatchFailure},
    H256,
};

/// An event whose fields are still encoded, with what decodes its failures.
pub(super) struct Encoded<'a> {
    pub pallet: &'a str,
    pub name: &'a str,
    pub fields: Fields,
    pub topics: &'a [H256],
    pub metadata: &'a Metadata,
}

impl Source for Encoded<'_> {
    type Failure = DispatchFailure;
    type Error = ChainError;

    fn pallet(&self) -> &str {
        self.pallet
    }

    fn name(&self) -> &str {
        self.name
    }

    fn topics(&self) -> &[H256] {
        self.topics
    }

    fn has(&self, field: &str) -> bool {
        self.fields.has(field)
    }

    fn get<T: DecodeAll>(&self, field: &str) -> Result<T, ChainError> {
        self.fields.get(field)
    }

    fn failure(&self, field: &str) -> Result<DispatchFailure, ChainError> {
        Ok(DispatchFailure::decode(self.fields.raw(field)?, self.metadata))
    }

    fn outcome(&self, field: &str) -> Result<Option<DispatchFailure>, ChainError> {
        let mut result = self.fields.raw(field)?;
        let failed = bool::decode(&mut result);
        let failed = failed.map_err(|error| ChainError::decode(self.name, error))?;
        Ok(failed.then(|| DispatchFailure::decode(result, self.metadata)))
    }
}
