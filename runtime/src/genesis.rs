//! The two chains that the runtime can start by itself: `development` for one
//! machine, and `local_testnet` for a relay chain beside it.

use alloc::{vec, vec::Vec};
use cumulus_primitives_core::ParaId;
use frame_support::build_struct_json_patch;
use serde_json::Value;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::Sr25519Keyring;

use crate::{
    AccountId, Balance, BalancesConfig, CollatorSelectionConfig, ParachainInfoConfig,
    PolkadotXcmConfig, RuntimeGenesisConfig, SessionConfig, SessionKeys, SudoConfig,
    EXISTENTIAL_DEPOSIT, UNIT,
};

/// The id under which the local networks register this parachain.
pub const PARACHAIN_ID: u32 = 2000;

const ENDOWMENT: Balance = 1_000_000 * UNIT;

/// The well-known development accounts: their keys are public, so a chain
/// with this genesis is for trying things out alone.
fn with_collators(collators: &[Sr25519Keyring]) -> Value {
    let keys = |collator: &Sr25519Keyring| {
        let account: AccountId = collator.to_account_id();
        let aura: AuraId = collator.public().into();
        (account.clone(), account, SessionKeys { aura })
    };
    build_struct_json_patch!(RuntimeGenesisConfig {
        balances: BalancesConfig {
            balances: Sr25519Keyring::well_known()
                .map(|account| (account.to_account_id(), ENDOWMENT))
                .collect::<Vec<_>>(),
        },
        parachain_info: ParachainInfoConfig { parachain_id: ParaId::from(PARACHAIN_ID) },
        collator_selection: CollatorSelectionConfig {
            invulnerables: collators.iter().map(|c| c.to_account_id()).collect::<Vec<_>>(),
            candidacy_bond: EXISTENTIAL_DEPOSIT * 16,
        },
        session: SessionConfig { keys: collators.iter().map(keys).collect::<Vec<_>>() },
        polkadot_xcm: PolkadotXcmConfig { safe_xcm_version: Some(xcm::latest::VERSION) },
        sudo: SudoConfig { key: Some(Sr25519Keyring::Alice.to_account_id()) },
    })
}

/// The genesis of this name, as a JSON patch on the default one.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
    let patch = match id.as_ref() {
        DEV_RUNTIME_PRESET => with_collators(&[Sr25519Keyring::Alice]),
        LOCAL_TESTNET_RUNTIME_PRESET => {
            with_collators(&[Sr25519Keyring::Alice, Sr25519Keyring::Bob])
        }
        _ => return None,
    };
    serde_json::to_vec(&patch).ok()
}

/// The names that [`get_preset`] knows.
pub fn preset_names() -> Vec<PresetId> {
    vec![PresetId::from(DEV_RUNTIME_PRESET), PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET)]
}
