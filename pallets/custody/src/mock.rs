//! The mock runtime: patients, custodians with keys of their own, and a policy whose answers
//! the tests set.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use frame_support::{
    assert_ok, derive_impl,
    dispatch::DispatchResult,
    traits::{fungible::InspectHold, ConstU32, ConstU64, EitherOfDiverse, Hooks},
    weights::Weight,
};
use frame_system::{EnsureRoot, EnsureSignedBy};
use medchain_primitives::{
    Action, Cid, CidCodec, ContentDigest, Denied, DenyReason, EncryptionKey, InstitutionId,
    InstitutionName, ModelId, Purpose, RecordId, RecordKind, RelationKind, RequestId, Role,
    SealedKey,
};
use medchain_sharing::{CustodianSecret, Entrustment, KeyContext, KeyProof};
use pallet_emr::{AccessControl, AccessQuestion, Answer, DefaultPolicy};
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use sp_runtime::BuildStorage;

use crate::{self as pallet_custody, Committees, HoldReason, Place};

/// A registered patient, with the record [`XRAY`].
pub const ALICE: u64 = 1;
/// Another registered patient, without records.
pub const BOB: u64 = 2;
/// A registered lab technician without any grant.
pub const TECHNICIAN: u64 = 3;
/// Has funds.
pub const READER: u64 = 4;
/// Has funds.
pub const OTHER_READER: u64 = 5;
/// Has funds.
pub const STRANGER: u64 = 6;
/// Has only the existential deposit.
pub const POOR: u64 = 7;
/// A registered custodian that no patient has chosen.
pub const CUSTODIAN: u64 = 10;
/// Another registered custodian.
pub const CUSTODIAN_2: u64 = 11;
/// A third registered custodian.
pub const CUSTODIAN_3: u64 = 12;
/// A registered clinician.
pub const CLINICIAN: u64 = 13;
/// The emergency contact of [`ALICE`].
pub const CONTACT: u64 = 14;
/// A guardian of [`ALICE`].
pub const GUARDIAN: u64 = 15;
/// Another guardian of [`ALICE`].
pub const OTHER_GUARDIAN: u64 = 16;
/// The registrar of [`CLINIC`].
pub const REGISTRAR: u64 = 20;
/// Judges emergencies that nobody reviewed.
pub const ETHICS: u64 = 21;
/// The chain's default policy.
pub const POLICY: u64 = 99;

/// The registered custodians.
pub const CUSTODIANS: [u64; 3] = [CUSTODIAN, CUSTODIAN_2, CUSTODIAN_3];
/// All accounts that have funds.
pub const RICH: [u64; 13] = [
    ALICE,
    BOB,
    TECHNICIAN,
    READER,
    OTHER_READER,
    STRANGER,
    CUSTODIAN,
    CUSTODIAN_2,
    CUSTODIAN_3,
    CLINICIAN,
    CONTACT,
    GUARDIAN,
    OTHER_GUARDIAN,
];

/// The institution of all providers.
pub const CLINIC: InstitutionId = InstitutionId(0);
/// The last block of the providers' terms, and the longest term.
pub const TERM: u64 = 1_000;

/// The record of [`ALICE`].
pub const XRAY: RecordId = RecordId(0);
/// The number of the next record.
pub const NEXT: RecordId = RecordId(1);

/// The denial of a policy that vetoes.
pub const REVOKED: Denied = Denied::Refused(DenyReason::Revoked);

pub const FUNDS: u64 = 10_000;
pub const PATIENT_DEPOSIT: u64 = 100;
pub const RECORD_DEPOSIT: u64 = 10;
pub const CUSTODIAN_BOND: u64 = 300;
pub const CUSTODY_DEPOSIT: u64 = 7;
pub const GRANT_DEPOSIT: u64 = 11;
pub const DELIVERY_FEE: u64 = 5;
pub const BOND: u64 = 500;
pub const MAX_CUSTODIANS: u32 = 3;
pub const MAX_GRANTS: u32 = 4;
pub const MAX_EMERGENCIES: u32 = 2;
pub const MAX_EMERGENCY_RECORDS: u32 = 3;
pub const MAX_REJECTIONS: u32 = 2;
pub const ACCESS_PERIOD: u64 = 10;
pub const EMERGENCY_PERIOD: u64 = 5;
pub const REVIEW_PERIOD: u64 = 30;
pub const ETHICS_PERIOD: u64 = 15;

