//! The runtime beside the model, with the accounts of the access table.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use frame_support::storage::{with_storage_layer, with_transaction, TransactionOutcome};
use medchain_primitives::{EmergencyId, EmergencyReason, Purpose, RelationKind};
use medchain_sharing::{ReplyKey, ReplySecret};
use pallet_custody::EmergencyStatus;
use sp_keyring::Sr25519Keyring as Who;
use sp_runtime::DispatchError;

use super::{
    model::{Deed, Model, Stage, Status, ETHICS_PERIOD, PATIENT as OWNER, REVIEW_PERIOD},
    workers::request_of,
};
use crate::tests::{custodians::*, *};

/// The accounts of the table: the owner, a technician, a clinician, a stranger, three custodians,
/// a contact, a guardian, and a grantee. Governance is root.
pub const EVERYBODY: [Who; 10] = [
    OWNER,
    TECHNICIAN,
    CLINICIAN,
    Who::Eve,
    CUSTODIANS[0],
    CUSTODIANS[1],
    CUSTODIANS[2],
    CONTACT,
    GUARDIAN,
    GRANTEE,
];
pub const TECHNICIAN: Who = Who::Charlie;
pub const CLINICIAN: Who = Who::Dave;
pub const CUSTODIANS: [Who; 3] = [Who::Ferdie, Who::CharlieStash, Who::DaveStash];
pub const CONTACT: Who = Who::AliceStash;
pub const GUARDIAN: Who = Who::BobStash;
pub const GRANTEE: Who = Who::Alice;

/// The runtime and the model, side by side.
#[derive(Clone)]
pub struct Both {
    pub model: Model,
    pub policy: AccountId,
    replies: RefCell<Replies>,
}

/// The keys of requests: a new one for each.
#[derive(Clone, Default)]
struct Replies {
    drawn: u32,
    secrets: BTreeMap<[u8; 32], u32>,
    /// The last one with which an account was granted access to a record.
    last: BTreeMap<(RecordId, Who), ReplyKey>,
}

impl Replies {
    fn draw(&mut self) -> ReplyKey {
        self.drawn += 1;
        let key = Self::secret_of(self.drawn).public();
        self.secrets.insert(key.0, self.drawn);
        key
    }

    fn secret(&self, key: &ReplyKey) -> ReplySecret {
        Self::secret_of(self.secrets[&key.0])
    }

    fn secret_of(number: u32) -> ReplySecret {
        ReplySecret::from_seed(&sp_io::hashing::blake2_256(&number.to_le_bytes()))
    }
}

impl Both {
    /// Sets up a patient with the reference policy, three custodians, of whom `threshold` are
    /// needed, and one entrusted record.
    ///
    /// Call it within externalities.
    pub fn new(threshold: u8) -> Self {
        let policy = instantiate(contract("access-control"), ());
        for who in EVERYBODY {
            let key = KEY;
            if who == OWNER {
                assert_ok!(Emr::register_patient(signed(who), None, key));
            } else {
                assert_ok!(Emr::set_encryption_key(signed(who), key));
            }
        }
        let roles = [
            (TECHNICIAN, Role::LabTechnician),
            (CLINICIAN, Role::Clinician),
            (CUSTODIANS[0], Role::Custodian),
            (CUSTODIANS[1], Role::Custodian),
            (CUSTODIANS[2], Role::Custodian),
        ];
        for (who, role) in roles {
            appoint(who, role);
        }
        let relate = |who: Who, kind, contact| {
            assert_ok!(Emr::set_relation(signed(OWNER), who.to_account_id(), kind, contact));
        };
        relate(CONTACT, RelationKind::Partner, true);
        relate(GUARDIAN, RelationKind::Guardian, false);
        for who in CUSTODIANS {
            register_custodian(who);
        }
        let mut both = Self {
            model: Model {
                now: 1,
                roles: roles.into_iter().collect(),
                contacts: [CONTACT].into(),
                guardians: [GUARDIAN].into(),
                custodians: CUSTODIANS.to_vec(),
                ..Default::default()
            },
            policy,
            replies: RefCell::default(),
        };
        let deeds =
            [Deed::SetPolicy(true), Deed::Choose(threshold), Deed::Append(false), Deed::Entrust(0)];
        for deed in deeds {
            both.act(OWNER, deed);
        }
        both
    }

