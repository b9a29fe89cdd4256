//! The MedChain parachain runtime.
//!
//! The pallets of this repository ([`pallet_emr`], [`pallet_custody`], [`pallet_inference`],
//! [`pallet_disputes`], [`pallet_timelock`]) do not depend on contracts. Only this crate asks an
//! ink! contract the access questions ([`policy_contract`]).
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(any(test, feature = "runtime-benchmarks")),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unreachable
    )
)]
#![recursion_limit = "256"]
#![allow(missing_docs, reason = "FRAME's macros generate public items without documentation")]

extern crate alloc;

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod committees;
pub mod configs;
pub mod constants;
mod genesis;
pub mod nesting;
pub mod parameters;
pub mod policy_contract;
pub mod policy_extension;
pub mod seats;
pub mod seeds;
pub mod weights;

#[cfg(test)]
mod tests;

pub use apis::*;
pub use constants::*;
pub use genesis::PARACHAIN_ID;

use alloc::vec::Vec;
use sp_runtime::{
    generic, impl_opaque_keys,
    traits::{BlakeTwo256, IdentifyAccount, Verify},
    MultiAddress, MultiSignature,
};
use sp_version::RuntimeVersion;

/// A signature of any scheme that wallets use.
pub type Signature = MultiSignature;
/// An account: the 32-byte id derived from its public key.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// An amount in the smallest unit, which is 10^-12 MEDC.
pub type Balance = u128;
/// The nonce of an account: the number of transactions that it has sent.
pub type Nonce = u32;
/// A Blake2-256 hash.
pub type Hash = sp_core::H256;
/// A block number.
pub type BlockNumber = u32;
/// How calls refer to accounts.
pub type Address = MultiAddress<AccountId, ()>;
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
pub type Block = generic::Block<Header, UncheckedExtrinsic>;

/// The transaction extensions.
///
/// The proof-size reclaim wraps the others, because it measures before and after them.
pub type TxExtension = cumulus_pallet_weight_reclaim::StorageWeightReclaim<
    Runtime,
    (
        frame_system::CheckNonZeroSender<Runtime>,
        frame_system::CheckSpecVersion<Runtime>,
        frame_system::CheckTxVersion<Runtime>,
        frame_system::CheckGenesis<Runtime>,
        frame_system::CheckEra<Runtime>,
        frame_system::CheckNonce<Runtime>,
        frame_system::CheckWeight<Runtime>,
        pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
        frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
    ),
>;

pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;

/// The migrations of a runtime upgrade.
///
/// Each checks the pallet's storage version first, and does nothing more once it has run.
pub type Migrations = (pallet_emr::migrations::HideErased<Runtime>,);

pub type Executive = frame_executive::Executive<
    Runtime,
    Block,
    frame_system::ChainContext<Runtime>,
    Runtime,
    AllPalletsWithSystem,
>;

impl_opaque_keys! {
    pub struct SessionKeys {
        pub aura: Aura,
    }
}

#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: alloc::borrow::Cow::Borrowed("medchain"),
    impl_name: alloc::borrow::Cow::Borrowed("medchain"),
    authoring_version: 1,
    spec_version: 4,
    impl_version: 0,
    apis: apis::RUNTIME_API_VERSIONS,
    transaction_version: 4,
    system_version: 1,
};

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    // The indices are part of every encoded call: never renumber them.
    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type ParachainSystem = cumulus_pallet_parachain_system;
    #[runtime::pallet_index(2)]
    pub type Timestamp = pallet_timestamp;
    #[runtime::pallet_index(3)]
    pub type ParachainInfo = parachain_info;
    #[runtime::pallet_index(4)]
    pub type WeightReclaim = cumulus_pallet_weight_reclaim;

    #[runtime::pallet_index(10)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(11)]
    pub type TransactionPayment = pallet_transaction_payment;

    // Only the development preset sets a key; without one, no account can use it.
    #[runtime::pallet_index(15)]
    pub type Sudo = pallet_sudo;
    #[runtime::pallet_index(16)]
    pub type Utility = pallet_utility;
    #[runtime::pallet_index(17)]
    pub type Proxy = pallet_proxy;
    #[runtime::pallet_index(18)]
    pub type Multisig = pallet_multisig;

    // At genesis, the membership tells the council who its members are.
    #[runtime::pallet_index(25)]
    pub type Council = pallet_collective<Instance1>;
    #[runtime::pallet_index(26)]
    pub type CouncilMembership = pallet_membership<Instance1>;
    #[runtime::pallet_index(27)]
    pub type Timelock = pallet_timelock;
    #[runtime::pallet_index(28)]
    pub type Parameters = pallet_parameters;

    // The judges of emergencies. At genesis, their membership needs the council's, because no
    // account sits in both.
    #[runtime::pallet_index(35)]
    pub type EthicsCommittee = pallet_collective<Instance2>;
    #[runtime::pallet_index(36)]
    pub type EthicsMembership = pallet_membership<Instance2>;

    // Block production. At genesis, each of these needs the ones before it.
    #[runtime::pallet_index(20)]
    pub type Authorship = pallet_authorship;
    #[runtime::pallet_index(21)]
    pub type CollatorSelection = pallet_collator_selection;
    #[runtime::pallet_index(22)]
    pub type Session = pallet_session;
    #[runtime::pallet_index(23)]
    pub type Aura = pallet_aura;
    #[runtime::pallet_index(24)]
    pub type AuraExt = cumulus_pallet_aura_ext;

    #[runtime::pallet_index(30)]
    pub type XcmpQueue = cumulus_pallet_xcmp_queue;
    #[runtime::pallet_index(31)]
    pub type PolkadotXcm = pallet_xcm;
    #[runtime::pallet_index(32)]
    pub type CumulusXcm = cumulus_pallet_xcm;
    #[runtime::pallet_index(33)]
    pub type MessageQueue = pallet_message_queue;

    #[runtime::pallet_index(40)]
    pub type Contracts = pallet_contracts;

    #[runtime::pallet_index(50)]
    pub type Emr = pallet_emr;
    #[runtime::pallet_index(51)]
    pub type Inference = pallet_inference;
    #[runtime::pallet_index(52)]
    pub type Disputes = pallet_disputes;
    #[runtime::pallet_index(53)]
    pub type Custody = pallet_custody;
}

cumulus_pallet_parachain_system::register_validate_block! {
    Runtime = Runtime,
    BlockExecutor = cumulus_pallet_aura_ext::BlockExecutor::<Runtime, Executive>,
}
