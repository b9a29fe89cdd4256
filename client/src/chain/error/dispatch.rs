//! Why a call that was executed failed.

use std::fmt;

use scale_info::{form::PortableForm, TypeDef, Variant};
use subxt::Metadata;

use super::{ContractsError, CustodyError, DisputesError, EmrError, InferenceError, RuntimeError};

/// The error of a call that was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchFailure {
    /// The error.
    pub kind: FailureKind,
    /// What its author writes about it: why, and how to avoid it.
    pub docs: String,
}

/// An error of a pallet or of the runtime. [`fmt::Display`] writes its name, such
/// as `Emr.NoGrant`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Of pallet-emr.
    Emr(EmrError),
    /// Of pallet-custody.
    Custody(CustodyError),
    /// Of pallet-inference.
    Inference(InferenceError),
    /// Of pallet-disputes.
    Disputes(DisputesError),
    /// Of pallet-contracts.
    Contracts(ContractsError),
    /// Of the runtime itself.
    Runtime(RuntimeError),
    /// One that no program tells apart, or that is newer than this program. For people
    /// to read.
    Other {
        /// The pallet, such as `Contracts`.
        pallet: String,
        /// The error's name, such as `ContractTrapped`.
        error: String,
    },
}

impl From<EmrError> for FailureKind {
    fn from(error: EmrError) -> Self {
        Self::Emr(error)
    }
}

impl From<CustodyError> for FailureKind {
    fn from(error: CustodyError) -> Self {
        Self::Custody(error)
    }
}

impl From<InferenceError> for FailureKind {
    fn from(error: InferenceError) -> Self {
        Self::Inference(error)
    }
}

impl From<DisputesError> for FailureKind {
    fn from(error: DisputesError) -> Self {
        Self::Disputes(error)
    }
}

impl From<ContractsError> for FailureKind {
    fn from(error: ContractsError) -> Self {
        Self::Contracts(error)
    }
}

impl From<RuntimeError> for FailureKind {
    fn from(error: RuntimeError) -> Self {
        Self::Runtime(error)
    }
}

impl<T: Into<FailureKind>> From<T> for DispatchFailure {
    fn from(kind: T) -> Self {
        Self { kind: kind.into(), docs: String::new() }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emr(error) => write!(f, "{}.{error}", EmrError::PALLET),
            Self::Custody(error) => write!(f, "{}.{error}", CustodyError::PALLET),
            Self::Inference(error) => write!(f, "{}.{error}", InferenceError::PALLET),
            Self::Disputes(error) => write!(f, "{}.{error}", DisputesError::PALLET),
            Self::Contracts(error) => write!(f, "{}.{error}", ContractsError::PALLET),
            Self::Runtime(error) => write!(f, "{error}"),
            Self::Other { pallet, error } => write!(f, "{pallet}.{error}"),
        }
    }
}

impl fmt::Display for DispatchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if !self.docs.is_empty() {
            write!(f, ": {}", self.docs)?;
        }
        Ok(())
    }
}

/// The name of the variant for pallets' errors, which holds the pallet's index and the
/// error, whose first byte is its own index.
const OF_PALLET: &str = "Module";

impl DispatchFailure {
    /// Reads an `sp_runtime::DispatchError` from the front of `bytes`, by the names in
    /// the metadata. One that this program does not know is a failure all the same.
    pub(in crate::chain) fn decode(bytes: &[u8], metadata: &Metadata) -> Self {
        let known = metadata.dispatch_error_ty().and_then(|id| variant(bytes, id, metadata));
        let error = match known {
            Some((variant, &[pallet, error, ..])) if variant.name == OF_PALLET => {
                return Self::of_pallet(pallet, error, metadata)
            }
            Some((variant, inner)) => of_runtime(variant, inner, metadata),
            None => None,
        };
        let error = error.unwrap_or(RuntimeError::Other);
        Self { kind: error.into(), docs: error.docs().to_owned() }
    }

    fn of_pallet(pallet: u8, error: u8, metadata: &Metadata) -> Self {
        let Some(found) = metadata.pallet_by_error_index(pallet) else {
            let (pallet, error) = (format!("pallet {pallet}"), format!("error {error}"));
            return Self { kind: FailureKind::Other { pallet, error }, docs: String::new() };
        };
        let variant = found.error_variant_by_index(error);
        let name = variant.map_or_else(|| format!("error {error}"), |variant| variant.name.clone());
        Self {
            kind: FailureKind::of(found.name(), name),
            docs: variant.map_or_else(String::new, |variant| one_line(&variant.docs)),
        }
    }
}

/// The variant that the enum at the front of `bytes` is, and what follows its index.
fn variant<'a, 'b>(
    bytes: &'b [u8],
    type_id: u32,
    metadata: &'a Metadata,
) -> Option<(&'a Variant<PortableForm>, &'b [u8])> {
    let (index, rest) = bytes.split_first()?;
    let TypeDef::Variant(found) = &metadata.types().resolve(type_id)?.type_def else { return None };
    let variant = found.variants.iter().find(|variant| variant.index == *index)?;
    Some((variant, rest))
}

/// The runtime's error that a variant is. Some, as `Token`, hold an enum that says more.
fn of_runtime(
    outer: &Variant<PortableForm>,
    inner: &[u8],
    metadata: &Metadata,
) -> Option<RuntimeError> {
    let inner = outer.fields.first().and_then(|field| variant(inner, field.ty.id, metadata));
    inner
        .and_then(|(inner, _)| RuntimeError::from_name(&inner.name))
        .or_else(|| RuntimeError::from_name(&outer.name))
}

impl FailureKind {
    fn of(pallet: &str, error: String) -> Self {
        let known = match pallet {
            EmrError::PALLET => EmrError::from_name(&error).map(Self::Emr),
            CustodyError::PALLET => CustodyError::from_name(&error).map(Self::Custody),
            InferenceError::PALLET => InferenceError::from_name(&error).map(Self::Inference),
            DisputesError::PALLET => DisputesError::from_name(&error).map(Self::Disputes),
            ContractsError::PALLET => ContractsError::from_name(&error).map(Self::Contracts),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Other { pallet: pallet.to_owned(), error })
    }
}

/// Documentation comments as one line of text.
fn one_line(docs: &[String]) -> String {
    let words: Vec<&str> = docs.iter().flat_map(|line| line.split_whitespace()).collect();
    words.join(" ")
}