pub const CHECK_WEIGHT: Weight = Weight::from_parts(7_000_000_000, 7_000);
/// The part of it that one question to the policy uses.
pub const ASKED_WEIGHT: Weight = Weight::from_parts(2_000_000_000, 1_000);

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Emr: pallet_emr,
        Custody: pallet_custody,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountData = pallet_balances::AccountData<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
}

/// Values that tests change, as governance does in the runtime.
pub mod values {
    frame_support::parameter_types! {
        pub static CustodianBond: u64 = super::CUSTODIAN_BOND;
        pub static CustodyDeposit: u64 = super::CUSTODY_DEPOSIT;
        pub static GrantDeposit: u64 = super::GRANT_DEPOSIT;
        pub static DeliveryFee: u64 = super::DELIVERY_FEE;
        pub static EmergencyBond: u64 = super::BOND;
        pub static AccessPeriod: u64 = super::ACCESS_PERIOD;
        pub static EmergencyPeriod: u64 = super::EMERGENCY_PERIOD;
        pub static ReviewPeriod: u64 = super::REVIEW_PERIOD;
        pub static EthicsPeriod: u64 = super::ETHICS_PERIOD;
    }
}
pub use values::*;

/// Sets every value that a test may have changed.
fn reset_parameters() {
    CustodianBond::set(CUSTODIAN_BOND);
    CustodyDeposit::set(CUSTODY_DEPOSIT);
    GrantDeposit::set(GRANT_DEPOSIT);
    DeliveryFee::set(DELIVERY_FEE);
    EmergencyBond::set(BOND);
    AccessPeriod::set(ACCESS_PERIOD);
    EmergencyPeriod::set(EMERGENCY_PERIOD);
    ReviewPeriod::set(REVIEW_PERIOD);
    EthicsPeriod::set(ETHICS_PERIOD);
}

frame_support::ord_parameter_types! {
    pub const Ethics: u64 = ETHICS;
}

impl pallet_emr::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type GovernanceOrigin = EnsureRoot<u64>;
    type CancelOrigin = EnsureRoot<u64>;
    type DefaultPolicyDelay = ConstU64<10>;
    type MaxTerm = ConstU64<TERM>;
    type AccessControl = Policy;
    type InferenceOrders = ();
    type Custody = Custody;
    type Departure = Custody;
    type PatientDeposit = ConstU64<PATIENT_DEPOSIT>;
    type RecordDeposit = ConstU64<RECORD_DEPOSIT>;
    type EnvelopeDeposit = ConstU64<0>;
    type EncryptionKeyDeposit = ConstU64<0>;
    type MaxEnvelopes = ConstU32<4>;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Policy;
}

impl pallet_custody::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Committees = Draws;
    type EthicsOrigin = EitherOfDiverse<EnsureRoot<u64>, EnsureSignedBy<Ethics, u64>>;
    type CustodianBond = CustodianBond;
    type CustodyDeposit = CustodyDeposit;
    type GrantDeposit = GrantDeposit;
    type DeliveryFee = DeliveryFee;
    type EmergencyBond = EmergencyBond;
    type MaxCustodians = ConstU32<MAX_CUSTODIANS>;
    type MaxGrants = ConstU32<MAX_GRANTS>;
    type MaxOpenEmergencies = ConstU32<MAX_EMERGENCIES>;
    type MaxEmergencyRecords = ConstU32<MAX_EMERGENCY_RECORDS>;
    type MaxRejections = ConstU32<MAX_REJECTIONS>;
    type AccessPeriod = AccessPeriod;
    type EmergencyPeriod = EmergencyPeriod;
    type ReviewPeriod = ReviewPeriod;
    type EthicsPeriod = EthicsPeriod;
    type WeightInfo = ();
}

/// A question to the policy: patient, subject, record, action, purpose.
pub type Question = (u64, u64, Option<RecordId>, Action, Option<Purpose>);
/// The answers of the policy, by patient, subject and action.
type Answers = BTreeMap<(u64, u64, Action), Result<(), Denied>>;

