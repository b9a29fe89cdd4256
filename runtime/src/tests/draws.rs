//! Drawn workers, the custodians of their record and the policy contract together.

use medchain_primitives::{
    Arithmetic, Basis, EndReason, ModelId, ModelStatus, RequestId, RequestStatus, SealedAnswer,
};
use pallet_inference::{Choice, Committee, Member, Model, Request, Step};
use sp_runtime::{BoundedVec, DispatchResult, Permill};

use super::{custodians::*, *};

const WORKER: Sr25519Keyring = Sr25519Keyring::Dave;
const CUSTODIANS: [Sr25519Keyring; 3] =
    [Sr25519Keyring::Ferdie, Sr25519Keyring::AliceStash, Sr25519Keyring::BobStash];
const RECORD: RecordId = RecordId(0);
const REQUEST: RequestId = RequestId(7);
const MODEL: ModelId = ModelId(3);
/// The reference policy's `grant` and `revoke`.
const GRANT: [u8; 4] = *b"MCP\x10";
const REVOKE: [u8; 4] = *b"MCP\x11";

/// A record that three custodians keep, two of whom are needed, and a request in which the worker
/// was drawn, or named, and waits for the key. The patient's policy lets it `Infer` and nothing
/// else. Returns the policy.
fn waiting(choice: Choice) -> AccountId {
    let policy = instantiate(contract("access-control"), ());
    register(Some(policy.clone()));
    assert_ok!(Emr::set_encryption_key(signed(WORKER), EncryptionKey([7; 32])));
    choose_custodians(&CUSTODIANS, 2);
    assert_ok!(add_record(PATIENT));
    entrust(RECORD);
    let infer = 1u8 << (Action::Infer as u8);
    assert_eq!(call(&policy, GRANT, (WORKER.to_account_id(), infer, None::<u32>)), [0, 0]);
    seat(REQUEST, RECORD, WORKER, choice, System::block_number() + HOURS);
    policy
}

/// Stores a request in which this worker was drawn, or named, and waits for the key until the
/// deadline.
pub fn seat(
    id: RequestId,
    record: RecordId,
    worker: Sr25519Keyring,
    choice: Choice,
    deadline: BlockNumber,
) {
    let model = Model {
        name: Default::default(),
        version: Default::default(),
        cid: Cid::new(CidCodec::Raw, [8; 32]),
        sha256: [0; 32],
        card: None,
        labels: Default::default(),
        preprocessing: Default::default(),
        arithmetic: Arithmetic::Exact,
        min_quorum: 1,
        confidence_threshold: Permill::from_percent(50),
        fee: UNIT,
        status: ModelStatus::Active,
    };
    pallet_inference::Models::<Runtime>::insert(MODEL, model);
    let request = Request {
        record,
        patient: PATIENT.to_account_id(),
        model: MODEL,
        requester: STRANGER.to_account_id(),
        fee: UNIT,
        quorum: 1,
        opened: System::block_number(),
        deadline,
        status: RequestStatus::Sealing,
    };
    pallet_inference::Requests::<Runtime>::insert(id, request);
    let member = Member { worker: worker.to_account_id(), step: Step::Chosen };
    let members = BoundedVec::truncate_from(vec![member]);
    let committee = Committee { members, choice, lost: Default::default() };
    pallet_inference::Committees::<Runtime>::insert(id, committee);
}

/// Drawn by the chain.
pub fn drawn() -> Choice {
    Choice::Seeded { seed: [1; 32], last: None }
}

fn ask(who: Sr25519Keyring) -> DispatchResult {
    let done = Custody::request_as_worker(signed(who), REQUEST, reply_key_of(who));
    done.map(|_| ()).map_err(|failed| failed.error)
}

fn seal() -> DispatchResult {
    let keys = BoundedVec::truncate_from(vec![(WORKER.to_account_id(), sealed_key())]);
    Inference::seal_to_workers(signed(WORKER), REQUEST, keys)
}

fn deliver(custodian: Sr25519Keyring) {
    assert_ok!(deliver_share(custodian, RECORD, WORKER).map(|_| ()).map_err(|failed| failed.error));
}

/// Why the access ended in this block, if it did, and whether a share was exposed.
fn ended() -> (Option<EndReason>, bool) {
    let (mut reason, mut is_exposed) = (None, false);
    for record in System::events() {
        match record.event {
            RuntimeEvent::Custody(pallet_custody::Event::AccessEnded { reason: why, .. }) => {
                reason = Some(why);
            }
            RuntimeEvent::Custody(pallet_custody::Event::ShareExposed { .. }) => is_exposed = true,
            _ => {}
        }
    }
    (reason, is_exposed)
}

#[test]
fn a_drawn_worker_gets_the_key_and_seals_it_to_itself() {
    development_chain().execute_with(|| {
        waiting(drawn());
        assert_eq!(ask(STRANGER), Err(pallet_custody::Error::<Runtime>::NotDrawn.into()));
        assert_eq!(seal(), Err(pallet_inference::Error::<Runtime>::MayNotSeal.into()));
        assert_ok!(ask(WORKER));
        let grant = pallet_custody::Grants::<Runtime>::get(RECORD, WORKER.to_account_id());
        assert_eq!(grant.map(|grant| grant.basis), Some(Basis::Draw { request: REQUEST }));
        deliver(CUSTODIANS[0]);
        assert_eq!(seal(), Err(pallet_inference::Error::<Runtime>::MayNotSeal.into()));
        deliver(CUSTODIANS[1]);
        assert_eq!(recover(RECORD, WORKER, &reply_of(WORKER)), Some(CONTENT_KEY));
        assert_ok!(seal());
        let request = pallet_inference::Requests::<Runtime>::get(REQUEST);
        assert_eq!(request.map(|request| request.status), Some(RequestStatus::Committing));
        // It waits for nothing any more.
        System::reset_events();
        deliver(CUSTODIANS[2]);
        assert_eq!(ended(), (Some(EndReason::PlaceEnded), true));
        assert_ok!(Custody::do_try_state());
    });
}

