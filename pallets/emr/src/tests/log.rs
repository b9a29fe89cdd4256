//! The log of each patient.

use codec::Encode;
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo, weights::Weight};
use medchain_primitives::{log_topic, Action, LogHead, PolicyEntry, RelationKind, Role};

use crate::{log_weight, mock::*, Call, Error, Event, Logs, PolicyChoice, WeightInfo};

type TestHash = <Test as frame_system::Config>::Hash;

fn head(patient: u64) -> LogHead<u64> {
    Logs::<Test>::get(patient).unwrap_or_default()
}

/// The entries of a patient's log that `System` has, with their blocks.
fn entries(patient: u64) -> Vec<(u64, Vec<u8>)> {
    let events = System::events();
    let places = System::event_topics(TestHash::from(log_topic(&patient))).into_iter();
    places.map(|(block, index)| (block, events[index as usize].event.encode())).collect()
}

/// The head after the entries that `System` has, from the head before them.
pub fn recomputed(before: LogHead<u64>, patient: u64) -> LogHead<u64> {
    let entries = entries(patient).into_iter();
    entries.fold(before, |head, (block, entry)| head.after(block, &entry))
}

fn entry(byte: u8) -> PolicyEntry {
    PolicyEntry::truncate_from(vec![byte; 3])
}

#[test]
fn a_registration_begins_the_log() {
    ExtBuilder::bare().build_and_execute(|| {
        assert_ok!(Emr::set_encryption_key(signed(ALICE), key(ALICE)));
        assert_eq!(head(ALICE), LogHead::default(), "nobody is a patient yet");
        assert_ok!(Emr::register_patient(signed(ALICE), None, key(ALICE)));
        assert_eq!((head(ALICE).length, head(ALICE).at), (2, 1));
        assert_ok!(Emr::set_encryption_key(signed(ALICE), key(7)));
        assert_eq!(head(ALICE).length, 3);
        assert_eq!(recomputed(LogHead::default(), ALICE), head(ALICE));
    });
}

#[test]
fn the_log_is_what_happened_in_order() {
    ExtBuilder::default().build_and_execute(|| {
        let before = head(ALICE);
        Policy::grant(ALICE, READER, Action::Share);
        assert_ok!(Emr::set_policy(signed(ALICE), Some(POLICY)));
        System::set_block_number(5);
        assert_ok!(Emr::share_record(signed(READER), XRAY, READER, sealed(READER)));
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, READER));
        System::set_block_number(8);
        assert_ok!(Emr::set_relation(signed(ALICE), READER, RelationKind::Other, false));
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        // PolicySet; AccessChecked, EnvelopeAdded, EnvelopeRemoved; RelationSet, RecordErased.
        let blocks: Vec<u64> = entries(ALICE).into_iter().map(|(block, _)| block).collect();
        assert_eq!(blocks, [1, 5, 5, 5, 8, 8]);
        let now = head(ALICE);
        assert_eq!((now.length, now.at), (before.length + 6, 8));
        assert_eq!(recomputed(before, ALICE), now);

        // Another order, or another block, is another log.
        let mut other = entries(ALICE);
        other.swap(1, 2);
        let fold = |entries: Vec<(u64, Vec<u8>)>| {
            entries.into_iter().fold(before, |head, (block, entry)| head.after(block, &entry))
        };
        assert_ne!(fold(other), now);
        let mut other = entries(ALICE);
        other[5].0 = 9;
        assert_ne!(fold(other).head, now.head);
    });
}

#[test]
fn acts_of_others_do_not_move_a_log() {
    ExtBuilder::default().build_and_execute(|| {
        let (alice, bob) = (head(ALICE), head(BOB));
        assert_ok!(Emr::allow_nobody(signed(BOB)));
        assert_ok!(Emr::set_encryption_key(signed(READER), key(READER)));
        assert_ok!(Emr::announce_default_policy(root(), None));
        dismiss(TECHNICIAN, Role::LabTechnician);
        assert_eq!(head(ALICE), alice);
        assert_eq!(head(BOB).length, bob.length + 1);
        assert_eq!(Logs::<Test>::iter().count(), 2, "others have none");
    });
}

#[test]
fn a_call_that_fails_logs_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let before = head(ALICE);
        // The policy allows it, but there is no deposit.
        Policy::grant(ALICE, POOR, Action::Share);
        let shared = Emr::share_record(signed(POOR), XRAY, READER, sealed(READER));
        assert!(shared.is_err());
        let refused = Emr::share_record(signed(STRANGER), XRAY, READER, sealed(READER));
        assert_noop!(refused, Error::<Test>::NoGrant);
        assert_eq!(head(ALICE), before);
        assert_eq!(entries(ALICE), []);
    });
}

#[test]
fn the_first_block_has_no_log() {
    ExtBuilder::bare().build_and_execute(|| {
        System::set_block_number(0);
        assert_ok!(Emr::register_patient(signed(ALICE), None, key(ALICE)));
        assert!(!Logs::<Test>::contains_key(ALICE));
        System::set_block_number(1);
    });
}

#[test]
fn the_policy_in_force_writes_into_the_log() {
    ExtBuilder::default().build_and_execute(|| {
        let before = head(ALICE);
        assert!(Emr::note(&POLICY, &ALICE, entry(1)));
        let noted = Event::PolicyNoted { patient: ALICE, policy: POLICY, entry: entry(1) };
        System::assert_last_event(noted.into());
        assert_eq!(head(ALICE).length, before.length + 1);
        assert_eq!(recomputed(before, ALICE), head(ALICE));
    });
}

#[test]
fn no_other_contract_writes_into_the_log() {
    ExtBuilder::default().build_and_execute(|| {
        let before = head(ALICE);
        assert!(!Emr::note(&OTHER_POLICY, &ALICE, entry(1)));
        assert!(!Emr::note(&POLICY, &STRANGER, entry(1)), "not a patient");
        assert_eq!(events(), []);
        assert_eq!((head(ALICE), head(STRANGER)), (before, LogHead::default()));

        // The patient's choice counts, and nobody's account is no contract's.
        assert_ok!(Emr::set_policy(signed(ALICE), Some(OTHER_POLICY)));
        assert!(!Emr::note(&POLICY, &ALICE, entry(1)));
        assert!(Emr::note(&OTHER_POLICY, &ALICE, entry(1)));
        assert_ok!(Emr::allow_nobody(signed(ALICE)));
        assert_eq!(Emr::choice_of(&ALICE), PolicyChoice::Nobody);
        for contract in [POLICY, OTHER_POLICY, ALICE] {
            assert!(!Emr::note(&contract, &ALICE, entry(1)), "{contract}");
        }
    });
}

#[test]
fn entries_are_paid_for() {
    ExtBuilder::default().build_and_execute(|| {
        let call = Call::<Test>::set_policy { policy: None };
        let weight = <() as WeightInfo>::set_policy();
        assert_eq!(call.get_dispatch_info().call_weight, weight);
        let (one, two) = (log_weight(1), log_weight(2));
        assert_eq!(log_weight(0), Weight::zero());
        assert!(two.ref_time() > one.ref_time());
        assert_eq!(two.proof_size(), one.proof_size(), "the head is in the proof once");
    });
}

#[test]
#[should_panic(expected = "a log without entries is stored")]
fn an_empty_log_is_no_entry() {
    ExtBuilder::default()
        .build_and_execute(|| Logs::<Test>::insert(STRANGER, LogHead::<u64>::default()));
}
