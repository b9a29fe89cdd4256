//! `deregister_patient`: who leaves, what must be ended first, and what nobody escapes by it.

use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo, traits::OriginTrait};
use medchain_primitives::{Action, RecordId, RecordStatus, RelationKind};
use sp_runtime::DispatchError;

use super::log::recomputed;
use crate::{
    mock::*, Call, Contents, EncryptionKeys, Error, Event, HoldReason, Logs, PatientPolicies,
    Patients, Records, RecordsOf, Relations, WeightInfo, MAX_RELATIONS,
};

fn leave(origin: RuntimeOrigin) -> Result<(), DispatchError> {
    Emr::deregister_patient(origin).map(|_| ()).map_err(|failed| failed.error)
}

fn erase(record: RecordId) {
    assert_ok!(Emr::erase_record(signed(ALICE), record));
}

fn log_length(patient: u64) -> u32 {
    Logs::<Test>::get(patient).unwrap_or_default().length
}

#[test]
fn only_the_patient_leaves() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::set_relation(signed(ALICE), READER, RelationKind::Guardian, true));
        Policy::grant(ALICE, READER, Action::Share);
        erase(XRAY);
        // The call names nobody: whoever signs is meant.
        for who in [READER, TECHNICIAN, CLINICIAN, STRANGER, POOR] {
            assert_noop!(leave(signed(who)), Error::<Test>::PatientNotFound);
        }
        for origin in [root(), RuntimeOrigin::none()] {
            assert_noop!(leave(origin), DispatchError::BadOrigin);
        }
        assert!(Patients::<Test>::contains_key(ALICE));
    });
}

/// As pallet-proxy lets a caretaker act: the filter refuses the call before it runs.
#[test]
fn a_caretakers_origin_does_not_reach_the_call() {
    ExtBuilder::default().build_and_execute(|| {
        let mut origin = signed(ALICE);
        origin.add_filter(|call: &RuntimeCall| {
            matches!(call, RuntimeCall::Emr(Call::add_record { .. } | Call::amend_record { .. }))
        });
        let call = RuntimeCall::from(Call::<Test>::deregister_patient {});
        assert!(!origin.filter_call(&call));
    });
}

#[test]
fn leaving_fails_while_a_record_is_not_erased() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(leave(signed(ALICE)), Error::<Test>::RecordsNotErased);
        // A superseded version counts as any other.
        assert_ok!(amend_record(ALICE, XRAY, &[]));
        erase(NEXT);
        assert_noop!(leave(signed(ALICE)), Error::<Test>::RecordsNotErased);
        erase(XRAY);
        assert_ok!(leave(signed(ALICE)));
    });
}

#[test]
fn leaving_fails_while_another_pallet_has_something_open() {
    ExtBuilder::default().build_and_execute(|| {
        Ties::tie(BOB);
        assert_noop!(leave(signed(BOB)), TIED);
        assert_eq!(Ties::left(), Vec::<u64>::new());
        Ties::untie(BOB);
        assert_ok!(leave(signed(BOB)));
        assert_eq!(Ties::left(), [BOB, BOB], "both parts");
    });
}

#[test]
fn leaving_removes_everything_but_the_log_and_erased_records() {
    ExtBuilder::default().build_and_execute(|| {
        for (relative, contact) in [(READER, true), (BOB, false)] {
            let kind = RelationKind::Guardian;
            assert_ok!(Emr::set_relation(signed(ALICE), relative, kind, contact));
        }
        assert_ok!(Emr::update_profile(signed(ALICE), document(5)));
        assert_ok!(Emr::set_policy(signed(ALICE), Some(OTHER_POLICY)));
        erase(XRAY);
        events();
        let before = Logs::<Test>::get(ALICE).expect("there are entries");
        System::reset_events();
        assert_ok!(leave(signed(ALICE)));

        assert_eq!(Patients::<Test>::get(ALICE), None);
        assert_eq!(EncryptionKeys::<Test>::get(ALICE), None);
        assert_eq!(PatientPolicies::<Test>::get(ALICE), None);
        assert_eq!(Relations::<Test>::iter_prefix(ALICE).count(), 0);
        assert_eq!(held(ALICE, HoldReason::Patient), 0);
        assert_eq!(Balances::free_balance(ALICE), FUNDS, "every deposit is back");
        // What stays.
        assert_eq!(Logs::<Test>::get(ALICE), Some(recomputed(before, ALICE)));
        assert_eq!(Logs::<Test>::get(ALICE).map(|log| log.length), Some(before.length + 6));
        assert_eq!(
            Records::<Test>::get(XRAY).map(|entry| entry.status),
            Some(RecordStatus::Erased)
        );
        assert!(RecordsOf::<Test>::contains_key(ALICE, XRAY));
        assert!(Contents::<Test>::contains_key(content(XRAY).hashed(), ALICE));

        let mut events = events();
        // Relations come in the order of their keys' hashes.
        events[..2].sort_by_key(|event| match event {
            Event::RelationRemoved { relative, .. } => *relative,
            _ => 0,
        });
        assert_eq!(
            events,
            [
                Event::RelationRemoved { patient: ALICE, relative: BOB },
                Event::RelationRemoved { patient: ALICE, relative: READER },
                Event::ProfileRemoved { patient: ALICE, old: document(5) },
                Event::PolicySet { patient: ALICE, old: Some(OTHER_POLICY), new: None },
                Event::EncryptionKeyRemoved { account: ALICE },
                Event::PatientDeregistered { patient: ALICE },
            ]
        );
        assert_noop!(leave(signed(ALICE)), Error::<Test>::PatientNotFound);
    });
}

