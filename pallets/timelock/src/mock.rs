//! The mock runtime, whose council is two accounts.

use frame_support::{
    assert_ok, derive_impl, ord_parameter_types, parameter_types,
    traits::{ConstU32, ConstU64},
    weights::Weight,
};
use frame_system::EnsureSignedBy;
use medchain_primitives::ChangeId;
use sp_io::TestExternalities;
use sp_runtime::BuildStorage;
use sp_version::RuntimeVersion;

use crate as pallet_timelock;

/// Announces changes.
pub const COUNCIL: u64 = 1;
/// Cancels changes.
pub const MINORITY: u64 = 2;
/// May do neither.
pub const STRANGER: u64 = 3;

pub const DELAY: u64 = 10;
pub const ENACT_PERIOD: u64 = 5;
pub const MAX_CHANGES: u32 = 2;
pub const MAX_BYTES: u32 = 128;
/// The time that every call of a test may take, in picoseconds.
const ENOUGH: u64 = 1_000_000_000_000;
/// The number of the first change.
pub const FIRST: ChangeId = ChangeId(0);

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Timelock: pallet_timelock,
    }
);

parameter_types! {
    /// The runtime's version, which a test can change.
    pub static TransactionVersion: u32 = 7;
    pub Version: RuntimeVersion = RuntimeVersion {
        transaction_version: TransactionVersion::get(),
        ..Default::default()
    };
    /// The limit of calls, which a test can lower.
    pub static MaxTime: u64 = ENOUGH;
    pub MaxWeight: Weight = Weight::from_parts(MaxTime::get(), u64::MAX);
}

ord_parameter_types! {
    pub const Council: u64 = COUNCIL;
    pub const Minority: u64 = MINORITY;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type Version = Version;
}

impl pallet_timelock::Config for Test {
    type RuntimeCall = RuntimeCall;
    type AnnounceOrigin = EnsureSignedBy<Council, u64>;
    type CancelOrigin = EnsureSignedBy<Minority, u64>;
    type DefaultDelay = ConstU64<DELAY>;
    type EnactPeriod = ConstU64<ENACT_PERIOD>;
    type MaxChanges = ConstU32<MAX_CHANGES>;
    type MaxCallBytes = ConstU32<MAX_BYTES>;
    type MaxCallWeight = MaxWeight;
    type WeightInfo = ();
}

/// A chain at block 1, whose first block set no delay.
pub fn chain() -> TestExternalities {
    chain_with(None)
}

/// A chain at block 1, whose first block set this delay.
pub fn chain_with(delay: Option<u64>) -> TestExternalities {
    let timelock = pallet_timelock::GenesisConfig { delay };
    let genesis = RuntimeGenesisConfig { timelock, ..Default::default() };
    let storage = genesis.build_storage().expect("the genesis of a test is valid");
    let mut chain = TestExternalities::from(storage);
    chain.execute_with(|| {
        System::set_block_number(1);
        TransactionVersion::set(7);
        MaxTime::set(ENOUGH);
    });
    chain
}

/// Runs a test, then checks the invariants.
pub fn execute(test: impl FnOnce()) {
    chain().execute_with(|| {
        test();
        assert_ok!(Timelock::do_try_state());
    });
}

pub fn signed(who: u64) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

/// A call that only root may make: it stores a value.
pub fn store(value: u8) -> RuntimeCall {
    frame_system::Call::<Test>::set_storage { items: vec![(b"key".to_vec(), vec![value])] }.into()
}

/// What the last such call stored.
pub fn stored() -> Option<u8> {
    frame_support::storage::unhashed::get_raw(b"key").map(|value| value[0])
}

/// Announces a call, as the council.
pub fn announce(call: RuntimeCall) -> frame_support::dispatch::DispatchResult {
    Timelock::announce(signed(COUNCIL), Box::new(call))
}

/// This pallet's events since the previous call, in order.
pub fn events() -> Vec<crate::Event<Test>> {
    let events = System::events().into_iter().filter_map(|record| match record.event {
        RuntimeEvent::Timelock(event) => Some(event),
        RuntimeEvent::System(_) => None,
    });
    let events = events.collect();
    System::reset_events();
    events
}
