//! The mock runtime, with a policy whose answers the tests set, and a custody that they watch.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use frame_support::{
    assert_ok, derive_impl,
    traits::{fungible::InspectHold, ConstU32, ConstU64, EitherOfDiverse},
    weights::Weight,
};
use frame_system::{EnsureRoot, EnsureSignedBy};
use medchain_primitives::{
    Action, Cid, CidCodec, ContentDigest, Denied, DenyReason, Document, EncryptionKey, EndReason,
    FilmCommitments, InferenceOrder, InputRoot, InstitutionId, InstitutionName, ModelId, Purpose,
    RecordContent, RecordId, RecordKind, RecordStatus, Role, SealedKey, VerdictCommitment,
};
use medchain_sharing::{
    Dealing, DealingProof, EncryptedShare, Entrustment, EphemeralKey, WrappedKey,
};
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};

use crate::{
    self as pallet_emr, AccessControl, AccessQuestion, Answer, DefaultPolicy, Departure,
    EncryptionKeys, EnvelopesOf, HoldReason, InferenceOrders, KeyCustody, NextRecordId, Record,
    RecordOf,
};

/// A registered patient, with the record [`XRAY`] that only she can read.
pub const ALICE: u64 = 1;
/// Another registered patient, without records.
pub const BOB: u64 = 2;
/// A registered lab technician without any grant.
pub const TECHNICIAN: u64 = 3;
/// Has an encryption key, and funds.
pub const READER: u64 = 4;
/// Has an encryption key, and funds.
pub const OTHER_READER: u64 = 5;
/// Has funds, but no encryption key.
pub const STRANGER: u64 = 6;
/// Has an encryption key, but only the existential deposit.
pub const POOR: u64 = 7;
/// A registered clinician.
pub const CLINICIAN: u64 = 10;
/// The registrar of [`CLINIC`].
pub const REGISTRAR: u64 = 20;
/// The registrar of [`OTHER_CLINIC`].
pub const OTHER_REGISTRAR: u64 = 21;
/// Cancels announced default policies, and may do nothing else.
pub const MINORITY: u64 = 22;
/// The chain's default policy.
pub const POLICY: u64 = 99;
/// A policy that a patient may choose.
pub const OTHER_POLICY: u64 = 98;

/// The institution of every provider above.
pub const CLINIC: InstitutionId = InstitutionId(0);
/// An institution without providers.
pub const OTHER_CLINIC: InstitutionId = InstitutionId(1);
/// The last block of the providers' terms, and the longest term.
pub const TERM: u64 = 1_000;
/// For how many blocks an announced default policy waits.
pub const DELAY: u64 = 7;

/// The record of [`ALICE`].
pub const XRAY: RecordId = RecordId(0);
/// The number of the next record.
pub const NEXT: RecordId = RecordId(1);
/// The only model that can be ordered.
pub const MODEL: ModelId = ModelId(7);

pub const FUNDS: u64 = 10_000;
pub const PATIENT_DEPOSIT: u64 = 100;
pub const RECORD_DEPOSIT: u64 = 10;
pub const ENVELOPE_DEPOSIT: u64 = 3;
pub const KEY_DEPOSIT: u64 = 1;
pub const MAX_ENVELOPES: u32 = 4;
/// The most grants on a record that the custody ends.
pub const MAX_GRANTS: u32 = 4;

pub const CHECK_WEIGHT: Weight = Weight::from_parts(7_000_000_000, 7_000);
/// The part of it that one question to the policy uses.
pub const ASKED_WEIGHT: Weight = Weight::from_parts(2_000_000_000, 1_000);
pub const ORDER_WEIGHT: Weight = Weight::from_parts(9_000_000_000, 9_000);
/// The weight of entrusting a key to one custodian.
pub const ENTRUST_WEIGHT: Weight = Weight::from_parts(5_000_000_000, 5_000);
/// The weight of ending one grant on a record.
pub const END_WEIGHT: Weight = Weight::from_parts(3_000_000_000, 3_000);
/// The weight of ending one account's access.
pub const END_ACCESS_WEIGHT: Weight = Weight::from_parts(4_000_000_000, 4_000);

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Emr: pallet_emr,
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

frame_support::ord_parameter_types! {
    pub const Minority: u64 = MINORITY;
}

