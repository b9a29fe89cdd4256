//! The secrets with which drawn workers ask custodians for keys.

use blake2::{digest::consts::U32, Blake2b, Digest};
use medchain_primitives::RequestId;
use medchain_sharing::ReplySecret;
use zeroize::Zeroizing;

use crate::EncryptionSecret;

/// Separates these secrets from everything else that is derived from the same one.
const DERIVATION: &[u8] = b"medchain/worker-reply/1";

impl EncryptionSecret {
    /// The secret to which custodians deliver the key of a request's record: derived from
    /// BLAKE2b-256 of `medchain/worker-reply/1`, this secret, the genesis hash and the number of
    /// the request (8 bytes, little endian).
    ///
    /// A worker that was killed after it asked finds it again, and nothing has to be kept. Whoever
    /// steals this secret opens old deliveries with it, and the worker's envelope of the same
    /// record as well.
    pub fn reply_secret(&self, genesis: [u8; 32], request: RequestId) -> ReplySecret {
        let seed = Blake2b::<U32>::new()
            .chain_update(DERIVATION)
            .chain_update(*self.to_bytes())
            .chain_update(genesis)
            .chain_update(request.0.to_le_bytes())
            .finalize();
        ReplySecret::from_seed(&Zeroizing::new(seed.into()))
    }
}
