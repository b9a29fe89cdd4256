//! An event as it is read from a block.

use codec::{Decode, DecodeAll};
use medchain_primitives::{InstitutionName, Label};
use subxt::Metadata;

use crate::{
    chain::{fields::Fields, ChainError, DispatchFailure},
    H256,
};

/// An event whose fields are still encoded.
pub(super) struct Source<'a> {
    pub pallet: &'a str,
    pub name: &'a str,
    pub fields: Fields,
    pub topics: &'a [H256],
    pub metadata: &'a Metadata,
}

impl Source<'_> {
    /// The field `field`.
    pub fn get<T: DecodeAll>(&self, field: &str) -> Result<T, ChainError> {
        self.fields.get(field)
    }

    fn raw(&self, field: &str) -> Result<&[u8], ChainError> {
        self.fields.raw(field)
    }
}

/// A field that events of earlier runtimes lack, see `LATER_FIELDS` in [`compat`](super::super::compat).
pub(super) fn later<T: DecodeAll>(
    source: &Source<'_>,
    field: &str,
) -> Result<Option<T>, ChainError> {
    source.fields.has(field).then(|| source.get(field)).transpose()
}

/// A bounded text of the chain, made readable.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(super) fn label(source: &Source<'_>, field: &str) -> Result<String, ChainError> {
    source.get::<Label>(field).map(|label| text(&label))
}

pub(super) fn institution_name(source: &Source<'_>, field: &str) -> Result<String, ChainError> {
    source.get::<InstitutionName>(field).map(|name| text(&name))
}

/// Parts per million, each with a label.
pub(super) fn labelled(source: &Source<'_>, field: &str) -> Result<Vec<(String, u32)>, ChainError> {
    let parts: Vec<(Label, u32)> = source.get(field)?;
    Ok(parts.into_iter().map(|(label, parts)| (text(&label), parts)).collect())
}

/// Topics belong to the whole event, not to a field.
pub(super) fn topics(source: &Source<'_>, _field: &str) -> Result<Vec<H256>, ChainError> {
    Ok(source.topics.to_vec())
}

pub(super) fn failure(source: &Source<'_>, field: &str) -> Result<DispatchFailure, ChainError> {
    Ok(DispatchFailure::decode(source.raw(field)?, source.metadata))
}

/// A `DispatchResult`.
pub(super) fn outcome(
    source: &Source<'_>,
    field: &str,
) -> Result<Option<DispatchFailure>, ChainError> {
    let mut result = source.raw(field)?;
    let failed = bool::decode(&mut result);
    let failed = failed.map_err(|error| ChainError::decode(source.name, error))?;
    Ok(failed.then(|| DispatchFailure::decode(result, source.metadata)))
}
