//! `set_custodians`, `entrust_record`, and the custody of new records.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, EndReason, Purpose, RecordId, RecordKind, Role};
use sp_runtime::{DispatchResult, TokenError};

use crate::{
    mock::*, CustodianGroup, CustodianGroups, Custodies, Custody, Error, Event, Grants, HoldReason,
};

const THREE: [u64; 3] = [CUSTODIAN, CUSTODIAN_2, CUSTODIAN_3];

fn entrust_by(who: u64, record: RecordId, custodians: &[u64]) -> DispatchResult {
    Emr::entrust_record(signed(who), record, shares(custodians))
        .map(|_| ())
        .map_err(|failed| failed.error)
}

fn entrusted(record: RecordId, custodians: &[u64], threshold: u32) -> Event<Test> {
    let custodians = custodians.to_vec().try_into().expect("few");
    Event::RecordEntrusted { record, patient: ALICE, custodians, threshold }
}

#[test]
fn a_patient_chooses_and_dismisses_custodians() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&THREE, 2));
        let members: crate::CustodiansOf<Test> = THREE.to_vec().try_into().expect("three");
        let deposit = 3 * CUSTODY_DEPOSIT;
        let group = CustodianGroup { members: members.clone(), threshold: 2, deposit };
        assert_eq!(CustodianGroups::<Test>::get(ALICE), Some(group));
        assert_eq!(held(ALICE, HoldReason::Custody), deposit);
        let patient = ALICE;
        let chosen =
            Event::CustodiansSet { patient, old: None, new: Some(members.clone()), threshold: 2 };
        assert_eq!(events(), [chosen]);

        assert_ok!(choose(&[CUSTODIAN], 1));
        assert_eq!(held(ALICE, HoldReason::Custody), CUSTODY_DEPOSIT);
        let one: crate::CustodiansOf<Test> = vec![CUSTODIAN].try_into().expect("one");
        let changed = Event::CustodiansSet {
            patient,
            old: Some(members),
            new: Some(one.clone()),
            threshold: 1,
        };
        assert_eq!(events(), [changed]);

        assert_ok!(choose(&[], 0));
        assert_eq!(CustodianGroups::<Test>::get(ALICE), None);
        assert_eq!(held(ALICE, HoldReason::Custody), 0);
        let gone = Event::CustodiansSet { patient, old: Some(one), new: None, threshold: 0 };
        assert_eq!(events(), [gone]);
    });
}

#[test]
fn choosing_fails() {
    ExtBuilder::default().build_and_execute(|| {
        for (custodians, threshold, error) in [
            (&[CUSTODIAN, CUSTODIAN][..], 1, Error::<Test>::DuplicateCustodian),
            // A registrar appoints custodians, not the patient.
            (&[READER], 1, Error::NotCustodian),
            (&[CUSTODIAN, CLINICIAN], 1, Error::NotCustodian),
            (&[CUSTODIAN], 0, Error::InvalidThreshold),
            (&[CUSTODIAN], 2, Error::InvalidThreshold),
            (&[], 1, Error::InvalidThreshold),
        ] {
            assert_noop!(choose(custodians, threshold), error);
        }
        let one: crate::CustodiansOf<Test> = vec![CUSTODIAN].try_into().expect("one");
        let stranger = Emr::set_custodians(signed(STRANGER), one, 1);
        assert_noop!(stranger, Error::<Test>::PatientNotFound);

        assert_noop!(choose(&[CUSTODIAN, ALICE], 1), Error::<Test>::SelfCustodian);
        appoint(ALICE, Role::Custodian);
        assert_noop!(choose(&[ALICE], 1), Error::<Test>::SelfCustodian);

        appoint(STRANGER, Role::Custodian);
        assert_noop!(choose(&[STRANGER], 1), Error::<Test>::EncryptionKeyNotFound);
    });
}

#[test]
fn a_new_record_comes_with_its_shares() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        Policy::grant(ALICE, TECHNICIAN, Action::Amend);
        assert_ok!(choose(&THREE, 2));
        events();
        let (kind, readers) = (RecordKind::ChestXray, envelopes(&[ALICE]));
        let custody = Some(shares(&THREE));
        let author = signed(TECHNICIAN);
        assert_ok!(Emr::add_record(
            author.clone(),
            ALICE,
            cid(1),
            digest(1),
            kind,
            None,
            readers.clone(),
            None,
            custody.clone(),
        ));
        let kept = Custody {
            threshold: 2,
            shares: shares(&THREE),
            depositor: TECHNICIAN,
            deposit: 3 * CUSTODY_DEPOSIT,
            grants: 0,
        };
        assert_eq!(Custodies::<Test>::get(NEXT), Some(kept.clone()));
        assert_eq!(held(TECHNICIAN, HoldReason::Custody), 3 * CUSTODY_DEPOSIT);
        assert!(events().contains(&entrusted(NEXT, &THREE, 2)));

        assert_ok!(Emr::amend_record(author, NEXT, cid(2), digest(2), None, readers, custody));
        assert_eq!(Custodies::<Test>::get(RecordId(2)), Some(kept.clone()));
        assert!(events().contains(&entrusted(RecordId(2), &THREE, 2)));
        assert_eq!(Custodies::<Test>::get(NEXT), Some(kept), "the old version keeps its own");
    });
}