    /// Does the deed in the runtime and returns whether it was allowed.
    fn try_it(&self, who: Who, deed: Deed) -> Result<bool, DispatchError> {
        let record = |place: usize| RecordId(place as u64);
        let origin = signed(who);
        // Each record has its own content.
        let next = pallet_emr::NextRecordId::<Runtime>::get().0;
        let byte = u8::try_from(next % 251).unwrap_or_default();
        let (cid, digest) = (Cid::new(CidCodec::Raw, [byte; 32]), ContentDigest([byte; 32]));
        let error = |failed: sp_runtime::DispatchErrorWithPostInfo<_>| failed.error;
        // What others add comes with an envelope for the owner.
        let envelope = (who != OWNER).then(|| (OWNER.to_account_id(), sealed_key()));
        let envelopes =
            pallet_emr::EnvelopesOf::<Runtime>::truncate_from(envelope.into_iter().collect());
        match deed {
            Deed::Append(shared) => {
                let custody = shared.then(|| shared_by(who, &cid));
                let (owner, kind) = (OWNER.to_account_id(), RecordKind::ChestXray);
                Emr::add_record(origin, owner, cid, digest, kind, None, envelopes, None, custody)
                    .map_err(error)?;
            }
            Deed::Amend(id) => {
                Emr::amend_record(origin, record(id), cid, digest, None, envelopes, None)
                    .map_err(error)?;
            }
            Deed::Share(id) => {
                // To a new reader each time, since a reader has at most one envelope.
                let reader = AccountId::from([200; 32]);
                pallet_emr::EncryptionKeys::<Runtime>::insert(&reader, KEY);
                Emr::share_record(origin, record(id), reader.clone(), sealed_key())
                    .map_err(error)?;
                assert_ok!(Emr::remove_envelope(
                    RuntimeOrigin::signed(reader.clone()),
                    record(id),
                    reader
                ));
            }
            Deed::View(id) | Deed::Renew(id) => {
                let current = || {
                    let there = !matches!(deed, Deed::Renew(_));
                    grant_of(record(id), who).filter(|_| there).map(|grant| grant.reply)
                };
                let reply = current().unwrap_or_else(|| self.replies.borrow_mut().draw());
                let granted = logs(
                    |event| matches!(event, pallet_custody::Event::AccessGranted { .. }),
                    || {
                        Custody::request_access(origin, record(id), Purpose::Treatment, reply)
                            .map_err(error)
                    },
                )?;
                if granted {
                    self.keep(record(id), who, reply);
                }
                return Ok(granted);
            }
            Deed::Restore(id) => Emr::restore_record(origin, record(id))?,
            Deed::Withdraw(id) => Custody::withdraw_shares(origin, record(id))?,
            Deed::Erase(id) => {
                Emr::erase_record(origin, record(id)).map_err(error)?;
            }
            Deed::Choose(threshold) => {
                let members = if threshold == 0 { &[][..] } else { &CUSTODIANS };
                set_custodians_as(who, members, threshold)?;
            }
            Deed::Entrust(id) => {
                let cid = pallet_emr::Records::<Runtime>::get(record(id))
                    .and_then(|one| one.content.document().map(|document| document.cid.clone()));
                let entrustment = shared_by(who, &cid.unwrap_or(Cid::new(CidCodec::Raw, [0; 32])));
                Custody::entrust_record(origin, record(id), Some(entrustment)).map_err(error)?;
            }
            Deed::Deliver(id, subject) => {
                let id = record(id);
                let last = || self.replies.borrow().last.get(&(id, subject)).copied();
                let reply = last().unwrap_or_else(|| reply_key_of(subject));
                let share = delivery_to(who, id, subject, reply);
                // What is refused now is exposed instead.
                let stored =
                    |event: &_| matches!(event, pallet_custody::Event::ShareDelivered { .. });
                return logs(stored, || {
                    let subject = subject.to_account_id();
                    Custody::deliver_share(origin, id, subject, reply, share).map_err(error)
                });
            }
            Deed::Break => {
                let reason = EmergencyReason::Other;
                Custody::break_glass(origin, OWNER.to_account_id(), reason).map_err(error)?;
            }
            Deed::Request(id) => {
                let reply = self.replies.borrow_mut().draw();
                Custody::request_in_emergency(origin, record(id), reply).map_err(error)?;
                self.keep(record(id), who, reply);
            }
            Deed::Review(place, accepted) => {
                let emergency = EmergencyId(place as u64);
                Custody::review_emergency(origin, emergency, accepted).map_err(error)?;
            }
            Deed::Take(id, subject) => {
                Emr::remove_envelope(origin, record(id), subject.to_account_id())?;
            }
            Deed::SetPolicy(has_one) => {
                Emr::set_policy(origin, has_one.then(|| self.policy.clone()))?;
            }
            Deed::AllowNobody => Emr::allow_nobody(origin)?,
            Deed::SetEmergency(allowed) => Custody::set_emergency_access(origin, allowed)?,
            Deed::Work(place) => {
                let reply = self.replies.borrow_mut().draw();
                Custody::request_as_worker(origin, request_of(place), reply).map_err(error)?;
                if let Some(seat) = self.model.seats.get(place) {
                    self.keep(record(seat.record), who, reply);
                }
            }
            Deed::Seal(place) => self.seal(who, place)?,
            Deed::Expire(id, subject) => {
                Custody::expire_grant(origin, record(id), subject.to_account_id())?;
            }
            Deed::Retire => Custody::retire_custodian(origin)?,
            Deed::Register => {
                let key = secret_of(who).public();
                Custody::register_custodian(origin, key, key_proof_of(who))?;
            }
            Deed::Decline(declined) => {
                Custody::set_declined(origin, OWNER.to_account_id(), declined)?;
            }
        }
        Ok(true)
    }

