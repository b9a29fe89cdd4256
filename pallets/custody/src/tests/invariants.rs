//! Any sequence of calls by anybody leaves the storage sound, burns nothing but bonds, and
//! permits nothing that the rules forbid.

use codec::Encode;
use frame_support::assert_ok;
use medchain_primitives::{
    log_topic, Action, Basis, Denied, DenyReason, EmergencyId, LogHead, RecordId, RecordStatus,
    RelationKind, RequestId, Role,
};
use medchain_sharing::{
    deliver as encrypt, Delivery, DeliveryContext, DeliveryProof, EncryptedShare, EntrustedShare,
    Entrustment, EphemeralKey, ReplyKey,
};
use pallet_emr::{Records, Relations};
use proptest::{collection, prelude::*, sample::select};
use sp_runtime::DispatchError;

use super::world::*;
use crate::{
    mock::*, Committees, CustodianGroups, Custodians, Custodies, Declined, Due, Emergencies,
    EmergencyGrants, EmergencyOptOuts, EmergencyStatus, EndedCustodies, EndedGrants, Event, Grants,
    HoldReason, Place, Rejections,
};

/// Those who play a part, and one who plays none.
const ACCOUNTS: [u64; 9] =
    [ALICE, BOB, READER, STRANGER, CUSTODIAN, CUSTODIAN_2, CLINICIAN, CONTACT, GUARDIAN];
const PATIENTS: [u64; 2] = [ALICE, BOB];

/// One event of a random sequence.
#[derive(Clone, Debug)]
enum Step {
    Register,
    Retire,
    Decline(u64, bool),
    Role(u64, Role, bool),
    Choose(Vec<u64>, u8),
    Add {
        honest: bool,
    },
    Entrust {
        record: RecordId,
        honest: bool,
    },
    Withdraw(RecordId),
    Erase(RecordId),
    Deregister,
    Return,
    Answer(u64, u64, Action, Result<(), Denied>),
    Relate(u64, RelationKind, bool),
    Unrelate(u64),
    Request(RecordId, u8),
    Deliver {
        record: RecordId,
        subject: u64,
        request: u8,
        honest: bool,
    },
    EndAccess(RecordId, u64),
    Expire(RecordId, u64),
    Break(u64),
    RequestInEmergency(RecordId, u8),
    Review(EmergencyId, bool),
    Judge(EmergencyId, bool),
    /// A custodian of a grant that exists, or of one that ended, delivers.
    Serve {
        pick: usize,
        honest: bool,
    },
    /// Somebody who may decide about an emergency that exists does so.
    Decide {
        pick: usize,
        accepted: bool,
    },
    Close(EmergencyId),
    Forbid(bool),
    Lift(u64),
    /// The chain draws an account for a request about a record.
    Draw(u64, RequestId, RecordId, u64),
    /// A place ends before its last block: by the worker's doing, or by that of others.
    Leave(u64, RequestId, bool),
    RequestAsWorker(RequestId, u8),
    Wait(u64),
}

fn account() -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(ALICE), 2 => Just(CLINICIAN), 2 => Just(CUSTODIAN), 3 => select(&ACCOUNTS)]
}

/// An account that wants to read.
fn subject() -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(READER), 3 => Just(CLINICIAN), 2 => select(&ACCOUNTS)]
}

/// A record, most often one that exists.
fn record() -> impl Strategy<Value = RecordId> {
    prop_oneof![3 => Just(XRAY), 2 => (0u64..4).prop_map(RecordId)]
}

fn emergency_id() -> impl Strategy<Value = EmergencyId> {
    prop_oneof![2 => Just(FIRST), 1 => (0u64..4).prop_map(EmergencyId)]
}

fn request_id() -> impl Strategy<Value = RequestId> {
    (0u64..2).prop_map(RequestId)
}

fn answer() -> impl Strategy<Value = Result<(), Denied>> {
    select(&[
        Ok(()),
        Ok(()),
        Ok(()),
        Err(REVOKED),
        Err(Denied::PolicyTrapped),
        Err(Denied::PolicyReentered),
        Err(Denied::Refused(DenyReason::NoGrant)),
    ])
}

