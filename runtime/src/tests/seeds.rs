//! The seeds by which workers are drawn: no collator chooses one.

use cumulus_pallet_parachain_system::{RelayStateProof, ValidationData};
use cumulus_primitives_core::{
    relay_chain::well_known_keys::{CURRENT_BLOCK_RANDOMNESS, CURRENT_SLOT},
    PersistedValidationData,
};
use pallet_inference::SeedSource;

use super::*;
use crate::seeds::RelaySeeds;

/// A relay chain whose newest block has this randomness, or no such entry.
fn relay_chain(randomness: Option<[u8; 32]>) -> TestExternalities {
    let mut relay = TestExternalities::new_empty();
    relay.insert(CURRENT_SLOT.to_vec(), 7u64.encode());
    if let Some(randomness) = randomness {
        relay.insert(CURRENT_BLOCK_RANDOMNESS.to_vec(), Some(randomness).encode());
    }
    relay
}

/// The seeds of a block whose collator shows this entry of the relay chain's state and no other:
/// after one parent block, and after another.
fn seeds(mut relay: TestExternalities, shown: &[u8]) -> [[u8; 32]; 2] {
    let (_, proof) = relay.execute_and_prove(|| sp_io::storage::get(shown));
    let data: PersistedValidationData = PersistedValidationData {
        relay_parent_storage_root: *relay.backend.root(),
        ..Default::default()
    };
    development_chain().execute_with(|| {
        ValidationData::<Runtime>::put(data);
        RelayStateProof::<Runtime>::put(proof);
        [1, 2].map(|parent| {
            System::set_parent_hash(Hash::repeat_byte(parent));
            RelaySeeds::seed()
        })
    })
}

#[test]
fn a_collator_that_leaves_the_randomness_out_does_not_choose_the_seed() {
    let [one, other] = seeds(relay_chain(Some([7; 32])), CURRENT_SLOT);
    assert_eq!(one, other, "whoever made the parent block could try until it likes the seed");
    let [shown, _] = seeds(relay_chain(Some([7; 32])), CURRENT_BLOCK_RANDOMNESS);
    assert_ne!(one, shown, "the randomness was shown");
}

#[test]
fn the_seed_is_the_relay_chains() {
    let [one, other] = seeds(relay_chain(Some([7; 32])), CURRENT_BLOCK_RANDOMNESS);
    assert_eq!(one, other);
    assert_ne!(one, seeds(relay_chain(Some([8; 32])), CURRENT_BLOCK_RANDOMNESS)[0]);
}

#[test]
fn without_a_relay_chain_each_block_has_its_own_seed() {
    let [one, other] = seeds(relay_chain(None), CURRENT_BLOCK_RANDOMNESS);
    assert_ne!(one, other);
}
