//! The genesis presets: `development` for one node alone, and `local_testnet` for a parachain of
//! a local relay chain.

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

/// The parachain id of this chain in local networks.
pub const PARACHAIN_ID: u32 = 2000;

/// The balance of each development account.
const ENDOWMENT: Balance = 100_000 * UNIT;

/// Returns a genesis with these collators that endows the well-known development accounts.
///
/// The keys of those accounts are public: such a chain is for trials only.
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

/// Returns the preset of this name, as a JSON patch of the default genesis.
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

/// Returns the names of the presets.
pub fn preset_names() -> Vec<PresetId> {
    vec![PresetId::from(DEV_RUNTIME_PRESET), PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET)]
}
