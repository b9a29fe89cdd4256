//! Why something is refused.

/// Why a key, a dealing or a delivery is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SharingError {
    /// The threshold is not between 1 and the number of custodians.
    InvalidThreshold,
    /// There are more custodians than [`MAX_CUSTODIANS`](crate::MAX_CUSTODIANS).
    MaxCustodiansExceeded,
    /// Two custodians have the same key.
    DuplicateKey,
    /// There is not one share for each custodian.
    ShareCountMismatch,
    /// The group has no custodian with this number.
    ShareNotFound,
    /// A point is the identity, or its 32 bytes are not the canonical encoding of a point.
    InvalidPoint,
    /// The 32 bytes of a scalar are not below the order of the group.
    InvalidScalar,
    /// The proof does not show what it must, in this context.
    InvalidProof,
    /// The secret does not belong to the public key in question.
    KeyMismatch,
    /// There are fewer shares than the threshold.
    SharesMissing,
    /// The shares belong together, and what they open is not a wrapped key. The dealer cheated.
    InvalidWrappedKey,
}

impl core::fmt::Display for SharingError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::InvalidThreshold => "the threshold is not between 1 and the number of custodians",
            Self::MaxCustodiansExceeded => "there are more custodians than can share a key",
            Self::DuplicateKey => "two custodians have the same key",
            Self::ShareCountMismatch => "there is not one share for each custodian",
            Self::ShareNotFound => "there is no custodian with this number",
            Self::InvalidPoint => "a point is the identity, or its encoding is not canonical",
            Self::InvalidScalar => "the encoding of a scalar is not canonical",
            Self::InvalidProof => "the proof does not hold in this context",
            Self::KeyMismatch => "the secret does not belong to the public key",
            Self::SharesMissing => "there are fewer shares than the threshold",
            Self::InvalidWrappedKey => "the dealer wrapped no key under the secret that it shared",
        })
    }
}

impl core::error::Error for SharingError {}
