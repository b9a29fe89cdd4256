//! `seal_to_workers`.

use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{EncryptionKey, RecordKind, SealedKey};
use pallet_emr::{Envelopes, Error as EmrError};
use sp_runtime::{DispatchError, TokenError};

fn seal_as(who: u64, id: RequestId, list: &[u64]) -> frame_support::dispatch::DispatchResult {
    Inference::seal_to_workers(signed(who), id, keys(list))
}

fn added(reader: u64) -> RuntimeEvent {
    pallet_emr::Event::EnvelopeAdded { record: XRAY, reader }.into()
}

fn awaited(id: RequestId) -> RuntimeEvent {
    let (list, deadline) = (workers(&members(id)), System::block_number() + COMMIT);
    Event::AnswersAwaited { request: id, record: XRAY, workers: list, deadline }.into()
}

#[test]
fn seal_to_workers_works() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(2);
        let list = members(id);
        let before = free_balance(PATIENT);
        assert_ok!(seal_as(PATIENT, id, &list));
        for who in &list {
            let envelope = Envelopes::<Test>::get(XRAY, who).expect("it was sealed");
            assert_eq!((envelope.sealed, envelope.depositor), (sealed_to(*who), PATIENT));
        }
        assert_eq!(free_balance(PATIENT), before - 2 * 2);
        assert_eq!(status(id), RequestStatus::Committing);
        assert_eq!(entry(id).deadline, System::block_number() + COMMIT);
        assert!(is_open(id));
        assert_eq!(events(), [added(list[0]), added(list[1]), awaited(id)]);
    });
}

#[test]
fn keys_can_come_one_by_one_and_by_sharing_the_record() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(3);
        let list = members(id);
        assert_ok!(seal_as(PATIENT, id, &list[..1]));
        assert_eq!(status(id), RequestStatus::Sealing);
        assert_eq!(events(), [added(list[0])]);
        for who in &list[1..] {
            assert_ok!(Emr::share_record(signed(PATIENT), XRAY, *who, sealed_to(*who)));
        }
        // Nobody has told the pallet.
        assert_eq!(status(id), RequestStatus::Sealing);
        System::reset_events();
        assert_ok!(seal_as(PATIENT, id, &[]));
        assert_eq!(status(id), RequestStatus::Committing);
        assert_eq!(events(), [awaited(id)]);
    });
}

#[test]
fn the_author_and_the_requester_may_seal_at_their_own_expense() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(LAB, Action::Append);
        Policy::grant(STRANGER, Action::Infer);
        let (xray, film) = (RecordKind::ChestXray, film());
        assert_ok!(add_record(LAB, xray, 12, Some(film), None));
        let record = medchain_primitives::RecordId(2);
        assert_ok!(Inference::request_inference(signed(STRANGER), record, order(2)));
        pass(1);
        Dice::decide([5; 32]);
        assert_ok!(draw(REQUEST));
        let list = members(REQUEST);
        // Without the key, the requester could only seal garbage.
        assert_noop!(seal_as(STRANGER, REQUEST, &list), Error::<Test>::MayNotSeal);
        Policy::grant(STRANGER, Action::View);
        let key = EncryptionKey([9; 32]);
        assert_ok!(Emr::set_encryption_key(signed(STRANGER), key));
        assert_ok!(Emr::share_record(signed(PATIENT), record, STRANGER, sealed_to(STRANGER)));
        let before = (free_balance(LAB), free_balance(STRANGER));
        assert_ok!(seal_as(LAB, REQUEST, &list[..1]));
        assert_ok!(seal_as(STRANGER, REQUEST, &list[1..]));
        assert_eq!((free_balance(LAB), free_balance(STRANGER)), (before.0 - 2, before.1 - 2));
        assert_eq!(status(REQUEST), RequestStatus::Committing);
    });
}

#[test]
fn fails_when_others_seal() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(1);
        let list = members(id);
        Policy::grant(LAB, Action::Infer);
        for who in [STRANGER, LAB, OTHER_PATIENT, list[0]] {
            assert_noop!(seal_as(who, id, &list), Error::<Test>::MayNotSeal);
            assert_noop!(seal_as(who, id, &[]), Error::<Test>::MayNotSeal);
        }
    });
}

#[test]
fn fails_when_one_of_the_accounts_was_not_chosen() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(2);
        let mut list = members(id);
        let other = WORKERS.into_iter().find(|who| !list.contains(who)).expect("there are four");
        // Not even the others get theirs.
        list.push(other);
        assert_noop!(seal_as(PATIENT, id, &list), Error::<Test>::NotChosen);
        assert_noop!(seal_as(PATIENT, id, &[STRANGER]), Error::<Test>::NotChosen);
    });
}

#[test]
fn fails_when_an_envelope_cannot_be_added() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(2);
        let list = members(id);
        let twice = [list[0], list[0]];
        assert_noop!(seal_as(PATIENT, id, &twice), EmrError::<Test>::EnvelopeAlreadyExists);
        assert_ok!(Emr::remove_encryption_key(signed(list[1])));
        assert_noop!(seal_as(PATIENT, id, &list), EmrError::<Test>::EncryptionKeyNotFound);

        let spare = free_balance(PATIENT) - MINIMUM - 1;
        assert_ok!(Balances::transfer_allow_death(signed(PATIENT), STRANGER, spare));
        assert_noop!(seal_as(PATIENT, id, &list[..1]), TokenError::FundsUnavailable);
    });
}

