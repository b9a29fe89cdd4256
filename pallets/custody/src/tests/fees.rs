//! `DeliveryFee`: held from the subject, paid to the first custodians of the threshold.

use frame_support::{assert_ok, dispatch::Pays};
use medchain_primitives::Action;
use sp_runtime::DispatchResult;

use super::world::*;
use crate::{mock::*, Error, HoldReason};

/// What a custodian has earned.
fn earned(custodian: u64) -> u64 {
    Balances::free_balance(custodian) + CUSTODIAN_BOND - FUNDS
}

#[test]
fn fees_are_paid_as_often_as_the_threshold_says() {
    for threshold in 1..=3 {
        ExtBuilder::default().build_and_execute(|| {
            granted(&CUSTODIANS, threshold);
            let needed = u64::from(threshold);
            assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT + needed * DELIVERY_FEE);
            for (index, custodian) in CUSTODIANS.into_iter().enumerate() {
                let paid = (index as u64 + 1).min(needed);
                assert_ok!(deliver(custodian, READER));
                assert_eq!(grant(READER).map(|grant| grant.fees), {
                    Some((needed - paid) * DELIVERY_FEE)
                });
                let is_needed = index < usize::from(threshold);
                assert_eq!(earned(custodian), if is_needed { DELIVERY_FEE } else { 0 });
                assert_ok!(Custody::do_try_state());
            }
            assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT);
            go_to(2 + ACCESS_PERIOD);
            go_to(3 + ACCESS_PERIOD + LATE);
            assert_eq!(Balances::free_balance(READER), FUNDS - needed * DELIVERY_FEE);
        });
    }
}

#[test]
fn what_nobody_earned_returns() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&CUSTODIANS, 3);
        assert_ok!(deliver(CUSTODIAN_3, READER));
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, READER));
        go_to(2 + LATE);
        assert_eq!(Balances::free_balance(READER), FUNDS - DELIVERY_FEE);
        assert_eq!(CUSTODIANS.map(earned), [0, 0, DELIVERY_FEE]);
    });
}

#[test]
fn garbage_earns_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        let mut delivery = delivery_of(CUSTODIAN, XRAY, READER);
        delivery.proof.0[0] ^= 1;
        assert!(submit(CUSTODIAN, XRAY, READER, delivery).is_err());
        assert_eq!(earned(CUSTODIAN), 0);
        assert_eq!(grant(READER).map(|grant| grant.fees), Some(DELIVERY_FEE));
    });
}

/// The account ended it, and can open the share all the same.
#[test]
fn a_share_that_is_exposed_is_paid_as_often_as_the_threshold_says() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&CUSTODIANS, 2);
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        for custodian in CUSTODIANS {
            assert_ok!(deliver(custodian, READER));
            assert_ok!(Custody::do_try_state());
        }
        let logged = CUSTODIANS.map(|custodian| exposed(READER, custodian));
        assert_eq!(events().into_iter().filter(|event| logged.contains(event)).count(), 3);
        assert_eq!(CUSTODIANS.map(earned), [DELIVERY_FEE, DELIVERY_FEE, 0]);
        assert_eq!(Balances::free_balance(READER) + GRANT_DEPOSIT + 2 * DELIVERY_FEE, FUNDS);
    });
}

/// The account has no use for what comes after the patient, the policy or a review said no.
#[test]
fn a_share_that_comes_after_the_patients_no_is_not_paid() {
    let ends: [fn() -> DispatchResult; 5] = [
        || Emr::remove_envelope(signed(ALICE), XRAY, READER),
        || {
            Policy::revoke(ALICE, READER, Action::View);
            request(READER)
        },
        || {
            Policy::revoke(ALICE, READER, Action::View);
            Ok(())
        },
        || entrust_record(ALICE, XRAY, None),
        || Emr::erase_record(signed(ALICE), XRAY).map(|_| ()).map_err(|failed| failed.error),
    ];
    for end in ends {
        ExtBuilder::default().build_and_execute(|| {
            granted(&[CUSTODIAN, CUSTODIAN_2], 2);
            let deliveries = [CUSTODIAN, CUSTODIAN_2].map(|one| delivery_of(one, XRAY, READER));
            assert_ok!(end());
            for (custodian, delivery) in [CUSTODIAN, CUSTODIAN_2].into_iter().zip(deliveries) {
                assert_eq!(submit(custodian, XRAY, READER, delivery), Ok(Pays::No));
                assert!(events().contains(&exposed(READER, custodian)));
            }
            assert_eq!(CUSTODIANS.map(earned), [0; 3]);
            assert_eq!(Balances::free_balance(READER) + GRANT_DEPOSIT, FUNDS);
        });
    }
}

