//! What a patient's proxies add in the patient's name: only that of a caretaker is marked.

use frame_support::assert_ok;
use medchain_primitives::RecordStatus;
use sp_runtime::DispatchResult;

use super::*;
use crate::configs::ProxyType;

/// Who adds and amends records for the patient.
const CARETAKER: Sr25519Keyring = Sr25519Keyring::Ferdie;
const FIRST: RecordId = RecordId(0);
const SECOND: RecordId = RecordId(1);

fn signed(who: Sr25519Keyring) -> RuntimeOrigin {
    RuntimeOrigin::signed(who.to_account_id())
}

/// A patient with a record, and a proxy of this type.
fn with_proxy(who: Sr25519Keyring, kind: ProxyType) {
    register(None);
    assert_ok!(add_record(PATIENT));
    assert_ok!(Proxy::add_proxy(signed(PATIENT), who.to_account_id().into(), kind, 0));
}

/// Amends a record, sealed to the patient.
fn amend(record: RecordId, content: u8) -> RuntimeCall {
    RuntimeCall::Emr(pallet_emr::Call::amend_record {
        record,
        cid: Cid::new(CidCodec::Raw, [content; 32]),
        digest: ContentDigest([content; 32]),
        commitments: None,
        envelopes: readers(TECHNICIAN),
        custody: None,
    })
}

fn batch(call: RuntimeCall) -> RuntimeCall {
    RuntimeCall::Utility(pallet_utility::Call::batch_all { calls: vec![call] })
}

/// Makes a call in the patient's name, and returns what became of it.
fn act(who: Sr25519Keyring, call: RuntimeCall) -> DispatchResult {
    System::reset_events();
    let patient = PATIENT.to_account_id();
    assert_ok!(Proxy::proxy(signed(who), patient.into(), None, Box::new(call)));
    let result = System::events().into_iter().find_map(|found| match found.event {
        RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
        _ => None,
    });
    result.expect("the proxy tells what became of the call")
}

/// The records that the last call marked as a caretaker's.
fn marked() -> Vec<RecordId> {
    let found = System::events().into_iter().filter_map(|found| match found.event {
        RuntimeEvent::Emr(pallet_emr::Event::RecordByCaretaker { record, .. }) => Some(record),
        _ => None,
    });
    found.collect()
}

fn status(record: RecordId) -> RecordStatus {
    pallet_emr::Records::<Runtime>::get(record).expect("it is there").status
}

#[test]
fn a_caretakers_version_is_marked_and_the_patient_undoes_it() {
    development_chain().execute_with(|| {
        with_proxy(CARETAKER, ProxyType::Records);
        assert_ok!(act(CARETAKER, amend(FIRST, 1)));
        assert_eq!(marked(), [SECOND]);
        assert_eq!(status(FIRST), RecordStatus::Superseded { by: SECOND });
        // No way around the mark, and none to undo what the patient does.
        let twice = RuntimeCall::Proxy(pallet_proxy::Call::proxy {
            real: PATIENT.to_account_id().into(),
            force_proxy_type: None,
            call: Box::new(amend(SECOND, 2)),
        });
        let restore = RuntimeCall::Emr(pallet_emr::Call::restore_record { record: FIRST });
        for call in [batch(amend(SECOND, 2)), twice, restore] {
            let refused = frame_system::Error::<Runtime>::CallFiltered;
            assert_eq!(act(CARETAKER, call), Err(refused.into()));
        }
        assert_eq!(last_record(), SECOND);
        assert_ok!(Emr::restore_record(signed(PATIENT), FIRST));
        assert_eq!(status(FIRST), RecordStatus::Active);
        assert_eq!(status(SECOND), RecordStatus::Superseded { by: FIRST });
    });
}

/// Whoever may do all is the patient's own key, as far as the chain can tell.
#[test]
fn what_a_proxy_for_all_calls_adds_is_not_marked() {
    development_chain().execute_with(|| {
        with_proxy(STRANGER, ProxyType::Any);
        assert_ok!(act(STRANGER, amend(FIRST, 1)));
        assert_eq!((marked(), last_record()), (vec![], SECOND));
        assert_ok!(act(STRANGER, batch(amend(SECOND, 2))));
        assert_eq!((marked(), last_record()), (vec![], RecordId(2)));
        assert_ok!(add_record(PATIENT));
        assert_eq!(marked(), []);
    });
}