/// The deposits of a record are its author's, and come back by the erasure that goes before.
#[test]
fn others_have_their_deposits_back_before() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(add_record(TECHNICIAN, ALICE, &[ALICE, READER]));
        assert_noop!(leave(signed(ALICE)), Error::<Test>::RecordsNotErased);
        erase(XRAY);
        erase(NEXT);
        assert_ok!(leave(signed(ALICE)));
        assert_eq!(Balances::free_balance(TECHNICIAN), FUNDS);
    });
}

/// Whoever may append could keep a patient from leaving, one record after the other.
#[test]
fn nobody_keeps_a_patient_from_leaving() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(Emr::allow_nobody(signed(ALICE)));
        let added = add_record(TECHNICIAN, ALICE, &[ALICE]).map_err(|failed| failed.error);
        assert_noop!(added, Error::<Test>::NoGrant);
        erase(XRAY);
        assert_ok!(leave(signed(ALICE)));
    });
}

#[test]
fn a_log_is_not_shortened_by_leaving_and_coming_back() {
    ExtBuilder::default().build_and_execute(|| {
        erase(XRAY);
        let before = log_length(ALICE);
        assert_ok!(leave(signed(ALICE)));
        let after = Logs::<Test>::get(ALICE);
        assert_eq!(log_length(ALICE), before + 2);
        // Nothing is written about an account that is no patient, not by itself either.
        assert_ok!(Emr::set_encryption_key(signed(ALICE), key(ALICE)));
        assert_eq!(Logs::<Test>::get(ALICE), after);
        System::set_block_number(9);
        assert_ok!(Emr::register_patient(signed(ALICE), None, key(ALICE)));
        assert_eq!(log_length(ALICE), before + 4);
        assert_eq!(Logs::<Test>::get(ALICE).map(|log| log.at), Some(9));
    });
}

/// Envelopes and dealings of an erased content, which others may have kept, are bound to patient
/// and content: the account must not bring the content back by leaving.
#[test]
fn an_erased_content_stays_out_after_coming_back() {
    ExtBuilder::default().build_and_execute(|| {
        erase(XRAY);
        assert_ok!(leave(signed(ALICE)));
        assert_ok!(Emr::register_patient(signed(ALICE), None, key(ALICE)));
        let (kind, cid) = (medchain_primitives::RecordKind::ChestXray, content(XRAY));
        let again = Emr::add_record(
            signed(ALICE),
            ALICE,
            cid,
            digest(1),
            kind,
            None,
            envelopes(&[]),
            None,
            None,
        );
        let again = again.map_err(|failed| failed.error);
        assert_noop!(again, Error::<Test>::ContentAlreadyExists);
        assert_noop!(Emr::restore_record(signed(ALICE), XRAY), Error::<Test>::RecordErased);
    });
}

/// The new patient begins with nothing of the old one: neither relatives nor a policy.
#[test]
fn coming_back_is_a_new_beginning() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::set_relation(signed(ALICE), READER, RelationKind::Guardian, true));
        assert_ok!(Emr::set_policy(signed(ALICE), Some(OTHER_POLICY)));
        erase(XRAY);
        assert_ok!(leave(signed(ALICE)));
        assert_ok!(Emr::register_patient(signed(ALICE), None, key(ALICE)));
        let entry = Patients::<Test>::get(ALICE).expect("registered");
        assert_eq!((entry.relations, entry.records, entry.profile), (0, 0, None));
        assert_eq!(Relations::<Test>::get(ALICE, READER), None);
        assert_eq!(Emr::policy_of(&ALICE), Some(POLICY), "the default");
        assert_eq!(held(ALICE, HoldReason::Patient), PATIENT_DEPOSIT);
        assert_ok!(add_record(ALICE, ALICE, &[]));
        assert_noop!(leave(signed(ALICE)), Error::<Test>::RecordsNotErased);
    });
}

#[test]
fn nobody_acts_on_a_patient_who_left() {
    ExtBuilder::default().build_and_execute(|| {
        for action in Action::ALL {
            Policy::grant(ALICE, TECHNICIAN, action);
        }
        erase(XRAY);
        assert_ok!(leave(signed(ALICE)));
        let added = add_record(TECHNICIAN, ALICE, &[ALICE]).map_err(|failed| failed.error);
        assert_noop!(added, Error::<Test>::PatientNotFound);
        for action in Action::ALL {
            let answer = check_access(ALICE, TECHNICIAN, None, action);
            assert_eq!(answer, Err(medchain_primitives::Denied::PatientNotFound));
        }
        assert!(!Emr::note(&POLICY, &ALICE, medchain_primitives::PolicyEntry::default()));
        // It is an account like any other now, which pays for its key.
        assert_ok!(Emr::set_encryption_key(signed(ALICE), key(ALICE)));
        assert_eq!(held(ALICE, HoldReason::EncryptionKey), KEY_DEPOSIT);
    });
}

#[test]
fn leaving_weighs_what_was_removed() {
    ExtBuilder::default().build_and_execute(|| {
        let most = <()>::deregister_patient(MAX_RELATIONS) + DEPARTURE_WEIGHT * 2;
        let info = Call::<Test>::deregister_patient {}.get_dispatch_info();
        assert_eq!(info.call_weight, most);
        for relative in [ALICE, READER, STRANGER] {
            assert_ok!(Emr::set_relation(signed(BOB), relative, RelationKind::Other, false));
        }
        let used = Emr::deregister_patient(signed(BOB)).expect("Bob has no records");
        assert_eq!(used.actual_weight, Some(<()>::deregister_patient(3) + DEPARTURE_WEIGHT * 2));
    });
}
