//! Any sequence of calls by anybody leaves the storage sound, moves money only
//! into and out of the right holds, and permits nothing that the rules forbid.

use frame_support::assert_ok;
use medchain_primitives::{
    Action, EncryptionKey, RecordId, RecordKind, RecordStatus, RelationKind, Role,
};
use proptest::{collection, prelude::*};
use sp_runtime::DispatchError;

use super::log::recomputed;
use crate::{
    mock::*, Commitments, DefaultPolicy, EncryptionKeyDeposits, EncryptionKeys, Envelopes,
    HoldReason, InferenceOrders, Logs, PatientPolicies, Patients, PendingDefaultPolicy, Providers,
    Records,
};

const ACCOUNTS: std::ops::RangeInclusive<u64> = ALICE..=STRANGER;

/// For how many blocks a technician is appointed in a random sequence.
const APPOINTED: u64 = 40;

/// One event of a random sequence.
#[derive(Clone, Debug)]
enum Step {
    Register,
    /// To one of two keys.
    SetKey(bool),
    Deregister,
    RemoveKey,
    SetPolicy(bool),
    AllowNobody,
    Announce(bool),
    Enact,
    Cancel,
    Appoint(u64),
    Dismiss(u64),
    Consent(u64, Action, bool),
    Add {
        patient: u64,
        readers: Vec<u64>,
        kind: RecordKind,
        committed: bool,
        infer: bool,
    },
    Amend(RecordId, Vec<u64>, bool),
    /// Sealed to one of the reader's two keys.
    Share(RecordId, u64, bool),
    Admit(RecordId, u64, bool),
    RemoveEnvelope(RecordId, u64),
    Withdraw(RecordId, u64),
    Erase(RecordId),
    Restore(RecordId),
    Relate(u64),
    Unrelate(u64),
    Wait(u64),
}

/// An account, most often one that plays a part.
fn account() -> impl Strategy<Value = u64> {
    prop_oneof![
        2 => Just(ALICE),
        2 => Just(READER),
        2 => ACCOUNTS,
    ]
}

/// A record, most often one that exists and belongs to another account.
fn record() -> impl Strategy<Value = RecordId> {
    prop_oneof![2 => Just(XRAY), 3 => (0u64..5).prop_map(RecordId)]
}

fn action() -> impl Strategy<Value = Action> {
    proptest::sample::select(Action::ALL.to_vec())
}

fn readers() -> impl Strategy<Value = Vec<u64>> {
    let most = MAX_ENVELOPES as usize;
    prop_oneof![
        4 => proptest::sample::subsequence(vec![ALICE, BOB, READER, OTHER_READER], 0..=most),
        1 => collection::vec(account(), 0..=most),
    ]
}

fn add() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![3 => Just(RecordKind::ChestXray), 1 => Just(RecordKind::Report)];
    (account(), readers(), kind, any::<bool>(), any::<bool>()).prop_map(
        |(patient, readers, kind, committed, infer)| Step::Add {
            patient,
            readers,
            kind,
            committed,
            infer,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Register),
        2 => any::<bool>().prop_map(Step::SetKey),
        1 => Just(Step::Deregister),
        1 => Just(Step::RemoveKey),
        1 => any::<bool>().prop_map(Step::SetPolicy),
        1 => Just(Step::AllowNobody),
        1 => any::<bool>().prop_map(Step::Announce),
        1 => Just(Step::Enact),
        1 => Just(Step::Cancel),
        1 => account().prop_map(Step::Appoint),
        1 => account().prop_map(Step::Dismiss),
        4 => (account(), action(), any::<bool>())
            .prop_map(|(who, action, yes)| Step::Consent(who, action, yes)),
        6 => add(),
        4 => (record(), readers(), any::<bool>())
            .prop_map(|(record, readers, committed)| Step::Amend(record, readers, committed)),
        6 => (record(), account(), any::<bool>())
            .prop_map(|(record, reader, second)| Step::Share(record, reader, second)),
        3 => (record(), account(), any::<bool>())
            .prop_map(|(record, reader, second)| Step::Admit(record, reader, second)),
        4 => (record(), account())
            .prop_map(|(record, reader)| Step::RemoveEnvelope(record, reader)),
        3 => (record(), account()).prop_map(|(record, reader)| Step::Withdraw(record, reader)),
        2 => record().prop_map(Step::Erase),
        2 => record().prop_map(Step::Restore),
        1 => account().prop_map(Step::Relate),
        1 => account().prop_map(Step::Unrelate),
        2 => (1u64..30).prop_map(Step::Wait),
    ]
}

