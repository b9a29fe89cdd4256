//! An event as it comes from a block.

use codec::DecodeAll;
use medchain_primitives::{InstitutionName, Label};

use crate::H256;

/// An event whose fields are still encoded.
pub trait Source {
    /// Why a call failed.
    type Failure;
    /// Why a field cannot be read.
    type Error;

    /// The pallet.
    fn pallet(&self) -> &str;

    /// The event's name in the pallet.
    fn name(&self) -> &str;

    /// What the event is indexed by.
    fn topics(&self) -> &[H256];

    /// Whether there is a field `field`.
    fn has(&self, field: &str) -> bool;

    /// The field `field`.
    ///
    /// # Errors
    /// Where there is no such field, or it has another type.
    fn get<T: DecodeAll>(&self, field: &str) -> Result<T, Self::Error>;

    /// The field `field`, a `DispatchError`.
    ///
    /// # Errors
    /// As [`Source::get`].
    fn failure(&self, field: &str) -> Result<Self::Failure, Self::Error>;

    /// The field `field`, a `DispatchResult`.
    ///
    /// # Errors
    /// As [`Source::get`].
    fn outcome(&self, field: &str) -> Result<Option<Self::Failure>, Self::Error>;
}

/// A field that events of earlier runtimes lack.
pub(super) fn later<S: Source, T: DecodeAll>(
    source: &S,
    field: &str,
) -> Result<Option<T>, S::Error> {
    source.has(field).then(|| source.get(field)).transpose()
}

/// A bounded text of the chain, made readable.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(super) fn label<S: Source>(source: &S, field: &str) -> Result<String, S::Error> {
    source.get::<Label>(field).map(|label| text(&label))
}

pub(super) fn institution_name<S: Source>(source: &S, field: &str) -> Result<String, S::Error> {
    source.get::<InstitutionName>(field).map(|name| text(&name))
}

/// Parts per million, each with a label.
pub(super) fn labelled<S: Source>(source: &S, field: &str) -> Result<Vec<(String, u32)>, S::Error> {
    let parts: Vec<(Label, u32)> = source.get(field)?;
    Ok(parts.into_iter().map(|(label, parts)| (text(&label), parts)).collect())
}

/// Topics belong to the whole event, not to a field.
pub(super) fn topics<S: Source>(source: &S, _field: &str) -> Result<Vec<H256>, S::Error> {
    Ok(source.topics().to_vec())
}

pub(super) fn failure<S: Source>(source: &S, field: &str) -> Result<S::Failure, S::Error> {
    source.failure(field)
}

pub(super) fn outcome<S: Source>(source: &S, field: &str) -> Result<Option<S::Failure>, S::Error> {
    source.outcome(field)
}
