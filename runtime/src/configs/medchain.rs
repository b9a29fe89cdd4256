//! The pallets of this repository.

use frame_support::{parameter_types, traits::ConstU128};
use frame_system::EnsureRoot;

#[cfg(feature = "runtime-benchmarks")]
use crate::policy_contract::AllowAll;
#[cfg(not(feature = "runtime-benchmarks"))]
use crate::policy_contract::PolicyContract;
use crate::*;

parameter_types! {
    /// The most envelopes that one record may have.
    pub const MaxEnvelopes: u32 = 32;
    /// How long a request waits for a worker.
    pub const RequestDeadline: BlockNumber = 2 * HOURS;
    /// The most models that one worker may offer.
    pub const MaxWorkerModels: u32 = 16;
    /// How many workers must fail before a request does, where there are as many.
    pub const FailureQuorum: u32 = 3;
}

impl pallet_emr::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type RegistrarOrigin = EnsureRoot<AccountId>;
    #[cfg(not(feature = "runtime-benchmarks"))]
    type AccessControl = PolicyContract;
    #[cfg(feature = "runtime-benchmarks")]
    type AccessControl = AllowAll;
    type InferenceOrders = Inference;
    type PatientDeposit = ConstU128<{ deposit(2, 256) }>;
    type RecordDeposit = ConstU128<{ deposit(2, 300) }>;
    type EnvelopeDeposit = ConstU128<{ deposit(1, 176) }>;
    type EncryptionKeyDeposit = ConstU128<{ deposit(2, 128) }>;
    type MaxEnvelopes = MaxEnvelopes;
    type WeightInfo = weights::pallet_emr::WeightInfo<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = AllowAll;
}

impl pallet_inference::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type WorkerBond = ConstU128<{ 100 * UNIT }>;
    type RequestDeadline = RequestDeadline;
    type MaxWorkerModels = MaxWorkerModels;
    type FailureQuorum = FailureQuorum;
    type WeightInfo = weights::pallet_inference::WeightInfo<Runtime>;
}
