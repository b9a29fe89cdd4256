//! The pallets of this repository.

use frame_support::{parameter_types, traits::ConstU128};
use frame_system::EnsureRoot;

#[cfg(feature = "runtime-benchmarks")]
use crate::policy_contract::AllowAll;
#[cfg(not(feature = "runtime-benchmarks"))]
use crate::policy_contract::PolicyContract;
use crate::*;

parameter_types! {
    /// Maximum number of envelopes per record.
    pub const MaxEnvelopes: u32 = 32;
    /// Maximum number of custodians per patient.
    pub const MaxCustodians: u32 = 8;
    /// Maximum number of grants per record at a time.
    pub const MaxGrants: u32 = 16;
    /// Maximum number of emergencies of one account awaiting review.
    pub const MaxOpenEmergencies: u32 = 3;
    /// Number of blocks for which access granted by a policy lasts.
    pub const AccessPeriod: BlockNumber = 10 * MINUTES;
    /// Number of blocks for which break-glass access lasts.
    pub const EmergencyPeriod: BlockNumber = 4 * HOURS;
    /// Number of blocks in which the patient or a guardian can review an emergency.
    pub const ReviewPeriod: BlockNumber = 7 * DAYS;
    /// Number of blocks for which a request stays open.
    pub const RequestDeadline: BlockNumber = 2 * HOURS;
    /// Maximum number of models per worker.
    pub const MaxWorkerModels: u32 = 16;
    /// Number of failure reports that close a request as failed.
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
    type CustodyDeposit = ConstU128<{ deposit(1, 112) }>;
    type GrantDeposit = ConstU128<{ deposit(2, 1024) }>;
    type EmergencyBond = ConstU128<{ 10 * UNIT }>;
    type MaxEnvelopes = MaxEnvelopes;
    type MaxCustodians = MaxCustodians;
    type MaxGrants = MaxGrants;
    type MaxOpenEmergencies = MaxOpenEmergencies;
    type AccessPeriod = AccessPeriod;
    type EmergencyPeriod = EmergencyPeriod;
    type ReviewPeriod = ReviewPeriod;
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
