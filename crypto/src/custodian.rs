//! The secrets of custodians.

use blake2::{digest::consts::U32, Blake2b, Digest};
use medchain_sharing::CustodianSecret;
use zeroize::Zeroizing;

/// Separates this secret from everything else that is derived from the same one.
const DERIVATION: &[u8] = b"medchain/custodian/1";

/// The custodian's secret that belongs to a signing secret: derived from BLAKE2b-256 of
/// `medchain/custodian/1` and the secret URI as the key file has it. So one secret is all
/// that has to be backed up.
pub fn custodian_secret(uri: &str) -> CustodianSecret {
    let seed =
        Blake2b::<U32>::new().chain_update(DERIVATION).chain_update(uri.as_bytes()).finalize();
    CustodianSecret::from_seed(&Zeroizing::new(seed.into()))
}