/// Most deliveries and dealings are honest.
fn honest() -> impl Strategy<Value = bool> {
    prop_oneof![4 => Just(true), 1 => Just(false)]
}

fn members() -> impl Strategy<Value = Vec<u64>> {
    prop_oneof![
        4 => proptest::sample::subsequence(vec![CUSTODIAN, CUSTODIAN_2], 0..=2),
        1 => collection::vec(select(&ACCOUNTS), 0..=3),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let roles = select(&[Role::Custodian, Role::Clinician]);
    let kinds = select(&[RelationKind::Guardian, RelationKind::Sibling]);
    let actions = select(&[Action::View, Action::Emergency, Action::Infer]);
    prop_oneof![
        3 => Just(Step::Register),
        1 => Just(Step::Retire),
        1 => (select(&PATIENTS), any::<bool>()).prop_map(|(who, no)| Step::Decline(who, no)),
        2 => (account(), roles, any::<bool>())
            .prop_map(|(who, role, given)| Step::Role(who, role, given)),
        2 => (members(), 0u8..4).prop_map(|(members, threshold)| Step::Choose(members, threshold)),
        2 => honest().prop_map(|honest| Step::Add { honest }),
        4 => (record(), honest()).prop_map(|(record, honest)| Step::Entrust { record, honest }),
        1 => record().prop_map(Step::Withdraw),
        1 => record().prop_map(Step::Erase),
        1 => Just(Step::Deregister),
        1 => Just(Step::Return),
        4 => (select(&PATIENTS), subject(), actions, answer())
            .prop_map(|(patient, who, action, answer)| Step::Answer(patient, who, action, answer)),
        1 => (account(), kinds, any::<bool>())
            .prop_map(|(who, kind, contact)| Step::Relate(who, kind, contact)),
        1 => account().prop_map(Step::Unrelate),
        5 => (record(), 1u8..5).prop_map(|(record, request)| Step::Request(record, request)),
        4 => (record(), subject(), 1u8..5, honest()).prop_map(
            |(record, subject, request, honest)| Step::Deliver { record, subject, request, honest }
        ),
        2 => (record(), subject()).prop_map(|(record, who)| Step::EndAccess(record, who)),
        1 => (record(), subject()).prop_map(|(record, who)| Step::Expire(record, who)),
        4 => select(&PATIENTS).prop_map(Step::Break),
        5 => (record(), 1u8..5)
            .prop_map(|(record, request)| Step::RequestInEmergency(record, request)),
        3 => (emergency_id(), any::<bool>()).prop_map(|(id, yes)| Step::Review(id, yes)),
        2 => (emergency_id(), any::<bool>()).prop_map(|(id, yes)| Step::Judge(id, yes)),
        16 => (0usize..100, honest()).prop_map(|(pick, honest)| Step::Serve { pick, honest }),
        4 => (0usize..100, any::<bool>())
            .prop_map(|(pick, accepted)| Step::Decide { pick, accepted }),
        1 => emergency_id().prop_map(Step::Close),
        1 => prop_oneof![1 => Just(true), 2 => Just(false)].prop_map(Step::Forbid),
        1 => account().prop_map(Step::Lift),
        3 => (subject(), request_id(), record(), 0u64..12)
            .prop_map(|(who, request, record, left)| Step::Draw(who, request, record, left)),
        1 => (subject(), request_id(), any::<bool>())
            .prop_map(|(who, request, itself)| Step::Leave(who, request, itself)),
        4 => (request_id(), 1u8..5)
            .prop_map(|(request, number)| Step::RequestAsWorker(request, number)),
        3 => (1u64..20).prop_map(Step::Wait),
    ]
}

fn patient_of(record: RecordId) -> Option<u64> {
    Records::<Test>::get(record).map(|entry| entry.patient)
}

fn is_live(record: RecordId) -> bool {
    Records::<Test>::get(record).is_some_and(|entry| entry.status != RecordStatus::Erased)
}

/// The shares that a request asked for, whether it runs or has ended, with their custodians.
fn asked(record: RecordId, subject: u64, reply: ReplyKey) -> Option<Vec<(u64, EntrustedShare)>> {
    let running = Grants::<Test>::get(record, subject).is_some_and(|grant| grant.reply == reply);
    let present = Custodies::<Test>::get(record);
    let dealing = if running {
        present.as_ref().expect("a grant has shares behind it").dealing.id
    } else {
        EndedGrants::<Test>::get(record, (subject, reply))?.dealing
    };
    let (custodians, ephemeral, shares) = match present.filter(|kept| kept.dealing.id == dealing) {
        Some(kept) => (kept.custodians, kept.dealing.ephemeral, kept.dealing.shares),
        None => {
            let ended = EndedCustodies::<Test>::get(record, dealing)?;
            (ended.custodians, ended.ephemeral, ended.shares)
        }
    };
    let numbered = (1..).zip(custodians.into_iter().zip(shares));
    let shares = numbered.map(|(number, (custodian, share))| {
        let key = secret(custodian).public();
        (custodian, EntrustedShare { dealing, number, key, ephemeral, share })
    });
    Some(shares.collect())
}

/// Whether an emergency over the patient was rejected, and is not closed.
fn is_rejected(patient: u64, subject: u64) -> bool {
    Emergencies::<Test>::iter_values().any(|entry| {
        entry.patient == patient
            && entry.subject == subject
            && matches!(entry.status, EmergencyStatus::Rejected { .. })
    })
}

fn keeps(custodian: u64, record: RecordId) -> bool {
    Custodies::<Test>::get(record).is_some_and(|kept| kept.custodians.contains(&custodian))
}

fn is_bonded(custodian: u64) -> bool {
    Custodians::<Test>::get(custodian).is_some_and(|entry| entry.bond.is_some())
}

/// Whether an emergency opens records of a patient, by an independent statement of the rules.
fn is_emergency(subject: u64, patient: u64) -> bool {
    let contact =
        Relations::<Test>::get(patient, subject).is_some_and(|relation| relation.emergency_contact);
    let trusted = contact || Emr::has_role(&subject, Role::Clinician);
    let allowed = match Policy::answered(patient, subject, Action::Emergency) {
        Ok(()) => true,
        Err(REVOKED | Denied::PolicyReentered) => false,
        Err(_) => trusted,
    };
    allowed && subject != patient && !EmergencyOptOuts::<Test>::contains_key(patient)
}

/// Whether the group of a patient takes keys now.
fn takes_keys(patient: u64) -> bool {
    CustodianGroups::<Test>::get(patient).is_some_and(|group| {
        group.members.iter().all(|(custodian, _)| {
            is_bonded(*custodian)
                && Emr::has_role(custodian, Role::Custodian)
                && !Declined::<Test>::contains_key(custodian, patient)
        })
    })
}

/// The place of a worker, if it is for this record.
fn place_for(worker: u64, request: RequestId, record: RecordId) -> Option<Place<u64>> {
    Draws::place(&worker, request).filter(|place| place.record == record)
}

fn is_patient(who: u64) -> bool {
    pallet_emr::Patients::<Test>::contains_key(who)
}

/// Whether `who` may take this step, by an independent statement of the rules.
fn permitted(who: u64, step: &Step) -> bool {
    let own = |record: &RecordId| is_live(*record) && patient_of(*record) == Some(who);
    match step {
        Step::Register => Emr::has_role(&who, Role::Custodian) && !is_bonded(who),
        Step::Retire => is_bonded(who),
        Step::Decline(patient, declined) => {
            let has = Declined::<Test>::contains_key(who, patient);
            if *declined {
                is_bonded(who) && !has
            } else {
                has
            }
        }
        Step::Choose(members, threshold) => {
            let most = members.len() as u8;
            is_patient(who)
                && !members.contains(&who)
                && *threshold <= most
                && (*threshold > 0) == (most > 0)
                && members.iter().all(|member| {
                    is_bonded(*member)
                        && Emr::has_role(member, Role::Custodian)
                        && !Declined::<Test>::contains_key(member, who)
                })
        }
        Step::Add { honest } => is_patient(who) && *honest && takes_keys(who),
        Step::Entrust { record, honest } => own(record) && *honest && takes_keys(who),
        Step::Withdraw(record) => own(record) && Custodies::<Test>::contains_key(record),
        Step::Erase(record) => own(record),
        Step::Deregister => {
            let mut records = Records::<Test>::iter();
            is_patient(who)
                && records.all(|(id, record)| record.patient != who || !is_live(id))
                && Emergencies::<Test>::iter_values().all(|entry| entry.patient != who)
        }
        Step::Return => !is_patient(who),
        Step::Deliver { record, subject, request, honest } => {
            let reply = reply_secret(*subject, *request).public();
            let keeps = asked(*record, *subject, reply)
                .is_some_and(|shares| shares.iter().any(|(keeper, _)| *keeper == who));
            *honest && who != *subject && keeps
        }
        Step::EndAccess(record, subject) => who == *subject || patient_of(*record) == Some(who),
        Step::Expire(record, subject) => {
            Grants::<Test>::get(record, subject).is_some_and(|grant| {
                let is_placeless = match grant.basis {
                    Basis::Draw { request } => place_for(*subject, request, *record).is_none(),
                    _ => false,
                };
                grant.until < System::block_number() || is_placeless
            })
        }
        Step::RequestAsWorker(request, _) => Draws::place(&who, *request).is_some_and(|place| {
            let record = place.record;
            let may_infer =
                |patient| who == patient || Policy::answered(patient, who, Action::Infer).is_ok();
            let asks_already = Grants::<Test>::get(record, who).is_some_and(|grant| {
                System::block_number() <= grant.until
                    && match grant.basis {
                        Basis::Policy { .. } => false,
                        Basis::Emergency { .. } => true,
                        Basis::Draw { request } => place_for(who, request, record).is_some(),
                    }
            });
            is_live(record)
                && Custodies::<Test>::contains_key(record)
                && patient_of(record).is_some_and(may_infer)
                && !asks_already
        }),
        Step::Break(patient) => {
            let group = CustodianGroups::<Test>::get(patient);
            let keeps = group.is_some_and(|group| group.members.iter().any(|(one, _)| *one == who));
            is_emergency(who, *patient)
                && !keeps
                && !is_rejected(*patient, who)
                && Rejections::<Test>::get(who) < MAX_REJECTIONS
        }
        Step::RequestInEmergency(record, _) => patient_of(*record).is_some_and(|patient| {
            let running = Emergencies::<Test>::iter().any(|(id, entry)| {
                let open = matches!(
                    entry.status,
                    EmergencyStatus::Open | EmergencyStatus::Endorsed { .. }
                );
                entry.patient == patient
                    && entry.subject == who
                    && System::block_number() <= entry.until
                    && open
                    && EmergencyGrants::<Test>::get(id, record) != Some(true)
            });
            running
                && !is_rejected(patient, who)
                && Rejections::<Test>::get(who) < MAX_REJECTIONS
                && is_emergency(who, patient)
                && is_live(*record)
                && Custodies::<Test>::contains_key(record)
                && !keeps(who, *record)
        }),
        Step::Review(id, accepted) => Emergencies::<Test>::get(id).is_some_and(|entry| {
            let guardian = Relations::<Test>::get(entry.patient, who)
                .is_some_and(|relation| relation.kind == RelationKind::Guardian);
            let open = match entry.status {
                EmergencyStatus::Open | EmergencyStatus::Endorsed { .. } => {
                    guardian || who == entry.patient
                }
                EmergencyStatus::Escalated => who == entry.patient,
                EmergencyStatus::Rejected { by } => *accepted && who == entry.patient && by != who,
                EmergencyStatus::Accepted => false,
            };
            open && who != entry.subject && System::block_number() <= entry.review_until
        }),
        Step::Judge(id, accepted) => {
            Emergencies::<Test>::get(id).is_some_and(|entry| match entry.status {
                EmergencyStatus::Escalated => true,
                EmergencyStatus::Rejected { .. } => *accepted,
                _ => false,
            })
        }
        Step::Close(id) => Emergencies::<Test>::get(id)
            .is_some_and(|entry| entry.review_until < System::block_number()),
        Step::Forbid(_) => is_patient(who),
        Step::Lift(account) => Rejections::<Test>::get(account) > 0,
        _ => true,
    }
}

/// What somebody entrusts who may have no custodians.
fn entrusted(patient: u64, content: u8, honest: bool) -> Entrustment {
    let mut custody = match CustodianGroups::<Test>::get(patient) {
        Some(_) => entrustment(patient, patient, cid(content)),
        None => {
            let dealing = dealing(&[CUSTODIAN], 1, &context(patient, patient, cid(content)));
            Entrustment { threshold: 1, dealing }
        }
    };
    if !honest {
        custody.dealing.proof.0[0] ^= 1;
    }
    custody
}

/// What somebody delivers who may keep no share.
fn delivery_by(
    who: u64,
    record: RecordId,
    subject: u64,
    reply: ReplyKey,
    honest: bool,
) -> Delivery {
    let shares = asked(record, subject, reply).unwrap_or_default();
    let own = shares.iter().find(|(keeper, _)| *keeper == who);
    if let Some((_, share)) = own.filter(|_| honest) {
        let context = DeliveryContext { reply, ..delivery_context(who, record, subject) };
        let delivery = encrypt(&secret(who), share, &context, &mut rng());
        return delivery.expect("the share is its own");
    }
    Delivery {
        ephemeral: EphemeralKey(reply.0),
        share: EncryptedShare(reply.0),
        proof: DeliveryProof([0; 96]),
    }
}

/// Says who takes a step, and which it is, where that depends on what is there.
fn resolve(who: u64, step: Step, index: usize) -> (u64, Step) {
    let often = |often: u64| if index.is_multiple_of(3) { who } else { often };
    match step {
        Step::Serve { pick, honest } => serve(who, pick, honest),
        Step::Decide { pick, accepted } => decide(who, pick, accepted),
        Step::Request(..) => {
            (often(if index.is_multiple_of(2) { READER } else { CLINICIAN }), step)
        }
        Step::Break(_) | Step::RequestInEmergency(..) => (often(CLINICIAN), step),
        Step::Choose(..) | Step::Entrust { .. } | Step::Add { .. } => (often(ALICE), step),
        // Patients alone: others would become patients, whom this test does not know.
        Step::Deregister | Step::Return => (PATIENTS[index % PATIENTS.len()], step),
        step => (who, step),
    }
}

fn serve(who: u64, pick: usize, honest: bool) -> (u64, Step) {
    let running =
        Grants::<Test>::iter().map(|(record, subject, grant)| (record, subject, grant.reply));
    let over =
        EndedGrants::<Test>::iter_keys().map(|(record, (subject, reply))| (record, subject, reply));
    let all: Vec<_> = running.chain(over).collect();
    let chosen = all.get(pick % all.len().max(1));
    let (record, subject, reply) = chosen.copied().unwrap_or((XRAY, READER, reply(READER)));
    let shares = asked(record, subject, reply).unwrap_or_default();
    let share = shares.get(pick / 7 % shares.len().max(1));
    let custodian = share.map_or(who, |(custodian, _)| *custodian);
    let request = (1..5).find(|request| reply_secret(subject, *request).public() == reply);
    let request = request.unwrap_or(1);
    (custodian, Step::Deliver { record, subject, request, honest })
}

fn decide(who: u64, pick: usize, accepted: bool) -> (u64, Step) {
    let all: Vec<_> = Emergencies::<Test>::iter().collect();
    let Some((id, entry)) = all.get(pick % all.len().max(1)) else {
        return (who, Step::Review(FIRST, accepted));
    };
    let judged =
        matches!(entry.status, EmergencyStatus::Escalated | EmergencyStatus::Rejected { .. });
    if judged && pick.is_multiple_of(2) {
        return (who, Step::Judge(*id, accepted));
    }
    let reviewer = if pick.is_multiple_of(3) { entry.patient } else { GUARDIAN };
    (reviewer, Step::Review(*id, accepted))
}

fn take(who: u64, step: Step) -> Result<(), DispatchError> {
    let origin = signed(who);
    let reply_of = |subject, request| reply_secret(subject, request).public();
    match step {
        Step::Register => register(who),
        Step::Retire => Custody::retire_custodian(origin),
        Step::Decline(patient, declined) => Custody::set_declined(origin, patient, declined),
        Step::Role(account, role, true) => {
            Emr::add_provider(signed(REGISTRAR), CLINIC, account, role, TERM)
        }
        Step::Role(account, role, false) => Emr::remove_provider(signed(REGISTRAR), account, role),
        Step::Choose(members, threshold) => choose_for(who, &members, threshold),
        Step::Add { honest } => {
            // Every record has a content of its own.
            let content = pallet_emr::NextRecordId::<Test>::get().0 as u8 + 100;
            add_record(who, who, cid(content), Some(entrusted(who, content, honest)))
        }
        Step::Entrust { record, honest } => {
            let content = match record {
                XRAY => 1,
                RecordId(number) => number as u8 + 100,
            };
            entrust_record(who, record, Some(entrusted(who, content, honest)))
        }
        Step::Withdraw(record) => entrust_record(who, record, None),
        Step::Erase(record) => {
            Emr::erase_record(origin, record).map(|_| ()).map_err(|failed| failed.error)
        }
        Step::Deregister => {
            Emr::deregister_patient(origin).map(|_| ()).map_err(|failed| failed.error)
        }
        Step::Return => {
            let key = medchain_primitives::EncryptionKey([who as u8; 32]);
            Emr::register_patient(origin, None, key)
        }
        Step::Answer(patient, subject, action, answer) => {
            Policy::answer(patient, subject, action, answer);
            Ok(())
        }
        Step::Relate(relative, kind, contact) => {
            Emr::set_relation(signed(ALICE), relative, kind, contact)
        }
        Step::Unrelate(relative) => Emr::remove_relation(signed(ALICE), relative),
        Step::Request(record, request) => request_with(who, record, reply_of(who, request)),
        Step::Deliver { record, subject, request, honest } => {
            let reply = reply_of(subject, request);
            let delivery = delivery_by(who, record, subject, reply, honest);
            submit_to(who, record, subject, reply, delivery).map(|_| ()).map_err(|(error, _)| error)
        }
        Step::EndAccess(record, subject) => Emr::remove_envelope(origin, record, subject),
        Step::Expire(record, subject) => Custody::expire_grant(origin, record, subject),
        Step::Break(patient) => {
            Custody::break_glass(origin, patient, REASON).map(|_| ()).map_err(|failed| failed.error)
        }
        Step::RequestInEmergency(record, request) => {
            Custody::request_in_emergency(origin, record, reply_of(who, request))
                .map(|_| ())
                .map_err(|failed| failed.error)
        }
        Step::Review(id, accepted) => Custody::review_emergency(origin, id, accepted)
            .map(|_| ())
            .map_err(|failed| failed.error),
        Step::Judge(id, accepted) => Custody::judge_emergency(root(), id, accepted)
            .map(|_| ())
            .map_err(|failed| failed.error),
        Step::Close(id) => {
            Custody::close_emergency(origin, id).map(|_| ()).map_err(|failed| failed.error)
        }
        // They were resolved before.
        Step::Serve { .. } | Step::Decide { .. } => Ok(()),
        Step::Forbid(forbidden) => Custody::set_emergency_access(origin, !forbidden),
        Step::Lift(account) => Custody::lift_suspension(root(), account),
        Step::Draw(worker, request, record, blocks) => {
            Draws::draw(worker, request, record, System::block_number() + blocks);
            Ok(())
        }
        Step::Leave(worker, request, itself) => {
            let end = if itself { Draws::end } else { Draws::stop };
            end(worker, request);
            Ok(())
        }
        Step::RequestAsWorker(request, number) => {
            Custody::request_as_worker(origin, request, reply_of(who, number))
                .map(|_| ())
                .map_err(|failed| failed.error)
        }
        Step::Wait(blocks) => {
            go_to(System::block_number() + blocks);
            Ok(())
        }
    }
}

/// A share is stored only while access is allowed.
fn check_delivered(event: &Event<Test>) {
    let Event::ShareDelivered { record, patient, subject, .. } = event else { return };
    let grant = Grants::<Test>::get(record, subject).expect("a share is delivered to a grant");
    assert!(System::block_number() <= grant.until, "{event:?}");
    match grant.basis {
        Basis::Policy { .. } => {
            let answered = Policy::answered(*patient, *subject, Action::View);
            assert!(subject == patient || answered.is_ok(), "{event:?}");
        }
        Basis::Emergency { emergency } => {
            assert!(is_emergency(*subject, *patient), "{event:?}");
            let status = Emergencies::<Test>::get(emergency).map(|entry| entry.status);
            assert!(!matches!(status, Some(EmergencyStatus::Rejected { .. })), "{event:?}");
        }
        Basis::Draw { request } => {
            let place = Draws::place(subject, request).expect("the worker still waits");
            assert_eq!(place.record, *record, "{event:?}");
            let answered = Policy::answered(*patient, *subject, Action::Infer);
            assert!(subject == patient || answered.is_ok(), "{event:?}");
        }
    }
}

/// The bonds burned by what these events tell.
fn burned(events: &[Event<Test>]) -> u64 {
    let bonds = events.iter().map(|event| match event {
        Event::EmergencyClosed { bond, burned: true, .. }
        | Event::EmergencyJudged { bond, accepted: false, .. } => *bond,
        _ => 0,
    });
    bonds.sum()
}

/// Enough shares open the key, whoever delivered them.
fn check_keys() {
    for (record, subject, grant) in Grants::<Test>::iter() {
        let custody = Custodies::<Test>::get(record).expect("try_state has checked it");
        if grant.reply == reply(subject) && grant.deliveries.len() >= custody.threshold.into() {
            assert_eq!(recover(record, subject), Some(CONTENT_KEY));
        }
    }
}

/// After everything is over, nothing is left, and nothing is held for it.
fn end_everything() {
    for (id, record) in Records::<Test>::iter().collect::<Vec<_>>() {
        if record.status != RecordStatus::Erased {
            assert_ok!(Emr::erase_record(signed(record.patient), id));
        }
    }
    for _ in 0..2 {
        go_to(System::block_number() + REVIEW_PERIOD + ETHICS_PERIOD + 2);
    }
    assert_eq!(Custodies::<Test>::iter().count(), 0);
    assert_eq!(Grants::<Test>::iter().count(), 0);
    assert_eq!(Emergencies::<Test>::iter().count(), 0);
    assert_eq!(EndedGrants::<Test>::iter().count(), 0);
    assert_eq!(EndedCustodies::<Test>::iter().count(), 0);
    assert_eq!(EmergencyGrants::<Test>::iter().count(), 0);
    assert_eq!(Due::<Test>::iter().count(), 0);
    for who in RICH {
        assert_eq!(held(who, HoldReason::Grant), 0);
        assert_eq!(held(who, HoldReason::Emergency), 0);
        let group = CustodianGroups::<Test>::get(who).map_or(0, |group| group.deposit);
        assert_eq!(held(who, HoldReason::Custody), group);
    }
}

/// The end of a patient's log.
fn head(patient: u64) -> LogHead<u64> {
    pallet_emr::Logs::<Test>::get(patient).unwrap_or_default()
}

/// The end of a patient's log after the events of this block.
fn linked(before: LogHead<u64>, patient: u64) -> LogHead<u64> {
    let topic = log_topic(&patient);
    let events = System::events().into_iter();
    let entries = events.filter(|record| record.topics.iter().any(|one| one.0 == topic));
    let now = System::block_number();
    entries.fold(before, |head, record| head.after(now, &record.event.encode()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_sequence_of_calls_leaves_the_storage_sound(
        steps in collection::vec((account(), step()), 1..60),
    ) {
        ExtBuilder::default().build_and_execute(|| {
            // Consent and custody come first, so that there is something to abuse.
            Policy::grant(ALICE, READER, Action::View);
            entrust(&[CUSTODIAN, CUSTODIAN_2], 2);
            assert_ok!(request(READER));
            assert_ok!(break_glass(CLINICIAN));
            assert_ok!(request_in_emergency(CLINICIAN, XRAY));
            // What follows looks at the events of one step at a time.
            let _ = events();
            let mut issued = Balances::total_issuance();
            for (index, (who, step)) in steps.into_iter().enumerate() {
                let (who, step) = resolve(who, step, index);
                let permitted = permitted(who, &step);
                let shown = format!("{who}: {step:?}");
                let before = System::block_number();
                let heads = PATIENTS.map(|who| (who, head(who)));
                if take(who, step).is_ok() {
                    assert!(permitted, "{shown} was permitted");
                }
                if System::block_number() == before {
                    for (who, head_before) in heads {
                        assert_eq!(linked(head_before, who), head(who), "{shown}");
                    }
                }
                let events = events();
                issued -= burned(&events);
                assert_eq!(Balances::total_issuance(), issued, "{shown}");
                if System::block_number() == before {
                    events.iter().for_each(check_delivered);
                }
                if index % 8 == 0 {
                    assert_ok!(Custody::do_try_state());
                    check_keys();
                }
            }
            assert_ok!(Custody::do_try_state());
            assert_ok!(Emr::do_try_state());
            check_keys();
            end_everything();
        });
    }
}

/// The random test above must be able to reach what it tests.
#[test]
fn the_steps_of_the_random_test_can_succeed() {
    ExtBuilder::default().build_and_execute(|| {
        let steps = [
            (ALICE, Step::Role(STRANGER, Role::Custodian, true)),
            (STRANGER, Step::Register),
            (STRANGER, Step::Decline(BOB, true)),
            (ALICE, Step::Choose(vec![CUSTODIAN, STRANGER], 2)),
            (ALICE, Step::Add { honest: true }),
            (ALICE, Step::Entrust { record: XRAY, honest: true }),
            (ALICE, Step::Withdraw(NEXT)),
            (ALICE, Step::Entrust { record: NEXT, honest: true }),
            (ALICE, Step::Answer(ALICE, READER, Action::View, Ok(()))),
            (READER, Step::Request(XRAY, 1)),
            (CUSTODIAN, deliver_step(XRAY, READER)),
            (STRANGER, deliver_step(XRAY, READER)),
            (READER, Step::EndAccess(XRAY, READER)),
            (STRANGER, Step::Retire),
            (ALICE, Step::Choose(vec![CUSTODIAN], 1)),
            (ALICE, Step::Relate(STRANGER, RelationKind::Guardian, false)),
            (ALICE, Step::Unrelate(STRANGER)),
            (CLINICIAN, Step::Break(ALICE)),
            (CLINICIAN, Step::RequestInEmergency(NEXT, 1)),
            (CUSTODIAN, deliver_step(NEXT, CLINICIAN)),
            (GUARDIAN, Step::Review(FIRST, true)),
            (ALICE, Step::Review(FIRST, false)),
            (CUSTODIAN, Step::Close(FIRST)),
            (BOB, Step::Judge(FIRST, true)),
            (CONTACT, Step::Break(ALICE)),
            (CONTACT, Step::RequestInEmergency(NEXT, 2)),
            (CUSTODIAN, Step::Deliver { record: NEXT, subject: CONTACT, request: 2, honest: true }),
            (BOB, Step::Forbid(true)),
            (ALICE, Step::Wait(REVIEW_PERIOD + 1)),
            (ALICE, Step::Judge(SECOND, false)),
            (BOB, Step::Lift(CONTACT)),
            (ALICE, Step::Erase(NEXT)),
            (CUSTODIAN, Step::Entrust { record: XRAY, honest: false }),
            (ALICE, Step::Role(STRANGER, Role::Custodian, false)),
            (BOB, Step::Deregister),
            (BOB, Step::Return),
        ];
        let mut refused = 0;
        for (who, step) in steps {
            let permitted = permitted(who, &step);
            assert_eq!(take(who, step.clone()).is_ok(), permitted, "{who}: {step:?}");
            refused += u32::from(!permitted);
        }
        assert_eq!(refused, 2, "closing too early, and entrusting another's record");
    });
}

fn deliver_step(record: RecordId, subject: u64) -> Step {
    Step::Deliver { record, subject, request: 1, honest: true }
}
