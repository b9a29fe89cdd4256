//! How much of a block a transaction takes, by weight.

use codec::{Decode, Encode};

use super::{
    items::{ApiMethod, Constant},
    Call, Chain, ChainError, Gas, SubmitOptions, View,
};
use crate::keys::Identity;

/// `frame_system::limits::WeightsPerClass`: the base weight of a transaction, and the most that
/// one and all of the class may have.
type Class = (Gas, Option<Gas>, Option<Gas>, Option<Gas>);

impl Chain {
    /// The weight that a transaction with this call declares, which a block must have room for.
    /// What it does not use is given back once it ran.
    pub async fn estimate_weight(&self, signer: &Identity, call: &Call) -> Result<Gas, ChainError> {
        let signed = self.sign_transaction(signer, call, &SubmitOptions::default()).await?;
        let mut arguments = signed.bytes;
        let length = u32::try_from(arguments.len()).unwrap_or(u32::MAX);
        length.encode_to(&mut arguments);
        let (view, method) = (self.best().await?, ApiMethod::FEE_ESTIMATE);
        let asked = view.at.runtime_apis();
        let answer = asked.call_raw(&method.function(), Some(&arguments)).await;
        let answer = answer.map_err(ChainError::from_subxt)?;
        // Class and fee follow.
        Gas::decode(&mut answer.as_slice()).map_err(|error| ChainError::decode(method, error))
    }
}

impl View {
    /// The most that one ordinary transaction may declare, besides what every one costs.
    ///
    /// # Errors
    /// [`ChainError`] where the node has no such constant.
    pub fn largest_transaction(&self) -> Result<Gas, ChainError> {
        let (whole, (_, largest, all, _)) = self.block_weights()?;
        Ok(largest.or(all).unwrap_or(whole))
    }

    /// What all ordinary transactions of a block may have together.
    ///
    /// # Errors
    /// [`ChainError`] where the node has no such constant.
    pub fn room_in_a_block(&self) -> Result<Gas, ChainError> {
        let (whole, (_, _, all, _)) = self.block_weights()?;
        Ok(all.unwrap_or(whole))
    }

    /// The weight of a block, and the limits of ordinary transactions.
    fn block_weights(&self) -> Result<(Gas, Class), ChainError> {
        let constant = Constant::BLOCK_WEIGHTS;
        let pallet = self.metadata().pallet_by_name(constant.owner());
        let found = pallet.and_then(|pallet| pallet.constant_by_name(constant.name()));
        let found = found.ok_or_else(|| ChainError::decode(constant, "the node lacks it"))?;
        let (_base, whole, ordinary, ..) =
            <(Gas, Gas, Class, Class, Class)>::decode(&mut &found.value()[..])
                .map_err(|error| ChainError::decode(constant, error))?;
        Ok((whole, ordinary))
    }
}

impl Gas {
    /// How many times `other` fits, in computation and in proof.
    pub fn holds(self, other: Self) -> u64 {
        let by_time = self.ref_time / other.ref_time.max(1);
        by_time.min(self.proof_size / other.proof_size.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scarcer_of_time_and_proof_decides() {
        let block = Gas { ref_time: 1_000, proof_size: 100 };
        assert_eq!(block.holds(Gas { ref_time: 10, proof_size: 10 }), 10);
        assert_eq!(block.holds(Gas { ref_time: 500, proof_size: 1 }), 2);
        assert_eq!(block.holds(Gas { ref_time: 2_000, proof_size: 1 }), 0);
        assert_eq!(block.holds(Gas::default()), 100);
    }
}