    fn keep(&self, record: RecordId, who: Who, reply: ReplyKey) {
        self.replies.borrow_mut().last.insert((record, who), reply);
    }

    /// Does the deed in both, which must agree.
    pub fn act(&mut self, who: Who, deed: Deed) {
        let expected = self.model.may(who, deed);
        let result = with_storage_layer(|| self.try_it(who, deed));
        assert_eq!(
            result == Ok(true),
            expected,
            "{who:?} {deed:?} in block {}: {result:?}\n{:#?}",
            self.model.now,
            self.model
        );
        if expected {
            self.model.done(who, deed);
        } else {
            self.model.refused(who, deed);
        }
    }

    /// The patient grants in the contract.
    pub fn grant(&mut self, who: Who, actions: u8, until: Option<u32>) {
        let answer = call(&self.policy, *b"MCP\x10", (who.to_account_id(), actions, until));
        assert_eq!(answer, [0, 0]);
        self.model.contract.grant(who, actions, until);
    }

    /// The patient revokes in the contract.
    pub fn revoke(&mut self, who: Who) {
        let answer = call_as(OWNER, &self.policy, *b"MCP\x11", who.to_account_id());
        assert_eq!(answer == [0, 0], self.model.contract.revoke(who), "{answer:?}");
    }

    /// The registrar gives an account a role, or takes it.
    pub fn set_role(&mut self, who: Who, role: Role, has: bool) {
        if self.model.roles.contains(&(who, role)) == has {
            return;
        }
        if has {
            appoint(who, role);
            self.model.roles.insert((who, role));
        } else {
            assert_ok!(Emr::remove_provider(signed(REGISTRAR), who.to_account_id(), role));
            self.model.roles.remove(&(who, role));
        }
    }

    /// The ethics committee judges an emergency, in both.
    pub fn judge(&mut self, place: usize, accepted: bool) {
        let expected = self.model.may_judge(place, accepted);
        let emergency = EmergencyId(place as u64);
        let judged = with_storage_layer(|| {
            Custody::judge_emergency(RuntimeOrigin::root(), emergency, accepted)
                .map_err(|failed| failed.error)
        });
        assert_eq!(judged.is_ok(), expected, "{judged:?} {:#?}", self.model);
        if expected {
            self.model.judge(place, accepted);
        }
    }

    /// The ethics committee forgives an account, in both.
    pub fn forgive(&mut self, who: Who) {
        let lifted = Custody::lift_suspension(RuntimeOrigin::root(), who.to_account_id());
        assert_eq!(lifted.is_ok(), self.model.rejections.remove(&who).is_some());
    }

    /// Moves both to a block.
    pub fn go_to(&mut self, block: u32) {
        System::reset_events();
        go_to(block);
        self.model.go_to(block);
    }

    /// Compares the answers of both for all accounts, actions and records, and checks the
    /// invariants.
    pub fn compare(&self) {
        for who in EVERYBODY {
            self.compare_answers(who);
        }
        self.compare_state();
    }

    /// Compares the answers of both for an account.
    pub fn compare_answers(&self, who: Who) {
        let (owner, subject) = (OWNER.to_account_id(), who.to_account_id());
        for action in Action::ALL {
            let answer = check_access(&owner, &subject, None, action);
            let expected = self.model.policy(who, action);
            assert_eq!(answer.is_ok(), expected, "{who:?} {action:?} {:#?}", self.model.contract);
            for (place, record) in self.model.records.iter().enumerate() {
                let id = Some(RecordId(place as u64));
                let answer = check_access(&owner, &subject, id, action);
                let there = record.status != Status::Erased;
                assert_eq!(answer.is_ok(), expected && there, "{who:?} {action:?} {place}");
            }
        }
    }