#[test]
fn shares_are_for_the_patients_custodians_alone() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        let content = std::cell::Cell::new(10);
        let add = |custodians: &[u64]| {
            content.set(content.get() + 1);
            Emr::add_record(
                signed(TECHNICIAN),
                ALICE,
                cid(content.get()),
                digest(1),
                RecordKind::ChestXray,
                None,
                envelopes(&[ALICE]),
                None,
                Some(shares(custodians)),
            )
        };
        let refused = add(&THREE);
        assert_noop!(refused, Error::<Test>::CustodiansNotFound);
        assert_ok!(choose(&[CUSTODIAN, CUSTODIAN_2], 2));
        // Too many, too few, in another order, and one that the author chose.
        for custodians in
            [&THREE[..], &[CUSTODIAN], &[], &[CUSTODIAN_2, CUSTODIAN], &[CUSTODIAN, CUSTODIAN_3]]
        {
            let refused = add(custodians);
            assert_noop!(refused, Error::<Test>::CustodiansMismatch);
        }
        assert_ok!(add(&[CUSTODIAN, CUSTODIAN_2]));
        // A dismissed custodian receives no share of the next version.
        assert_ok!(choose(&[CUSTODIAN], 1));
        let refused = add(&[CUSTODIAN, CUSTODIAN_2]);
        assert_noop!(refused, Error::<Test>::CustodiansMismatch);
    });
}

#[test]
fn an_existing_record_is_entrusted_again() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&THREE, 3));
        events();
        assert_ok!(entrust_by(ALICE, XRAY, &THREE));
        assert_eq!(events(), [entrusted(XRAY, &THREE, 3)]);
        assert_eq!(held(ALICE, HoldReason::Custody), 6 * CUSTODY_DEPOSIT);

        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(Emr::request_access(signed(READER), XRAY, Purpose::Treatment));
        assert_ok!(choose(&[CUSTODIAN], 1));
        events();
        assert_ok!(entrust_by(ALICE, XRAY, &[CUSTODIAN]));
        // Shares of the old splitting do not combine with the new ones.
        let ended = Event::AccessEnded {
            record: XRAY,
            patient: ALICE,
            subject: READER,
            reason: EndReason::Reentrusted,
        };
        assert_eq!(events(), [ended, entrusted(XRAY, &[CUSTODIAN], 1)]);
        assert_eq!(Grants::<Test>::get(XRAY, READER), None);
        assert_eq!(held(READER, HoldReason::Grant), 0);
        assert_eq!(held(ALICE, HoldReason::Custody), 2 * CUSTODY_DEPOSIT);
    });
}

#[test]
fn nobody_but_the_patient_entrusts_an_existing_record() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(add_record(TECHNICIAN, ALICE, &[ALICE]));
        assert_ok!(choose(&[CUSTODIAN], 1));
        for action in Action::ALL {
            Policy::grant(ALICE, READER, action);
        }
        // Nor its author: the patient may not want it in custody.
        for who in [TECHNICIAN, BOB, READER, STRANGER, CUSTODIAN] {
            let refused = entrust_by(who, NEXT, &[CUSTODIAN]);
            assert_noop!(refused, Error::<Test>::NotPatient);
        }
        assert_ok!(entrust_by(ALICE, NEXT, &[CUSTODIAN]));
    });
}

#[test]
fn the_patient_withdraws_a_record_from_custody() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(entrust_by(ALICE, XRAY, &[]), Error::<Test>::RecordNotEntrusted);
        entrust(&[CUSTODIAN], 1);
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(Emr::request_access(signed(READER), XRAY, Purpose::Treatment));
        events();
        assert_ok!(entrust_by(ALICE, XRAY, &[]));
        let reason = EndReason::Reentrusted;
        let ended = Event::AccessEnded { record: XRAY, patient: ALICE, subject: READER, reason };
        assert_eq!(events(), [ended, entrusted(XRAY, &[], 0)]);
        assert_eq!(Custodies::<Test>::get(XRAY), None);
        assert_eq!(held(ALICE, HoldReason::Custody), CUSTODY_DEPOSIT, "for the group");
    });
}

