//! The mock runtime, with a policy whose answers the tests set.

use std::{cell::RefCell, collections::BTreeMap};

use frame_support::{
    derive_impl,
    traits::{ConstU32, ConstU64},
    weights::Weight,
};
use frame_system::EnsureRoot;
use medchain_primitives::{
    Action, Cid, CidCodec, ContentDigest, Denied, DenyReason, EncryptionKey, Label, ModelId,
    Output, Receipt, RecordId, RecordKind, RequestId,
};
use pallet_emr::{AccessControl, AccessQuestion, Answer};
use sp_runtime::{BuildStorage, Permill};

use crate::{self as pallet_inference, Labels, WorkerModelsOf};

/// Registered, with the chest X-ray [`XRAY`] and the report [`REPORT`].
pub const PATIENT: u64 = 1;
/// Registered, without records.
pub const OTHER_PATIENT: u64 = 2;
/// A registered lab technician.
pub const LAB: u64 = 3;
/// A worker that runs [`VGG`].
pub const WORKER: u64 = 4;
/// A worker that runs [`VGG`] too.
pub const OTHER_WORKER: u64 = 5;
/// Has funds and an encryption key, but no role.
pub const STRANGER: u64 = 6;
/// Has an encryption key, and only the existential deposit.
pub const POOR: u64 = 7;

/// Has three classes and costs [`FEE`].
pub const VGG: ModelId = ModelId(0);
/// Has two classes and costs nothing. No worker runs it.
pub const FREE: ModelId = ModelId(1);
/// A number without a model.
pub const NO_MODEL: ModelId = ModelId(9);

/// A chest X-ray of [`PATIENT`].
pub const XRAY: RecordId = RecordId(0);
/// A record without an image.
pub const REPORT: RecordId = RecordId(1);
/// A number without a record.
pub const NO_RECORD: RecordId = RecordId(9);
/// The first request of a test.
pub const REQUEST: RequestId = RequestId(0);

pub const FUNDS: u64 = 10_000;
pub const FEE: u64 = 100;
pub const BOND: u64 = 1_000;
pub const DEADLINE: u64 = 50;
pub const QUORUM: u32 = 3;
/// The weight of asking the policy once.
pub const ASKED_WEIGHT: Weight = Weight::from_parts(300_000_000, 9_000);

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Emr: pallet_emr,
        Inference: pallet_inference,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountData = pallet_balances::AccountData<u64>;
    type DbWeight = frame_support::weights::constants::RocksDbWeight;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
}

impl pallet_emr::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RegistrarOrigin = EnsureRoot<u64>;
    type AccessControl = Policy;
    type InferenceOrders = Inference;
    type PatientDeposit = ConstU64<10>;
    type RecordDeposit = ConstU64<5>;
    type EnvelopeDeposit = ConstU64<2>;
    type EncryptionKeyDeposit = ConstU64<0>;
    type CustodyDeposit = ConstU64<1>;
    type GrantDeposit = ConstU64<1>;
    type EmergencyBond = ConstU64<1>;
    type MaxEnvelopes = ConstU32<4>;
    type MaxCustodians = ConstU32<2>;
    type MaxGrants = ConstU32<2>;
    type MaxOpenEmergencies = ConstU32<2>;
    type AccessPeriod = ConstU64<10>;
    type EmergencyPeriod = ConstU64<10>;
    type ReviewPeriod = ConstU64<10>;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Policy;
}

impl pallet_inference::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type GovernanceOrigin = EnsureRoot<u64>;
    type RequestDeadline = ConstU64<DEADLINE>;
    type WorkerBond = ConstU64<BOND>;
    type MaxWorkerModels = ConstU32<4>;
    type FailureQuorum = ConstU32<QUORUM>;
    type WeightInfo = ();
}

#[cfg(feature = "runtime-benchmarks")]
thread_local! {
    /// The patients whose policy allows every account everything.
    static GENEROUS: RefCell<std::collections::BTreeSet<u64>> = const { RefCell::new(std::collections::BTreeSet::new()) };
}