    /// Compares keys, envelopes and emergencies, and checks the invariants.
    pub fn compare_state(&self) {
        self.compare_keys();
        self.compare_envelopes();
        self.compare_emergencies();
        assert_ok!(Emr::do_try_state());
        assert_ok!(Custody::do_try_state());
    }

    /// Who has as many shares as a record's threshold has the key, and nobody else.
    fn compare_keys(&self) {
        let standing = pallet_custody::Grants::<Runtime>::iter_keys().count();
        assert_eq!(standing, self.model.access.len(), "{:#?}", self.model);
        for ((place, who), access) in &self.model.access {
            let record = RecordId(*place as u64);
            let grant = grant_of(record, *who).expect("the model knows it");
            assert_eq!(grant.until, access.until, "{who:?} {place}");
            assert_eq!(grant.deliveries.len(), access.delivered.len(), "{who:?} {place}");
            let needed = self.model.records[*place].threshold.expect("it is entrusted");
            let opened = recover(record, *who, &self.replies.borrow().secret(&grant.reply));
            let expected = access.delivered.len() >= usize::from(needed);
            assert_eq!(opened, expected.then_some(CONTENT_KEY), "{who:?} {place}");
        }
    }

    fn compare_envelopes(&self) {
        let mut found = BTreeSet::new();
        for (record, reader) in pallet_emr::Envelopes::<Runtime>::iter_keys() {
            let who = Who::from_account_id(&reader).expect("one of the table");
            found.insert((record.0 as usize, who));
        }
        assert_eq!(found, self.model.envelopes);
    }

    fn compare_emergencies(&self) {
        for (place, one) in self.model.emergencies.iter().enumerate() {
            let found = pallet_custody::Emergencies::<Runtime>::get(EmergencyId(place as u64));
            let stage = found.as_ref().map_or(Stage::Closed, |found| match found.status {
                EmergencyStatus::Open => Stage::Open,
                EmergencyStatus::Endorsed { .. } => Stage::Endorsed,
                EmergencyStatus::Accepted => Stage::Accepted,
                EmergencyStatus::Rejected { ref by } => {
                    Stage::Rejected(Who::from_account_id(by).expect("one of the table"))
                }
                EmergencyStatus::Escalated => Stage::Escalated,
            });
            assert_eq!(stage, one.stage, "{place} {:#?}", self.model);
            if let Some(found) = found {
                assert_eq!(found.deliveries, one.shares, "{place} {:#?}", self.model);
                let requested = u32::try_from(one.requested.len());
                assert_eq!(Ok(found.requested), requested, "{place} {:#?}", self.model);
            }
        }
        for who in EVERYBODY {
            let rejections = pallet_custody::Rejections::<Runtime>::get(who.to_account_id());
            let expected = self.model.rejections.get(&who).copied().unwrap_or_default();
            assert_eq!(rejections, expected, "{who:?}");
        }
    }
}

/// Makes a call and returns whether it logged such an event.
fn logs(
    such: impl Fn(&pallet_custody::Event<Runtime>) -> bool,
    call: impl FnOnce() -> Result<frame_support::dispatch::PostDispatchInfo, DispatchError>,
) -> Result<bool, DispatchError> {
    let before = System::event_count();
    call()?;
    Ok(System::events().into_iter().skip(before as usize).any(|record| match &record.event {
        RuntimeEvent::Custody(event) => such(event),
        _ => false,
    }))
}

fn grant_of(record: RecordId, who: Who) -> Option<pallet_custody::GrantOf<Runtime>> {
    pallet_custody::Grants::<Runtime>::get(record, who.to_account_id())
}

/// The key of a content, shared by this account among the patient's custodians if there are any.
fn shared_by(dealer: Who, cid: &Cid) -> medchain_sharing::Entrustment {
    if pallet_custody::CustodianGroups::<Runtime>::contains_key(OWNER.to_account_id()) {
        dealt(dealer, cid)
    } else {
        dealt_among(&CUSTODIANS, 1, dealer, cid)
    }
}

/// View, Append, Amend, Share, Infer, Emergency.
const ALL: u8 = 0b11_1111;

/// Each role tries each deed on an active, a superseded and an erased record, of whose three
/// custodians one, two or all are needed.
#[test]
fn every_cell_of_the_table() {
    for threshold in 1..=3 {
        development_chain().execute_with(|| every_cell(threshold));
    }
}

