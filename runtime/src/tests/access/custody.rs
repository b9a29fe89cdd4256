//! Attacks on keys, dealings and deliveries, with real ones of each.

use frame_support::{assert_noop, dispatch::Pays};
use medchain_primitives::Purpose;
use medchain_sharing::{Delivery, Entrustment, ReplyKey, ReplySecret};
use sp_runtime::DispatchResult;

use super::{
    super::{custodians::*, *},
    world::*,
};

type CustodyError = pallet_custody::Error<Runtime>;
type EmrError = pallet_emr::Error<Runtime>;

/// Everybody who keeps a share of the record, of which two open it.
const THREE: [Sr25519Keyring; 3] = [CUSTODIAN, OTHERS[0], OTHERS[1]];

/// A patient whose policy allows everything, and a record that two of three custodians open.
fn two_of_three() {
    with_custodians(misbehaving(0u8), &THREE, 2);
}

/// Delivers these bytes to the clinician, for its usual request.
fn deliver_as(who: Sr25519Keyring, delivery: Delivery) -> DispatchResult {
    deliver_for(reply_key_of(CLINICIAN), who, delivery)
}

/// Delivers these bytes for a request of the clinician.
fn deliver_for(reply: ReplyKey, who: Sr25519Keyring, delivery: Delivery) -> DispatchResult {
    let subject = CLINICIAN.to_account_id();
    attempt(|| Custody::deliver_share(signed(who), RECORD, subject, reply, delivery))
}

/// Whether the clinician, or another subject, can open the record with what was delivered.
fn opened_by(subject: Sr25519Keyring) -> Option<[u8; 32]> {
    recover(RECORD, subject, &reply_of(subject))
}

#[test]
fn the_threshold_opens_the_key_and_less_does_not() {
    for threshold in 1..=3u8 {
        development_chain().execute_with(|| {
            with_custodians(misbehaving(0u8), &THREE, threshold);
            ask_to_view(CLINICIAN);
            for (before, custodian) in THREE.into_iter().enumerate() {
                let opened = opened_by(CLINICIAN);
                assert_eq!(opened.is_some(), before >= usize::from(threshold), "{threshold}");
                let done = deliver_share(custodian, RECORD, CLINICIAN).expect("it keeps a share");
                assert_eq!(done.pays_fee, Pays::No);
            }
            assert_eq!(opened_by(CLINICIAN), Some(CONTENT_KEY));
            assert_ok!(Custody::do_try_state());
        });
    }
}

/// A custodian that delivers anything but its own share is told apart, and pays the fee.
#[test]
fn a_delivery_that_does_not_prove_itself() {
    development_chain().execute_with(|| {
        two_of_three();
        let other = add_entrusted(10);
        for who in [CLINICIAN, TECHNICIAN] {
            ask_to_view(who);
        }
        let honest = delivery(CUSTODIAN, RECORD, CLINICIAN);
        let mut garbled = honest;
        garbled.share = delivery(CUSTODIAN, RECORD, CLINICIAN).share;
        let late = ReplySecret::from_seed(&[1; 32]).public();
        let attempts = [
            ("nothing", foreign_delivery()),
            ("another share under the same proof", garbled),
            ("another subject's", delivery(CUSTODIAN, RECORD, TECHNICIAN)),
            ("another request's", delivery_to(CUSTODIAN, RECORD, CLINICIAN, late)),
            ("another record's", delivery(CUSTODIAN, other, CLINICIAN)),
            ("another custodian's", delivery(OTHERS[0], RECORD, CLINICIAN)),
        ];
        for (what, delivery) in attempts {
            let subject = CLINICIAN.to_account_id();
            let reply = reply_key_of(CLINICIAN);
            let refused =
                Custody::deliver_share(signed(CUSTODIAN), RECORD, subject, reply, delivery);
            let failed = refused.expect_err(what);
            assert_eq!(failed.error, CustodyError::InvalidDelivery.into(), "{what}");
            assert_eq!(failed.post_info.pays_fee, Pays::Yes, "{what}");
        }
        assert_ok!(deliver_as(CUSTODIAN, honest));
        // An account that keeps no share, and the same share once more.
        assert_noop!(deliver_as(STRANGER, honest), CustodyError::ShareNotFound);
        assert_noop!(deliver_as(CUSTODIAN, honest), CustodyError::ShareAlreadyDelivered);
    });
}