#[test]
fn fails_when_an_envelope_is_of_an_unknown_version_or_for_another_key() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(2);
        let list = members(id);
        let (one, other) = (list[0], list[1]);
        let seal_with = |key: SealedKey| {
            // Not even the other worker gets its envelope.
            let keys = KeysOf::<Test>::truncate_from(vec![(other, sealed_to(other)), (one, key)]);
            Inference::seal_to_workers(signed(PATIENT), id, keys)
        };
        let unknown = SealedKey { version: 2, ..sealed_to(one) };
        assert_noop!(seal_with(unknown), EmrError::<Test>::UnknownEnvelopeVersion);
        assert_noop!(seal_with(sealed_to(other)), EmrError::<Test>::EnvelopeForAnotherKey);
        // A worker that changes its key after somebody sealed to it.
        let before = sealed_to(one);
        assert_ok!(Emr::set_encryption_key(signed(one), EncryptionKey([0x22; 32])));
        assert_noop!(seal_with(before), EmrError::<Test>::EnvelopeForAnotherKey);
        assert_ok!(seal_with(sealed_to(one)));
        assert_eq!(status(id), RequestStatus::Committing);
    });
}

/// A worker cannot open what was sealed to a key that it has since replaced.
#[test]
fn an_envelope_for_a_former_key_is_missing_and_is_replaced() {
    ExtBuilder::default().build_and_execute(|| {
        for who in WORKERS {
            assert_ok!(Emr::share_record(signed(PATIENT), XRAY, who, sealed_to(who)));
            assert_ok!(Emr::set_encryption_key(signed(who), EncryptionKey([0x22; 32])));
        }
        let id = drawn(2);
        assert_eq!(status(id), RequestStatus::Sealing, "nobody can open the film");
        let list = members(id);
        assert_ok!(seal_as(PATIENT, id, &list[..1]));
        assert_eq!(status(id), RequestStatus::Sealing);
        // What is sealed to the published key is not replaced again, perhaps by garbage.
        let again = seal_as(PATIENT, id, &list[..1]);
        assert_noop!(again, EmrError::<Test>::EnvelopeAlreadyExists);
        assert_ok!(seal_as(PATIENT, id, &list[1..]));
        assert_eq!(status(id), RequestStatus::Committing);
        for who in &list {
            assert!(Emr::has_current_envelope(XRAY, who));
        }
    });
}

/// Whoever had the key when the request began to wait for answers owes one.
#[test]
fn a_worker_that_changes_its_key_afterwards_owes_its_answer_still() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        assert_ok!(Emr::set_encryption_key(signed(list[0]), EncryptionKey([0x22; 32])));
        assert_eq!(status(id), RequestStatus::Committing);
        assert!(!Emr::has_current_envelope(XRAY, &list[0]));
        assert_ok!(commit(list[0], id, &covid()));
    });
}

#[test]
fn boundary_fails_when_the_record_has_too_many_readers() {
    ExtBuilder::default().build_and_execute(|| {
        let others = [OTHER_PATIENT, LAB, STRANGER, POOR, NEWCOMER, PATIENT];
        for reader in others {
            assert_ok!(Emr::share_record(signed(PATIENT), XRAY, reader, sealed_to(reader)));
        }
        let id = drawn(3);
        let list = members(id);
        assert_noop!(seal_as(PATIENT, id, &list), EmrError::<Test>::MaxEnvelopesExceeded);
        assert_ok!(Emr::remove_envelope(signed(PATIENT), XRAY, LAB));
        assert_ok!(seal_as(PATIENT, id, &list));
    });
}

#[test]
fn fails_when_no_keys_are_awaited() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(seal_as(PATIENT, REQUEST, &[]), Error::<Test>::RequestNotFound);
        let drawing = request(order(1));
        assert_noop!(seal_as(PATIENT, drawing, &[]), Error::<Test>::WrongStatus);
        assert_ok!(Inference::cancel_request(signed(PATIENT), drawing));
        assert_noop!(seal_as(PATIENT, drawing, &[]), Error::<Test>::RequestNotOpen);
        let committing = awaiting(1);
        assert_noop!(seal_as(PATIENT, committing, &[]), Error::<Test>::WrongStatus);
    });
}

#[test]
fn boundary_the_last_block_for_sealing() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(1);
        let list = members(id);
        let last = entry(id).deadline;
        miss_deadline(id);
        assert_noop!(seal_as(PATIENT, id, &list), Error::<Test>::DeadlinePassed);
        System::set_block_number(last);
        assert_ok!(seal_as(PATIENT, id, &list));
    });
}

#[test]
fn fails_when_the_request_can_no_longer_be_answered() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(1);
        let list = members(id);
        retire_vgg();
        assert_noop!(seal_as(PATIENT, id, &list), Error::<Test>::ModelRetired);
        erase_xray();
        assert_noop!(seal_as(PATIENT, id, &list), Error::<Test>::RecordNotActive);
    });
}

#[test]
fn fails_when_not_signed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(1);
        assert_noop!(
            Inference::seal_to_workers(RuntimeOrigin::root(), id, keys(&[])),
            DispatchError::BadOrigin
        );
    });
}
