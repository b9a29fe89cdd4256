//! `erase_record`.

use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use medchain_primitives::{Action, Cid, RecordContent, RecordId, RecordKind, RecordStatus};

use crate::{
    mock::*, Call, Commitments, Envelopes, Error, Event, HoldReason, Record, Records, RecordsOf,
    WeightInfo,
};

#[test]
fn erasing_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let content = RecordContent::Erased(cid(1).hashed());
        let status = RecordStatus::Erased;
        let expected = Record { content, status, envelopes: 0, deposit: 0, ..xray() };
        assert_eq!(Records::<Test>::get(XRAY), Some(expected));
        assert_eq!(Envelopes::<Test>::iter_prefix(XRAY).count(), 0);
        assert_eq!(Commitments::<Test>::get(XRAY), None);
        assert!(RecordsOf::<Test>::contains_key(ALICE, XRAY), "it is still listed");
        assert_eq!(held(ALICE, HoldReason::Record), 0);
        assert_eq!(held(ALICE, HoldReason::Envelope), 0);
        assert_eq!(held(ALICE, HoldReason::Patient), PATIENT_DEPOSIT);
        let erased = Event::RecordErased { record: XRAY, patient: ALICE };
        assert_eq!(events(), [erased]);
    });
}

#[test]
fn deposits_return_to_whoever_paid_them() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        assert_ok!(add_record(TECHNICIAN, ALICE, &[ALICE, READER]));
        assert_ok!(Emr::share_record(
            signed(OTHER_READER),
            NEXT,
            OTHER_READER,
            sealed(OTHER_READER)
        ));
        assert_ok!(Emr::share_record(signed(ALICE), NEXT, BOB, sealed(BOB)));
        let record = RECORD_DEPOSIT;
        let envelope = ENVELOPE_DEPOSIT;
        assert_eq!(Balances::free_balance(TECHNICIAN), FUNDS - record - 2 * envelope);
        assert_eq!(Balances::free_balance(OTHER_READER), FUNDS - KEY_DEPOSIT - envelope);
        // Alice also pays for herself and for the other record.
        let entry = PATIENT_DEPOSIT + record + envelope;
        assert_eq!(Balances::free_balance(ALICE), FUNDS - entry - envelope);

        // Consent is not needed to get a deposit back.
        Policy::revoke(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(Emr::erase_record(signed(ALICE), NEXT));
        for (who, deposit) in [(TECHNICIAN, 0), (OTHER_READER, KEY_DEPOSIT), (READER, KEY_DEPOSIT)]
        {
            assert_eq!(Balances::free_balance(who), FUNDS - deposit);
            assert_eq!(held(who, HoldReason::Record), 0);
            assert_eq!(held(who, HoldReason::Envelope), 0);
        }
        assert_eq!(Balances::free_balance(ALICE), FUNDS - entry);
        assert_eq!(Envelopes::<Test>::iter_prefix(XRAY).count(), 1, "another record");
    });
}

#[test]
fn a_missing_hold_does_not_keep_a_record_alive() {
    use frame_support::traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision},
    };
    ExtBuilder::default().build_and_execute(|| {
        for reason in [HoldReason::Record, HoldReason::Envelope] {
            let reason = reason.into();
            let (precision, force) = (Precision::BestEffort, Fortitude::Force);
            assert_ok!(Balances::burn_held(&reason, &ALICE, 2, precision, force));
        }
        let free = Balances::free_balance(ALICE);
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let returned = RECORD_DEPOSIT + ENVELOPE_DEPOSIT - 4;
        assert_eq!(Balances::free_balance(ALICE), free + returned);
    });
}

#[test]
fn every_version_can_be_erased_by_itself() {
    ExtBuilder::default().build_and_execute(|| {
        let (film2, readers) = (Some(film(2)), envelopes(&[ALICE]));
        let author = signed(ALICE);
        assert_ok!(Emr::amend_record(author, XRAY, cid(2), digest(2), film2, readers, None));
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let newest = Records::<Test>::get(NEXT).expect("added");
        assert_eq!(newest.status, RecordStatus::Active);
        assert!(Envelopes::<Test>::contains_key(NEXT, ALICE));
        assert_eq!(Commitments::<Test>::get(XRAY), None);
        assert_eq!(Commitments::<Test>::get(NEXT), Some(film(2)));
        assert_ok!(Emr::erase_record(signed(ALICE), NEXT));
    });
}