/// Whether `who` may take this step, by an independent statement of the rules.
fn permitted(who: u64, step: &Step) -> bool {
    let patient_of = |id: &RecordId| Records::<Test>::get(id).map(|record| record.patient);
    // The mock policy answers alike at every address; without one, it is not asked.
    let asked = |patient: u64| match PatientPolicies::<Test>::get(patient) {
        Some(policy) => policy != patient,
        None => DefaultPolicy::<Test>::exists(),
    };
    let consented = |patient: u64, action| {
        who == patient || (asked(patient) && Policy::allows(patient, who, action))
    };
    let is_technician = |who: u64| {
        Providers::<Test>::get(who, Role::LabTechnician)
            .is_some_and(|appointment| System::block_number() <= appointment.until)
    };
    let live = |id: &RecordId| {
        Records::<Test>::get(id).is_some_and(|record| record.status != RecordStatus::Erased)
    };
    // Only the patient can use up the places without having an envelope.
    let leaves_a_place = |id: &RecordId, reader: &u64| {
        patient_of(id).is_some_and(|patient| {
            who == patient
                || *reader == patient
                || Envelopes::<Test>::contains_key(id, patient)
                || Envelopes::<Test>::iter_prefix(id).count() + 1 < MAX_ENVELOPES as usize
        })
    };
    let has_published =
        |reader, second| EncryptionKeys::<Test>::get(reader) == Some(one_of_two(reader, second));
    // Whether others may add an envelope for the reader: there is none, or it is for a key that
    // is not the published one and the reader is not the patient.
    let is_free = |id: &RecordId, reader: &u64| {
        let published = EncryptionKeys::<Test>::get(reader).map(|key| key.name());
        Envelopes::<Test>::get(id, reader).is_none_or(|envelope| {
            Some(envelope.sealed.key_name) != published
                && (patient_of(id) != Some(*reader) || who == *reader)
        })
    };
    match step {
        Step::Add { patient, readers, kind, committed, infer } => {
            (!committed || *kind == RecordKind::ChestXray)
                && (who == *patient || readers.contains(patient))
                && Patients::<Test>::contains_key(patient)
                && (who == *patient || is_technician(who))
                && consented(*patient, Action::Append)
                && (!infer || consented(*patient, Action::Infer))
        }
        Step::Amend(id, readers, committed) => {
            Records::<Test>::get(id).is_some_and(|record| {
                record.status == RecordStatus::Active
                    && (who == record.patient || readers.contains(&record.patient))
                    && (!committed || record.kind == RecordKind::ChestXray)
            }) && patient_of(id).is_some_and(|patient| consented(patient, Action::Amend))
        }
        Step::Share(id, reader, second) => {
            live(id)
                && has_published(*reader, *second)
                && patient_of(id).is_some_and(|patient| {
                    consented(patient, Action::Share)
                        && (who == patient || is_free(id, reader))
                        && leaves_a_place(id, reader)
                })
        }
        // The pallet that admits a reader has asked the policy.
        Step::Admit(id, reader, second) => {
            live(id)
                && has_published(*reader, *second)
                && is_free(id, reader)
                && leaves_a_place(id, reader)
        }
        Step::RemoveEnvelope(id, reader) => who == *reader || patient_of(id) == Some(who),
        Step::Withdraw(id, reader) => {
            let depositor = Envelopes::<Test>::get(id, reader).map(|envelope| envelope.depositor);
            depositor == Some(who)
                && patient_of(id) != Some(*reader)
                && !<Orders as InferenceOrders<u64>>::is_awaited(*id)
        }
        Step::Deregister => {
            let mut records = Records::<Test>::iter_values();
            Patients::<Test>::contains_key(who)
                && records
                    .all(|record| record.patient != who || record.status == RecordStatus::Erased)
        }
        Step::Enact => PendingDefaultPolicy::<Test>::get()
            .is_some_and(|pending| System::block_number() >= pending.enactable_at),
        Step::Announce(_) => !PendingDefaultPolicy::<Test>::exists(),
        Step::Cancel => PendingDefaultPolicy::<Test>::exists(),
        Step::Erase(id) => live(id) && patient_of(id) == Some(who),
        Step::Restore(id) => {
            let status = Records::<Test>::get(id).map(|record| record.status);
            let Some(RecordStatus::Superseded { by }) = status else { return false };
            let newest = Records::<Test>::get(by).map(|record| record.status);
            patient_of(id) == Some(who)
                && newest == Some(RecordStatus::Active)
                && ![*id, by].into_iter().any(<Orders as InferenceOrders<u64>>::is_awaited)
        }
        Step::Register | Step::RemoveKey => !Patients::<Test>::contains_key(who),
        Step::AllowNobody | Step::SetPolicy(_) | Step::Relate(_) => {
            Patients::<Test>::contains_key(who)
        }
        _ => true,
    }
}

