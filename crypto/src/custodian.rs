//! The secrets of custodians.

use medchain_sharing::CustodianSecret;

use crate::derive::derive;

/// Separates this secret from everything else that is derived from the same one.
const LABEL: &[u8] = b"medchain/custodian/2";

/// The custodian's secret that belongs to an account's canonical secret: HKDF-SHA-256 with
/// the label `medchain/custodian/2`. So one secret is all that has to be backed up.
pub fn custodian_secret(account_secret: &[u8; 32]) -> CustodianSecret {
    CustodianSecret::from_seed(&derive(account_secret, LABEL))
}
