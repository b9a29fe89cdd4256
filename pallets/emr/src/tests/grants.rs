//! Grants by the policy: `request_access` where custodians keep the key,
//! `deliver_share`, `expire_grant`.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use medchain_primitives::{
    Action, Basis, Denied, DenyReason, EndReason, Purpose, RecordId, Role, SealedShare,
};
use sp_runtime::{DispatchResult, TokenError};

use crate::{
    mock::*, AccessGrant, Error, Event, GrantOf, Grants, HoldReason, Patients, WeightInfo,
};

const PURPOSE: Purpose = Purpose::Treatment;
const REVOKED: Denied = Denied::Refused(DenyReason::Revoked);

fn request(subject: u64) -> DispatchResult {
    Emr::request_access(signed(subject), XRAY, PURPOSE).map(|_| ()).map_err(|failed| failed.error)
}

fn deliver(custodian: u64, subject: u64) -> DispatchResult {
    Emr::deliver_share(signed(custodian), XRAY, subject, sealed(subject))
        .map(|_| ())
        .map_err(|failed| failed.error)
}

fn grant(subject: u64) -> Option<GrantOf<Test>> {
    Grants::<Test>::get(XRAY, subject)
}

fn ended(subject: u64, reason: EndReason) -> Event<Test> {
    Event::AccessEnded { record: XRAY, patient: ALICE, subject, reason }
}

/// Another account with a key that the policy allows to view.
const BOB_THE_READER: u64 = BOB;

/// The policy allows the reader to view, who requests access in block 1.
fn granted() {
    entrust(&[CUSTODIAN, CUSTODIAN_2], 2);
    Policy::grant(ALICE, READER, Action::View);
    assert_ok!(request(READER));
    events();
    Policy::asked();
    Policy::purposes();
}

#[test]
fn a_grant_lets_custodians_deliver() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN, CUSTODIAN_2], 2);
        Policy::grant(ALICE, READER, Action::View);
        Policy::purposes();
        assert_ok!(request(READER));
        assert_eq!(Policy::purposes(), [Some(PURPOSE)], "the policy learns the purpose");
        let until = 1 + ACCESS_PERIOD;
        let expected = AccessGrant {
            basis: Basis::Policy { purpose: PURPOSE },
            granted_at: 1,
            until,
            shares: Default::default(),
            deposit: GRANT_DEPOSIT,
        };
        assert_eq!(grant(READER), Some(expected));
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT);
        let last = events().pop();
        let logged = Event::AccessGranted {
            record: XRAY,
            patient: ALICE,
            subject: READER,
            purpose: PURPOSE,
            until: Some(until),
        };
        assert_eq!(last, Some(logged));

        for (delivered, custodian) in [CUSTODIAN, CUSTODIAN_2].into_iter().enumerate() {
            let info = Emr::deliver_share(signed(custodian), XRAY, READER, sealed(READER));
            let info = info.expect("each may deliver");
            assert_eq!(info.pays_fee, Pays::No);
            let base = <() as WeightInfo>::deliver_share();
            assert_eq!(info.actual_weight, Some(base + ASKED_WEIGHT));
            let logged = Event::ShareDelivered {
                record: XRAY,
                patient: ALICE,
                subject: READER,
                custodian,
                delivered: delivered as u32 + 1,
                threshold: 2,
            };
            assert_eq!(events().pop(), Some(logged));
        }
        assert_eq!(Policy::purposes().len(), 2, "asked again at each delivery");
        let shares = grant(READER).expect("granted").shares;
        let share = |number| SealedShare { number, sealed: sealed(READER) };
        assert_eq!(shares.into_inner(), [share(1), share(2)]);
    });
}

#[test]
fn a_patient_recovers_a_key_from_the_custodians() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        assert_ok!(request(ALICE));
        assert_ok!(deliver(CUSTODIAN, ALICE));
        assert_eq!(Policy::asked(), []);
        assert_eq!(grant(ALICE).map(|grant| grant.shares.len()), Some(1));
    });
}

