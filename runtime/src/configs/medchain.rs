//! The pallets of this repository.

#[cfg(feature = "runtime-benchmarks")]
use crate::policy_contract::AllowAll;
#[cfg(not(feature = "runtime-benchmarks"))]
use crate::policy_contract::PolicyContract;
use crate::{
    configs::{values::inference, CouncilMajority, CouncilMinority, ProxyType},
    parameters::{Current, Least},
    seeds::RelaySeeds,
    *,
};
use frame_support::{
    dispatch::DispatchResult, ensure, parameter_types, traits::ConstU128, weights::Weight,
};

parameter_types! {
    /// Maximum number of blocks of a provider's term: two years.
    pub const MaxTerm: BlockNumber = 730 * DAYS;
    /// Maximum number of envelopes per record.
    pub const MaxEnvelopes: u32 = 32;
    /// Number of relay chain blocks by which their seeds may be public before this chain sees
    /// them: our blocks are built on relay parents behind the relay chain's tip. With a
    /// `scheduling_lookahead` of five there, as today's relay chains have, four blocks at most.
    pub const SeedDelay: u32 = 4;
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
    type Departure = (Custody, (Inference, Caretakers));
    type PatientDeposit = ConstU128<{ deposit(2, 256) }>;
    type RecordDeposit = ConstU128<{ deposit(2, 300) }>;
    type EnvelopeDeposit = ConstU128<{ deposit(1, 185) }>;
    type EncryptionKeyDeposit = ConstU128<{ deposit(2, 128) }>;
    type MaxEnvelopes = MaxEnvelopes;
    type WeightInfo = weights::pallet_emr::WeightInfo<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = AllowAll;
}

/// The proxies that may add records in a patient's name.
///
/// A proxy of all calls is no caretaker: it is the patient, perhaps the only one who can sign.
pub struct Caretakers;

impl pallet_emr::Departure<AccountId> for Caretakers {
    fn ensure_may_leave(patient: &AccountId) -> DispatchResult {
        let (proxies, _) = pallet_proxy::Proxies::<Runtime>::get(patient);
        let caretaker = proxies.iter().any(|proxy| proxy.proxy_type == ProxyType::Records);
        ensure!(!caretaker, pallet_emr::Error::<Runtime>::CaretakersNotRemoved);
        Ok(())
    }

    fn leave(_: &AccountId) -> DispatchResult {
        Ok(())
    }

    fn weight() -> Weight {
        // An estimate: one entry of at most 32 proxies.
        const PROXIES: Weight = Weight::from_parts(10_000_000, 5_000);
        weights::RocksDbWeight::get().reads(1).saturating_add(PROXIES)
    }
}

impl pallet_disputes::Config for Runtime {
    type Client = Inference;
    type WeightInfo = weights::pallet_disputes::WeightInfo<Runtime>;
}

impl pallet_inference::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type GovernanceOrigin = CouncilMajority;
    type WorkerBond = Current<inference::WorkerBond>;
    type AbsencePenalty = Current<inference::AbsencePenalty>;
    type RevealPenalty = Current<inference::RevealPenalty>;
    type LeastRevealPenalty = Least<inference::RevealPenalty>;
    type Seeds = RelaySeeds;
    type SeedDelay = SeedDelay;
    type DrawPeriod = Current<inference::DrawPeriod>;
    type SealPeriod = Current<inference::SealPeriod>;
    type CommitPeriod = Current<inference::CommitPeriod>;
    type RevealPeriod = Current<inference::RevealPeriod>;
    type RoundPeriod = Current<inference::RoundPeriod>;
    type DisputeReward = Current<inference::DisputeReward>;
    type ProvisionalPeriod = Current<inference::ProvisionalPeriod>;
    type ClosedPeriod = Current<inference::ClosedPeriod>;
    type UnbondingPeriod = Current<inference::UnbondingPeriod>;
    type MaxCandidates = MaxCandidates;
    type MaxWorkerModels = MaxWorkerModels;
    type FailureQuorum = FailureQuorum;
    type WeightInfo = weights::pallet_inference::WeightInfo<Runtime>;
}
