//! The mock runtime, with a policy and seeds that the tests set, and the roles that they play.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use codec::Encode;
use frame_support::{
    derive_impl,
    dispatch::{DispatchResult, DispatchResultWithPostInfo},
    traits::{ConstU32, ConstU64, Hooks},
    weights::Weight,
};
use frame_system::EnsureRoot;
use medchain_disputes::{Network, NetworkLayer};
use medchain_exact::{Finish, Layer, SoftmaxScale, Window};
use medchain_primitives::{
    Action, AnswerCommitment, AnswerSalt, Cid, CidCodec, ContentDigest, Denied, DenyReason,
    EncryptionKey, EndReason, FilmCommitments, InferenceOrder, InputRoot, InstitutionId, Label,
    ModelId, Output, RecordId, RecordKind, RequestId, SealedAnswer, SealedKey, VerdictRoot,
    SQUARE_ID,
};
use medchain_sharing::Entrustment;
use medchain_verdicts::{
    answer_commitment, answer_salt, input_root, verdict_commitment, verdict_root, InputSalt,
    VerdictKey, VerdictName, SIDE,
};
use pallet_emr::{AccessControl, AccessQuestion, Answer, KeyCustody};
use sp_runtime::{BuildStorage, DispatchError, Permill};

use crate::{
    self as pallet_inference, Committees, KeysOf, Labels, NextRequestId, Requests, SeedSource,
    WorkerModelsOf,
};

/// Registered, with the chest X-ray [`XRAY`] and the report [`REPORT`].
pub const PATIENT: u64 = 1;
/// Registered, without records.
pub const OTHER_PATIENT: u64 = 2;
/// A registered lab technician.
pub const LAB: u64 = 3;
/// The registrar of the institution that appointed [`LAB`].
pub const REGISTRAR: u64 = 20;
/// Has funds and an encryption key, but no role.
pub const STRANGER: u64 = 6;
/// Has an encryption key, and only the existential deposit.
pub const POOR: u64 = 7;
/// The first of [`WORKERS`].
pub const WORKER: u64 = 11;
/// Workers that run [`VGG`] and may open the records of [`PATIENT`].
pub const WORKERS: [u64; 4] = [WORKER, 12, 13, 14];
/// May open the records of [`PATIENT`] too, but is no worker yet.
pub const NEWCOMER: u64 = 15;
/// All accounts.
pub const ACCOUNTS: [u64; 10] =
    [PATIENT, OTHER_PATIENT, LAB, STRANGER, POOR, WORKER, 12, 13, 14, NEWCOMER];

/// Has three classes, computes exactly, and costs [`FEE`].
pub const VGG: ModelId = ModelId(0);
/// Has two classes, computes in floats, and costs nothing. No worker runs it.
pub const FREE: ModelId = ModelId(1);
/// A number without a model.
pub const NO_MODEL: ModelId = ModelId(9);

/// A chest X-ray of [`PATIENT`] whose key only she has.
pub const XRAY: RecordId = RecordId(0);
/// A record without an image.
pub const REPORT: RecordId = RecordId(1);
/// A number without a record.
pub const NO_RECORD: RecordId = RecordId(9);
/// The first request of a test.
pub const REQUEST: RequestId = RequestId(0);
/// The content key of every film.
pub const CONTENT_KEY: [u8; 32] = [77; 32];

/// The first block of a test. What [`ExtBuilder`] furnishes is older.
pub const START: u64 = 2;
pub const FUNDS: u64 = 10_000;
pub const MINIMUM: u64 = 10;
pub const FEE: u64 = 100;
pub const BOND: u64 = 1_000;
pub const ABSENCE: u64 = 150;
/// The least that it can be, and no more than [`FEE`] needs.
pub const NOT_REVEALED: u64 = 6 * FEE;
pub const SEED_DELAY: u32 = 1;
pub const DRAW: u64 = 10;
pub const SEAL: u64 = 12;
pub const COMMIT: u64 = 20;
pub const REVEAL: u64 = 8;
pub const PROVISIONAL: u64 = 30;
pub const CLOSED: u64 = 1_000;
pub const ROUND: u64 = 5;
pub const REWARD: u64 = 200;
pub const UNBONDING: u64 = 600;
pub const FAILURE_QUORUM: u32 = 3;
/// The weight of asking the policy once.
pub const ASKED_WEIGHT: Weight = Weight::from_parts(300_000_000, 9_000);
/// The maximum weight of asking the policy once.
pub const POLICY_WEIGHT: Weight = Weight::from_parts(1_000_000_000, 40_000);

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Emr: pallet_emr,
        Inference: pallet_inference,
        Disputes: pallet_disputes,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountData = pallet_balances::AccountData<u64>;
    type DbWeight = frame_support::weights::constants::RocksDbWeight;
    type BlockWeights = TwoSeconds;
}