impl pallet_emr::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type GovernanceOrigin = EnsureRoot<u64>;
    type CancelOrigin = EitherOfDiverse<EnsureRoot<u64>, EnsureSignedBy<Minority, u64>>;
    type DefaultPolicyDelay = ConstU64<DELAY>;
    type MaxTerm = ConstU64<TERM>;
    type AccessControl = Policy;
    type InferenceOrders = Orders;
    type Custody = Keeper;
    type Departure = (Ties, OtherTies);
    type PatientDeposit = ConstU64<PATIENT_DEPOSIT>;
    type RecordDeposit = ConstU64<RECORD_DEPOSIT>;
    type EnvelopeDeposit = ConstU64<ENVELOPE_DEPOSIT>;
    type EncryptionKeyDeposit = ConstU64<KEY_DEPOSIT>;
    type MaxEnvelopes = ConstU32<MAX_ENVELOPES>;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Policy;
}

/// A question to the policy: policy, patient, subject, record, action.
pub type Question = (u64, u64, u64, Option<RecordId>, Action);
/// An order of a model: requester, patient, record, and what was ordered.
pub type Order = (u64, u64, RecordId, InferenceOrder<u64>);
/// The answers of the policy, by patient, subject and action.
type Answers = BTreeMap<(u64, u64, Action), Result<(), Denied>>;

thread_local! {
    static TIES: RefCell<BTreeSet<u64>> = const { RefCell::new(BTreeSet::new()) };
    static LEFT: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    static CHALLENGED: RefCell<BTreeSet<RecordId>> = const { RefCell::new(BTreeSet::new()) };
}

thread_local! {
    static ANSWERS: RefCell<Answers> = const { RefCell::new(BTreeMap::new()) };
    static GENEROUS: RefCell<BTreeSet<u64>> = const { RefCell::new(BTreeSet::new()) };
    static ASKED: RefCell<Vec<Question>> = const { RefCell::new(Vec::new()) };
    static PURPOSES: RefCell<Vec<Option<Purpose>>> = const { RefCell::new(Vec::new()) };
    static ORDERED: RefCell<Vec<Order>> = const { RefCell::new(Vec::new()) };
    static KEPT: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
    static GRANTS: RefCell<BTreeSet<(RecordId, u64)>> = const { RefCell::new(BTreeSet::new()) };
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
        let revoked = Denied::Refused(DenyReason::Revoked);
        Self::answer(patient, subject, action, Err(revoked));
    }

    /// Whether the policy would allow it, without asking.
    pub fn allows(patient: u64, subject: u64, action: Action) -> bool {
        let key = (patient, subject, action);
        ANSWERS.with_borrow(|answers| matches!(answers.get(&key), Some(Ok(()))))
    }

    /// The questions asked since the previous call.
    pub fn asked() -> Vec<Question> {
        ASKED.take()
    }

    /// The purposes of the questions asked since the previous call.
    pub fn purposes() -> Vec<Option<Purpose>> {
        PURPOSES.take()
    }
}

