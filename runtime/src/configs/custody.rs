//! Custodians, the access that they serve, and emergencies.

use frame_support::{parameter_types, traits::ConstU128};

use crate::{
    committees::DrawnWorkers,
    configs::{values::custody, EthicsMajority},
    parameters::Current,
    *,
};

parameter_types! {
    /// Maximum number of custodians per patient.
    pub const MaxCustodians: u32 = 8;
    /// Maximum number of grants per record at a time.
    pub const MaxGrants: u32 = 16;
    /// Maximum number of emergencies of one account that are not closed.
    pub const MaxOpenEmergencies: u32 = 3;
    /// Maximum number of records that can be requested in one emergency.
    pub const MaxEmergencyRecords: u32 = 32;
    /// Number of rejected emergencies from which on an account may not break the glass any more.
    pub const MaxRejections: u32 = 2;
}

impl pallet_custody::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Committees = DrawnWorkers;
    type EthicsOrigin = EthicsMajority;
    type CustodianBond = Current<custody::CustodianBond>;
    type CustodyDeposit = ConstU128<{ deposit(1, 112) }>;
    type GrantDeposit = ConstU128<{ deposit(2, 1024) }>;
    // Pays for a custodian's node, and makes a flood of requests cost its author.
    type DeliveryFee = Current<custody::DeliveryFee>;
    type EmergencyBond = Current<custody::EmergencyBond>;
    type MaxCustodians = MaxCustodians;
    type MaxGrants = MaxGrants;
    type MaxOpenEmergencies = MaxOpenEmergencies;
    type MaxEmergencyRecords = MaxEmergencyRecords;
    type MaxRejections = MaxRejections;
    type AccessPeriod = Current<custody::AccessPeriod>;
    type EmergencyPeriod = Current<custody::EmergencyPeriod>;
    type ReviewPeriod = Current<custody::ReviewPeriod>;
    // Longer than members can vote on a motion.
    type EthicsPeriod = Current<custody::EthicsPeriod>;
    type WeightInfo = crate::weights::pallet_custody::WeightInfo<Runtime>;
}