frame_support::parameter_types! {
    /// Blocks as long as those of the runtime.
    pub TwoSeconds: frame_system::limits::BlockWeights =
        frame_system::limits::BlockWeights::simple_max(Weight::from_parts(
            2 * frame_support::weights::constants::WEIGHT_REF_TIME_PER_SECOND,
            u64::MAX,
        ));
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type ExistentialDeposit = ConstU64<MINIMUM>;
}

impl pallet_emr::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type GovernanceOrigin = EnsureRoot<u64>;
    type CancelOrigin = EnsureRoot<u64>;
    type DefaultPolicyDelay = ConstU64<10>;
    type MaxTerm = ConstU64<1_000_000>;
    type AccessControl = Policy;
    type InferenceOrders = Inference;
    type Custody = Keeper;
    type Departure = Inference;
    type PatientDeposit = ConstU64<10>;
    type RecordDeposit = ConstU64<5>;
    type EnvelopeDeposit = ConstU64<2>;
    type EncryptionKeyDeposit = ConstU64<0>;
    type MaxEnvelopes = ConstU32<8>;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Policy;
}

impl pallet_disputes::Config for Test {
    type Client = Inference;
    type WeightInfo = ();
}

/// Values that tests change, as governance does in the runtime.
pub mod values {
    frame_support::parameter_types! {
        pub static DrawPeriod: u64 = super::DRAW;
        pub static SealPeriod: u64 = super::SEAL;
        pub static CommitPeriod: u64 = super::COMMIT;
        pub static RevealPeriod: u64 = super::REVEAL;
        pub static RoundPeriod: u64 = super::ROUND;
        pub static DisputeReward: u64 = super::REWARD;
        pub static ProvisionalPeriod: u64 = super::PROVISIONAL;
        pub static ClosedPeriod: u64 = super::CLOSED;
        pub static UnbondingPeriod: u64 = super::UNBONDING;
        pub static WorkerBond: u64 = super::BOND;
        pub static AbsencePenalty: u64 = super::ABSENCE;
        pub static RevealPenalty: u64 = super::NOT_REVEALED;
    }
}
pub use values::*;

/// Sets every value that a test may have changed.
fn reset_parameters() {
    DrawPeriod::set(DRAW);
    SealPeriod::set(SEAL);
    CommitPeriod::set(COMMIT);
    RevealPeriod::set(REVEAL);
    RoundPeriod::set(ROUND);
    DisputeReward::set(REWARD);
    ProvisionalPeriod::set(PROVISIONAL);
    ClosedPeriod::set(CLOSED);
    UnbondingPeriod::set(UNBONDING);
    WorkerBond::set(BOND);
    AbsencePenalty::set(ABSENCE);
    RevealPenalty::set(NOT_REVEALED);
}

impl pallet_inference::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type GovernanceOrigin = EnsureRoot<u64>;
    type Seeds = Dice;
    type SeedDelay = ConstU32<SEED_DELAY>;
    type DrawPeriod = DrawPeriod;
    type SealPeriod = SealPeriod;
    type CommitPeriod = CommitPeriod;
    type RevealPeriod = RevealPeriod;
    type RoundPeriod = RoundPeriod;
    type DisputeReward = DisputeReward;
    type ProvisionalPeriod = ProvisionalPeriod;
    type ClosedPeriod = ClosedPeriod;
    type UnbondingPeriod = UnbondingPeriod;
    type WorkerBond = WorkerBond;
    type AbsencePenalty = AbsencePenalty;
    type RevealPenalty = RevealPenalty;
    type LeastRevealPenalty = ConstU64<NOT_REVEALED>;
    type MaxWorkerModels = ConstU32<4>;
    type MaxCandidates = ConstU32<4>;
    type FailureQuorum = ConstU32<FAILURE_QUORUM>;
    type WeightInfo = ();
}

