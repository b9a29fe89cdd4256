//! Custodians, the access that they serve, and emergencies.

use frame_support::{parameter_types, traits::ConstU128};

use crate::{committees::DrawnWorkers, configs::CouncilMajority, *};

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
    /// Number of blocks for which access granted by a policy lasts.
    pub const AccessPeriod: BlockNumber = 10 * MINUTES;
    /// Number of blocks for which break-glass access lasts.
    pub const EmergencyPeriod: BlockNumber = 4 * HOURS;
    /// Number of blocks in which the patient or a guardian can review an emergency.
    pub const ReviewPeriod: BlockNumber = 7 * DAYS;
    /// Number of blocks in which an emergency that nobody reviewed can be judged: twice as long as
    /// members can vote on a motion.
    pub const EthicsPeriod: BlockNumber = 14 * DAYS;
}

impl pallet_custody::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Committees = DrawnWorkers;
    // Until ethics have a body of their own.
    type EthicsOrigin = CouncilMajority;
    type CustodianBond = ConstU128<{ 10 * UNIT }>;
    type CustodyDeposit = ConstU128<{ deposit(1, 112) }>;
    type GrantDeposit = ConstU128<{ deposit(2, 1024) }>;
    // Pays for a custodian's node, and makes a flood of requests cost its author.
    type DeliveryFee = ConstU128<{ UNIT / 100 }>;
    type EmergencyBond = ConstU128<{ 10 * UNIT }>;
    type MaxCustodians = MaxCustodians;
    type MaxGrants = MaxGrants;
    type MaxOpenEmergencies = MaxOpenEmergencies;
    type MaxEmergencyRecords = MaxEmergencyRecords;
    type MaxRejections = MaxRejections;
    type AccessPeriod = AccessPeriod;
    type EmergencyPeriod = EmergencyPeriod;
    type ReviewPeriod = ReviewPeriod;
    type EthicsPeriod = EthicsPeriod;
    type WeightInfo = crate::weights::pallet_custody::WeightInfo<Runtime>;
}