#[test]
fn a_denial_grants_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        assert_ok!(request(STRANGER));
        assert_eq!(grant(STRANGER), None);
        assert_eq!(held(STRANGER, HoldReason::Grant), 0);
        assert_noop!(deliver(CUSTODIAN, STRANGER), Error::<Test>::AccessNotFound);
    });
}

#[test]
fn requesting_again_keeps_the_grant() {
    ExtBuilder::default().build_and_execute(|| {
        granted();
        assert_ok!(deliver(CUSTODIAN, READER));
        go_to(5);
        let before = grant(READER);
        assert_ok!(request(READER));
        assert_eq!(grant(READER), before);
        // Except for the purpose, which the policy is asked about at a delivery.
        let other = Purpose::SecondOpinion;
        assert_ok!(Emr::request_access(signed(READER), XRAY, other));
        let expected =
            before.map(|grant| AccessGrant { basis: Basis::Policy { purpose: other }, ..grant });
        assert_eq!(grant(READER), expected);
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT);
    });
}

#[test]
fn a_denial_of_a_second_request_ends_the_grant() {
    ExtBuilder::default().build_and_execute(|| {
        granted();
        assert_ok!(deliver(CUSTODIAN, READER));
        events();
        Policy::answer(ALICE, READER, Action::View, Err(REVOKED));
        assert_ok!(request(READER));
        assert_eq!(grant(READER), None);
        let (record, patient, subject, purpose) = (XRAY, ALICE, READER, PURPOSE);
        let denied = Event::AccessDenied { record, patient, subject, purpose, reason: REVOKED };
        assert_eq!(events(), [ended(READER, EndReason::Refused), denied]);
    });
}

#[test]
fn a_denial_at_the_delivery_ends_the_grant() {
    ExtBuilder::default().build_and_execute(|| {
        granted();
        Policy::answer(ALICE, READER, Action::View, Err(REVOKED));
        let info = Emr::deliver_share(signed(CUSTODIAN), XRAY, READER, sealed(READER));
        // It is not the custodian's fault, so the call is free.
        let info = info.expect("it is logged");
        assert_eq!(info.pays_fee, Pays::No);
        let base = <() as WeightInfo>::deliver_share() + <() as WeightInfo>::expire_grant();
        assert_eq!(info.actual_weight, Some(base + ASKED_WEIGHT), "and the grant's end");
        assert_eq!(grant(READER), None);
        assert_eq!(held(READER, HoldReason::Grant), 0);
        let (record, patient, subject, purpose) = (XRAY, ALICE, READER, PURPOSE);
        let denied = Event::AccessDenied { record, patient, subject, purpose, reason: REVOKED };
        assert_eq!(events(), [ended(READER, EndReason::Refused), denied]);
        assert_noop!(deliver(CUSTODIAN_2, READER), Error::<Test>::AccessNotFound);
    });
}

#[test]
fn boundary_of_the_last_block() {
    ExtBuilder::default().build_and_execute(|| {
        granted();
        let last = 1 + ACCESS_PERIOD;
        System::set_block_number(last);
        assert_noop!(
            Emr::expire_grant(signed(STRANGER), XRAY, READER),
            Error::<Test>::AccessNotExpired
        );
        assert_ok!(deliver(CUSTODIAN, READER));
        System::set_block_number(last + 1);
        assert_noop!(deliver(CUSTODIAN_2, READER), Error::<Test>::AccessExpired);
        events();
        assert_ok!(Emr::expire_grant(signed(STRANGER), XRAY, READER));
        assert_eq!(events(), [ended(READER, EndReason::Expired)]);
        assert_eq!(grant(READER), None, "and with it the shares");
        assert_eq!(held(READER, HoldReason::Grant), 0);
        assert_noop!(
            Emr::expire_grant(signed(STRANGER), XRAY, READER),
            Error::<Test>::AccessNotFound
        );
    });
}