/// A patient who reads an own record must not withdraw it just before the shares arrive.
#[test]
fn a_late_share_of_the_patients_own_record_is_paid() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        assert_ok!(request(ALICE));
        let share = delivery_of(CUSTODIAN, XRAY, ALICE);
        assert_ok!(entrust_record(ALICE, XRAY, None));
        assert_eq!(submit(CUSTODIAN, XRAY, ALICE, share), Ok(Pays::No));
        assert_eq!(earned(CUSTODIAN), DELIVERY_FEE);
    });
}

#[test]
fn a_share_that_comes_after_a_rejection_is_not_paid() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        let delivery = delivery_of(CUSTODIAN, XRAY, CLINICIAN);
        assert_ok!(review(ALICE, false));
        assert_eq!(submit(CUSTODIAN, XRAY, CLINICIAN, delivery), Ok(Pays::No));
        assert_eq!(earned(CUSTODIAN), 0);
        assert_eq!(held(CLINICIAN, HoldReason::Grant), GRANT_DEPOSIT);
        assert_eq!(emergency().map(|entry| entry.deliveries), Some(1), "it is counted");
    });
}

/// Its part returns to the reader, who needs one share less: nobody gets more for it.
#[test]
fn a_late_share_without_the_role_is_not_paid() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&CUSTODIANS, 2);
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        dismiss(CUSTODIAN, medchain_primitives::Role::Custodian);
        let delivery = delivery_of(CUSTODIAN, XRAY, READER);
        assert_eq!(submit(CUSTODIAN, XRAY, READER, delivery), Ok(Pays::Yes));
        assert!(events().contains(&exposed(READER, CUSTODIAN)));
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT + DELIVERY_FEE);
        assert_ok!(deliver(CUSTODIAN_2, READER));
        assert_eq!(CUSTODIANS.map(earned), [0, DELIVERY_FEE, 0]);
        assert_eq!(Balances::free_balance(READER) + GRANT_DEPOSIT + DELIVERY_FEE, FUNDS);
        let again = submit(CUSTODIAN, XRAY, READER, delivery);
        assert_eq!(again, Err((Error::<Test>::ShareAlreadyDelivered.into(), Pays::Yes)));
    });
}

/// Shares before the end and after it are paid once together.
#[test]
fn a_grant_and_its_memory_pay_no_more_than_the_threshold() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&CUSTODIANS, 2);
        assert_ok!(deliver(CUSTODIAN_2, READER));
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        for custodian in [CUSTODIAN_3, CUSTODIAN] {
            assert_ok!(deliver(custodian, READER));
        }
        assert_eq!(CUSTODIANS.map(earned), [0, DELIVERY_FEE, DELIVERY_FEE]);
        assert_eq!(Balances::free_balance(READER) + GRANT_DEPOSIT + 2 * DELIVERY_FEE, FUNDS);
    });
}

#[test]
fn each_grant_is_paid_for() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        Policy::grant(ALICE, OTHER_READER, Action::View);
        assert_ok!(request(OTHER_READER));
        assert_ok!(deliver(CUSTODIAN, READER));
        assert_ok!(deliver(CUSTODIAN, OTHER_READER));
        // Another reply key is another grant.
        assert_ok!(request_with(READER, XRAY, other_reply(READER)));
        let delivery = delivery_to(CUSTODIAN, XRAY, READER, other_reply(READER));
        assert!(submit_to(CUSTODIAN, XRAY, READER, other_reply(READER), delivery).is_ok());
        assert_eq!(earned(CUSTODIAN), 3 * DELIVERY_FEE);
        assert_eq!(recover(XRAY, READER), None, "the first secret opens nothing now");
    });
}

/// The subject cannot take back what is held for custodians.
#[test]
fn a_subject_without_other_funds_pays() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        let all = Balances::free_balance(READER);
        assert_ok!(Balances::transfer_keep_alive(signed(READER), BOB, all - 1));
        assert_ok!(deliver(CUSTODIAN, READER));
        assert_eq!(earned(CUSTODIAN), DELIVERY_FEE);
    });
}

/// A custodian may spend all that is free; the bond keeps its account alive.
#[test]
fn a_poor_custodian_is_paid() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        let all = Balances::free_balance(CUSTODIAN);
        assert_ok!(Balances::transfer_keep_alive(signed(CUSTODIAN), BOB, all - 1));
        assert_ok!(deliver(CUSTODIAN, READER));
        assert_eq!(Balances::free_balance(CUSTODIAN), 1 + DELIVERY_FEE);
    });
}
