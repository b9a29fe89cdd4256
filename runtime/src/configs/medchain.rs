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
    /// The most custodians that a patient may choose.
    pub const MaxCustodians: u32 = 8;
    /// The most grants that may stand on one record at a time.
    pub const MaxGrants: u32 = 16;
    /// The most emergencies of one account that may wait for their review.
    pub const MaxOpenEmergencies: u32 = 3;
    /// How long custodians hand over what a policy granted.
    pub const AccessPeriod: BlockNumber = 10 * MINUTES;
    /// How long they do after the glass was broken.
    pub const EmergencyPeriod: BlockNumber = 4 * HOURS;
    /// How long the patient or a guardian may take to review an emergency.
    pub const ReviewPeriod: BlockNumber = 7 * DAYS;
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