/// A subject that asks with another key does not get a share twice, and none without a trace.
#[test]
fn a_delivery_for_a_former_request() {
    development_chain().execute_with(|| {
        two_of_three();
        ask_to_view(CLINICIAN);
        let former = delivery(CUSTODIAN, RECORD, CLINICIAN);
        let secret = ReplySecret::from_seed(&[1; 32]);
        let renewed = secret.public();
        let ask = |reply| {
            let (who, purpose) = (signed(CLINICIAN), Purpose::Treatment);
            attempt(|| Custody::request_access(who, RECORD, purpose, reply))
        };
        assert_ok!(ask(renewed));
        assert_noop!(deliver_for(renewed, CUSTODIAN, former), CustodyError::InvalidDelivery);
        // It stands in the block, and the subject can open it: the log says so, and it is paid.
        System::reset_events();
        let before = Balances::free_balance(CUSTODIAN.to_account_id());
        assert_ok!(deliver_as(CUSTODIAN, former));
        assert_eq!(exposed(), 1);
        assert!(Balances::free_balance(CUSTODIAN.to_account_id()) > before);
        assert_noop!(deliver_as(CUSTODIAN, former), CustodyError::ShareAlreadyDelivered);
        assert_eq!(recover(RECORD, CLINICIAN, &secret), None);
        for custodian in [CUSTODIAN, OTHERS[0]] {
            let share = delivery_to(custodian, RECORD, CLINICIAN, renewed);
            assert_ok!(deliver_for(renewed, custodian, share));
        }
        assert_eq!(recover(RECORD, CLINICIAN, &secret), Some(CONTENT_KEY));
        // What was under way for longer than a delivery lives.
        let late = delivery(OTHERS[0], RECORD, CLINICIAN);
        go_to(System::block_number() + pallet_custody::LATE_DELIVERY_PERIOD + 1);
        assert_noop!(deliver_as(OTHERS[0], late), CustodyError::AccessNotFound);
        assert_ok!(Custody::do_try_state());
    });
}

#[test]
fn a_dealing_is_for_its_dealer_its_content_and_the_group_of_now() {
    development_chain().execute_with(|| {
        two_of_three();
        let cid = Cid::new(CidCodec::Raw, [8; 32]);
        let add = |author: Sr25519Keyring, cid: &Cid, custody: Entrustment| {
            let (patient, cid) = (PATIENT.to_account_id(), cid.clone());
            attempt(|| {
                Emr::add_record(
                    signed(author),
                    patient,
                    cid,
                    ContentDigest([8; 32]),
                    RecordKind::ChestXray,
                    None,
                    readers(author),
                    None,
                    Some(custody),
                )
            })
        };
        let honest = dealt(PATIENT, &cid);
        // Copied from the pool by an author whom the policy allows as well.
        assert_noop!(add(TECHNICIAN, &cid, honest.clone()), CustodyError::InvalidDealing);
        let other = Cid::new(CidCodec::Raw, [7; 32]);
        assert_noop!(add(PATIENT, &other, honest.clone()), CustodyError::InvalidDealing);
        let mut bent = honest.clone();
        bent.dealing.shares = dealt(PATIENT, &cid).dealing.shares;
        assert_noop!(add(PATIENT, &cid, bent), CustodyError::InvalidDealing);
        let single = Entrustment { threshold: 1, ..honest.clone() };
        assert_noop!(add(PATIENT, &cid, single), CustodyError::ThresholdMismatch);
        // The patient chooses again while the dealing is on its way.
        assert_ok!(set_custodians(&THREE, 3));
        assert_noop!(add(PATIENT, &cid, honest.clone()), CustodyError::ThresholdMismatch);
        assert_ok!(set_custodians(&[OTHERS[0], CUSTODIAN, OTHERS[1]], 2));
        assert_noop!(add(PATIENT, &cid, honest.clone()), CustodyError::InvalidDealing);
        // A threshold that was dealt for 2 and is said to be 3.
        assert_ok!(set_custodians(&THREE, 3));
        let said = Entrustment { threshold: 3, ..honest.clone() };
        assert_noop!(add(PATIENT, &cid, said), CustodyError::InvalidDealing);
        assert_ok!(set_custodians(&THREE, 2));
        assert_ok!(add(PATIENT, &cid, honest));
        // The technician deals on its own, and what it deals is no other's either.
        let (theirs, cid) = (dealt(TECHNICIAN, &other), &other);
        assert_noop!(add(PATIENT, cid, theirs.clone()), CustodyError::InvalidDealing);
        assert_ok!(add(TECHNICIAN, cid, theirs));
        assert_ok!(Custody::do_try_state());
    });
}