thread_local! {
    static ANSWERS: RefCell<Answers> = const { RefCell::new(BTreeMap::new()) };
    static GENEROUS: RefCell<BTreeSet<u64>> = const { RefCell::new(BTreeSet::new()) };
    static ASKED: RefCell<Vec<Question>> = const { RefCell::new(Vec::new()) };
}

/// A policy that answers `NoGrant` unless a test sets another answer.
pub struct Policy;

impl Policy {
    /// Sets the answer to whether `subject` may do `action` with the records of `patient`.
    pub fn answer(patient: u64, subject: u64, action: Action, answer: Result<(), Denied>) {
        ANSWERS.with_borrow_mut(|answers| answers.insert((patient, subject, action), answer));
    }

    pub fn grant(patient: u64, subject: u64, action: Action) {
        Self::answer(patient, subject, action, Ok(()));
    }

    pub fn revoke(patient: u64, subject: u64, action: Action) {
        Self::answer(patient, subject, action, Err(REVOKED));
    }

    /// What the policy would answer, without asking.
    pub fn answered(patient: u64, subject: u64, action: Action) -> Result<(), Denied> {
        ANSWERS
            .with_borrow(|answers| answers.get(&(patient, subject, action)).copied())
            .unwrap_or(Err(Denied::Refused(DenyReason::NoGrant)))
    }

    /// The questions asked since the previous call.
    pub fn asked() -> Vec<Question> {
        ASKED.take()
    }
}

impl AccessControl<u64> for Policy {
    fn check(policy: Option<&u64>, question: AccessQuestion<'_, u64>) -> Answer {
        let AccessQuestion { patient, subject, record, action, purpose, model: _ } = question;
        if GENEROUS.with_borrow(|patients| patients.contains(patient)) {
            return Answer::free(Ok(()));
        }
        if policy.is_none() {
            return Answer::free(Err(Denied::NoPolicy));
        }
        ASKED.with_borrow_mut(|asked| asked.push((*patient, *subject, record, action, purpose)));
        Answer { result: Self::answered(*patient, *subject, action), weight: ASKED_WEIGHT }
    }

