//! `entrust_record`, and the custody of new records.

use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use medchain_primitives::{Action, EndReason, RecordId};
use medchain_sharing::Custodians as Shared;

use super::world::*;
use crate::{mock::*, Call, Custodies, Error, Event, Grants, HoldReason, WeightInfo};

fn entrusted(record: RecordId, custodians: &[u64], threshold: u8) -> Event<Test> {
    let custodians = custodians.to_vec().try_into().expect("few");
    Event::RecordEntrusted { record, patient: ALICE, custodians, threshold }
}

fn own() -> Option<medchain_sharing::Entrustment> {
    Some(entrustment(ALICE, ALICE, cid(1)))
}

#[test]
fn a_new_record_comes_with_its_shares() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(choose(&CUSTODIANS, 2));
        events();
        // The author is the dealer, and pays.
        let custody = entrustment(ALICE, TECHNICIAN, cid(2));
        assert_ok!(add_record(TECHNICIAN, ALICE, cid(2), Some(custody.clone())));
        let kept = Custodies::<Test>::get(NEXT).expect("entrusted");
        let shared = Shared { threshold: 2, keys: &keys(&CUSTODIANS) };
        let verified = custody.dealing.verify(&shared, &context(ALICE, TECHNICIAN, cid(2)));
        assert_eq!(Ok(kept.dealing), verified);
        assert_eq!((kept.threshold, kept.depositor, kept.grants), (2, TECHNICIAN, 0));
        assert_eq!(kept.custodians.into_inner(), CUSTODIANS);
        assert_eq!(held(TECHNICIAN, HoldReason::Custody), 3 * CUSTODY_DEPOSIT);
        assert_eq!(events(), [entrusted(NEXT, &CUSTODIANS, 2)]);
    });
}

#[test]
fn an_amended_record_has_shares_of_its_own() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        let custody = Some(entrustment(ALICE, ALICE, cid(2)));
        let digest = medchain_primitives::ContentDigest([2; 32]);
        let readers = Default::default();
        let amended =
            Emr::amend_record(signed(ALICE), XRAY, cid(2), digest, None, readers, custody);
        assert_ok!(amended);
        assert_eq!(events(), [entrusted(NEXT, &[CUSTODIAN], 1)]);
        assert!(Custodies::<Test>::contains_key(XRAY), "the old version keeps its own");
    });
}

#[test]
fn a_record_without_custody_is_added_without_custodians() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(add_record(ALICE, ALICE, cid(2), None));
        assert!(!Custodies::<Test>::contains_key(NEXT));
        assert_eq!(events(), []);
    });
}

#[test]
fn an_existing_record_is_entrusted_again() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&CUSTODIANS, 3));
        events();
        assert_ok!(entrust_record(ALICE, XRAY, own()));
        assert_eq!(events(), [entrusted(XRAY, &CUSTODIANS, 3)]);
        assert_eq!(held(ALICE, HoldReason::Custody), 6 * CUSTODY_DEPOSIT);

        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(request(READER));
        assert_ok!(choose(&[CUSTODIAN], 1));
        events();
        let info = Custody::entrust_record(signed(ALICE), XRAY, own()).expect("her own record");
        let weight = <() as WeightInfo>::entrust_record(1, 1);
        assert_eq!(info.actual_weight, Some(weight), "of one share and one grant");
        // Shares of the old dealing do not combine with the new ones.
        let ended = ended(READER, EndReason::Reentrusted);
        assert_eq!(events(), [ended, entrusted(XRAY, &[CUSTODIAN], 1)]);
        assert_eq!(grant(READER), None);
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT, "without the fees");
        assert_eq!(held(ALICE, HoldReason::Custody), 2 * CUSTODY_DEPOSIT);
    });
}

#[test]
fn the_weight_is_that_of_the_shares_and_the_most_grants() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&CUSTODIANS, 2));
        let weight = |entrustment| {
            Call::<Test>::entrust_record { record: XRAY, entrustment }
                .get_dispatch_info()
                .call_weight
        };
        assert_eq!(weight(own()), <() as WeightInfo>::entrust_record(3, MAX_GRANTS));
        assert_eq!(weight(None), <() as WeightInfo>::entrust_record(0, MAX_GRANTS));
    });
}

