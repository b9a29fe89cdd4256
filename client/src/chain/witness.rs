//! What two nodes vouch for.
//!
//! A proof shows that a value is in a block's state, not that the block is on the chain. One
//! node tells the value with its proof, the other one whether the block is final. Only both
//! together can show a value that is not there.

use codec::DecodeAll;
use medchain_primitives::EncryptionKey;

use super::{
    proof::{keys, ProofError, ProvenState},
    Chain, ChainError,
};
use crate::{AccountId32, H256};

impl Chain {
    /// The encryption key of an account in the newest block that this node and `second` both
    /// call final.
    ///
    /// Errors: [`ChainError::Disagreement`] where they are on different chains, or this node does
    /// not prove what it says.
    pub async fn witnessed_encryption_key(
        &self,
        second: &Self,
        account: &AccountId32,
    ) -> Result<Option<EncryptionKey>, ChainError> {
        let block = self.common_block(second).await?;
        let key = keys::encryption_key(account);
        let proof = self.read_proof(block, std::slice::from_ref(&key)).await?;
        let unproven = |error: ProofError| self.disagreement(second, &error.to_string());
        proof.open().and_then(|state| state.encryption_key(account)).map_err(unproven)
    }

    /// The newest block that both nodes call final, by the word of `second`.
    async fn common_block(&self, second: &Self) -> Result<H256, ChainError> {
        if self.genesis_hash() != second.genesis_hash() {
            return Err(self.disagreement(second, "they have different genesis blocks"));
        }
        let (_, ours) = self.final_head().await?;
        let (_, theirs) = second.final_head().await?;
        let number = u32::try_from(ours.number.min(theirs.number)).unwrap_or(u32::MAX);
        let (here, there) = (self.hash_of(number).await?, second.hash_of(number).await?);
        match (here, there) {
            (Some(here), Some(there)) if here == there => Ok(there),
            (Some(here), Some(there)) => {
                let what = format!("final block {number} is {here:?} and {there:?}");
                Err(self.disagreement(second, &what))
            }
            _ => Err(self.disagreement(second, &format!("one has no block {number}"))),
        }
    }

    fn disagreement(&self, second: &Self, what: &str) -> ChainError {
        ChainError::Disagreement {
            first: self.url().to_owned(),
            second: second.url().to_owned(),
            what: what.to_owned(),
        }
    }
}

impl ProvenState {
    /// The encryption key of an account, or `None` where it is proven that it has none.
    ///
    /// Errors: [`ProofError`]
    pub fn encryption_key(
        &self,
        account: &AccountId32,
    ) -> Result<Option<EncryptionKey>, ProofError> {
        let Some(bytes) = self.value(&keys::encryption_key(account))? else { return Ok(None) };
        EncryptionKey::decode_all(&mut bytes.as_slice()).map(Some).map_err(|error| {
            ProofError::Value { what: "an encryption key".to_owned(), reason: error.to_string() }
        })
    }
}
