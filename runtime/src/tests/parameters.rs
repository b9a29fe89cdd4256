//! Bonds, fees and periods that governance changes: by whom, within which bounds, and what of.

use codec::{Decode, Encode};
use frame_support::{
    __private::metadata::RuntimeMetadata,
    assert_noop, assert_ok,
    instances::{Instance1, Instance2},
    storage::unhashed,
    traits::Get,
};
use medchain_primitives::{ChangeId, Parameter, ParameterUnit};
use sp_keyring::Sr25519Keyring::{Alice, Ferdie};
use sp_runtime::DispatchError;

use super::{
    council::{announce, council, dispatch, on_a_chain_with_a_council, signed},
    *,
};
use crate::{
    configs::{all_parameters, values, RuntimeParameters, RuntimeParametersKey},
    parameters::{Amount, Bounded},
};

/// A value as it is encoded.
fn encoded(unit: ParameterUnit, value: u128) -> Vec<u8> {
    match unit {
        ParameterUnit::Amount => value.encode(),
        ParameterUnit::Blocks => u32::try_from(value).expect("it is a number of blocks").encode(),
    }
}

/// The argument that sets a parameter, as clients encode it.
fn argument(parameter: &Parameter, value: u128) -> Vec<u8> {
    [&parameter.place[..], &[1], &encoded(parameter.unit, value)].concat()
}

fn change(parameter: &Parameter, value: u128) -> Option<RuntimeCall> {
    let key_value = RuntimeParameters::decode(&mut &argument(parameter, value)[..]).ok()?;
    Some(pallet_parameters::Call::<Runtime>::set_parameter { key_value }.into())
}

fn set(parameter: &Parameter, value: u128) {
    let call = change(parameter, value).expect("the value is within the bounds");
    assert_ok!(dispatch(call, RuntimeOrigin::root()));
}

/// The constant of this name in the metadata, encoded.
fn constant(name: &str) -> Vec<u8> {
    let RuntimeMetadata::V14(metadata) = Runtime::metadata().1 else {
        panic!("`Runtime::metadata` returns version 14")
    };
    let (pallet, constant) = name.split_once('.').expect("a name has two parts");
    let pallets = metadata.pallets.into_iter();
    let pallet = pallets.filter(|one| one.name == pallet).flat_map(|one| one.constants);
    let mut found = pallet.filter(|one| one.name == constant);
    found.next().unwrap_or_else(|| panic!("{name} is no constant")).value
}

fn name(parameter: &Parameter) -> String {
    String::from_utf8(parameter.name.to_vec()).expect("a name is a text")
}

fn bounds_of<V: Bounded>(_: V) -> (u128, u128) {
    (V::LEAST.into(), V::MOST.into())
}

/// Bounds of a parameter: the least and the largest value.
macro_rules! bounds {
    ($group:ident::$name:ident) => {
        bounds_of(<values::$group::$name as Get<_>>::get())
    };
}

#[test]
fn every_parameter_is_listed() {
    use scale_info::{MetaType, Registry, TypeDef};
    let mut registry = Registry::new();
    registry.register_type(&MetaType::new::<RuntimeParameters>());
    let types = scale_info::PortableRegistry::from(registry);
    let variants = |id| match &types.resolve(id).expect("it is registered").type_def {
        TypeDef::Variant(variants) => variants.variants.clone(),
        other => panic!("{other:?}"),
    };
    let mut all = Vec::new();
    for group in variants(0) {
        for one in variants(group.fields[0].ty.id) {
            all.push(([group.index, one.index], format!("{}.{}", group.name, one.name)));
        }
    }
    development_chain().execute_with(|| {
        let listed: Vec<_> = all_parameters().iter().map(|one| (one.place, name(one))).collect();
        assert_eq!(listed, all);
    });
}

/// That is, the pallet reads it, and nothing else.
#[test]
fn every_parameter_is_what_its_pallet_reads() {
    development_chain().execute_with(|| {
        for parameter in all_parameters() {
            let name = name(&parameter);
            assert_eq!(parameter.value, parameter.initial, "{name}");
            assert_eq!(constant(&name), encoded(parameter.unit, parameter.initial), "{name}");
            for value in [parameter.least, parameter.most] {
                set(&parameter, value);
                assert_eq!(constant(&name), encoded(parameter.unit, value), "{name}");
                let now = all_parameters().into_iter().find(|one| one.place == parameter.place);
                assert_eq!(now.map(|now| now.value), Some(value), "{name}");
            }
        }
    });
}

