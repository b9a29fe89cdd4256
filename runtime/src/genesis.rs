//! The genesis presets: `development` for one node alone, with a sudo key, and `local_testnet` for
//! a parachain of a local relay chain, with a council.

use alloc::{format, vec, vec::Vec};
use cumulus_primitives_core::ParaId;
use frame_support::build_struct_json_patch;
use serde_json::Value;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, FerdieStash, One, Two};
use sp_runtime::BoundedVec;

use crate::{
    AccountId, Balance, BalancesConfig, BlockNumber, CollatorSelectionConfig,
    CouncilMembershipConfig, EmrConfig, EthicsMembershipConfig, ParachainInfoConfig,
    PolkadotXcmConfig, RuntimeGenesisConfig, SessionConfig, SessionKeys, SudoConfig,
    TimelockConfig, EXISTENTIAL_DEPOSIT, MINUTES, UNIT,
};

/// The parachain id of this chain in local networks.
pub const PARACHAIN_ID: u32 = 2000;

/// The balance of each development account.
const ENDOWMENT: Balance = 100_000 * UNIT;

/// The members of the ethics committee of each chain for trials. They are rich as well.
const ETHICS: [Sr25519Keyring; 3] = [One, Two, FerdieStash];

/// A chain for trials, on which the well-known development accounts are rich.
///
/// The keys of those accounts are public.
struct Trial<'a> {
    collators: &'a [Sr25519Keyring],
    /// The account that is root, if there is one.
    sudo: Option<Sr25519Keyring>,
    /// The members of the council. Each is the registrar of an institution as well.
    council: &'a [Sr25519Keyring],
    /// Number of blocks for which a change waits: few, so that it can be tried.
    delay: BlockNumber,
}

/// Returns the genesis of a chain for trials.
fn trial(chain: &Trial<'_>) -> Value {
    let accounts = |of: &[Sr25519Keyring]| -> Vec<AccountId> {
        of.iter().map(|who| who.to_account_id()).collect()
    };
    let institution = |who: &Sr25519Keyring| (format!("{who} Hospital"), who.to_account_id());
    let keys = |collator: &Sr25519Keyring| {
        let account: AccountId = collator.to_account_id();
        let aura: AuraId = collator.public().into();
        (account.clone(), account, SessionKeys { aura })
    };
    build_struct_json_patch!(RuntimeGenesisConfig {
        balances: BalancesConfig {
            balances: Sr25519Keyring::well_known()
                .chain([One, Two])
                .map(|account| (account.to_account_id(), ENDOWMENT))
                .collect::<Vec<_>>(),
        },
        council_membership: CouncilMembershipConfig {
            members: BoundedVec::truncate_from(accounts(chain.council)),
        },
        ethics_membership: EthicsMembershipConfig {
            members: BoundedVec::truncate_from(accounts(&ETHICS)),
        },
        timelock: TimelockConfig { delay: Some(chain.delay) },
        emr: EmrConfig { institutions: chain.council.iter().map(institution).collect::<Vec<_>>() },
        parachain_info: ParachainInfoConfig { parachain_id: ParaId::from(PARACHAIN_ID) },
        collator_selection: CollatorSelectionConfig {
            invulnerables: accounts(chain.collators),
            candidacy_bond: EXISTENTIAL_DEPOSIT * 16,
        },
        session: SessionConfig { keys: chain.collators.iter().map(keys).collect::<Vec<_>>() },
        polkadot_xcm: PolkadotXcmConfig { safe_xcm_version: Some(xcm::latest::VERSION) },
        sudo: SudoConfig { key: chain.sudo.map(Sr25519Keyring::to_account_id) },
    })
}

/// Returns the preset of this name, as a JSON patch of the default genesis.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
    let patch = match id.as_ref() {
        DEV_RUNTIME_PRESET => {
            trial(&Trial { collators: &[Alice], sudo: Some(Alice), council: &[Alice], delay: 2 })
        }
        LOCAL_TESTNET_RUNTIME_PRESET => trial(&Trial {
            collators: &[Alice, Bob],
            sudo: None,
            council: &[Alice, Bob, Charlie],
            delay: MINUTES,
        }),
        _ => return None,
    };
    serde_json::to_vec(&patch).ok()
}

/// Returns the names of the presets.
pub fn preset_names() -> Vec<PresetId> {
    vec![PresetId::from(DEV_RUNTIME_PRESET), PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET)]
}
