//! What messages from other chains can pay with, and what they weigh.

use pallet_xcm::WeightInfo as _;
use xcm::latest::prelude::*;
use xcm_executor::{traits::TransactAsset, XcmExecutor};

use super::*;
use crate::configs::xcm::XcmConfig;

type Transactor = <XcmConfig as xcm_executor::Config>::AssetTransactor;
type Xcm = xcm::latest::Xcm<RuntimeCall>;

/// The local account of somebody.
fn account(who: Sr25519Keyring) -> Location {
    let id = who.to_account_id().into();
    Location::new(0, [Junction::AccountId32 { network: None, id }])
}

/// The asset that this location issues.
fn asset(location: Location, amount: Balance) -> Asset {
    (AssetId(location), amount).into()
}

/// A message of a sibling that pays with this asset, and sends the rest to the stranger.
fn paid_with(location: Location) -> Xcm {
    let fees = asset(location.clone(), UNIT);
    Xcm(vec![
        WithdrawAsset(asset(location, 2 * UNIT).into()),
        BuyExecution { fees, weight_limit: Unlimited },
        DepositAsset { assets: AllCounted(1).into(), beneficiary: account(STRANGER) },
    ])
}

fn execute(origin: Location, message: Xcm) -> Outcome {
    XcmExecutor::<XcmConfig>::prepare_and_execute(
        origin,
        message,
        &mut [0; 32],
        Weight::MAX,
        Weight::zero(),
    )
}

fn sibling() -> Location {
    Location::new(1, [Parachain(2_001)])
}

/// Otherwise MEDC would pass for the relay chain's token, and the other way round.
#[test]
fn medc_is_this_chains_own_token_and_not_the_relay_chains() {
    development_chain().execute_with(|| {
        let who = account(PATIENT);
        let take = |location| Transactor::withdraw_asset(&asset(location, UNIT), &who, None);
        let before = Balances::free_balance(PATIENT.to_account_id());
        for other in [Location::parent(), sibling(), Location::new(2, [])] {
            assert!(matches!(take(other), Err(XcmError::AssetNotFound)));
        }
        assert_eq!(Balances::free_balance(PATIENT.to_account_id()), before);
        assert!(take(Location::here()).is_ok());
        assert_eq!(Balances::free_balance(PATIENT.to_account_id()), before - UNIT);
    });
}

#[test]
fn messages_are_paid_with_medc_alone() {
    use xcm_executor::traits::ConvertLocation;

    type Accounts = configs::xcm::LocationToAccountId;
    development_chain().execute_with(|| {
        let sovereign = Accounts::convert_location(&sibling()).expect("a sibling has an account");
        let stranger = STRANGER.to_account_id();
        assert_ok!(Balances::transfer_allow_death(
            RuntimeOrigin::signed(PATIENT.to_account_id()),
            sovereign.clone().into(),
            10 * UNIT
        ));
        let before = Balances::free_balance(&stranger);
        let refused = execute(sibling(), paid_with(Location::parent()));
        assert!(!matches!(refused, Outcome::Complete { .. }), "{refused:?}");
        assert_eq!(Balances::free_balance(&stranger), before);
        let paid = execute(sibling(), paid_with(Location::here()));
        assert!(matches!(paid, Outcome::Complete { .. }), "{paid:?}");
        assert!(Balances::free_balance(&stranger) > before);
        // A message that pays nothing is not executed.
        let free = Xcm(vec![ClearOrigin]);
        let refused = execute(sibling(), free);
        let at_the_barrier = matches!(
            &refused,
            Outcome::Incomplete { error: InstructionError { error: XcmError::Barrier, .. }, .. }
        );
        assert!(at_the_barrier, "{refused:?}");
    });
}

/// What has no proof size in its weight could fill a block's proof unseen.
#[test]
fn every_call_and_step_of_messages_has_a_proof_size() {
    use xcm_executor::traits::WeightBounds;

    type Weights = <Runtime as pallet_xcm::Config>::WeightInfo;
    type Weigher = <XcmConfig as xcm_executor::Config>::Weigher;
    let block = configs::RuntimeBlockWeights::get().max_block;
    for weight in [
        Weights::send(),
        Weights::teleport_assets(),
        Weights::reserve_transfer_assets(),
        Weights::transfer_assets(),
        Weights::execute(),
        Weights::force_xcm_version(),
        Weights::force_subscribe_version_notify(),
        Weights::migrate_supported_version(),
        Weights::migrate_version_notifiers(),
        Weights::already_notified_target(),
        Weights::notify_current_targets(),
        Weights::notify_target_migration_fail(),
        Weights::migrate_version_notify_targets(),
        Weights::migrate_and_notify_old_targets(),
        Weights::new_query(),
        Weights::take_response(),
        Weights::claim_assets(1),
        Weights::add_authorized_alias(),
        Weights::remove_authorized_alias(),
    ] {
        assert!(weight.proof_size() > 0 && weight.ref_time() > 0, "{weight:?}");
        assert!(weight.all_lt(block / 20), "{weight:?}");
    }
    let steps: [xcm::latest::Instruction<RuntimeCall>; 3] =
        [ClearOrigin, RefundSurplus, WithdrawAsset(asset(Location::here(), UNIT).into())];
    for mut step in steps {
        let weight = Weigher::instr_weight(&mut step).expect("a step has a weight");
        assert!(weight.proof_size() > 0 && weight.ref_time() > 0, "{weight:?}");
        assert!(weight.all_lt(block / 20), "{weight:?}");
    }
}