/// Answers by patient, subject and action.
type Answers = BTreeMap<(u64, u64, Action), Result<(), Denied>>;

thread_local! {
    static ANSWERS: RefCell<Answers> = const { RefCell::new(BTreeMap::new()) };
}

/// A policy that denies with [`DenyReason::NoGrant`] unless a test set another answer.
pub struct Policy;

impl Policy {
    /// Sets the answer of `patient` to `subject`.
    pub fn answer(patient: u64, subject: u64, action: Action, answer: Result<(), Denied>) {
        ANSWERS.with_borrow_mut(|answers| answers.insert((patient, subject, action), answer));
    }

    pub fn grant(subject: u64, action: Action) {
        Self::answer(PATIENT, subject, action, Ok(()));
    }

    pub fn revoke(subject: u64, action: Action) {
        let revoked = Denied::Refused(DenyReason::Revoked);
        Self::answer(PATIENT, subject, action, Err(revoked));
    }
}

impl AccessControl<u64> for Policy {
    fn check(_: Option<&u64>, question: AccessQuestion<'_, u64>) -> Answer {
        #[cfg(feature = "runtime-benchmarks")]
        if GENEROUS.with_borrow(|patients| patients.contains(question.patient)) {
            return Answer::free(Ok(()));
        }
        let key = (*question.patient, *question.subject, question.action);
        let result = ANSWERS.with_borrow(|answers| {
            answers.get(&key).copied().unwrap_or(Err(Denied::Refused(DenyReason::NoGrant)))
        });
        Answer { result, weight: ASKED_WEIGHT }
    }

    fn weight() -> Weight {
        Weight::from_parts(1_000_000_000, 40_000)
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_emr::BenchmarkHelper<u64> for Policy {
    fn allow_all(patient: &u64) {
        GENEROUS.with_borrow_mut(|patients| patients.insert(*patient));
    }
}

/// Builds a chain at block 1.
pub struct ExtBuilder {
    furnished: bool,
}

impl Default for ExtBuilder {
    /// With patients, records, models and workers; the workers may [`Action::Infer`].
    fn default() -> Self {
        Self { furnished: true }
    }
}

impl ExtBuilder {
    /// With funded accounts only.
    pub fn bare() -> Self {
        Self { furnished: false }
    }

    pub fn build(self) -> sp_io::TestExternalities {
        let rich = (PATIENT..=STRANGER).map(|who| (who, FUNDS));
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
            ANSWERS.with_borrow_mut(BTreeMap::clear);
            System::set_block_number(1);
            if self.furnished {
                furnish();
            }
            System::reset_events();
        });
        ext
    }

    /// Runs a test, and then checks the invariants of both pallets.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            test();
            check_invariants();
        });
    }
}

pub fn check_invariants() {
    #[cfg(feature = "try-runtime")]
    Emr::do_try_state().expect("the invariants of pallet-emr hold");
    Inference::do_try_state().expect("the invariants of pallet-inference hold");
}

fn furnish() {
    for who in PATIENT..=POOR {
        let key = EncryptionKey([who as u8; 32]);
        Emr::set_encryption_key(signed(who), key).expect("a key is taken");
    }
    for patient in [PATIENT, OTHER_PATIENT] {
        let key = EncryptionKey([patient as u8; 32]);
        Emr::register_patient(signed(patient), None, key).expect("a patient can register");
    }
    Emr::add_provider(RuntimeOrigin::root(), LAB, medchain_primitives::Role::LabTechnician)
        .expect("the registrar appoints");
    for (kind, byte) in [(RecordKind::ChestXray, 10), (RecordKind::Report, 11)] {
        add_record(PATIENT, kind, byte, None).expect("a patient adds records");
    }
    for model in [vgg(), free()] {
        model.register().expect("governance registers");
    }
    for worker in [WORKER, OTHER_WORKER] {
        Inference::register_worker(signed(worker), models(&[VGG])).expect("a worker registers");
        Policy::grant(worker, Action::Infer);
        share_xray(worker);
    }
}