/// Shares remain readable in old blocks. Under a new record with the same content,
/// custodians would deliver shares of an erased record, or under another record's policy.
#[test]
fn a_content_is_entrusted_under_one_record_for_good() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        Policy::grant(ALICE, TECHNICIAN, Action::Amend);
        let again = |content: u8| {
            Emr::add_record(
                signed(TECHNICIAN),
                ALICE,
                cid(content),
                digest(1),
                RecordKind::ChestXray,
                None,
                envelopes(&[ALICE]),
                None,
                Some(shares(&[CUSTODIAN])),
            )
        };
        let copied = again(1);
        assert_noop!(copied, Error::<Test>::ContentAlreadyEntrusted);
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let revived = again(1);
        assert_noop!(revived, Error::<Test>::ContentAlreadyEntrusted);
        assert_ok!(again(2));
        let amended = Emr::amend_record(
            signed(TECHNICIAN),
            NEXT,
            cid(1),
            digest(1),
            None,
            envelopes(&[ALICE]),
            Some(shares(&[CUSTODIAN])),
        );
        assert_noop!(amended, Error::<Test>::ContentAlreadyEntrusted);
        // Not even the patient may: it is a mistake in any case.
        assert_ok!(add_record(ALICE, ALICE, &[ALICE]));
        let other = entrust_by(ALICE, RecordId(2), &[CUSTODIAN]);
        assert_noop!(other, Error::<Test>::ContentAlreadyEntrusted);
        // The same content of another patient is a different one.
        let custodians = vec![CUSTODIAN].try_into().expect("one");
        assert_ok!(Emr::set_custodians(signed(BOB), custodians, 1));
        assert_ok!(add_record(BOB, BOB, &[BOB]));
        let own = Emr::entrust_record(signed(BOB), RecordId(3), shares(&[CUSTODIAN]));
        assert_ok!(own.map(|_| ()).map_err(|failed| failed.error));
    });
}

#[test]
fn entrusting_fails() {
    ExtBuilder::default().build_and_execute(|| {
        let none = entrust_by(ALICE, XRAY, &[CUSTODIAN]);
        assert_noop!(none, Error::<Test>::CustodiansNotFound);
        assert_ok!(choose(&[CUSTODIAN], 1));
        let other = entrust_by(ALICE, XRAY, &[CUSTODIAN_2]);
        assert_noop!(other, Error::<Test>::CustodiansMismatch);
        let missing = entrust_by(ALICE, RecordId(9), &[CUSTODIAN]);
        assert_noop!(missing, Error::<Test>::RecordNotFound);
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let erased = entrust_by(ALICE, XRAY, &[CUSTODIAN]);
        assert_noop!(erased, Error::<Test>::RecordErased);
    });
}

#[test]
fn custody_that_cannot_be_paid_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&[CUSTODIAN], 1));
        let all = Balances::free_balance(ALICE);
        let keeps = 1;
        assert_ok!(Balances::transfer_keep_alive(signed(ALICE), BOB, all - keeps));
        let poor = entrust_by(ALICE, XRAY, &[CUSTODIAN]);
        assert_noop!(poor, TokenError::FundsUnavailable);
        assert_noop!(choose(&THREE, 1), TokenError::FundsUnavailable);
    });
}

#[test]
fn erasing_destroys_shares_and_grants() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&THREE, 2);
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(Emr::request_access(signed(READER), XRAY, Purpose::Treatment));
        assert_ok!(Emr::deliver_share(signed(CUSTODIAN), XRAY, READER, sealed(READER)));
        events();
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        assert_eq!(Custodies::<Test>::get(XRAY), None);
        assert_eq!(Grants::<Test>::get(XRAY, READER), None);
        assert_eq!(held(READER, HoldReason::Grant), 0);
        assert_eq!(held(ALICE, HoldReason::Custody), 3 * CUSTODY_DEPOSIT, "for the group");
        let reason = EndReason::Erased;
        let ended = Event::AccessEnded { record: XRAY, patient: ALICE, subject: READER, reason };
        assert_eq!(events(), [ended, Event::RecordErased { record: XRAY, patient: ALICE }]);
        let late = Emr::deliver_share(signed(CUSTODIAN_2), XRAY, READER, sealed(READER));
        assert_noop!(late, Error::<Test>::RecordNotEntrusted);
    });
}