#[test]
fn nobody_but_the_patient_entrusts_an_existing_record() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(add_record(TECHNICIAN, ALICE, cid(2), None));
        assert_ok!(choose(&[CUSTODIAN], 1));
        for action in Action::ALL {
            Policy::grant(ALICE, READER, action);
        }
        // Nor its author: the patient may not want it in custody.
        for who in [TECHNICIAN, BOB, READER, STRANGER, CUSTODIAN] {
            let refused = entrust_record(who, NEXT, Some(entrustment(ALICE, who, cid(2))));
            assert_noop!(refused, pallet_emr::Error::<Test>::NotPatient);
            assert_noop!(entrust_record(who, NEXT, None), pallet_emr::Error::<Test>::NotPatient);
        }
        assert_ok!(entrust_record(ALICE, NEXT, Some(entrustment(ALICE, ALICE, cid(2)))));
    });
}

#[test]
fn the_patient_withdraws_a_record_from_custody() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(entrust_record(ALICE, XRAY, None), Error::<Test>::RecordNotEntrusted);
        granted(&[CUSTODIAN], 1);
        assert_ok!(entrust_record(ALICE, XRAY, None));
        let ended = ended(READER, EndReason::Reentrusted);
        assert_eq!(events(), [ended, entrusted(XRAY, &[], 0)]);
        assert_eq!(Custodies::<Test>::get(XRAY), None);
        assert_eq!(held(ALICE, HoldReason::Custody), CUSTODY_DEPOSIT, "for the group");
        assert_noop!(entrust_record(ALICE, XRAY, None), Error::<Test>::RecordNotEntrusted);
    });
}

/// Dealings remain readable in old blocks. Under a new record with the same content, custodians
/// would deliver shares of an erased record, or under another record's policy.
#[test]
fn a_content_is_entrusted_under_one_record_for_good() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        let again = || {
            for author in [ALICE, TECHNICIAN] {
                let custody = entrustment(ALICE, author, cid(1));
                let refused = add_record(author, ALICE, cid(1), Some(custody));
                assert_noop!(refused, pallet_emr::Error::<Test>::ContentAlreadyExists);
            }
        };
        again();
        // Withdrawn or erased, it is still the content of that record.
        assert_ok!(entrust_record(ALICE, XRAY, None));
        again();
        assert_ok!(entrust_record(ALICE, XRAY, own()));
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        again();
        // The same content of another patient is a different one.
        assert_ok!(choose_for(BOB, &[CUSTODIAN], 1));
        assert_ok!(add_record(BOB, BOB, cid(1), Some(entrustment(BOB, BOB, cid(1)))));
    });
}

/// No author can claim one: the record itself would have to be the author's to add.
#[test]
fn the_patient_entrusts_what_another_entrusted() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&[CUSTODIAN], 1));
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        let custody = entrustment(ALICE, TECHNICIAN, cid(2));
        assert_ok!(add_record(TECHNICIAN, ALICE, cid(2), Some(custody)));
        assert_ok!(entrust_record(ALICE, NEXT, Some(entrustment(ALICE, ALICE, cid(2)))));
        let kept = Custodies::<Test>::get(NEXT).expect("entrusted");
        assert_eq!(kept.depositor, ALICE);
        assert_eq!(held(TECHNICIAN, HoldReason::Custody), 0);
    });
}

#[test]
fn entrusting_fails() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&[CUSTODIAN], 1));
        let own = own();
        assert_ok!(choose(&[], 0));
        let none = entrust_record(ALICE, XRAY, own.clone());
        assert_noop!(none, Error::<Test>::CustodiansNotFound);
        assert_ok!(choose(&[CUSTODIAN], 1));
        let missing = entrust_record(ALICE, RecordId(9), own.clone());
        assert_noop!(missing, pallet_emr::Error::<Test>::RecordNotFound);
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let erased = entrust_record(ALICE, XRAY, own);
        assert_noop!(erased, pallet_emr::Error::<Test>::RecordErased);
    });
}

#[test]
fn erasing_destroys_shares_and_grants() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&CUSTODIANS, 2);
        assert_ok!(deliver(CUSTODIAN, READER));
        let late = delivery_of(CUSTODIAN_2, XRAY, READER);
        events();
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        assert_eq!(Custodies::<Test>::get(XRAY), None);
        assert_eq!(Grants::<Test>::get(XRAY, READER), None);
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT);
        assert_eq!(Balances::free_balance(READER) + GRANT_DEPOSIT + DELIVERY_FEE, FUNDS);
        assert_eq!(held(ALICE, HoldReason::Custody), 3 * CUSTODY_DEPOSIT, "for the group");
        assert_eq!(events(), [ended(READER, EndReason::Erased)]);
        // What is under way is logged, and opens nothing: what it would open is gone.
        assert!(submit(CUSTODIAN_2, XRAY, READER, late).is_ok());
        assert_eq!(events(), [exposed(READER, CUSTODIAN_2)]);
        go_to(2 + LATE);
        assert_eq!(Balances::free_balance(READER), FUNDS - DELIVERY_FEE);
    });
}
