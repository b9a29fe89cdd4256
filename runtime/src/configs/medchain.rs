//! The pallets of this repository.

#[cfg(feature = "runtime-benchmarks")]
use crate::policy_contract::AllowAll;
#[cfg(not(feature = "runtime-benchmarks"))]
use crate::policy_contract::PolicyContract;
use crate::{
    configs::{CouncilMajority, CouncilMinority},
    seeds::RelaySeeds,
    *,
};
use frame_support::{parameter_types, traits::ConstU128};

parameter_types! {
    /// Maximum number of blocks of a provider's term: two years.
    pub const MaxTerm: BlockNumber = 730 * DAYS;
    /// Maximum number of envelopes per record.
    pub const MaxEnvelopes: u32 = 32;
    /// Number of relay chain blocks by which their seeds may be public before this chain sees
    /// them: our blocks are built on relay parents behind the relay chain's tip.
    pub const SeedDelay: u32 = 2;
    /// Number of blocks within which the workers of a request must be drawn.
    pub const DrawPeriod: BlockNumber = HOURS;
    /// Number of blocks within which the key must be sealed to them.
    pub const SealPeriod: BlockNumber = HOURS;
    /// Number of blocks that workers have to compute: time for a long queue.
    pub const CommitPeriod: BlockNumber = 2 * HOURS;
    /// Number of blocks that workers have to show their answers, also after a restart.
    pub const RevealPeriod: BlockNumber = HOURS;
    /// Number of blocks that two workers have for each round of a dispute, also after a restart.
    pub const RoundPeriod: BlockNumber = HOURS;
    /// Number of blocks for which a verdict can be challenged.
    pub const ProvisionalPeriod: BlockNumber = DAYS;
    pub const ClosedPeriod: BlockNumber = 28 * DAYS;
    /// Number of blocks for which the bond of a worker outlasts its leave.
    pub const UnbondingPeriod: BlockNumber = 7 * DAYS;
    /// Maximum number of models per worker.
    pub const MaxWorkerModels: u32 = 16;
    /// Maximum number of workers that can be drawn for a model.
    pub const MaxCandidates: u32 = 128;
    /// Number of workers that a request may lose before it fails.
    pub const FailureQuorum: u32 = 3;
}

impl pallet_emr::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type GovernanceOrigin = CouncilMajority;
    type CancelOrigin = CouncilMinority;
    type DefaultPolicyDelay = Timelock;
    type MaxTerm = MaxTerm;
    #[cfg(not(feature = "runtime-benchmarks"))]
    type AccessControl = PolicyContract;
    #[cfg(feature = "runtime-benchmarks")]
    type AccessControl = AllowAll;
    type InferenceOrders = Inference;
    type Custody = Custody;
    type PatientDeposit = ConstU128<{ deposit(2, 256) }>;
    type RecordDeposit = ConstU128<{ deposit(2, 300) }>;
    type EnvelopeDeposit = ConstU128<{ deposit(1, 185) }>;
    type EncryptionKeyDeposit = ConstU128<{ deposit(2, 128) }>;
    type MaxEnvelopes = MaxEnvelopes;
    type WeightInfo = weights::pallet_emr::WeightInfo<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = AllowAll;
}

impl pallet_disputes::Config for Runtime {
    type Client = Inference;
    // Estimates: the calls are newer than the last measurement.
    type WeightInfo = ();
}

impl pallet_inference::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type GovernanceOrigin = CouncilMajority;
    type WorkerBond = ConstU128<{ 100 * UNIT }>;
    type AbsencePenalty = ConstU128<{ 5 * UNIT }>;
    type RevealPenalty = ConstU128<{ 20 * UNIT }>;
    type Seeds = RelaySeeds;
    type SeedDelay = SeedDelay;
    type DrawPeriod = DrawPeriod;
    type SealPeriod = SealPeriod;
    type CommitPeriod = CommitPeriod;
    type RevealPeriod = RevealPeriod;
    type RoundPeriod = RoundPeriod;
    type DisputeReward = ConstU128<{ 20 * UNIT }>;
    type ProvisionalPeriod = ProvisionalPeriod;
    type ClosedPeriod = ClosedPeriod;
    type UnbondingPeriod = UnbondingPeriod;
    type MaxCandidates = MaxCandidates;
    type MaxWorkerModels = MaxWorkerModels;
    type FailureQuorum = FailureQuorum;
    // Estimates: the calls are newer than the last measurement.
    type WeightInfo = ();
}