#[test]
fn a_named_worker_gets_nothing_from_custodians() {
    development_chain().execute_with(|| {
        waiting(Choice::Named);
        assert_eq!(ask(WORKER), Err(pallet_custody::Error::<Runtime>::NotDrawn.into()));
    });
}

/// The patient, who pays, reads the answer in the pool and is faster with the contract's no.
#[test]
fn a_named_worker_is_paid_although_the_contract_says_no_by_then() {
    use frame_support::traits::fungible::{InspectHold, MutateHold};

    development_chain().execute_with(|| {
        let policy = waiting(Choice::Named);
        let (patient, worker) = (PATIENT.to_account_id(), WORKER.to_account_id());
        let fee = RuntimeHoldReason::Inference(pallet_inference::HoldReason::Fee);
        assert_ok!(Balances::hold(&fee, &patient, UNIT));
        pallet_inference::Requests::<Runtime>::mutate_extant(REQUEST, |request| {
            request.requester = patient.clone();
            request.status = RequestStatus::Committing;
        });
        call(&policy, REVOKE, worker.clone());
        let before = Balances::free_balance(&worker);
        // As long as an answer of this model, which has no classes.
        let answer = SealedAnswer::truncate_from(vec![0; 18]);
        assert_ok!(Inference::submit_answer(signed(WORKER), REQUEST, answer));
        assert_eq!(Balances::free_balance(&worker), before + UNIT);
        assert_eq!(Balances::balance_on_hold(&fee, &patient), 0);
        assert!(pallet_inference::Verdicts::<Runtime>::get(REQUEST).is_none());
        let request = pallet_inference::Requests::<Runtime>::get(REQUEST);
        assert_eq!(request.map(|request| request.status), Some(RequestStatus::Cancelled));
    });
}

/// Whoever cancels may have friends among the custodians: those that were paid by then, and those
/// whose shares are under way.
#[test]
fn whoever_cancels_bears_what_the_worker_has_paid_custodians() {
    use frame_support::traits::{
        fungible::{InspectHold, MutateHold},
        Get,
    };

    for erases in [false, true] {
        development_chain().execute_with(|| {
            waiting(drawn());
            let (patient, worker) = (PATIENT.to_account_id(), WORKER.to_account_id());
            let fee = RuntimeHoldReason::Inference(pallet_inference::HoldReason::Fee);
            assert_ok!(Balances::hold(&fee, &patient, UNIT));
            pallet_inference::Requests::<Runtime>::mutate_extant(REQUEST, |request| {
                request.requester = patient.clone();
            });
            let share: u128 = <Runtime as pallet_custody::Config>::DeliveryFee::get();
            let keeper = CUSTODIANS[1].to_account_id();
            let (before, kept) = (Balances::free_balance(&worker), Balances::free_balance(&keeper));
            assert_ok!(ask(WORKER));
            let deposit = before - Balances::free_balance(&worker) - 2 * share;
            deliver(CUSTODIANS[0]);
            let costs = pallet_inference::KeyCosts::<Runtime>::get(REQUEST);
            let paid: Vec<_> = costs.iter().map(|cost| (cost.worker.clone(), cost.paid)).collect();
            assert_eq!(paid, [(worker.clone(), share)]);
            if erases {
                assert_ok!(Emr::erase_record(signed(PATIENT), RECORD));
            }
            assert_ok!(Inference::cancel_request(signed(PATIENT), REQUEST));
            if !erases {
                System::reset_events();
                deliver(CUSTODIANS[1]);
                assert_eq!(ended(), (Some(EndReason::PlaceEnded), true));
            }
            // The deposit comes back later.
            assert_eq!(Balances::free_balance(&worker), before - deposit);
            assert_eq!(Balances::free_balance(&keeper), kept);
            assert_eq!(Balances::balance_on_hold(&fee, &patient), 0);
            assert!(!pallet_inference::KeyCosts::<Runtime>::contains_key(REQUEST));
            assert_ok!(Custody::do_try_state());
        });
    }
}

/// Otherwise it could ask and pay again and again, with a friend among the custodians.
#[test]
fn whoever_gives_the_access_up_is_not_repaid_for_it() {
    development_chain().execute_with(|| {
        waiting(drawn());
        assert_ok!(ask(WORKER));
        deliver(CUSTODIANS[0]);
        assert!(pallet_inference::KeyCosts::<Runtime>::contains_key(REQUEST));
        assert_ok!(Emr::remove_envelope(signed(WORKER), RECORD, WORKER.to_account_id()));
        assert!(!pallet_inference::KeyCosts::<Runtime>::contains_key(REQUEST));
    });
}

#[test]
fn the_contracts_no_holds_when_it_asks_and_at_each_delivery() {
    development_chain().execute_with(|| {
        let policy = waiting(drawn());
        call(&policy, REVOKE, WORKER.to_account_id());
        assert!(ask(WORKER).is_err());
        let infer = 1u8 << (Action::Infer as u8);
        call(&policy, GRANT, (WORKER.to_account_id(), infer, None::<u32>));
        assert_ok!(ask(WORKER));
        call(&policy, REVOKE, WORKER.to_account_id());
        System::reset_events();
        deliver(CUSTODIANS[0]);
        assert_eq!(ended(), (Some(EndReason::Refused), true));
        assert_eq!(recover(RECORD, WORKER, &reply_of(WORKER)), None);
    });
}