fn every_cell(threshold: u8) {
    let mut both = Both::new(threshold);
    both.go_to(10);
    // The states of a grant: valid, expired, revoked.
    both.grant(GRANTEE, ALL, None);
    both.grant(CLINICIAN, ALL, Some(10));
    both.grant(CONTACT, ALL, None);
    both.revoke(CONTACT);
    both.grant(TECHNICIAN, 0b00_0110, None);
    both.go_to(11);
    both.act(OWNER, Deed::Append(true));
    both.act(OWNER, Deed::Amend(1));
    both.act(OWNER, Deed::Append(false));
    both.act(OWNER, Deed::Entrust(3));
    both.act(OWNER, Deed::Erase(3));
    // Record 0 is active and entrusted, 1 superseded, 2 active, 3 erased.
    for who in EVERYBODY {
        both.act(who, Deed::Append(false));
        both.act(who, Deed::Append(true));
        both.act(who, Deed::Break);
        for id in 0..4 {
            both.act(who, Deed::Share(id));
            both.act(who, Deed::View(id));
            both.act(CUSTODIANS[0], Deed::Deliver(id, who));
            both.act(who, Deed::Renew(id));
            for custodian in CUSTODIANS {
                both.act(custodian, Deed::Deliver(id, who));
            }
            both.act(who, Deed::Request(id));
            for other in EVERYBODY {
                both.act(who, Deed::Deliver(id, other));
            }
            for custodian in CUSTODIANS {
                both.act(custodian, Deed::Deliver(id, who));
            }
            both.act(who, Deed::View(id));
        }
        both.compare_state();
        for id in 0..4 {
            for other in EVERYBODY {
                both.act(who, Deed::Take(id, other));
            }
            both.act(who, Deed::Request(id));
        }
        for id in [1, 3] {
            both.act(who, Deed::Amend(id));
        }
        if who != OWNER {
            both.act(who, Deed::SetPolicy(false));
            both.act(who, Deed::AllowNobody);
            both.act(who, Deed::SetEmergency(false));
            both.act(who, Deed::Choose(1));
            for id in 0..4 {
                both.act(who, Deed::Erase(id));
                both.act(who, Deed::Entrust(id));
            }
        }
        both.compare();
    }
    // Without a policy, or with nobody allowed, and without emergency access.
    both.act(OWNER, Deed::SetEmergency(false));
    for deed in [Deed::SetPolicy(false), Deed::AllowNobody] {
        both.act(OWNER, deed);
        for who in EVERYBODY {
            both.act(who, Deed::Append(false));
            both.act(who, Deed::View(0));
            both.act(who, Deed::Break);
            both.act(who, Deed::Request(0));
        }
        both.compare();
    }
}

/// What can be decided about an emergency, at each stage and by each account.
#[test]
fn every_stage_of_an_emergency() {
    const DECIDED: [&[(Who, bool)]; 5] =
        [&[], &[(GUARDIAN, true)], &[(OWNER, true)], &[(GUARDIAN, false)], &[(OWNER, false)]];
    const BOTH_WAYS: [bool; 2] = [true, false];
    development_chain().execute_with(|| {
        let start = Both::new(1);
        for decided in DECIDED {
            for (delivers, waits) in [(true, true), (true, false), (false, true), (false, false)] {
                for reviewer in EVERYBODY {
                    for accepted in BOTH_WAYS {
                        let mut both = start.clone();
                        in_vain(|| {
                            both.act(CLINICIAN, Deed::Break);
                            both.act(CLINICIAN, Deed::Request(0));
                            if delivers {
                                both.act(CUSTODIANS[0], Deed::Deliver(0, CLINICIAN));
                            }
                            for (who, yes) in decided {
                                both.act(*who, Deed::Review(0, *yes));
                            }
                            if waits {
                                both.go_to(REVIEW_PERIOD + 2);
                            }
                            both.act(reviewer, Deed::Review(0, accepted));
                            both.act(CUSTODIANS[1], Deed::Deliver(0, CLINICIAN));
                            both.act(CLINICIAN, Deed::Break);
                            both.act(CLINICIAN, Deed::Request(0));
                            both.judge(0, accepted);
                            both.act(OWNER, Deed::Review(0, accepted));
                            both.act(CLINICIAN, Deed::Break);
                            both.compare_state();
                            both.go_to(both.model.now + ETHICS_PERIOD + 1);
                            both.compare_state();
                        });
                    }
                }
            }
        }
    });
}

/// Undoes what happens in the state.
pub fn in_vain(what: impl FnOnce()) {
    let undone = with_transaction(|| {
        what();
        TransactionOutcome::Rollback(Ok::<_, DispatchError>(()))
    });
    assert_ok!(undone);
}