impl AccessControl<u64> for Policy {
    fn check(policy: Option<&u64>, question: AccessQuestion<'_, u64>) -> Answer {
        let AccessQuestion { patient, subject, record, action, purpose, model: _ } = question;
        if GENEROUS.with_borrow(|patients| patients.contains(patient)) {
            return Answer::free(Ok(()));
        }
        PURPOSES.with_borrow_mut(|purposes| purposes.push(purpose));
        let Some(policy) = policy else {
            return Answer::free(Err(Denied::NoPolicy));
        };
        ASKED.with_borrow_mut(|asked| asked.push((*policy, *patient, *subject, record, action)));
        let result = ANSWERS
            .with_borrow(|answers| answers.get(&(*patient, *subject, action)).copied())
            .unwrap_or(Err(Denied::Refused(DenyReason::NoGrant)));
        Answer { result, weight: ASKED_WEIGHT }
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

/// Accepts orders for [`MODEL`] from accounts that may infer.
pub struct Orders;

impl Orders {
    /// The orders since the previous call.
    pub fn taken() -> Vec<Order> {
        ORDERED.take()
    }

    /// Says whether a verdict on a record can be challenged.
    pub fn challengeable(record: RecordId, yes: bool) {
        CHALLENGED.with_borrow_mut(|records| match yes {
            true => records.insert(record),
            false => records.remove(&record),
        });
    }

    /// Opens a request for this version of a record.
    pub fn open(record: RecordId) {
        ORDERED.with_borrow_mut(|orders| orders.push((ALICE, ALICE, record, order(MODEL))));
    }
}

impl InferenceOrders<u64> for Orders {
    fn order(
        requester: &u64,
        patient: &u64,
        record: RecordId,
        order: &InferenceOrder<u64>,
    ) -> Result<Weight, DispatchError> {
        if order.model != MODEL {
            return Err(DispatchError::Other("no such model"));
        }
        let asked = Emr::ensure_access(AccessQuestion {
            patient,
            subject: requester,
            record: Some(record),
            action: Action::Infer,
            purpose: None,
            model: Some(order.model),
        })?;
        ORDERED
            .with_borrow_mut(|orders| orders.push((*requester, *patient, record, order.clone())));
        Ok(asked)
    }

    fn weight() -> Weight {
        ORDER_WEIGHT
    }

    fn is_awaited(record: RecordId) -> bool {
        ORDERED.with_borrow(|orders| orders.iter().any(|(_, _, ordered, _)| *ordered == record))
    }

    fn is_challengeable(record: RecordId) -> bool {
        CHALLENGED.with_borrow(|records| records.contains(&record))
    }
}

/// What patients have outside this pallet, as tests set it.
pub struct Ties;

impl Ties {
    /// Gives a patient something that they must end first.
    pub fn tie(patient: u64) {
        TIES.with_borrow_mut(|ties| ties.insert(patient));
    }

    /// Ends it.
    pub fn untie(patient: u64) {
        TIES.with_borrow_mut(|ties| ties.remove(&patient));
    }

    /// Who left since the previous call, by either part.
    pub fn left() -> Vec<u64> {
        LEFT.take()
    }
}

/// What a patient who is tied must end.
pub const TIED: DispatchError = DispatchError::Other("tied");

/// The weight of asking and leaving, of each part.
pub const DEPARTURE_WEIGHT: Weight = Weight::from_parts(6_000_000_000, 6_000);

/// A part that has nothing to refuse.
pub struct OtherTies;

impl Departure<u64> for OtherTies {
    fn ensure_may_leave(_: &u64) -> DispatchResult {
        Ok(())
    }

    fn leave(patient: &u64) -> DispatchResult {
        LEFT.with_borrow_mut(|left| left.push(*patient));
        Ok(())
    }

    fn weight() -> Weight {
        DEPARTURE_WEIGHT
    }
}

impl Departure<u64> for Ties {
    fn ensure_may_leave(patient: &u64) -> DispatchResult {
        if TIES.with_borrow(|ties| ties.contains(patient)) {
            return Err(TIED);
        }
        Ok(())
    }

    fn leave(patient: &u64) -> DispatchResult {
        OtherTies::leave(patient)
    }

    fn weight() -> Weight {
        DEPARTURE_WEIGHT
    }
}

/// What the custody was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// To keep a key: depositor, patient, record, content, and what was entrusted.
    Entrusted(u64, u64, RecordId, Cid, Box<Entrustment>),
    /// To end the custody of a record of this patient.
    Ended(RecordId, u64),
    /// To end an account's access to a record of this patient.
    AccessEnded(RecordId, u64, u64, EndReason),
}

/// A custody that takes every key whose threshold is not 0, and has the grants that a test sets.
pub struct Keeper;

impl Keeper {
    /// What was asked since the previous call.
    pub fn kept() -> Vec<Kept> {
        KEPT.take()
    }

    /// Grants an account access to a record.
    pub fn grant(record: RecordId, subject: u64) {
        GRANTS.with_borrow_mut(|grants| grants.insert((record, subject)));
    }

    fn asked(request: Kept) {
        KEPT.with_borrow_mut(|kept| kept.push(request));
    }
}

impl KeyCustody<u64> for Keeper {
    fn entrust(
        depositor: &u64,
        patient: &u64,
        record: RecordId,
        cid: &Cid,
        entrustment: Entrustment,
    ) -> DispatchResult {
        if entrustment.threshold == 0 {
            return Err(DispatchError::Other("no custodian is needed"));
        }
        let entrustment = Box::new(entrustment);
        Self::asked(Kept::Entrusted(*depositor, *patient, record, cid.clone(), entrustment));
        Ok(())
    }

    fn end(record: RecordId, patient: &u64) -> Result<u32, DispatchError> {
        Self::asked(Kept::Ended(record, *patient));
        Ok(GRANTS.with_borrow_mut(|grants| {
            let before = grants.len();
            grants.retain(|(id, _)| *id != record);
            (before - grants.len()) as u32
        }))
    }

    fn end_access(
        record: RecordId,
        patient: &u64,
        subject: &u64,
        reason: EndReason,
    ) -> Result<bool, DispatchError> {
        Self::asked(Kept::AccessEnded(record, *patient, *subject, reason));
        Ok(GRANTS.with_borrow_mut(|grants| grants.remove(&(record, *subject))))
    }