fn one_of_two(who: u64, second: bool) -> EncryptionKey {
    if second {
        EncryptionKey([0x22; 32])
    } else {
        key(who)
    }
}

fn take(who: u64, step: Step) -> Result<(), DispatchError> {
    let origin = signed(who);
    match step {
        Step::Register => Emr::register_patient(origin, None, key(who)),
        Step::SetKey(second) => Emr::set_encryption_key(origin, one_of_two(who, second)),
        Step::Deregister => {
            Emr::deregister_patient(origin).map(|_| ()).map_err(|failed| failed.error)
        }
        Step::RemoveKey => Emr::remove_encryption_key(origin),
        Step::SetPolicy(own) => Emr::set_policy(origin, own.then_some(OTHER_POLICY)),
        Step::AllowNobody => Emr::allow_nobody(origin),
        Step::Announce(some) => Emr::announce_default_policy(root(), some.then_some(POLICY)),
        Step::Enact => Emr::enact_default_policy(origin),
        Step::Cancel => Emr::cancel_default_policy(signed(MINORITY)),
        Step::Appoint(account) => {
            let until = System::block_number() + APPOINTED;
            Emr::add_provider(signed(REGISTRAR), CLINIC, account, Role::LabTechnician, until)
        }
        Step::Dismiss(account) => {
            Emr::remove_provider(signed(REGISTRAR), account, Role::LabTechnician)
        }
        Step::Consent(subject, action, true) => {
            Policy::grant(who, subject, action);
            Ok(())
        }
        Step::Consent(subject, action, false) => {
            Policy::revoke(who, subject, action);
            Ok(())
        }
        Step::Relate(relative) => Emr::set_relation(origin, relative, RelationKind::Other, true),
        Step::Unrelate(relative) => Emr::remove_relation(origin, relative),
        Step::RemoveEnvelope(record, reader) => Emr::remove_envelope(origin, record, reader),
        Step::Withdraw(record, reader) => Emr::withdraw_envelope(origin, record, reader),
        Step::Add { patient, readers, kind, committed, infer } => {
            let (cid, digest, film) = (next_content(), digest(3), committed.then(|| film(3)));
            let (readers, order) = (envelopes(&readers), infer.then(|| order(MODEL)));
            Emr::add_record(origin, patient, cid, digest, kind, film, readers, order, None)
                .map(|_| ())
                .map_err(|failed| failed.error)
        }
        Step::Amend(record, readers, committed) => {
            let (film, readers) = (committed.then(|| film(2)), envelopes(&readers));
            Emr::amend_record(origin, record, next_content(), digest(2), film, readers, None)
                .map(|_| ())
                .map_err(|failed| failed.error)
        }
        Step::Admit(record, reader, second) => {
            Emr::admit_reader(&who, record, reader, sealed_to(&one_of_two(reader, second)))
        }
        Step::Share(record, reader, second) => {
            let sealed = sealed_to(&one_of_two(reader, second));
            Emr::share_record(origin, record, reader, sealed)
                .map(|_| ())
                .map_err(|failed| failed.error)
        }
        Step::Erase(record) => {
            Emr::erase_record(origin, record).map(|_| ()).map_err(|failed| failed.error)
        }
        Step::Restore(record) => Emr::restore_record(origin, record),
        Step::Wait(blocks) => {
            System::set_block_number(System::block_number() + blocks);
            Ok(())
        }
    }
}

/// Exactly the recorded deposits are held, to the last unit.
fn check_deposits() {
    for who in ACCOUNTS {
        let patient = Patients::<Test>::get(who).map_or(0, |entry| entry.deposit);
        let records = Records::<Test>::iter_values().filter(|record| record.author == who);
        let records = records.map(|record| record.deposit).sum::<u64>();
        let envelopes = Envelopes::<Test>::iter_values().filter(|e| e.depositor == who);
        let envelopes = envelopes.map(|envelope| envelope.deposit).sum::<u64>();
        let key = EncryptionKeyDeposits::<Test>::get(who).unwrap_or_default();
        assert_eq!(held(who, HoldReason::EncryptionKey), key);
        assert_eq!(held(who, HoldReason::Patient), patient);
        assert_eq!(held(who, HoldReason::Record), records);
        assert_eq!(held(who, HoldReason::Envelope), envelopes);
        let booked = patient + records + envelopes + key;
        assert_eq!(Balances::free_balance(who) + booked, FUNDS);
    }
}

