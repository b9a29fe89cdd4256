//! What `add_record`, `amend_record`, `erase_record` and `remove_envelope` ask of the custody.

use frame_support::{
    assert_noop, assert_ok,
    dispatch::{DispatchResultWithPostInfo, GetDispatchInfo},
};
use medchain_primitives::{Action, EndReason, RecordId, RecordKind};
use medchain_sharing::Entrustment;
use sp_runtime::DispatchError;

use crate::{mock::*, Call, Envelopes, Error, KeyCustody, Patients, Records, WeightInfo};

fn add(author: u64, custody: Option<Entrustment>) -> DispatchResultWithPostInfo {
    let (kind, readers) = (RecordKind::Report, envelopes(&[ALICE]));
    Emr::add_record(signed(author), ALICE, cid(5), digest(5), kind, None, readers, None, custody)
}

fn amend(author: u64, custody: Option<Entrustment>) -> DispatchResultWithPostInfo {
    let readers = envelopes(&[ALICE]);
    Emr::amend_record(signed(author), XRAY, cid(6), digest(6), None, readers, custody)
}

fn key_epoch() -> Option<u32> {
    Patients::<Test>::get(ALICE).map(|entry| entry.key_epoch)
}

#[test]
fn a_new_record_and_a_new_version_are_entrusted() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        Policy::grant(ALICE, READER, Action::Amend);
        assert_ok!(add(TECHNICIAN, Some(entrustment(3))));
        // At the expense of the author.
        let kept = Kept::Entrusted(TECHNICIAN, ALICE, NEXT, cid(5), Box::new(entrustment(3)));
        assert_eq!(Keeper::kept(), [kept]);
        assert_ok!(amend(READER, Some(entrustment(2))));
        let kept = Kept::Entrusted(READER, ALICE, RecordId(2), cid(6), Box::new(entrustment(2)));
        assert_eq!(Keeper::kept(), [kept]);
    });
}

#[test]
fn without_an_entrustment_nothing_is_asked() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(add(ALICE, None));
        assert_ok!(amend(ALICE, None));
        assert_eq!(Keeper::kept(), []);
    });
}

/// Neither is the record there without custody, nor is the custody asked where the policy
/// refuses.
#[test]
fn record_and_custody_come_together_or_not_at_all() {
    ExtBuilder::default().build_and_execute(|| {
        let refused = DispatchError::Other("no custodian is needed");
        let added = add(ALICE, Some(entrustment(0)));
        assert_noop!(added, refused);
        let amended = amend(ALICE, Some(entrustment(0)));
        assert_noop!(amended, refused);

        let added = add(TECHNICIAN, Some(entrustment(1)));
        assert_noop!(added, Error::<Test>::NoGrant);
        let amended = amend(READER, Some(entrustment(1)));
        assert_noop!(amended, Error::<Test>::NoGrant);
        assert_eq!(Keeper::kept(), []);
    });
}

#[test]
fn erasing_ends_the_custody() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [READER, OTHER_READER] {
            Keeper::grant(XRAY, who);
        }
        Keeper::grant(NEXT, READER);
        let info = Emr::erase_record(signed(ALICE), XRAY).expect("her own record");
        assert_eq!(Keeper::kept(), [Kept::Ended(XRAY, ALICE)]);
        // Each grant that it ended is paid for.
        let used = <() as WeightInfo>::erase_record(1) + END_WEIGHT * 2;
        assert_eq!(info.actual_weight, Some(used));
    });
}

#[test]
fn the_patient_revokes_and_the_reader_gives_up() {
    ExtBuilder::default().build_and_execute(|| {
        Keeper::grant(XRAY, READER);
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, READER));
        let ended = Kept::AccessEnded(XRAY, ALICE, READER, EndReason::Revoked);
        assert_eq!(Keeper::kept(), [ended]);
        assert_eq!(key_epoch(), Some(1), "the reader may have kept the key");

        Keeper::grant(XRAY, READER);
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        let ended = Kept::AccessEnded(XRAY, ALICE, READER, EndReason::GivenUp);
        assert_eq!(Keeper::kept(), [ended]);
        assert_eq!(key_epoch(), Some(1));

        for who in [ALICE, READER] {
            let nothing = Emr::remove_envelope(signed(who), XRAY, READER);
            assert_noop!(nothing, Error::<Test>::EnvelopeNotFound);
        }
    });
}

#[test]
fn an_envelope_and_a_grant_end_together() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::share_record(signed(ALICE), XRAY, READER, sealed(READER)));
        Keeper::grant(XRAY, READER);
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, READER));
        assert!(!Envelopes::<Test>::contains_key(XRAY, READER));
        assert_eq!(Records::<Test>::get(XRAY).map(|record| record.envelopes), Some(1));
        assert_eq!(key_epoch(), Some(1), "once");
    });
}

#[test]
fn others_end_no_access() {
    ExtBuilder::default().build_and_execute(|| {
        Keeper::grant(XRAY, READER);
        for who in [BOB, OTHER_READER, TECHNICIAN, STRANGER] {
            let refused = Emr::remove_envelope(signed(who), XRAY, READER);
            assert_noop!(refused, Error::<Test>::NotPatientOrReader);
            let refused = Emr::erase_record(signed(who), XRAY);
            assert_noop!(refused, Error::<Test>::NotPatient);
        }
        assert_eq!(Keeper::kept(), []);
    });
}

#[test]
fn custody_is_paid_for_in_the_weight() {
    ExtBuilder::default().build_and_execute(|| {
        let call = Call::<Test>::add_record {
            patient: ALICE,
            cid: cid(5),
            digest: digest(5),
            kind: RecordKind::Report,
            commitments: None,
            envelopes: envelopes(&[ALICE]),
            inference: None,
            custody: Some(entrustment(2)),
        };
        let base = <() as WeightInfo>::add_record(1) + ENTRUST_WEIGHT * 2;
        assert_eq!(call.get_dispatch_info().call_weight, base + CHECK_WEIGHT);
        let info = add(ALICE, Some(entrustment(2))).expect("her own record");
        assert_eq!(info.actual_weight, Some(base));

        let call = Call::<Test>::amend_record {
            record: XRAY,
            cid: cid(6),
            digest: digest(6),
            commitments: None,
            envelopes: envelopes(&[ALICE]),
            custody: Some(entrustment(3)),
        };
        let base = <() as WeightInfo>::amend_record(1) + ENTRUST_WEIGHT * 3;
        assert_eq!(call.get_dispatch_info().call_weight, base + CHECK_WEIGHT);
        let info = amend(ALICE, Some(entrustment(3))).expect("her own record");
        assert_eq!(info.actual_weight, Some(base));

        let call = Call::<Test>::remove_envelope { record: XRAY, reader: READER };
        let most = <() as WeightInfo>::remove_envelope() + END_ACCESS_WEIGHT;
        assert_eq!(call.get_dispatch_info().call_weight, most);
    });
}

/// A chain without custodians.
#[test]
fn without_a_custody_keys_are_refused_and_nothing_ends() {
    let refused = <() as KeyCustody<u64>>::entrust(&ALICE, &ALICE, XRAY, &cid(1), entrustment(1));
    assert_eq!(refused, Err(DispatchError::Unavailable));
    assert_eq!(<() as KeyCustody<u64>>::end(XRAY, &ALICE), Ok(0));
    let reason = EndReason::Revoked;
    assert_eq!(<() as KeyCustody<u64>>::end_access(XRAY, &ALICE, &READER, reason), Ok(false));
}