thread_local! {
    static NEWEST: Cell<(u32, [u8; 32])> = const { Cell::new((1, [1; 32])) };
}

/// Seeds as the tests set them.
pub struct Dice;

impl Dice {
    /// Publishes the next seed.
    pub fn roll(seed: [u8; 32]) {
        let (number, _) = NEWEST.get();
        NEWEST.set((number + 1, seed));
    }

    /// Publishes the seed by which the requests made so far are drawn, and those before it.
    pub fn decide(seed: [u8; 32]) {
        for _ in 0..SEED_DELAY {
            Self::roll([0; 32]);
        }
        Self::roll(seed);
    }
}

impl SeedSource for Dice {
    fn number() -> u32 {
        NEWEST.get().0
    }

    fn seed() -> [u8; 32] {
        NEWEST.get().1
    }
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
    static ASKED: RefCell<Vec<Asked>> = const { RefCell::new(Vec::new()) };
}

/// A subject, with the action and the model that the policy was asked about.
type Asked = (u64, Action, Option<ModelId>);

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

    /// The questions since the previous call.
    pub fn asked() -> Vec<Asked> {
        ASKED.take()
    }
}

impl AccessControl<u64> for Policy {
    fn check(_: Option<&u64>, question: AccessQuestion<'_, u64>) -> Answer {
        #[cfg(feature = "runtime-benchmarks")]
        if GENEROUS.with_borrow(|patients| patients.contains(question.patient)) {
            return Answer::free(Ok(()));
        }
        let asked = (*question.subject, question.action, question.model);
        ASKED.with_borrow_mut(|all| all.push(asked));
        let key = (*question.patient, *question.subject, question.action);
        let result = ANSWERS.with_borrow(|answers| {
            answers.get(&key).copied().unwrap_or(Err(Denied::Refused(DenyReason::NoGrant)))
        });
        Answer { result, weight: ASKED_WEIGHT }
    }

    fn weight() -> Weight {
        POLICY_WEIGHT
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_emr::BenchmarkHelper<u64> for Policy {
    fn allow_all(patient: &u64) {
        GENEROUS.with_borrow_mut(|patients| patients.insert(*patient));
    }
}

thread_local! {
    static DELIVERED: RefCell<std::collections::BTreeSet<(RecordId, u64)>> =
        const { RefCell::new(std::collections::BTreeSet::new()) };
}

/// Custodians that have delivered keys to whom the tests say, and keep none.
pub struct Keeper;

impl Keeper {
    /// Has custodians deliver the key of a record to an account.
    pub fn deliver(record: RecordId, subject: u64) {
        DELIVERED.with_borrow_mut(|delivered| delivered.insert((record, subject)));
    }
}

impl KeyCustody<u64> for Keeper {
    fn entrust(_: &u64, _: &u64, _: RecordId, _: &Cid, _: Entrustment) -> DispatchResult {
        Err(DispatchError::Unavailable)
    }

    fn end(_: RecordId, _: &u64) -> Result<u32, DispatchError> {
        Ok(0)
    }

    fn end_access(_: RecordId, _: &u64, _: &u64, _: EndReason) -> Result<bool, DispatchError> {
        Ok(false)
    }

    fn is_delivered(record: RecordId, subject: &u64) -> bool {
        DELIVERED.with_borrow(|delivered| delivered.contains(&(record, *subject)))
    }

    fn entrust_weight(_: u32) -> Weight {
        Weight::zero()
    }

    fn end_weight(_: u32) -> Weight {
        Weight::zero()
    }

    fn max_grants() -> u32 {
        0
    }

    fn end_access_weight() -> Weight {
        Weight::zero()
    }
}

/// Builds a chain.
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
        let funds = |who| if who == POOR { MINIMUM } else { FUNDS };
        let genesis = RuntimeGenesisConfig {
            balances: pallet_balances::GenesisConfig {
                balances: ACCOUNTS.into_iter().map(|who| (who, funds(who))).collect(),
                ..Default::default()
            },
            ..Default::default()
        };
        let storage = genesis.build_storage().expect("the genesis of a test is valid");
        let mut ext = sp_io::TestExternalities::from(storage);
        ext.execute_with(|| {
            ANSWERS.with_borrow_mut(BTreeMap::clear);
            ASKED.take();
            DELIVERED.take();
            reset_parameters();
            NEWEST.set((1, [1; 32]));
            System::set_block_number(START - 1);
            if self.furnished {
                furnish();
            }
            System::set_block_number(START);
            System::reset_events();
        });
        ext
    }

