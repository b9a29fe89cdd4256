//! Breaking the glass, and answering for it.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{
    Action, Basis, Denied, EmergencyId, EmergencyReason, EndReason, Purpose, RecordId,
    RelationKind, Role,
};
use sp_runtime::{DispatchResult, TokenError};

use crate::{
    mock::*, Emergencies, Error, Event, Grants, HoldReason, OpenEmergencies, Patients, WeightInfo,
};

const REASON: EmergencyReason = EmergencyReason::CannotConsent;
const FIRST: EmergencyId = EmergencyId(0);

fn break_glass(who: u64, record: RecordId) -> DispatchResult {
    Emr::break_glass(signed(who), record, REASON).map(|_| ()).map_err(|failed| failed.error)
}

fn review(who: u64, accepted: bool) -> DispatchResult {
    Emr::review_emergency(signed(who), FIRST, accepted)
}

fn deliver(subject: u64) -> DispatchResult {
    Emr::deliver_share(signed(CUSTODIAN), XRAY, subject, sealed(subject))
        .map(|_| ())
        .map_err(|failed| failed.error)
}

fn reviewed(reviewer: u64, accepted: bool) -> Event<Test> {
    Event::EmergencyReviewed {
        emergency: FIRST,
        record: XRAY,
        patient: ALICE,
        subject: CLINICIAN,
        reviewer,
        accepted,
        bond: BOND,
    }
}

/// The clinician broke the glass in block 1.
fn broken() {
    entrust(&[CUSTODIAN], 1);
    assert_ok!(break_glass(CLINICIAN, XRAY));
    events();
}

fn key_epoch() -> Option<u32> {
    Patients::<Test>::get(ALICE).map(|entry| entry.key_epoch)
}

#[test]
fn contacts_and_clinicians_break_the_glass_without_the_policy() {
    for who in [CONTACT, CLINICIAN] {
        ExtBuilder::default().build_and_execute(|| {
            entrust(&[CUSTODIAN], 1);
            let info =
                Emr::break_glass(signed(who), XRAY, REASON).expect("they may break the glass");
            assert_eq!(info.actual_weight, Some(<() as WeightInfo>::break_glass()));
            assert_eq!(Policy::asked(), []);
            let logged = Event::GlassBroken {
                emergency: FIRST,
                record: XRAY,
                patient: ALICE,
                subject: who,
                reason: REASON,
                until: 1 + EMERGENCY_PERIOD,
                review_until: 1 + REVIEW_PERIOD,
            };
            assert_eq!(events(), [logged]);
            assert_eq!(held(who, HoldReason::Emergency), BOND);
            assert_eq!(held(who, HoldReason::Grant), GRANT_DEPOSIT);
            assert_eq!(OpenEmergencies::<Test>::get(who), 1);
            assert_ok!(deliver(who));
            assert_eq!(Policy::asked(), [], "not at the delivery either");
            let grant = Grants::<Test>::get(XRAY, who).expect("granted");
            assert_eq!(grant.basis, Basis::Emergency { emergency: FIRST });
            assert_eq!(grant.shares.len(), 1);
        });
    }
}

#[test]
fn others_need_permission_from_the_policy() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        // Nor a relative who is not a contact, nor an account that may view.
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(Emr::set_encryption_key(signed(GUARDIAN), key(GUARDIAN)));
        for who in [GUARDIAN, READER, STRANGER, BOB, TECHNICIAN, CUSTODIAN] {
            assert_noop!(break_glass(who, XRAY), Error::<Test>::NoGrant);
        }
        Policy::grant(ALICE, READER, Action::Emergency);
        assert_ok!(break_glass(READER, XRAY));
    });
}

#[test]
fn emergency_access_expires() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(deliver(CLINICIAN));
        events();
        go_to(1 + EMERGENCY_PERIOD);
        assert!(Grants::<Test>::contains_key(XRAY, CLINICIAN));
        go_to(2 + EMERGENCY_PERIOD);
        assert!(!Grants::<Test>::contains_key(XRAY, CLINICIAN));
        let reason = EndReason::Expired;
        let ended = Event::AccessEnded { record: XRAY, patient: ALICE, subject: CLINICIAN, reason };
        assert_eq!(events(), [ended]);
        assert!(Emergencies::<Test>::contains_key(FIRST), "the review is still due");
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
    });
}

#[test]
fn an_accepted_emergency_releases_the_bond() {
    for reviewer in [ALICE, GUARDIAN] {
        ExtBuilder::default().build_and_execute(|| {
            broken();
            assert_ok!(review(reviewer, true));
            assert_eq!(events(), [reviewed(reviewer, true)]);
            assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
            let paid = KEY_DEPOSIT + GRANT_DEPOSIT;
            assert_eq!(Balances::free_balance(CLINICIAN), FUNDS - paid);
            assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 0);
            assert!(Grants::<Test>::contains_key(XRAY, CLINICIAN), "access continues");
            assert_eq!(key_epoch(), Some(0));
            assert_noop!(review(reviewer, true), Error::<Test>::EmergencyNotFound);
        });
    }
}