/// Seals the key of [`XRAY`] to `reader`.
pub fn share_xray(reader: u64) {
    let sealed = medchain_primitives::SealedKey([reader as u8; 80]);
    Emr::share_record(signed(PATIENT), XRAY, reader, sealed).expect("the patient shares");
}

pub fn signed(who: u64) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub fn cid(byte: u8) -> Cid {
    Cid::new(CidCodec::Raw, [byte; 32])
}

pub fn label(text: &str) -> Label {
    Label::truncate_from(text.as_bytes().to_vec())
}

pub fn labels(texts: &[&str]) -> Labels {
    Labels::truncate_from(texts.iter().map(|text| label(text)).collect())
}

pub fn models(ids: &[ModelId]) -> WorkerModelsOf<Test> {
    WorkerModelsOf::<Test>::try_from(ids.to_vec()).expect("a test names few models")
}

/// The parameters of a registration.
#[derive(Clone)]
pub struct NewModel {
    pub name: Label,
    pub version: Label,
    pub cid: Cid,
    pub card: Option<Cid>,
    pub labels: Labels,
    pub preprocessing: Label,
    pub fee: u64,
}

impl NewModel {
    pub fn register(self) -> frame_support::dispatch::DispatchResult {
        self.register_as(RuntimeOrigin::root())
    }

    pub fn register_as(self, origin: RuntimeOrigin) -> frame_support::dispatch::DispatchResult {
        Inference::register_model(
            origin,
            self.name,
            self.version,
            self.cid,
            [7; 32],
            self.card,
            self.labels,
            self.preprocessing,
            Permill::from_percent(80),
            self.fee,
        )
    }
}

/// The parameters of [`VGG`].
pub fn vgg() -> NewModel {
    NewModel {
        name: label("medchain-vgg16"),
        version: label("1.0.0"),
        cid: cid(1),
        card: Some(cid(2)),
        labels: labels(&["covid", "ignore", "normal"]),
        preprocessing: label("mc-area-224-v1"),
        fee: FEE,
    }
}

fn free() -> NewModel {
    NewModel { name: label("free"), labels: labels(&["yes", "no"]), card: None, fee: 0, ..vgg() }
}

/// Adds a record of [`PATIENT`].
pub fn add_record(
    author: u64,
    kind: RecordKind,
    byte: u8,
    inference: Option<ModelId>,
) -> frame_support::dispatch::DispatchResultWithPostInfo {
    let digest = ContentDigest([byte; 32]);
    Emr::add_record(
        signed(author),
        PATIENT,
        cid(byte),
        digest,
        kind,
        Default::default(),
        inference,
        None,
    )
}

pub fn output(label: u8, parts: &[u32]) -> Output {
    let parts = parts.iter().map(|part| Permill::from_parts(*part));
    Output { label, probabilities: parts.collect::<Vec<_>>().try_into().expect("few classes") }
}

/// A prediction of [`VGG`].
pub fn covid() -> Output {
    output(0, &[900_000, 60_000, 40_000])
}

/// The receipt of `output` by [`VGG`] on [`XRAY`].
pub fn receipt(output: &Output) -> Receipt {
    medchain_primitives::receipt(&[7; 32], &vgg().preprocessing, &cid(10), output)
}

/// Returns the fees and the bond held from an account.
pub fn held(who: u64) -> (u64, u64) {
    use frame_support::traits::fungible::InspectHold;
    let held = |reason: crate::HoldReason| Balances::balance_on_hold(&reason.into(), &who);
    (held(crate::HoldReason::Fee), held(crate::HoldReason::WorkerBond))
}

pub fn free_balance(who: u64) -> u64 {
    Balances::free_balance(who)
}