    /// Runs a test, and then checks the invariants of both pallets.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            test();
            check_invariants();
            check_topics();
        });
    }
}

/// Exactly the events about one patient have a topic, that of a log.
fn check_topics() {
    use crate::Event::*;
    for record in System::events() {
        let RuntimeEvent::Inference(event) = record.event else { continue };
        let about_nobody = matches!(
            event,
            ModelRegistered { .. }
                | ModelStatusSet { .. }
                | WorkerRegistered { .. }
                | WorkerModelsSet { .. }
                | WorkerLeaving { .. }
                | BondWithdrawn { .. }
                | BondToppedUp { .. }
                | RequestRemoved { .. }
        );
        assert_eq!(record.topics.len(), usize::from(!about_nobody), "{event:?}");
    }
}

pub fn check_invariants() {
    #[cfg(feature = "try-runtime")]
    Emr::do_try_state().expect("the invariants of pallet-emr hold");
    Inference::do_try_state().expect("the invariants of pallet-inference hold");
}

fn furnish() {
    for who in ACCOUNTS {
        let key = EncryptionKey([who as u8; 32]);
        Emr::set_encryption_key(signed(who), key).expect("a key is taken");
    }
    for patient in [PATIENT, OTHER_PATIENT] {
        let key = EncryptionKey([patient as u8; 32]);
        Emr::register_patient(signed(patient), None, key).expect("a patient can register");
    }
    let name = b"clinic".to_vec().try_into().expect("a short name");
    Emr::admit_institution(RuntimeOrigin::root(), name, REGISTRAR).expect("governance admits");
    let (clinic, role) = (InstitutionId(0), medchain_primitives::Role::LabTechnician);
    Emr::add_provider(signed(REGISTRAR), clinic, LAB, role, 1_000_000).expect("it appoints");
    add_film(10, None).expect("a patient adds films");
    add_record(PATIENT, RecordKind::Report, 11, None, None).expect("a patient adds records");
    for model in [vgg(), free()] {
        model.register().expect("governance registers");
    }
    for worker in WORKERS {
        Inference::register_worker(signed(worker), models(&[VGG])).expect("a worker registers");
    }
    for worker in WORKERS.into_iter().chain([NEWCOMER]) {
        Policy::grant(worker, Action::Infer);
    }
}

pub fn signed(who: u64) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

/// Ends this block, and `blocks - 1` more. Nothing that is due is processed.
pub fn pass(blocks: u64) {
    for _ in 0..blocks {
        let now = System::block_number();
        Inference::on_finalize(now);
        System::set_block_number(now + 1);
    }
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
    pub network: Option<Network>,
    pub min_quorum: u8,
    pub fee: u64,
}

impl NewModel {
    pub fn register(self) -> DispatchResult {
        self.register_as(RuntimeOrigin::root())
    }