#[test]
fn a_rejected_emergency_burns_the_bond_and_ends_the_access() {
    for reviewer in [ALICE, GUARDIAN] {
        ExtBuilder::default().build_and_execute(|| {
            broken();
            let issued = Balances::total_issuance();
            assert_ok!(review(reviewer, false));
            let reason = EndReason::Rejected;
            let ended =
                Event::AccessEnded { record: XRAY, patient: ALICE, subject: CLINICIAN, reason };
            assert_eq!(events(), [ended, reviewed(reviewer, false)]);
            assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
            assert_eq!(held(CLINICIAN, HoldReason::Grant), 0);
            assert_eq!(Balances::free_balance(CLINICIAN), FUNDS - KEY_DEPOSIT - BOND);
            assert_eq!(Balances::total_issuance(), issued - BOND, "nobody profits from it");
            assert_noop!(deliver(CLINICIAN), Error::<Test>::AccessNotFound);
            assert_eq!(key_epoch(), Some(1));
        });
    }
}

#[test]
fn a_rejection_ends_no_grant_by_the_policy() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(deliver(CLINICIAN));
        go_to(2 + EMERGENCY_PERIOD);
        Policy::grant(ALICE, CLINICIAN, Action::View);
        assert_ok!(Emr::request_access(signed(CLINICIAN), XRAY, Purpose::Treatment));
        assert_ok!(review(ALICE, false));
        assert!(Grants::<Test>::contains_key(XRAY, CLINICIAN));
    });
}

#[test]
fn an_emergency_that_nobody_reviews_costs_the_bond() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(deliver(CLINICIAN));
        let issued = Balances::total_issuance();
        go_to(1 + REVIEW_PERIOD);
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
        events();
        go_to(2 + REVIEW_PERIOD);
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
        assert_eq!(Balances::total_issuance(), issued - BOND);
        let lapsed = Event::EmergencyLapsed {
            emergency: FIRST,
            record: XRAY,
            patient: ALICE,
            subject: CLINICIAN,
            bond: BOND,
        };
        assert_eq!(events(), [lapsed]);
        assert_eq!(key_epoch(), Some(1), "nobody accepted that the clinician has the key");
        assert_noop!(review(ALICE, true), Error::<Test>::EmergencyNotFound);
    });
}

#[test]
fn boundary_of_the_review() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(deliver(CLINICIAN));
        System::set_block_number(1 + REVIEW_PERIOD);
        let lapse = || Emr::lapse_emergency(signed(STRANGER), FIRST);
        assert_noop!(lapse(), Error::<Test>::ReviewNotExpired);
        System::set_block_number(2 + REVIEW_PERIOD);
        // Before a block has processed what is due.
        assert_noop!(review(ALICE, true), Error::<Test>::ReviewExpired);
        assert_ok!(Emr::expire_grant(signed(STRANGER), XRAY, CLINICIAN));
        assert_ok!(lapse());
        assert_noop!(lapse(), Error::<Test>::EmergencyNotFound);
    });
}

#[test]
fn nobody_else_reviews() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        for action in Action::ALL {
            Policy::grant(ALICE, READER, action);
        }
        for who in [CLINICIAN, CONTACT, READER, BOB, STRANGER, CUSTODIAN] {
            assert_noop!(review(who, true), Error::<Test>::NotReviewer);
        }
        // A guardian of another patient, and one who broke the glass.
        assert_ok!(Emr::set_relation(signed(BOB), STRANGER, RelationKind::Guardian, true));
        assert_noop!(review(STRANGER, true), Error::<Test>::NotReviewer);
        assert_ok!(Emr::set_relation(signed(ALICE), CLINICIAN, RelationKind::Guardian, true));
        assert_noop!(review(CLINICIAN, true), Error::<Test>::NotReviewer);
    });
}

#[test]
fn breaking_the_glass_fails() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(break_glass(CLINICIAN, XRAY), Error::<Test>::RecordNotEntrusted);
        entrust(&[CUSTODIAN], 1);
        assert_noop!(break_glass(ALICE, XRAY), Error::<Test>::OwnRecord);
        assert_noop!(break_glass(CLINICIAN, RecordId(9)), Error::<Test>::RecordNotFound);
        assert_ok!(break_glass(CONTACT, XRAY));
        assert_noop!(break_glass(CONTACT, XRAY), Error::<Test>::GlassAlreadyBroken);
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, CONTACT));

        appoint(STRANGER, Role::Clinician);
        assert_noop!(break_glass(STRANGER, XRAY), Error::<Test>::EncryptionKeyNotFound);
        appoint(POOR, Role::Clinician);
        assert_noop!(break_glass(POOR, XRAY), TokenError::FundsUnavailable);

        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        assert_noop!(break_glass(CONTACT, XRAY), Error::<Test>::RecordErased);
        // An account that may not break the glass does not learn that.
        assert_noop!(break_glass(READER, XRAY), Error::<Test>::NoGrant);
    });
}

