//! A patient who leaves, with the pallets and the proxies of the real runtime.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{EmergencyReason, RelationKind};
use sp_keyring::Sr25519Keyring::{Dave, Ferdie};
use sp_runtime::{DispatchError, DispatchResult};

use super::{council::signed, *};
use crate::configs::ProxyType;

fn leave(origin: RuntimeOrigin) -> DispatchResult {
    Emr::deregister_patient(origin).map(|_| ()).map_err(|failed| failed.error)
}

fn is_patient() -> bool {
    pallet_emr::Patients::<Runtime>::contains_key(PATIENT.to_account_id())
}

/// Has a proxy of this type try to make the patient leave.
fn leave_by_proxy(who: Sr25519Keyring, proxy_type: ProxyType) {
    let call = pallet_emr::Call::<Runtime>::deregister_patient {};
    let (real, call) = (PATIENT.to_account_id().into(), Box::new(call.into()));
    assert_ok!(Proxy::proxy(signed(who), real, Some(proxy_type), call));
}

fn add_proxy(who: Sr25519Keyring, proxy_type: ProxyType) {
    assert_ok!(Proxy::add_proxy(signed(PATIENT), who.to_account_id().into(), proxy_type, 0));
}

#[test]
fn neither_caretakers_nor_root_make_a_patient_leave() {
    development_chain().execute_with(|| {
        register(None);
        for (who, proxy_type) in [(Dave, ProxyType::Records), (Ferdie, ProxyType::Inference)] {
            add_proxy(who, proxy_type);
            leave_by_proxy(who, proxy_type);
            assert!(is_patient());
        }
        assert_noop!(leave(RuntimeOrigin::root()), DispatchError::BadOrigin);
        for who in [TECHNICIAN, STRANGER, REGISTRAR] {
            assert_noop!(leave(signed(who)), pallet_emr::Error::<Runtime>::PatientNotFound);
        }
    });
}

/// They would act for the account again as soon as it registered again.
#[test]
fn caretakers_are_removed_first() {
    development_chain().execute_with(|| {
        register(None);
        add_proxy(Dave, ProxyType::Records);
        assert_noop!(leave(signed(PATIENT)), pallet_emr::Error::<Runtime>::CaretakersNotRemoved);
        let dave = Dave.to_account_id().into();
        assert_ok!(Proxy::remove_proxy(signed(PATIENT), dave, ProxyType::Records, 0));
        // A proxy of everything is the account itself: that of an account without a key, too.
        add_proxy(Ferdie, ProxyType::Any);
        leave_by_proxy(Ferdie, ProxyType::Any);
        assert!(!is_patient());
    });
}

#[test]
fn a_patient_leaves_when_everything_is_closed() {
    development_chain().execute_with(|| {
        register(None);
        let relative = Dave.to_account_id();
        assert_ok!(Emr::set_relation(signed(PATIENT), relative, RelationKind::Partner, true));
        assert_ok!(add_record(PATIENT));
        let (patient, reason) = (PATIENT.to_account_id(), EmergencyReason::Other);
        assert_ok!(Custody::break_glass(signed(Dave), patient.clone(), reason));
        assert_noop!(leave(signed(PATIENT)), pallet_emr::Error::<Runtime>::RecordsNotErased);
        assert_ok!(Emr::erase_record(signed(PATIENT), last_record()));
        assert_noop!(leave(signed(PATIENT)), pallet_custody::Error::<Runtime>::EmergencyNotClosed);
        custodians::go_to(7 * DAYS + 2);
        let log = pallet_emr::Logs::<Runtime>::get(&patient).expect("it has entries");
        assert_ok!(leave(signed(PATIENT)));
        let after = pallet_emr::Logs::<Runtime>::get(&patient).expect("it stays");
        assert!(after.length > log.length);
        let key = EncryptionKey([8; 32]);
        assert_ok!(Emr::register_patient(signed(PATIENT), None, key));
        let again = pallet_emr::Logs::<Runtime>::get(&patient).expect("it goes on");
        assert_eq!(again.length, after.length + 2);
        assert_ok!(Emr::do_try_state());
        assert_ok!(Custody::do_try_state());
        assert_ok!(Inference::do_try_state());
    });
}
