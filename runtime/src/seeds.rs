//! The randomness by which workers are drawn: the relay chain's.

use cumulus_pallet_parachain_system::{RelayChainStateProof, RelayStateProof, ValidationData};
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
pub struct RelaySeeds;

impl SeedSource for RelaySeeds {
    fn number() -> u32 {
        ValidationData::<Runtime>::get().map_or(0, |data| data.relay_parent_number)
    }

    fn seed() -> [u8; 32] {
        let seed = match ValidationData::<Runtime>::get() {
            Some(data) => match relay_randomness(&data) {
                Some(randomness) => (data.relay_parent_storage_root, randomness, None),
                None => (data.relay_parent_storage_root, [0; 32], Some(System::parent_hash())),
            },
            None => (RelayHash::default(), [0; 32], Some(System::parent_hash())),
        };
        BlakeTwo256::hash_of(&seed).to_fixed_bytes()
    }
}

/// Returns the random output of the relay parent's author.
fn relay_randomness(data: &PersistedValidationData) -> Option<[u8; 32]> {
    let proof = RelayStateProof::<Runtime>::get()?;
    let (para, root) = (ParachainInfo::parachain_id(), data.relay_parent_storage_root);
    let state = RelayChainStateProof::new(para, root, proof);
    state.ok()?.read_optional_entry::<Option<[u8; 32]>>(CURRENT_BLOCK_RANDOMNESS).ok()??
}