    fn weight() -> Weight {
        CHECK_WEIGHT
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_emr::BenchmarkHelper<u64> for Policy {
    fn allow_all(patient: &u64) {
        GENEROUS.with_borrow_mut(|patients| patients.insert(*patient));
    }
}

/// The model that drawn workers are to run.
pub const MODEL: ModelId = ModelId(3);
/// What the questions about a draw weigh.
pub const DRAW_WEIGHT: Weight = Weight::from_parts(300_000_000, 3_000);

thread_local! {
    static PLACES: RefCell<BTreeMap<(u64, RequestId), (RecordId, u64)>> =
        const { RefCell::new(BTreeMap::new()) };
    static STOPPED: RefCell<BTreeSet<(u64, RequestId)>> = const { RefCell::new(BTreeSet::new()) };
    static PAID: RefCell<BTreeMap<(u64, RequestId), u64>> =
        const { RefCell::new(BTreeMap::new()) };
}

/// The workers that wait for a key, as the tests draw them.
pub struct Draws;

impl Draws {
    /// Gives `worker` a place for a record, which ends after the block `until`.
    pub fn draw(worker: u64, request: RequestId, record: RecordId, until: u64) {
        PLACES.with_borrow_mut(|places| places.insert((worker, request), (record, until)));
        STOPPED.with_borrow_mut(|stopped| stopped.remove(&(worker, request)));
    }

    /// Takes it again: the worker was replaced, has the key or has answered, or the request was
    /// closed.
    pub fn end(worker: u64, request: RequestId) {
        PLACES.with_borrow_mut(|places| places.remove(&(worker, request)));
    }

    /// Takes it, as where somebody cancels the request.
    pub fn stop(worker: u64, request: RequestId) {
        Self::end(worker, request);
        STOPPED.with_borrow_mut(|stopped| stopped.insert((worker, request)));
    }

    /// What a worker with a place has paid custodians.
    pub fn paid(worker: u64, request: RequestId) -> u64 {
        PAID.with_borrow(|paid| paid.get(&(worker, request)).copied().unwrap_or_default())
    }
}

/// What noting a payment weighs.
pub const NOTE_WEIGHT: Weight = Weight::from_parts(70_000_000, 1_000);

impl Committees<u64, u64, u64> for Draws {
    fn place(worker: &u64, request: RequestId) -> Option<Place<u64>> {
        let found = PLACES.with_borrow(|places| places.get(&(*worker, request)).copied());
        let (record, until) = found.filter(|(_, until)| System::block_number() <= *until)?;
        Some(Place { record, model: MODEL, until })
    }

    fn is_stopped(worker: &u64, request: RequestId) -> bool {
        STOPPED.with_borrow(|stopped| stopped.contains(&(*worker, request)))
    }

    fn note_paid(worker: &u64, request: RequestId, amount: u64) {
        assert!(Self::place(worker, request).is_some(), "it has a place");
        PAID.with_borrow_mut(|paid| *paid.entry((*worker, request)).or_default() += amount);
    }

    fn gave_up(worker: &u64, request: RequestId) {
        assert!(Self::place(worker, request).is_some(), "it has a place");
        PAID.with_borrow_mut(|paid| paid.remove(&(*worker, request)));
    }

    fn weight() -> Weight {
        DRAW_WEIGHT
    }

    fn note_weight() -> Weight {
        NOTE_WEIGHT
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn seat(worker: &u64, record: RecordId) -> RequestId {
        Self::draw(*worker, RequestId(0), record, System::block_number() + 10);
        RequestId(0)
    }
}

/// Builds a chain at block 1.
pub struct ExtBuilder {
    furnished: bool,
}

impl Default for ExtBuilder {
    /// A chain with the patients, relations, providers, custodians, policy and record described
    /// above.
    fn default() -> Self {
        Self { furnished: true }
    }
}

impl ExtBuilder {
    /// A chain with funded accounts and nothing else, for benchmarks.
    #[cfg(feature = "runtime-benchmarks")]
    pub fn bare() -> Self {
        Self { furnished: false }
    }

    pub fn build(self) -> sp_io::TestExternalities {
        let rich = RICH.into_iter().map(|who| (who, FUNDS));
        let genesis = RuntimeGenesisConfig {
            balances: pallet_balances::GenesisConfig {
                balances: rich.chain([(POOR, 1)]).collect(),
                ..Default::default()
            },
            ..Default::default()
        };
        let storage = genesis.build_storage().expect("the genesis of a test is valid");
        let mut ext = sp_io::TestExternalities::from(storage);
        ext.execute_with(|| {
            System::set_block_number(1);
            ANSWERS.take();
            GENEROUS.take();
            PLACES.take();
            STOPPED.take();
            PAID.take();
            reset_parameters();
            if self.furnished {
                furnish();
            }
            ASKED.take();
            System::reset_events();
        });
        ext
    }

    /// Runs a test, then checks the invariants.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            test();
            assert_ok!(Custody::do_try_state());
            assert_ok!(Emr::do_try_state());
            check_topics();
        });
    }
}

/// Exactly the events about one patient have a topic, that of a log.
fn check_topics() {
    use crate::Event::*;
    for record in System::events() {
        let RuntimeEvent::Custody(event) = record.event else { continue };
        let about_nobody = matches!(
            event,
            CustodianRegistered { .. }
                | CustodianRetired { .. }
                | AccountSuspended { .. }
                | SuspensionLifted { .. }
        );
        assert_eq!(record.topics.len(), usize::from(!about_nobody), "{event:?}");
    }
}

fn furnish() {
    let name = InstitutionName::try_from(b"clinic".to_vec()).expect("it is short");
    assert_ok!(Emr::admit_institution(root(), name, REGISTRAR));
    for patient in [ALICE, BOB] {
        let key = EncryptionKey([patient as u8; 32]);
        assert_ok!(Emr::register_patient(signed(patient), None, key));
    }
    appoint(TECHNICIAN, Role::LabTechnician);
    appoint(CLINICIAN, Role::Clinician);
    for custodian in CUSTODIANS {
        appoint(custodian, Role::Custodian);
        assert_ok!(register(custodian));
    }
    assert_ok!(Emr::set_relation(signed(ALICE), CONTACT, RelationKind::Sibling, true));
    for guardian in [GUARDIAN, OTHER_GUARDIAN] {
        assert_ok!(Emr::set_relation(signed(ALICE), guardian, RelationKind::Guardian, false));
    }
    DefaultPolicy::<Test>::put(POLICY);
    assert_ok!(add_record(ALICE, ALICE, cid(1), None));
}