    fn is_delivered(_: RecordId, _: &u64) -> bool {
        false
    }

    fn entrust_weight(custodians: u32) -> Weight {
        ENTRUST_WEIGHT.saturating_mul(custodians.into())
    }

    fn end_weight(grants: u32) -> Weight {
        END_WEIGHT.saturating_mul(grants.into())
    }

    fn max_grants() -> u32 {
        MAX_GRANTS
    }

    fn end_access_weight() -> Weight {
        END_ACCESS_WEIGHT
    }
}

/// Builds a chain at block 1.
pub struct ExtBuilder {
    furnished: bool,
}

impl Default for ExtBuilder {
    /// A chain with the patients, keys, providers, policy and record described above.
    fn default() -> Self {
        Self { furnished: true }
    }
}

impl ExtBuilder {
    /// A chain with funded accounts and nothing else.
    pub fn bare() -> Self {
        Self { furnished: false }
    }

    pub fn build(self) -> sp_io::TestExternalities {
        let rich = (ALICE..=STRANGER).chain([CLINICIAN]).map(|who| (who, FUNDS));
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
            GRANTS.take();
            if self.furnished {
                furnish();
            }
            ASKED.take();
            PURPOSES.take();
            ORDERED.take();
            KEPT.take();
            TIES.take();
            LEFT.take();
            CHALLENGED.take();
            System::reset_events();
        });
        ext
    }

    /// Runs a test, then checks the invariants.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            test();
            assert_ok!(Emr::do_try_state());
            check_topics();
        });
    }
}

/// Exactly the events about one patient have a topic, that of a log.
fn check_topics() {
    use crate::Event::*;
    for record in System::events() {
        let RuntimeEvent::Emr(event) = record.event else { continue };
        let about_a_patient = match event {
            // Of a patient's key, but not of others'.
            EncryptionKeySet { .. } | EncryptionKeyRemoved { .. } => continue,
            DefaultPolicyAnnounced { .. }
            | DefaultPolicyCancelled { .. }
            | DefaultPolicySet { .. }
            | InstitutionAdmitted { .. }
            | InstitutionRemoved { .. }
            | RegistrarSet { .. }
            | ProviderAdded { .. }
            | ProviderRenewed { .. }
            | ProviderRemoved { .. }
            | LogArchiveSet { .. }
            | LogArchiveRemoved { .. } => false,
            _ => true,
        };
        assert_eq!(record.topics.len(), usize::from(about_a_patient), "{event:?}");
    }
}

fn furnish() {
    for registrar in [REGISTRAR, OTHER_REGISTRAR] {
        assert_ok!(Emr::admit_institution(root(), name("clinic"), registrar));
    }
    for patient in [ALICE, BOB] {
        assert_ok!(Emr::register_patient(signed(patient), None, key(patient)));
    }
    for account in [READER, OTHER_READER] {
        assert_ok!(Emr::set_encryption_key(signed(account), key(account)));
    }
    // Without a deposit, which this account cannot pay.
    EncryptionKeys::<Test>::insert(POOR, key(POOR));
    appoint(TECHNICIAN, Role::LabTechnician);
    appoint(CLINICIAN, Role::Clinician);
    DefaultPolicy::<Test>::put(POLICY);
    assert_ok!(add_record(ALICE, ALICE, &[ALICE]));
}

/// The name of an institution.
pub fn name(text: &str) -> InstitutionName {
    text.as_bytes().to_vec().try_into().expect("a test chooses short names")
}

/// Has [`REGISTRAR`] appoint a provider until block [`TERM`].
pub fn appoint(account: u64, role: Role) {
    assert_ok!(Emr::add_provider(signed(REGISTRAR), CLINIC, account, role, TERM));
}

/// Has [`REGISTRAR`] dismiss a provider.
pub fn dismiss(account: u64, role: Role) {
    assert_ok!(Emr::remove_provider(signed(REGISTRAR), account, role));
}

pub fn signed(who: u64) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub fn root() -> RuntimeOrigin {
    RuntimeOrigin::root()
}

/// The answer to an access question without a purpose.
pub fn check_access(
    patient: u64,
    subject: u64,
    record: Option<RecordId>,
    action: Action,
) -> Result<(), Denied> {
    let (patient, subject, purpose, model) = (&patient, &subject, None, None);
    Emr::check_access(AccessQuestion { patient, subject, record, action, purpose, model }).result
}

pub fn key(who: u64) -> EncryptionKey {
    EncryptionKey([who as u8; 32])
}