/// No such call exists: neither governance nor a mistake can make it.
#[test]
fn a_value_outside_of_the_bounds_is_refused() {
    development_chain().execute_with(|| {
        for parameter in all_parameters() {
            let outside = [parameter.least.checked_sub(1), parameter.most.checked_add(1)];
            for value in outside.into_iter().flatten() {
                assert!(change(&parameter, value).is_none(), "{}", name(&parameter));
                // Nor in a motion, or an announcement.
                let set = change(&parameter, parameter.least).expect("it is within the bounds");
                let mut bytes = announce(set).encode();
                let own = encoded(parameter.unit, value);
                let place = bytes.len() - own.len();
                bytes[place..].copy_from_slice(&own);
                assert!(RuntimeCall::decode(&mut &bytes[..]).is_err(), "{}", name(&parameter));
            }
        }
        assert_eq!(Amount::<1, 2, 3>::new(4), None);
    });
}

/// As `system.setStorage` could: the chain goes on with the initial value.
#[test]
fn a_value_that_was_written_past_the_bounds_counts_as_none() {
    development_chain().execute_with(|| {
        let key = RuntimeParametersKey::Custody(values::custody::ParametersKey::CustodianBond(
            values::custody::CustodianBond,
        ));
        let place = pallet_parameters::Parameters::<Runtime>::hashed_key_for(&key);
        for (bond, read) in [(0u128, 10 * UNIT), (7 * UNIT, 7 * UNIT), (u128::MAX, 10 * UNIT)] {
            unhashed::put_raw(&place, &[&[0u8, 0][..], &bond.encode()].concat());
            let bond: u128 = <Runtime as pallet_custody::Config>::CustodianBond::get();
            assert_eq!(bond, read);
        }
    });
}

#[test]
fn a_value_changes_after_a_week_in_public_and_not_before() {
    on_a_chain_with_a_council(|| {
        let bond = all_parameters().into_iter().next().expect("there are some");
        let call = || change(&bond, 20 * UNIT).expect("it is within the bounds");
        let now = || all_parameters().into_iter().next().map(|bond| bond.value);
        for origin in [council(5), council(3), signed(Alice), signed(STRANGER)] {
            assert_eq!(dispatch(call(), origin), Err(DispatchError::BadOrigin));
        }
        assert_eq!(dispatch(announce(call()), council(3)), Err(DispatchError::BadOrigin));
        assert_ok!(dispatch(announce(call()), council(4)));
        assert_noop!(
            Timelock::enact(signed(STRANGER), ChangeId(0)),
            pallet_timelock::Error::<Runtime>::ChangeNotDue
        );
        assert_eq!(now(), Some(10 * UNIT));
        System::set_block_number(1 + 7 * DAYS);
        assert_ok!(Timelock::enact(signed(STRANGER), ChangeId(0)));
        assert_eq!(now(), Some(20 * UNIT));

        // A minority stops the next one.
        assert_ok!(dispatch(announce(change(&bond, UNIT).expect("within")), council(5)));
        assert_ok!(Timelock::cancel(council(2), ChangeId(1)));
        assert_eq!(now(), Some(20 * UNIT));
    });
}

/// What the pallets' integrity tests ask for holds for each combination of values.
#[test]
fn no_combination_of_values_breaks_an_invariant() {
    development_chain().execute_with(|| {
        let late = u128::from(pallet_custody::LATE_DELIVERY_PERIOD);
        let (_, emergency) = bounds!(custody::EmergencyPeriod);
        assert!(emergency + late < bounds!(custody::ReviewPeriod).0);
        // The council's motions, where there is no committee.
        let motion: u32 = <Runtime as pallet_collective::Config<Instance1>>::MotionDuration::get();
        assert!(bounds!(custody::EthicsPeriod).0 > motion.into());
        let motion: u32 = <Runtime as pallet_collective::Config<Instance2>>::MotionDuration::get();
        assert!(bounds!(custody::EthicsPeriod).0 > motion.into());
        let (bond, _) = bounds!(inference::WorkerBond);
        assert!(bounds!(inference::AbsencePenalty).1 <= bond);
        assert!(bounds!(inference::RevealPenalty).1 <= bond);
        let least: u128 = <Runtime as pallet_inference::Config>::LeastRevealPenalty::get();
        assert_eq!(least, bounds!(inference::RevealPenalty).0);
        assert!(bounds!(inference::DisputeReward).1 < bond);
        // A bond costs less than the smallest account has after a while, but it costs something.
        for (least, _) in [bounds!(custody::CustodianBond), bounds!(custody::EmergencyBond)] {
            assert!(least >= UNIT);
        }
    });
}

/// Whatever was changed meanwhile.
#[test]
fn a_custodian_gets_back_what_it_paid() {
    use custodians::choose_custodians;
    for bond in [UNIT, 1_000 * UNIT] {
        development_chain().execute_with(|| {
            register(None);
            choose_custodians(&[Ferdie], 1);
            let before = Balances::free_balance(Ferdie.to_account_id());
            let parameter = all_parameters().into_iter().next().expect("there are some");
            set(&parameter, bond);
            assert_ok!(Custody::retire_custodian(signed(Ferdie)));
            let after = Balances::free_balance(Ferdie.to_account_id());
            assert_eq!(after, before + 10 * UNIT);
            assert_ok!(Custody::do_try_state());
        });
    }
}
