//! The contracts pallet, which runs policy contracts.

use frame_support::{
    parameter_types,
    traits::{ConstBool, ConstU128, ConstU32, Nothing, Randomness},
};
use frame_system::EnsureSigned;
use sp_runtime::Perbill;

use crate::*;

/// Gives contracts no randomness.
///
/// The host function is deprecated, and a policy whose answer depends on chance cannot be audited.
pub struct NoRandomness;

impl Randomness<Hash, BlockNumber> for NoRandomness {
    fn random(_subject: &[u8]) -> (Hash, BlockNumber) {
        (Hash::zero(), 0)
    }
}

/// Picoseconds that each byte of an event costs.
///
/// More than the default, which lets a cheap block have so many events that clients cannot fetch
/// them: at this price, a full block has less than 4 MB.
const EVENT_REF_TIME: u64 = 400_000;

parameter_types! {
    pub Schedule: pallet_contracts::Schedule<Runtime> = pallet_contracts::Schedule {
        limits: pallet_contracts::Limits { event_ref_time: EVENT_REF_TIME, ..Default::default() },
        ..Default::default()
    };
    pub const CodeHashLockupDepositPercent: Perbill = Perbill::from_percent(30);
}

impl pallet_contracts::Config for Runtime {
    type Time = Timestamp;
    type Randomness = NoRandomness;
    type Currency = Balances;
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type RuntimeHoldReason = RuntimeHoldReason;
    // Contracts cannot dispatch calls of the runtime.
    type CallFilter = Nothing;
    type WeightPrice = TransactionPayment;
    type WeightInfo = pallet_contracts::weights::SubstrateWeight<Runtime>;
    type ChainExtension = crate::policy_extension::PolicyExtension;
    type Schedule = Schedule;
    type CallStack = [pallet_contracts::Frame<Self>; 5];
    type DepositPerByte = ConstU128<{ deposit(0, 1) }>;
    type DefaultDepositLimit = ConstU128<{ deposit(1024, 1024 * 1024) }>;
    type DepositPerItem = ConstU128<{ deposit(1, 0) }>;
    type CodeHashLockupDepositPercent = CodeHashLockupDepositPercent;
    type AddressGenerator = pallet_contracts::DefaultAddressGenerator;
    type MaxCodeLen = ConstU32<{ 120 * 1024 }>;
    type MaxStorageKeyLen = ConstU32<128>;
    type MaxTransientStorageSize = ConstU32<{ 1024 * 1024 }>;
    type MaxDelegateDependencies = ConstU32<32>;
    type UnsafeUnstableInterface = ConstBool<false>;
    type MaxDebugBufferLen = ConstU32<{ 2 * 1024 * 1024 }>;
    type UploadOrigin = EnsureSigned<AccountId>;
    type InstantiateOrigin = EnsureSigned<AccountId>;
    type Migrations = ();
    type Debug = ();
    type Environment = ();
    type ApiVersion = ();
    type Xcm = ();
}