fn erase_everything() {
    for (id, record) in Records::<Test>::iter().collect::<Vec<_>>() {
        if record.status != RecordStatus::Erased {
            assert_ok!(Emr::erase_record(signed(record.patient), id));
        }
    }
    assert_eq!(Envelopes::<Test>::iter().count(), 0);
    assert_eq!(Commitments::<Test>::iter().count(), 0);
    for who in ACCOUNTS {
        assert_eq!(held(who, HoldReason::Record), 0);
        assert_eq!(held(who, HoldReason::Envelope), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_sequence_of_calls_is_in_the_logs(
        steps in collection::vec((account(), step()), 1..50),
    ) {
        ExtBuilder::default().build_and_execute(|| {
            for action in Action::ALL {
                Policy::grant(ALICE, READER, action);
                Policy::grant(ALICE, TECHNICIAN, action);
            }
            let head = |who: u64| Logs::<Test>::get(who).unwrap_or_default();
            let before: Vec<_> = ACCOUNTS.map(|who| (who, head(who))).collect();
            for (who, step) in steps {
                let _ = take(who, step);
            }
            for (who, before) in before {
                assert_eq!(recomputed(before, who), head(who), "{who}");
            }
        });
    }

    #[test]
    fn any_sequence_of_calls_leaves_the_storage_sound(
        steps in collection::vec((account(), step()), 1..50),
    ) {
        ExtBuilder::default().build_and_execute(|| {
            // Consent comes first, so that there is something to abuse.
            for action in Action::ALL {
                Policy::grant(ALICE, READER, action);
                Policy::grant(ALICE, TECHNICIAN, action);
            }
            for (index, (who, step)) in steps.into_iter().enumerate() {
                let permitted = permitted(who, &step);
                let shown = format!("{who}: {step:?}");
                if take(who, step).is_ok() {
                    assert!(permitted, "{shown} was permitted");
                }
                if index % 8 == 0 {
                    assert_ok!(Emr::do_try_state());
                }
            }
            assert_ok!(Emr::do_try_state());
            check_deposits();
            erase_everything();
            check_deposits();
        });
    }
}

/// The random test above must be able to reach what it tests.
#[test]
fn the_steps_of_the_random_test_can_succeed() {
    ExtBuilder::default().build_and_execute(|| {
        let add = |kind| {
            let (patient, readers) = (ALICE, vec![ALICE, STRANGER]);
            Step::Add { patient, readers, kind, committed: true, infer: true }
        };
        let steps = [
            (STRANGER, Step::SetKey(false)),
            (READER, Step::Register),
            (ALICE, Step::SetPolicy(true)),
            (ALICE, Step::Appoint(READER)),
            (ALICE, Step::Consent(READER, Action::Append, true)),
            (ALICE, Step::Consent(READER, Action::Infer, true)),
            (READER, add(RecordKind::Report)),
            (READER, add(RecordKind::ChestXray)),
            (READER, Step::Share(NEXT, READER, false)),
            (ALICE, Step::Share(NEXT, READER, false)),
            (READER, Step::Admit(NEXT, READER, false)),
            (ALICE, Step::RemoveEnvelope(NEXT, READER)),
            (READER, Step::Admit(NEXT, READER, false)),
            (ALICE, Step::RemoveEnvelope(NEXT, READER)),
            (ALICE, Step::Share(XRAY, READER, false)),
            (ALICE, Step::Withdraw(XRAY, READER)),
            (READER, Step::Deregister),
            (ALICE, Step::Amend(NEXT, vec![ALICE], true)),
            (ALICE, Step::Amend(XRAY, vec![ALICE], true)),
            (ALICE, Step::Restore(XRAY)),
            (ALICE, Step::Relate(READER)),
            (ALICE, Step::Unrelate(READER)),
            (ALICE, Step::Erase(NEXT)),
            (ALICE, Step::Dismiss(READER)),
            (ALICE, Step::Announce(true)),
            (ALICE, Step::Wait(DELAY)),
            (STRANGER, Step::Enact),
            (ALICE, Step::Announce(false)),
            (ALICE, Step::Cancel),
            (ALICE, Step::AllowNobody),
            (STRANGER, Step::RemoveKey),
        ];
        let mut refused = 0;
        for (who, step) in steps {
            let permitted = permitted(who, &step);
            assert_eq!(take(who, step.clone()).is_ok(), permitted, "{who}: {step:?}");
            refused += u32::from(!permitted);
        }
        let reasons = "a report's commitments, sharing without consent, a second envelope";
        assert_eq!(refused, 3, "{reasons}");
        assert_eq!(Orders::taken(), [(READER, ALICE, NEXT, order(MODEL))]);
    });
}