/// Shares of an erased record do not come back under another.
#[test]
fn a_content_is_entrusted_under_one_record() {
    development_chain().execute_with(|| {
        two_of_three();
        let film = cid_of(RECORD);
        assert_ok!(Emr::erase_record(signed(PATIENT), RECORD));
        for author in [PATIENT, TECHNICIAN] {
            let cid = film.clone();
            let (digest, kind) = (ContentDigest([8; 32]), RecordKind::ChestXray);
            let custody = Some(dealt(author, &cid));
            let (patient, readers) = (PATIENT.to_account_id(), readers(author));
            let again = || {
                let author = signed(author);
                Emr::add_record(author, patient, cid, digest, kind, None, readers, None, custody)
            };
            assert_noop!(attempt(again), EmrError::ContentAlreadyExists);
        }
    });
}

/// An account without the secret could combine its share with others' keys.
#[test]
fn a_key_without_its_secret() {
    development_chain().execute_with(|| {
        for who in [CUSTODIAN, STRANGER] {
            appoint(who, Role::Custodian);
        }
        register_custodian(CUSTODIAN);
        let key = secret_of(CUSTODIAN).public();
        let copied = || {
            Custody::register_custodian(signed(STRANGER), key, key_proof_of(CUSTODIAN))
                .map(|()| ().into())
                .map_err(Into::into)
        };
        assert_noop!(attempt(copied), CustodyError::InvalidCustodianKey);
    });
}

#[test]
fn a_custodian_counts_on_its_own_share_for_its_own_request() {
    development_chain().execute_with(|| {
        two_of_three();
        assert_ok!(request_access(CUSTODIAN, RECORD));
        let own = || deliver_share(CUSTODIAN, RECORD, CUSTODIAN);
        assert_noop!(attempt(own), CustodyError::OwnShare);
        assert_ok!(deliver_share(OTHERS[0], RECORD, CUSTODIAN));
        assert_eq!(opened_by(CUSTODIAN), None, "the others count alone");
        assert_ok!(deliver_share(OTHERS[1], RECORD, CUSTODIAN));
        assert_eq!(opened_by(CUSTODIAN), Some(CONTENT_KEY));
    });
}

/// What the subject of a request pays, and who gets it.
#[test]
fn no_more_than_the_threshold_is_paid() {
    development_chain().execute_with(|| {
        two_of_three();
        let free = |who: Sr25519Keyring| Balances::free_balance(who.to_account_id());
        let fee =
            <<Runtime as pallet_custody::Config>::DeliveryFee as frame_support::traits::Get<
                Balance,
            >>::get();
        let before = THREE.map(free);
        let clinician = free(CLINICIAN);
        ask_to_view(CLINICIAN);
        for custodian in THREE {
            assert_ok!(deliver_share(custodian, RECORD, CLINICIAN));
        }
        let paid: Vec<Balance> =
            THREE.map(free).into_iter().zip(before).map(|(now, then)| now - then).collect();
        assert_eq!(paid, [fee, fee, 0]);
        // Giving up returns the deposit, once no share can be under way; the fees are spent.
        assert_ok!(Emr::remove_envelope(signed(CLINICIAN), RECORD, CLINICIAN.to_account_id()));
        assert!(free(CLINICIAN) < clinician - 2 * fee);
        go_to(System::block_number() + pallet_custody::LATE_DELIVERY_PERIOD + 1);
        assert_eq!(free(CLINICIAN), clinician - 2 * fee);
        assert_ok!(Custody::do_try_state());
    });
}