pub fn cid(byte: u8) -> Cid {
    Cid::new(CidCodec::Raw, [byte; 32])
}

/// What [`add_record`] and [`amend_record`] store under this number.
pub fn content(record: RecordId) -> Cid {
    cid((record.0 as u8).wrapping_add(1))
}

/// A content that no record has yet.
pub fn next_content() -> Cid {
    content(NextRecordId::<Test>::get())
}

/// A CIDv0, which is not supported.
pub fn bad_cid() -> Cid {
    use codec::{Decode, Encode};
    let text = b"QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG".to_vec();
    Cid::decode(&mut &text.encode()[..]).expect("any text decodes")
}

pub fn digest(byte: u8) -> ContentDigest {
    ContentDigest([byte; 32])
}

/// What the uploader of a film commits to.
pub fn film(byte: u8) -> FilmCommitments {
    let (root, secret) = (InputRoot([byte; 32]), VerdictCommitment([!byte; 32]));
    FilmCommitments { input_root: root, verdicts: secret }
}

/// An order of three workers' answers.
pub fn order(model: ModelId) -> InferenceOrder<u64> {
    InferenceOrder { model, quorum: 3, worker: None }
}

pub fn document(byte: u8) -> Document {
    Document { cid: cid(byte), digest: digest(byte) }
}

/// Stands for a content key sealed to the key that [`key`] gives `reader`.
pub fn sealed(reader: u64) -> SealedKey {
    sealed_to(&key(reader))
}

/// Stands for a content key sealed to this key.
pub fn sealed_to(key: &EncryptionKey) -> SealedKey {
    SealedKey::new(key, key.0, [1; 48])
}

/// What an attacker stores in place of a key: it names the key of `reader`, and opens nothing.
pub fn garbage(reader: u64) -> SealedKey {
    SealedKey::new(&key(reader), [0xff; 32], [0xff; 48])
}

pub fn envelopes(readers: &[u64]) -> EnvelopesOf<Test> {
    let envelopes: Vec<_> = readers.iter().map(|who| (*who, sealed(*who))).collect();
    envelopes.try_into().expect("a test names few readers")
}

/// Adds a chest X-ray of `patient` with the commitments `film(1)`, signed by `author`.
pub fn add_record(
    author: u64,
    patient: u64,
    readers: &[u64],
) -> frame_support::dispatch::DispatchResultWithPostInfo {
    let (kind, film, envelopes) = (RecordKind::ChestXray, Some(film(1)), envelopes(readers));
    let cid = next_content();
    Emr::add_record(signed(author), patient, cid, digest(1), kind, film, envelopes, None, None)
}

/// Adds a new version of `record` without commitments, signed by `author`.
pub fn amend_record(
    author: u64,
    record: RecordId,
    readers: &[u64],
) -> frame_support::dispatch::DispatchResultWithPostInfo {
    let cid = next_content();
    Emr::amend_record(signed(author), record, cid, digest(2), None, envelopes(readers), None)
}

/// Stands for a key shared among so many custodians: the custody verifies nothing here.
pub fn entrustment(custodians: u8) -> Entrustment {
    let shares = (1..=custodians).map(|number| EncryptedShare([number; 32]));
    let dealing = Dealing {
        ephemeral: EphemeralKey([1; 32]),
        shares: shares.collect::<Vec<_>>().try_into().expect("a test names few custodians"),
        wrapped: WrappedKey([2; 48]),
        proof: DealingProof([3; 96]),
    };
    Entrustment { threshold: custodians, dealing }
}

/// [`XRAY`] as [`ExtBuilder`] stores it.
pub fn xray() -> RecordOf<Test> {
    Record {
        patient: ALICE,
        author: ALICE,
        content: RecordContent::kept(cid(1), digest(1)),
        kind: RecordKind::ChestXray,
        previous: None,
        added_at: 1,
        status: RecordStatus::Active,
        envelopes: 1,
        deposit: RECORD_DEPOSIT,
    }
}

/// The amount held from `who` for a reason.
pub fn held(who: u64, reason: HoldReason) -> u64 {
    Balances::balance_on_hold(&reason.into(), &who)
}

/// This pallet's events since the previous call, in order.
pub fn events() -> Vec<crate::Event<Test>> {
    let events = System::events().into_iter().filter_map(|record| {
        if let RuntimeEvent::Emr(event) = record.event {
            Some(event)
        } else {
            None
        }
    });
    let events = events.collect();
    System::reset_events();
    events
}
