//! The randomness by which workers are drawn: the relay chain's.

use cumulus_pallet_parachain_system::{
    relay_state_snapshot::Error as Unproven, RelayChainStateProof, RelayStateProof, ValidationData,
};
use cumulus_primitives_core::{
    relay_chain::{well_known_keys::CURRENT_BLOCK_RANDOMNESS, Hash as RelayHash},
    PersistedValidationData,
};
use pallet_inference::SeedSource;
use sp_runtime::traits::{BlakeTwo256, Hash as _};

use crate::{ParachainInfo, Runtime, System};

/// A seed for each relay chain block: the hash of the randomness that its author contributed
/// and of its state.
///
/// The author's part is the output of a verifiable random function, which it cannot choose; it
/// can only give its block up. The state adds what other authors do.
///
/// A chain without a relay chain, such as the development node's, has no such randomness. There
/// the seed contains the hash of the parent block as well, which its author can choose.
///
/// Only where the relay chain's state proves that: our collators choose which part of that state
/// they show. Whoever leaves the randomness out gets a seed of the state's root alone, and could
/// otherwise try parent blocks until it likes the workers.
pub struct RelaySeeds;

impl SeedSource for RelaySeeds {
    fn number() -> u32 {
        ValidationData::<Runtime>::get().map_or(0, |data| data.relay_parent_number)
    }

    fn seed() -> [u8; 32] {
        let seed = match ValidationData::<Runtime>::get() {
            Some(data) => {
                let root = data.relay_parent_storage_root;
                match relay_randomness(&data) {
                    Ok(Some(randomness)) => (root, randomness, None),
                    Ok(None) => (root, [0; 32], Some(System::parent_hash())),
                    Err(_) => (root, [0; 32], None),
                }
            }
            None => (RelayHash::default(), [0; 32], Some(System::parent_hash())),
        };
        BlakeTwo256::hash_of(&seed).to_fixed_bytes()
    }
}

/// Returns the random output of the relay parent's author, or zeros from one who gave none.
/// `None` if the relay chain has no such entry; an error if the collator did not show it.
fn relay_randomness(data: &PersistedValidationData) -> Result<Option<[u8; 32]>, Unproven> {
    let proof = RelayStateProof::<Runtime>::get().ok_or(Unproven::RootMismatch)?;
    let (para, root) = (ParachainInfo::parachain_id(), data.relay_parent_storage_root);
    let state = RelayChainStateProof::new(para, root, proof)?;
    let entry = state.read_optional_entry::<Option<[u8; 32]>>(CURRENT_BLOCK_RANDOMNESS)?;
    Ok(entry.map(Option::unwrap_or_default))
}