#[test]
fn access_is_granted_again_after_expiry() {
    ExtBuilder::default().build_and_execute(|| {
        granted();
        assert_ok!(deliver(CUSTODIAN, READER));
        // Before a block has processed what is due.
        System::set_block_number(2 + ACCESS_PERIOD);
        assert_ok!(request(READER));
        let new = grant(READER).expect("granted");
        assert_eq!((new.granted_at, new.shares.len()), (2 + ACCESS_PERIOD, 0));
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT);
    });
}

#[test]
fn the_patient_or_the_reader_ends_a_grant() {
    ExtBuilder::default().build_and_execute(|| {
        granted();
        assert_ok!(deliver(CUSTODIAN, READER));
        events();
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, READER));
        assert_eq!(events(), [ended(READER, EndReason::Revoked)]);
        assert_eq!(Patients::<Test>::get(ALICE).map(|entry| entry.key_epoch), Some(1));
        assert_noop!(deliver(CUSTODIAN_2, READER), Error::<Test>::AccessNotFound);

        assert_ok!(request(READER));
        events();
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        assert_eq!(events(), [ended(READER, EndReason::GivenUp)]);
        assert_noop!(
            Emr::remove_envelope(signed(READER), XRAY, READER),
            Error::<Test>::EnvelopeNotFound
        );
    });
}

#[test]
fn nobody_but_a_custodian_of_the_record_delivers() {
    ExtBuilder::default().build_and_execute(|| {
        granted();
        for who in [ALICE, BOB, READER, STRANGER, TECHNICIAN, CUSTODIAN_3] {
            assert_noop!(deliver(who, READER), Error::<Test>::ShareNotFound);
        }
        // Nor one whose role a registrar has removed since.
        dismiss(CUSTODIAN, Role::Custodian);
        assert_noop!(deliver(CUSTODIAN, READER), Error::<Test>::NotCustodian);
        assert_ok!(deliver(CUSTODIAN_2, READER));
        assert_noop!(deliver(CUSTODIAN_2, READER), Error::<Test>::ShareAlreadyDelivered);
    });
}

#[test]
fn a_grant_is_for_its_subject_and_record_alone() {
    ExtBuilder::default().build_and_execute(|| {
        granted();
        assert_noop!(deliver(CUSTODIAN, OTHER_READER), Error::<Test>::AccessNotFound);
        assert_ok!(amend_record(ALICE, XRAY, &[ALICE]));
        assert_ok!(Emr::entrust_record(signed(ALICE), NEXT, shares(&[CUSTODIAN, CUSTODIAN_2])));
        let other = Emr::deliver_share(signed(CUSTODIAN), NEXT, READER, sealed(READER));
        assert_noop!(other, Error::<Test>::AccessNotFound);
        let missing = Emr::deliver_share(signed(CUSTODIAN), RecordId(9), READER, sealed(READER));
        assert_noop!(missing, Error::<Test>::RecordNotEntrusted);
    });
}

#[test]
fn a_grant_needs_a_key_to_seal_to() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        Policy::grant(ALICE, STRANGER, Action::View);
        assert_noop!(request(STRANGER), Error::<Test>::EncryptionKeyNotFound);
    });
}

#[test]
fn a_grant_that_cannot_be_paid_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        Policy::grant(ALICE, POOR, Action::View);
        assert_noop!(request(POOR), TokenError::FundsUnavailable);
    });
}

#[test]
fn boundary_of_the_number_of_grants() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        for who in [READER, OTHER_READER, CLINICIAN, CONTACT, BOB_THE_READER] {
            Policy::grant(ALICE, who, Action::View);
        }
        for who in [READER, OTHER_READER, CLINICIAN] {
            assert_ok!(request(who));
        }
        assert_noop!(request(CONTACT), Error::<Test>::MaxGrantsExceeded);
        // The last place is for emergencies.
        let reason = medchain_primitives::EmergencyReason::Other;
        assert_ok!(Emr::break_glass(signed(CONTACT), XRAY, reason));
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        assert_noop!(request(BOB_THE_READER), Error::<Test>::MaxGrantsExceeded);
        assert_ok!(Emr::remove_envelope(signed(OTHER_READER), XRAY, OTHER_READER));
        assert_ok!(request(BOB_THE_READER));
    });
}
