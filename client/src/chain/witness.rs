//! What two nodes vouch for.
//!
//! A proof shows that a value is in a block's state, not that the block is on the chain. One
//! node tells the value with its proof, the other one whether the block is final. Only both
//! together can show a value that is not there.
//!
//! *Invariant:* a key of the state follows from the names that this program has and from hashers
//! that [`super::compat`] has compared, so that whoever proves it cannot choose what is proven.

use super::{connect::Header, proof::ProofError, view::View, Chain, ChainError};
use crate::H256;

/// By how many blocks the two nodes may differ in what they call final. One that says that it is
/// far behind could prove what was true long ago: a key that was replaced, a grant that has ended.
const MAX_LAG: u64 = 30;
/// How many keys are proven at once.
const KEYS: usize = 256;

/// What a view proves its answers with.
#[derive(Clone)]
pub(super) struct Witness {
    /// The node that proves.
    chain: Chain,
    /// The address of the node that vouches for the block.
    second: String,
}

impl Witness {
    /// The values under these keys in a block's state, in their order; `None` where it is proven
    /// that there is none.
    ///
    /// Errors: [`ChainError::Disagreement`] where the node proves nothing.
    pub async fn values(
        &self,
        block: H256,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, ChainError> {
        let unproven =
            |error: ProofError| self.chain.disagreement(&self.second, &error.to_string());
        let mut values = Vec::with_capacity(keys.len());
        for keys in keys.chunks(KEYS) {
            let state = self.chain.read_proof(block, keys).await?.open().map_err(unproven)?;
            for key in keys {
                values.push(state.value(key).map_err(unproven)?);
            }
        }
        Ok(values)
    }
}

impl Chain {
    /// The state at the newest block that this node and `second` both call final. Everything that
    /// is read there is proven against its header; what cannot be proven is refused.
    ///
    /// Errors: [`ChainError::Disagreement`] where the nodes are on different chains or far apart;
    /// and later, where this node does not prove what it says.
    pub async fn witnessed(&self, second: &Self) -> Result<View, ChainError> {
        let (hash, header) = self.common_block(second).await?;
        let view = self.final_view(hash, &header).await?;
        Ok(view.proven_by(Witness { chain: self.clone(), second: second.url().to_owned() }))
    }

    /// The newest block that both nodes call final, by the word of `second`.
    async fn common_block(&self, second: &Self) -> Result<(H256, Header), ChainError> {
        let other = second.url();
        if self.genesis_hash() != second.genesis_hash() {
            return Err(self.disagreement(other, "they have different genesis blocks"));
        }
        let (_, ours) = self.final_head().await?;
        let (_, theirs) = second.final_head().await?;
        let lag = ours.number.abs_diff(theirs.number);
        if lag > MAX_LAG {
            let (ours, theirs) = (ours.number, theirs.number);
            let what = format!("their newest final blocks are {ours} and {theirs}");
            return Err(self.disagreement(other, &what));
        }
        let number = u32::try_from(ours.number.min(theirs.number)).unwrap_or(u32::MAX);
        match (self.hash_of(number).await?, second.hash_of(number).await?) {
            (Some(here), Some(there)) if here == there => {
                Ok((there, self.true_header(there).await?))
            }
            (Some(here), Some(there)) => {
                let what = format!("final block {number} is {here:?} and {there:?}");
                Err(self.disagreement(other, &what))
            }
            _ => Err(self.disagreement(other, &format!("one has no block {number}"))),
        }
    }

    /// That this node and the one at `second` do not tell the same, and in what.
    fn disagreement(&self, second: &str, what: &str) -> ChainError {
        ChainError::Disagreement {
            first: self.url().to_owned(),
            second: second.to_owned(),
            what: what.to_owned(),
        }
    }
}