#[test]
fn a_patient_opts_out_and_in() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        Policy::grant(ALICE, READER, Action::Emergency);
        assert_ok!(Emr::set_emergency_access(signed(ALICE), false));
        assert_eq!(events(), [Event::EmergencyAccessSet { patient: ALICE, allowed: false }]);
        for who in [CLINICIAN, CONTACT, READER] {
            assert_noop!(break_glass(who, XRAY), Error::<Test>::EmergencyOptedOut);
        }
        assert_ok!(Emr::set_emergency_access(signed(ALICE), true));
        assert_ok!(break_glass(CLINICIAN, XRAY));
        assert_noop!(
            Emr::set_emergency_access(signed(STRANGER), false),
            Error::<Test>::PatientNotFound
        );
    });
}

#[test]
fn boundary_of_the_number_of_emergencies() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        for record in [1, 2].map(RecordId) {
            let (kind, readers) = (medchain_primitives::RecordKind::ChestXray, envelopes(&[ALICE]));
            let content = cid(10 + record.0 as u8);
            assert_ok!(Emr::add_record(
                signed(ALICE),
                ALICE,
                content,
                digest(1),
                kind,
                None,
                readers,
                None,
                None,
            ));
            assert_ok!(Emr::entrust_record(signed(ALICE), record, shares(&[CUSTODIAN])));
        }
        for record in [0, 1].map(RecordId) {
            assert_ok!(break_glass(CLINICIAN, record));
        }
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), MAX_EMERGENCIES);
        let third = RecordId(2);
        assert_noop!(break_glass(CLINICIAN, third), Error::<Test>::MaxEmergenciesExceeded);
        assert_ok!(break_glass(CONTACT, third));
        assert_ok!(review(ALICE, true));
        assert_ok!(break_glass(CLINICIAN, third));
    });
}

#[test]
fn emergency_numbers_run_out() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        crate::NextEmergencyId::<Test>::put(EmergencyId(u64::MAX));
        assert_noop!(break_glass(CLINICIAN, XRAY), Error::<Test>::EmergencyIdsExhausted);
    });
}

#[test]
fn the_patient_ends_the_access_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(deliver(CLINICIAN));
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, CLINICIAN));
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND, "the review decides");
        assert_ok!(review(ALICE, false));
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
    });
}

/// Otherwise a patient could have bonds burned, and places for emergencies used up,
/// although no key was delivered.
#[test]
fn an_emergency_without_a_delivered_key_costs_nothing() {
    let ends: [fn() -> DispatchResult; 4] = [
        || Emr::remove_envelope(signed(ALICE), XRAY, CLINICIAN),
        || {
            Emr::entrust_record(signed(ALICE), XRAY, shares(&[CUSTODIAN]))
                .map(|_| ())
                .map_err(|failed| failed.error)
        },
        || Emr::erase_record(signed(ALICE), XRAY).map(|_| ()).map_err(|failed| failed.error),
        || {
            go_to(2 + EMERGENCY_PERIOD);
            Ok(())
        },
    ];
    for end in ends {
        ExtBuilder::default().build_and_execute(|| {
            broken();
            assert_ok!(end());
            assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
            assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 0);
            assert_eq!(Balances::free_balance(CLINICIAN), FUNDS - KEY_DEPOSIT);
            let voided = Event::EmergencyVoided {
                emergency: FIRST,
                record: XRAY,
                patient: ALICE,
                subject: CLINICIAN,
                bond: BOND,
            };
            assert!(events().contains(&voided));
            assert_noop!(review(ALICE, false), Error::<Test>::EmergencyNotFound);
        });
    }
    // Unless the account that broke the glass ended it: trying must not be free.
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(Emr::remove_envelope(signed(CLINICIAN), XRAY, CLINICIAN));
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
    });
}

#[test]
fn a_grant_by_the_policy_does_not_prevent_breaking_the_glass() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        Policy::grant(ALICE, CLINICIAN, Action::View);
        assert_ok!(Emr::request_access(signed(CLINICIAN), XRAY, Purpose::Treatment));
        Policy::revoke(ALICE, CLINICIAN, Action::View);
        events();
        assert_ok!(break_glass(CLINICIAN, XRAY));
        let ended = Event::AccessEnded {
            record: XRAY,
            patient: ALICE,
            subject: CLINICIAN,
            reason: EndReason::Replaced,
        };
        assert_eq!(events().first(), Some(&ended));
        assert_ok!(deliver(CLINICIAN));
        // Nor does an expired grant that has not been removed yet.
        System::set_block_number(2 + EMERGENCY_PERIOD);
        assert_ok!(break_glass(CLINICIAN, XRAY));
        assert_eq!(held(CLINICIAN, HoldReason::Grant), GRANT_DEPOSIT);
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 2);
    });
}

#[test]
fn a_denial_by_the_policy_ends_no_emergency_access() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(Emr::request_access(signed(CLINICIAN), XRAY, Purpose::Treatment));
        let denied = events().pop();
        assert!(
            matches!(denied, Some(Event::AccessDenied { reason: Denied::Refused(_), .. })),
            "{denied:?}"
        );
        assert_ok!(deliver(CLINICIAN));
    });
}
