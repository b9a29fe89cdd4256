//! `set_relation` and `remove_relation`.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Relation, RelationKind};

use crate::{mock::*, Error, Event, Patients, Relations, MAX_RELATIONS};

fn relations_of(patient: u64) -> u32 {
    Patients::<Test>::get(patient).map_or(0, |entry| entry.relations)
}

fn set(patient: u64, relative: u64) -> sp_runtime::DispatchResult {
    Emr::set_relation(signed(patient), relative, RelationKind::Sibling, false)
}

#[test]
fn naming_and_changing_a_relative_works() {
    ExtBuilder::default().build_and_execute(|| {
        let before = Relation { kind: RelationKind::Sibling, emergency_contact: false };
        let after = Relation { kind: RelationKind::Partner, emergency_contact: true };
        assert_ok!(set(BOB, STRANGER));
        assert_eq!(Relations::<Test>::get(BOB, STRANGER), Some(before));
        assert_ok!(Emr::set_relation(signed(BOB), STRANGER, after.kind, after.emergency_contact));
        assert_eq!(Relations::<Test>::get(BOB, STRANGER), Some(after));
        assert_eq!(relations_of(BOB), 1);
        assert_eq!(Relations::<Test>::get(STRANGER, BOB), None, "a relation has a direction");
        let event = |old, new| Event::RelationSet { patient: BOB, relative: STRANGER, old, new };
        assert_eq!(events(), [event(None, before), event(Some(before), after)]);
    });
}

#[test]
fn naming_oneself_fails() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(set(BOB, BOB), Error::<Test>::SelfRelation);
    });
}

#[test]
fn naming_a_relative_fails_when_not_a_patient() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(set(STRANGER, BOB), Error::<Test>::PatientNotFound);
    });
}

#[test]
fn boundary_of_the_number_of_relatives() {
    ExtBuilder::default().build_and_execute(|| {
        for relative in 0..u64::from(MAX_RELATIONS) {
            assert_ok!(set(BOB, 100 + relative));
        }
        assert_eq!(relations_of(BOB), MAX_RELATIONS);
        assert_noop!(set(BOB, 200), Error::<Test>::MaxRelationsExceeded);
        assert_ok!(set(BOB, 100));
        assert_ok!(Emr::remove_relation(signed(BOB), 100));
        assert_ok!(set(BOB, 200));
    });
}

#[test]
fn removing_a_relative_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(set(BOB, STRANGER));
        events();
        assert_ok!(Emr::remove_relation(signed(BOB), STRANGER));
        assert_eq!(Relations::<Test>::get(BOB, STRANGER), None);
        assert_eq!(relations_of(BOB), 0);
        let removed = Event::RelationRemoved { patient: BOB, relative: STRANGER };
        assert_eq!(events(), [removed]);
    });
}

#[test]
fn removing_a_relative_fails_when_not_named() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(set(BOB, STRANGER));
        // Neither the relative nor another patient can undo it.
        for who in [STRANGER, ALICE] {
            assert_noop!(
                Emr::remove_relation(signed(who), STRANGER),
                Error::<Test>::RelationNotFound
            );
        }
        assert_noop!(Emr::remove_relation(signed(STRANGER), BOB), Error::<Test>::RelationNotFound);
    });
}
