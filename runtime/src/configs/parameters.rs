//! Bonds, fees and periods that governance changes while the chain runs.
//!
//! Only root may, and root only acts in public after a delay (`council.rs`). The bounds are such
//! that no combination of values breaks what the pallets' integrity tests ask for; what one is
//! changed to concerns what begins afterwards (`docs/adr/0031-leaving-and-parameters.md`).

use alloc::vec::Vec;
use frame_support::{
    dynamic_params::{dynamic_pallet_params, dynamic_params},
    traits::{AsEnsureOriginWithArg, Get},
};
use frame_system::EnsureRoot;
use medchain_primitives::Parameter;

use crate::{
    parameters::{describe, Amount, Blocks},
    *,
};

/// The parameters. Each has the name of the constant that it is the value of.
///
/// The types have the bounds: the least, the initial and the largest value. An index is for ever.
#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<Runtime>)]
pub mod values {
    use super::*;

    /// Custodians, access and emergencies.
    #[dynamic_pallet_params]
    #[codec(index = 0)]
    pub mod custody {
        /// Bond of a custodian. From 1 to 1,000 MEDC, initially 10.
        #[codec(index = 0)]
        pub static CustodianBond: Amount<{ UNIT }, { 10 * UNIT }, { 1_000 * UNIT }> =
            Amount::initial();

        /// What a custodian gets for a share. From nothing to 1 MEDC, initially 0.01.
        #[codec(index = 1)]
        pub static DeliveryFee: Amount<0, { UNIT / 100 }, { UNIT }> = Amount::initial();

        /// Bond for breaking the glass. From 1 to 100 MEDC, initially 10.
        #[codec(index = 2)]
        pub static EmergencyBond: Amount<{ UNIT }, { 10 * UNIT }, { 100 * UNIT }> =
            Amount::initial();

        /// For how long a grant by a policy lasts. From 5 minutes to a day, initially 10 minutes.
        #[codec(index = 3)]
        pub static AccessPeriod: Blocks<{ 5 * MINUTES }, { 10 * MINUTES }, { DAYS }> =
            Blocks::initial();

        /// For how long an emergency opens records. From an hour to a day, initially 4 hours.
        #[codec(index = 4)]
        pub static EmergencyPeriod: Blocks<{ HOURS }, { 4 * HOURS }, { DAYS }> = Blocks::initial();

        /// How long patient and guardians review. From 2 to 30 days, initially 7.
        #[codec(index = 5)]
        pub static ReviewPeriod: Blocks<{ 2 * DAYS }, { 7 * DAYS }, { 30 * DAYS }> =
            Blocks::initial();

        /// How long the ethics committee judges. From 8 to 60 days, initially 14.
        #[codec(index = 6)]
        pub static EthicsPeriod: Blocks<{ 8 * DAYS }, { 14 * DAYS }, { 60 * DAYS }> =
            Blocks::initial();
    }

    /// Workers, requests and verdicts.
    #[dynamic_pallet_params]
    #[codec(index = 1)]
    pub mod inference {
        /// Bond of a worker. From 50 to 10,000 MEDC, initially 100.
        #[codec(index = 0)]
        pub static WorkerBond: Amount<{ 50 * UNIT }, { 100 * UNIT }, { 10_000 * UNIT }> =
            Amount::initial();

        /// What a worker loses that does not answer. From 1 to 50 MEDC, initially 5.
        #[codec(index = 1)]
        pub static AbsencePenalty: Amount<{ UNIT }, { 5 * UNIT }, { 50 * UNIT }> =
            Amount::initial();

        /// What a worker loses that does not show its answer. From 5 to 50 MEDC, initially 20.
        #[codec(index = 2)]
        pub static RevealPenalty: Amount<{ 5 * UNIT }, { 20 * UNIT }, { 50 * UNIT }> =
            Amount::initial();

        /// What the winner of a dispute gets. From 1 to 40 MEDC, initially 20.
        #[codec(index = 3)]
        pub static DisputeReward: Amount<{ UNIT }, { 20 * UNIT }, { 40 * UNIT }> =
            Amount::initial();

        /// Time to draw workers. From 10 minutes to 6 hours, initially an hour.
        #[codec(index = 4)]
        pub static DrawPeriod: Blocks<{ 10 * MINUTES }, { HOURS }, { 6 * HOURS }> =
            Blocks::initial();

        /// Time to seal the key to workers. From 10 minutes to 6 hours, initially an hour.
        #[codec(index = 5)]
        pub static SealPeriod: Blocks<{ 10 * MINUTES }, { HOURS }, { 6 * HOURS }> =
            Blocks::initial();

        /// Time to compute an answer. From 10 minutes to 12 hours, initially 2 hours.
        #[codec(index = 6)]
        pub static CommitPeriod: Blocks<{ 10 * MINUTES }, { 2 * HOURS }, { 12 * HOURS }> =
            Blocks::initial();

        /// Time to show an answer. From 10 minutes to 6 hours, initially an hour.
        #[codec(index = 7)]
        pub static RevealPeriod: Blocks<{ 10 * MINUTES }, { HOURS }, { 6 * HOURS }> =
            Blocks::initial();

        /// Time for a round of a dispute. From 10 minutes to 6 hours, initially an hour.
        #[codec(index = 8)]
        pub static RoundPeriod: Blocks<{ 10 * MINUTES }, { HOURS }, { 6 * HOURS }> =
            Blocks::initial();

        /// For how long a verdict can be challenged. From an hour to 14 days, initially a day.
        #[codec(index = 9)]
        pub static ProvisionalPeriod: Blocks<{ HOURS }, { DAYS }, { 14 * DAYS }> =
            Blocks::initial();

        /// When a request that came to nothing is removed. From 1 to 365 days, initially 28.
        #[codec(index = 10)]
        pub static ClosedPeriod: Blocks<{ DAYS }, { 28 * DAYS }, { 365 * DAYS }> =
            Blocks::initial();

        /// How long a worker's bond outlasts its leave. From 7 to 90 days, initially 7.
        ///
        /// Longer where the other periods together are.
        #[codec(index = 11)]
        pub static UnbondingPeriod: Blocks<{ 7 * DAYS }, { 7 * DAYS }, { 90 * DAYS }> =
            Blocks::initial();
    }
}

/// Describes each parameter that is named.
macro_rules! described {
    ($($group:ident::$module:ident { $($name:ident),* $(,)? })*) => {
        alloc::vec![$($(
            describe(
                concat!(stringify!($group), ".", stringify!($name)),
                &RuntimeParameters::$group(
                    values::$module::Parameters::$name(values::$module::$name, None),
                ),
                <values::$module::$name as Get<_>>::get(),
            ),
        )*)*]
    };
}

/// Lists all parameters, with their bounds and what they are now.
pub fn all_parameters() -> Vec<Parameter> {
    described! {
        Custody::custody {
            CustodianBond, DeliveryFee, EmergencyBond, AccessPeriod, EmergencyPeriod, ReviewPeriod,
            EthicsPeriod,
        }
        Inference::inference {
            WorkerBond, AbsencePenalty, RevealPenalty, DisputeReward, DrawPeriod, SealPeriod,
            CommitPeriod, RevealPeriod, RoundPeriod, ProvisionalPeriod, ClosedPeriod,
            UnbondingPeriod,
        }
    }
}

impl pallet_parameters::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeParameters = RuntimeParameters;
    // In public, after the delay: never a part of the council in one block.
    type AdminOrigin = AsEnsureOriginWithArg<EnsureRoot<AccountId>>;
    // Measured by those who publish the pallet.
    type WeightInfo = ();
}