    pub fn register_as(self, origin: RuntimeOrigin) -> DispatchResult {
        Inference::register_model(
            origin,
            self.name,
            self.version,
            self.cid,
            [7; 32],
            self.card,
            self.labels,
            self.preprocessing,
            self.network,
            self.min_quorum,
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
        preprocessing: label(SQUARE_ID),
        network: Some(network(3)),
        min_quorum: 1,
        fee: FEE,
    }
}

/// A network for the squares that uploaders commit to: four layers that pool, then the logits.
pub fn network(classes: u16) -> Network {
    let layer = |size, outputs, window, finish| NetworkLayer {
        shape: Layer { size, inputs: 1, outputs, window, finish },
        weights_root: [0; 32],
    };
    let pools = Finish::Activations { limit: 127, pool: true };
    let mut layers: Vec<_> =
        [224, 112, 56, 28].map(|size| layer(size, 1, Window::Three { border: 0 }, pools)).to_vec();
    layers.push(layer(14, classes, Window::All, Finish::Logits));
    Network { layers: layers.try_into().expect("few layers"), scale: SoftmaxScale(1) }
}

/// The parameters of [`FREE`].
pub fn free() -> NewModel {
    NewModel {
        name: label("free"),
        labels: labels(&["yes", "no"]),
        card: None,
        network: None,
        fee: 0,
        ..vgg()
    }
}

/// What the uploader of every film commits to.
pub fn film() -> FilmCommitments {
    thread_local! {
        static ROOT: InputRoot =
            input_root(&[114; SIDE * SIDE], &InputSalt::new(&CONTENT_KEY)).expect("it is square");
    }
    FilmCommitments {
        input_root: ROOT.with(|root| *root),
        verdicts: verdict_commitment(&verdict_root(&CONTENT_KEY)),
    }
}

/// Adds a record of [`PATIENT`]. Others include an envelope for the patient.
pub fn add_record(
    author: u64,
    kind: RecordKind,
    byte: u8,
    film: Option<FilmCommitments>,
    order: Option<InferenceOrder<u64>>,
) -> DispatchResultWithPostInfo {
    let digest = ContentDigest([byte; 32]);
    let envelope = (author != PATIENT).then(|| (PATIENT, sealed_to(PATIENT)));
    let readers = pallet_emr::EnvelopesOf::<Test>::truncate_from(envelope.into_iter().collect());
    let author = signed(author);
    Emr::add_record(author, PATIENT, cid(byte), digest, kind, film, readers, order, None)
}

/// Adds a chest X-ray of [`PATIENT`] with commitments.
pub fn add_film(byte: u8, order: Option<InferenceOrder<u64>>) -> DispatchResultWithPostInfo {
    add_record(PATIENT, RecordKind::ChestXray, byte, Some(film()), order)
}

/// An order for drawn workers that run [`VGG`].
pub fn order(quorum: u8) -> InferenceOrder<u64> {
    InferenceOrder { model: VGG, quorum, worker: None }
}

/// An order for one named worker that runs [`VGG`].
pub fn named(worker: u64) -> InferenceOrder<u64> {
    InferenceOrder { model: VGG, quorum: 1, worker: Some(worker) }
}

/// [`PATIENT`] requests a verdict of [`VGG`] on [`XRAY`].
pub fn request(order: InferenceOrder<u64>) -> RequestId {
    let id = NextRequestId::<Test>::get();
    Inference::request_inference(signed(PATIENT), XRAY, order).expect("the patient may ask");
    System::reset_events();
    id
}

/// Draws for a request with as many questions as there can be candidates.
pub fn draw(id: RequestId) -> DispatchResultWithPostInfo {
    Inference::draw_workers(signed(STRANGER), id, 4)
}

/// The place of a candidate of [`VGG`] in the order of a seed, by the definition.
pub fn place(record: RecordId, seed: [u8; 32], who: u64) -> [u8; 32] {
    sp_io::hashing::blake2_256(&(seed, record, VGG, who).encode())
}

/// The candidates of [`VGG`] in the order of a seed.
pub fn ranked(record: RecordId, seed: [u8; 32], mut workers: Vec<u64>) -> Vec<u64> {
    workers.sort_by_key(|who| place(record, seed, *who));
    workers
}

/// The members of the committee, in the order in which they were drawn.
pub fn members(id: RequestId) -> Vec<u64> {
    let committee = Committees::<Test>::get(id).expect("the request is open");
    committee.members.iter().map(|member| member.worker).collect()
}

/// The content key, sealed to the key that an account has published, or would publish.
pub fn sealed_to(reader: u64) -> SealedKey {
    let key = pallet_emr::EncryptionKeys::<Test>::get(reader);
    let key = key.unwrap_or(EncryptionKey([reader as u8; 32]));
    SealedKey::new(&key, [reader as u8; 32], [1; 48])
}

/// The content key, sealed to each of `workers`.
pub fn keys(workers: &[u64]) -> KeysOf<Test> {
    let keys = workers.iter().map(|worker| (*worker, sealed_to(*worker)));
    KeysOf::<Test>::truncate_from(keys.collect())
}

/// [`PATIENT`] seals the key to all members that do not have it.
pub fn seal(id: RequestId) -> DispatchResult {
    let record = Requests::<Test>::get(id).expect("the request exists").record;
    let mut missing = members(id);
    missing.retain(|who| !Emr::has_current_envelope(record, who));
    Inference::seal_to_workers(signed(PATIENT), id, keys(&missing))
}

pub fn root() -> VerdictRoot {
    verdict_root(&CONTENT_KEY)
}

pub fn genesis_hash() -> [u8; 32] {
    System::block_hash(0).into()
}

/// The key of the verdict that answers a request.
pub fn verdict_key(id: RequestId) -> VerdictKey {
    let request = Requests::<Test>::get(id);
    let (record, model) = request.map_or((XRAY, VGG), |request| (request.record, request.model));
    VerdictKey::new(&root(), &VerdictName { genesis: genesis_hash(), record, model, request: id })
}

pub fn output(label: u8, parts: &[u32]) -> Output {
    let parts = parts.iter().map(|part| Permill::from_parts(*part));
    Output { label, probabilities: parts.collect::<Vec<_>>().try_into().expect("few classes") }
}

/// What [`VGG`] computes of every film.
pub fn covid() -> Output {
    output(0, &[900_000, 60_000, 40_000])
}

/// Another output of [`VGG`].
pub fn normal() -> Output {
    output(2, &[100_000, 200_000, 700_000])
}

/// The sealed answer of whoever computed `output`.
pub fn sealed(id: RequestId, output: &Output) -> SealedAnswer {
    verdict_key(id).seal(output)
}

/// The salt that a worker derives from its secret.
pub fn salt(worker: u64, id: RequestId) -> AnswerSalt {
    answer_salt(&[worker as u8; 32], &genesis_hash(), id)
}

/// A worker's commitment to `output`.
pub fn commitment(worker: u64, id: RequestId, output: &Output) -> AnswerCommitment {
    answer_commitment(id, &worker.encode(), &sealed(id, output), &salt(worker, id))
}

pub fn commit(worker: u64, id: RequestId, output: &Output) -> DispatchResultWithPostInfo {
    Inference::commit_answer(signed(worker), id, commitment(worker, id, output))
}

pub fn reveal(worker: u64, id: RequestId, output: &Output) -> DispatchResult {
    Inference::reveal_answer(signed(worker), id, sealed(id, output), salt(worker, id))
}

pub fn submit(worker: u64, id: RequestId, output: &Output) -> DispatchResultWithPostInfo {
    Inference::submit_answer(signed(worker), id, sealed(id, output))
}

/// A worker that was drawn alone commits to an answer, and shows it.
pub fn answer_alone(worker: u64, id: RequestId, output: &Output) -> DispatchResult {
    commit(worker, id, output).map_err(|failed| failed.error)?;
    reveal(worker, id, output)
}

/// A request of [`PATIENT`] that names [`WORKER`], which has the key.
pub fn awaiting_named() -> RequestId {
    let id = request(named(WORKER));
    seal(id).expect("the patient may seal");
    System::reset_events();
    id
}

/// A request of [`PATIENT`] with its committee drawn.
pub fn drawn(quorum: u8) -> RequestId {
    let id = request(order(quorum));
    pass(1);
    Dice::decide([5; 32]);
    draw(id).expect("the seed is there");
    System::reset_events();
    id
}

/// A request of [`PATIENT`] whose committee has the key.
pub fn awaiting(quorum: u8) -> RequestId {
    let id = drawn(quorum);
    if Requests::<Test>::get(id).expect("it was made").status
        == medchain_primitives::RequestStatus::Sealing
    {
        seal(id).expect("the patient may seal");
    }
    System::reset_events();
    id
}

/// A request of [`PATIENT`] to which all members have committed.
pub fn revealing(quorum: u8) -> RequestId {
    let id = awaiting(quorum);
    for worker in members(id) {
        commit(worker, id, &covid()).expect("a member may commit");
    }
    System::reset_events();
    id
}

/// A request of [`PATIENT`] from its begin to its verdict.
pub fn answered(quorum: u8) -> RequestId {
    let id = revealing(quorum);
    for worker in members(id) {
        reveal(worker, id, &covid()).expect("a member may reveal");
    }
    System::reset_events();
    id
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

/// The root of everything that is stored but the patients' logs.
pub fn root_without_logs() -> Vec<u8> {
    frame_support::storage::with_transaction(|| {
        let _ = pallet_emr::Logs::<Test>::clear(u32::MAX, None);
        let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
        sp_runtime::TransactionOutcome::Rollback(Ok::<_, sp_runtime::DispatchError>(root))
    })
    .expect("transactions can be nested")
}
