//! What a proxy that may not erase adds in the patient's name, and how the patient undoes it.

use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo, traits::OriginTrait};
use medchain_primitives::{Action, RecordId, RecordKind, RecordStatus};

use crate::{mock::*, Call, Envelopes, Error, Event, Records, WeightInfo};

const SECOND: RecordId = NEXT;
const THIRD: RecordId = RecordId(2);

/// [`ALICE`], as pallet-proxy lets a caretaker act: within the calls that add records.
fn caretaker() -> RuntimeOrigin {
    let mut origin = signed(ALICE);
    origin.add_filter(|call: &RuntimeCall| {
        matches!(call, RuntimeCall::Emr(Call::add_record { .. } | Call::amend_record { .. }))
    });
    origin
}

fn amend_as_caretaker(record: RecordId, readers: &[u64]) -> Result<(), sp_runtime::DispatchError> {
    let (cid, readers) = (next_content(), envelopes(readers));
    Emr::amend_record(caretaker(), record, cid, digest(2), None, readers, None)
        .map(|_| ())
        .map_err(|failed| failed.error)
}

fn status(record: RecordId) -> Option<RecordStatus> {
    Records::<Test>::get(record).map(|record| record.status)
}

fn superseded(by: RecordId) -> Option<RecordStatus> {
    Some(RecordStatus::Superseded { by })
}

fn restore(who: u64, record: RecordId) -> frame_support::dispatch::DispatchResult {
    Emr::restore_record(signed(who), record)
}

#[test]
fn a_caretakers_versions_are_visible_as_such() {
    ExtBuilder::default().build_and_execute(|| {
        let by_caretaker = |record| Event::RecordByCaretaker { record, patient: ALICE };
        assert_ok!(amend_as_caretaker(XRAY, &[ALICE]));
        assert!(events().contains(&by_caretaker(SECOND)));
        let (kind, cid, readers) = (RecordKind::Report, next_content(), envelopes(&[ALICE]));
        let added =
            Emr::add_record(caretaker(), ALICE, cid, digest(3), kind, None, readers, None, None);
        assert_ok!(added);
        assert!(events().contains(&by_caretaker(THIRD)));
        // Not what the patient signs, or another account in its own name.
        Policy::grant(ALICE, READER, Action::Amend);
        assert_ok!(amend_record(ALICE, SECOND, &[]));
        assert_ok!(amend_record(READER, RecordId(3), &[ALICE]));
        let any = |event: &Event<Test>| matches!(event, Event::RecordByCaretaker { .. });
        assert!(!events().iter().any(any));
    });
}

/// A caretaker signs in the patient's name, but is somebody else.
#[test]
fn a_caretaker_seals_to_the_patient() {
    ExtBuilder::default().build_and_execute(|| {
        for readers in [&[][..], &[READER]] {
            let refused = amend_as_caretaker(XRAY, readers);
            assert_noop!(refused, Error::<Test>::PatientEnvelopeMissing);
        }
    });
}

#[test]
fn the_patient_makes_the_previous_version_the_newest_again() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(amend_as_caretaker(XRAY, &[ALICE]));
        events();
        assert_ok!(restore(ALICE, XRAY));
        assert_eq!(status(XRAY), Some(RecordStatus::Active));
        assert_eq!(status(SECOND), superseded(XRAY));
        let restored = Event::RecordRestored { record: XRAY, replaced: SECOND, patient: ALICE };
        assert_eq!(events(), [restored]);
        // What was replaced stays readable, until it is erased.
        assert!(Envelopes::<Test>::contains_key(SECOND, ALICE));
        assert_noop!(amend_record(ALICE, SECOND, &[]), Error::<Test>::RecordSuperseded);
        // The restored version can be amended, and the other one restored in turn.
        assert_ok!(restore(ALICE, SECOND));
        assert_eq!(
            (status(XRAY), status(SECOND)),
            (superseded(SECOND), Some(RecordStatus::Active))
        );
        assert_ok!(Emr::do_try_state());
        assert_ok!(restore(ALICE, XRAY));
        assert_ok!(amend_record(ALICE, XRAY, &[ALICE]));
        assert_eq!((status(XRAY), status(SECOND)), (superseded(THIRD), superseded(XRAY)));
        assert_ok!(Emr::do_try_state());
        assert_ok!(Emr::erase_record(signed(ALICE), SECOND));
    });
}

#[test]
fn versions_are_restored_one_by_one() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(amend_record(ALICE, XRAY, &[]));
        assert_ok!(amend_record(ALICE, SECOND, &[]));
        // Otherwise there would be two newest versions.
        assert_noop!(restore(ALICE, XRAY), Error::<Test>::VersionNotLatest);
        assert_ok!(restore(ALICE, SECOND));
        assert_ok!(restore(ALICE, XRAY));
        assert_eq!(status(SECOND), superseded(XRAY));
    });
}

/// Workers give up what is superseded: they would owe an answer about what comes back.
#[test]
fn no_version_is_restored_while_a_verdict_on_it_is_awaited() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(amend_record(ALICE, XRAY, &[]));
        for awaited in [XRAY, SECOND] {
            Orders::open(awaited);
            assert_noop!(restore(ALICE, XRAY), Error::<Test>::RequestOpen);
            Orders::taken();
        }
        assert_ok!(restore(ALICE, XRAY));
    });
}

#[test]
fn a_caretakers_profile_is_visible_as_such() {
    ExtBuilder::default().build_and_execute(|| {
        let mut origin = signed(ALICE);
        origin.add_filter(|call: &RuntimeCall| {
            matches!(call, RuntimeCall::Emr(Call::update_profile { .. }))
        });
        let noted = Event::ProfileByCaretaker { patient: ALICE };
        assert_ok!(Emr::update_profile(origin, document(5)));
        assert!(events().contains(&noted));
        assert_ok!(Emr::update_profile(signed(ALICE), document(6)));
        assert!(!events().contains(&noted));
    });
}

#[test]
fn nobody_else_restores_a_version() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(amend_record(ALICE, XRAY, &[ALICE]));
        for action in Action::ALL {
            Policy::grant(ALICE, READER, action);
        }
        for who in [READER, BOB, TECHNICIAN, STRANGER] {
            assert_noop!(restore(who, XRAY), Error::<Test>::NotPatient);
        }
    });
}

#[test]
fn fails_when_there_is_nothing_to_restore() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(restore(ALICE, NEXT), Error::<Test>::RecordNotFound);
        assert_noop!(restore(ALICE, XRAY), Error::<Test>::RecordNotSuperseded);
        assert_ok!(amend_record(ALICE, XRAY, &[]));
        assert_ok!(Emr::erase_record(signed(ALICE), SECOND));
        assert_noop!(restore(ALICE, XRAY), Error::<Test>::NextVersionErased);
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        assert_noop!(restore(ALICE, XRAY), Error::<Test>::RecordErased);
    });
}

#[test]
fn restoring_weighs_what_it_does() {
    let call = Call::<Test>::restore_record { record: XRAY };
    let weight = <() as WeightInfo>::restore_record();
    assert_eq!(call.get_dispatch_info().call_weight, weight);
}