/// Has [`REGISTRAR`] appoint a provider until block [`TERM`].
pub fn appoint(account: u64, role: Role) {
    assert_ok!(Emr::add_provider(signed(REGISTRAR), CLINIC, account, role, TERM));
}

/// Has [`REGISTRAR`] dismiss a provider.
pub fn dismiss(account: u64, role: Role) {
    assert_ok!(Emr::remove_provider(signed(REGISTRAR), account, role));
}

/// Registers the key of a custodian.
pub fn register(custodian: u64) -> DispatchResult {
    let secret = secret(custodian);
    Custody::register_custodian(signed(custodian), secret.public(), proof(custodian, &secret))
}

pub fn signed(who: u64) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub fn root() -> RuntimeOrigin {
    RuntimeOrigin::root()
}

pub fn cid(byte: u8) -> Cid {
    Cid::new(CidCodec::Raw, [byte; 32])
}

/// Adds a report of `patient`, signed by `author`. Others include an envelope for the patient.
pub fn add_record(
    author: u64,
    patient: u64,
    cid: Cid,
    custody: Option<Entrustment>,
) -> DispatchResult {
    let (digest, kind) = (ContentDigest([1; 32]), RecordKind::Report);
    let published = EncryptionKey([patient as u8; 32]);
    let sealed = SealedKey::new(&published, [0; 32], [0; 48]);
    let envelope = (author != patient).then_some((patient, sealed));
    let readers = pallet_emr::EnvelopesOf::<Test>::truncate_from(envelope.into_iter().collect());
    Emr::add_record(signed(author), patient, cid, digest, kind, None, readers, None, custody)
        .map(|_| ())
        .map_err(|failed| failed.error)
}

/// The secret of a custodian.
pub fn secret(custodian: u64) -> CustodianSecret {
    CustodianSecret::from_seed(&[custodian as u8; 32])
}

/// The proof that a custodian knows the secret of its key.
pub fn proof(custodian: u64, secret: &CustodianSecret) -> KeyProof {
    let context = KeyContext { genesis: genesis(), custodian };
    secret.prove(&context, &mut rng()).expect("the key is a point")
}

/// The hash of the first block.
pub fn genesis() -> [u8; 32] {
    System::block_hash(0).0
}

/// A generator that gives the same numbers in each run of a test, and others each time.
pub fn rng() -> ChaCha8Rng {
    thread_local! {
        static MADE: Cell<u64> = const { Cell::new(0) };
    }
    let made = MADE.get();
    MADE.set(made.wrapping_add(1));
    ChaCha8Rng::seed_from_u64(made)
}

/// Moves to a block and runs its `on_idle`.
pub fn go_to(block: u64) {
    System::set_block_number(block);
    Custody::on_idle(block, Weight::MAX);
}

/// The amount held from `who` for a reason.
pub fn held(who: u64, reason: HoldReason) -> u64 {
    Balances::balance_on_hold(&reason.into(), &who)
}

/// This pallet's events since the previous call, in order.
pub fn events() -> Vec<crate::Event<Test>> {
    let events = System::events().into_iter().filter_map(|record| {
        if let RuntimeEvent::Custody(event) = record.event {
            Some(event)
        } else {
            None
        }
    });
    let events = events.collect();
    System::reset_events();
    events
}

/// The root of everything that is stored but the patients' logs.
pub fn root_without_logs() -> Vec<u8> {
    frame_support::storage::with_transaction(|| {
        let _ = pallet_emr::Logs::<Test>::clear(u32::MAX, None);
        let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
        sp_runtime::TransactionOutcome::Rollback(Ok::<_, sp_runtime::DispatchError>(root))
    })
    .expect("transactions can be nested")
}