/// The keys and values of the state in which bytes occur.
fn places(bytes: &[u8]) -> Vec<Vec<u8>> {
    let contains = |whole: &[u8]| whole.windows(bytes.len()).any(|part| part == bytes);
    let (mut found, mut key) = (Vec::new(), Vec::new());
    loop {
        if contains(&key) || sp_io::storage::get(&key).is_some_and(|value| contains(&value)) {
            found.push(key.clone());
        }
        let Some(next) = sp_io::storage::next_key(&key) else { return found };
        key = next;
    }
}

/// Where the state has a content: as text, by the digest that the text spells, or by that of its
/// bytes.
fn traces(cid: &Cid, digest: [u8; 32]) -> usize {
    let (_, multihash) = cid.check().expect("a test has CIDs of version 1");
    [cid.as_bytes(), &multihash, &digest].map(places).concat().len()
}

#[test]
fn no_cid_and_no_digest_of_an_erased_version_is_in_the_state() {
    ExtBuilder::default().build_and_execute(|| {
        // Three versions, the second of which is restored and amended again: four in all.
        let readers = || envelopes(&[ALICE, READER]);
        let (kind, film) = (RecordKind::ChestXray, Some(film(9)));
        let (first, its) = (cid(0xa0), digest(0x5f));
        let me = signed(ALICE);
        assert_ok!(Emr::add_record(me, ALICE, first, its, kind, film, readers(), None, None));
        let amend = |record: u64, byte: u8| {
            let (id, its, me) = (RecordId(record), digest(byte ^ 0xff), signed(ALICE));
            assert_ok!(Emr::amend_record(me, id, cid(byte), its, film, readers(), None));
        };
        amend(1, 0xa1);
        amend(2, 0xa2);
        assert_ok!(Emr::restore_record(signed(ALICE), RecordId(2)));
        amend(2, 0xa3);
        let versions = [
            (1, 0xa0, [0x5f; 32]),
            (2, 0xa1, [0x5e; 32]),
            (3, 0xa2, [0x5d; 32]),
            (4, 0xa3, [0x5c; 32]),
        ];
        // The events of a block are in its state, and are gone in the next one.
        let next_block = || {
            System::reset_events();
            System::set_block_number(System::block_number() + 1);
        };
        next_block();
        for (place, (id, byte, digest)) in versions.into_iter().enumerate() {
            assert!(traces(&cid(byte), digest) > 0, "{byte}");
            let id = RecordId(id);
            assert_ok!(Emr::erase_record(signed(ALICE), id));
            // Not even in the block that erases it.
            assert_eq!(traces(&cid(byte), digest), 0, "{byte}");
            let hash = RecordContent::Erased(cid(byte).hashed());
            assert_eq!(Records::<Test>::get(id).map(|record| record.content), Some(hash));
            for (_, byte, digest) in &versions[place + 1..] {
                assert!(traces(&cid(*byte), *digest) > 0, "another version: {byte}");
            }
            next_block();
        }
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        assert_ok!(Emr::deregister_patient(signed(ALICE)));
        for (_, byte, digest) in versions {
            assert_eq!(traces(&cid(byte), digest), 0, "{byte}");
        }
    });
}

#[test]
fn fails_when_not_the_patient() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(add_record(TECHNICIAN, ALICE, &[ALICE, READER]));
        for action in Action::ALL {
            Policy::grant(ALICE, TECHNICIAN, action);
            Policy::grant(ALICE, READER, action);
        }
        // Neither the author nor a reader, whatever else they may do.
        for who in [BOB, TECHNICIAN, READER, STRANGER] {
            let refused = Emr::erase_record(signed(who), NEXT);
            assert_noop!(refused, Error::<Test>::NotPatient);
        }
    });
}

#[test]
fn fails_when_already_erased() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let again = Emr::erase_record(signed(ALICE), XRAY);
        assert_noop!(again, Error::<Test>::RecordErased);
    });
}

#[test]
fn fails_when_there_is_no_such_record() {
    ExtBuilder::default().build_and_execute(|| {
        let missing = Emr::erase_record(signed(ALICE), RecordId(9));
        assert_noop!(missing, Error::<Test>::RecordNotFound);
    });
}

#[test]
fn the_weight_of_missing_envelopes_is_refunded() {
    ExtBuilder::default().build_and_execute(|| {
        let call = Call::<Test>::erase_record { record: XRAY };
        assert_eq!(
            call.get_dispatch_info().call_weight,
            <() as WeightInfo>::erase_record(MAX_ENVELOPES) + END_WEIGHT * u64::from(MAX_GRANTS)
        );
        let info = Emr::erase_record(signed(ALICE), XRAY).expect("her own record");
        let one = <() as WeightInfo>::erase_record(1);
        assert_eq!(info.actual_weight, Some(one));
    });
}
