//! `set_policy`, `allow_nobody`, and the default policy, which waits before it is in force.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, Denied, DenyReason};
use sp_runtime::DispatchError::BadOrigin;

use crate::{
    mock::*, DefaultPolicy, Error, Event, PatientPolicies, PendingDefaultPolicy, PendingPolicy,
    PolicyChoice,
};

const NOTHING: Result<(), Denied> = Err(Denied::Refused(DenyReason::NoGrant));

/// Announces a default policy and waits until it can be enacted.
fn announced(policy: Option<u64>) {
    assert_ok!(Emr::announce_default_policy(root(), policy));
    System::set_block_number(System::block_number() + DELAY);
}

#[test]
fn a_default_policy_is_not_enacted_too_early() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::announce_default_policy(root(), Some(OTHER_POLICY)));
        for block in [1, DELAY] {
            System::set_block_number(block);
            for who in [root(), signed(MINORITY), signed(STRANGER)] {
                assert!(Emr::enact_default_policy(who).is_err());
            }
            assert_noop!(
                Emr::enact_default_policy(signed(STRANGER)),
                Error::<Test>::DefaultPolicyNotDue
            );
            assert_eq!(DefaultPolicy::<Test>::get(), Some(POLICY));
            assert_eq!(Emr::policy_of(&ALICE), Some(POLICY));
        }
        System::set_block_number(1 + DELAY);
        assert_ok!(Emr::enact_default_policy(signed(STRANGER)));
        assert_eq!(Emr::policy_of(&ALICE), Some(OTHER_POLICY));
    });
}

#[test]
fn a_cancelled_default_policy_is_never_enacted() {
    ExtBuilder::default().build_and_execute(|| {
        announced(Some(OTHER_POLICY));
        for who in [ALICE, TECHNICIAN, REGISTRAR, STRANGER] {
            assert_noop!(Emr::cancel_default_policy(signed(who)), BadOrigin);
        }
        events();
        assert_ok!(Emr::cancel_default_policy(signed(MINORITY)));
        assert_eq!(PendingDefaultPolicy::<Test>::get(), None);
        assert_noop!(
            Emr::enact_default_policy(signed(STRANGER)),
            Error::<Test>::DefaultPolicyNotAnnounced
        );
        assert_noop!(
            Emr::cancel_default_policy(signed(MINORITY)),
            Error::<Test>::DefaultPolicyNotAnnounced
        );
        assert_eq!(DefaultPolicy::<Test>::get(), Some(POLICY));
        assert_eq!(events(), [Event::DefaultPolicyCancelled { announced: Some(OTHER_POLICY) }]);
        // The next announcement waits in full.
        assert_ok!(Emr::announce_default_policy(root(), None));
        assert_noop!(
            Emr::enact_default_policy(signed(STRANGER)),
            Error::<Test>::DefaultPolicyNotDue
        );
    });
}

#[test]
fn an_enacted_default_policy_opens_no_patient_who_said_nobody_or_pinned() {
    ExtBuilder::default().build_and_execute(|| {
        // The mock's policy says yes, at whichever address.
        for patient in [ALICE, BOB] {
            Policy::grant(patient, READER, Action::View);
        }
        assert_ok!(Emr::allow_nobody(signed(ALICE)));
        assert_ok!(Emr::set_policy(signed(BOB), Some(POLICY)));
        announced(Some(OTHER_POLICY));
        assert_ok!(Emr::enact_default_policy(signed(STRANGER)));
        Policy::asked();

        assert_eq!(check_access(ALICE, READER, None, Action::View), NOTHING);
        assert_eq!(Policy::asked(), []);
        assert_eq!(check_access(BOB, READER, None, Action::View), Ok(()));
        assert_eq!(Policy::asked(), [(POLICY, BOB, READER, None, Action::View)]);
    });
}

#[test]
fn only_governance_announces_a_default_policy() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [ALICE, TECHNICIAN, REGISTRAR, MINORITY, STRANGER] {
            assert_noop!(Emr::announce_default_policy(signed(who), None), BadOrigin);
        }
    });
}

#[test]
fn announcing_and_enacting_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::announce_default_policy(root(), Some(OTHER_POLICY)));
        let enactable_at = 1 + DELAY;
        assert_eq!(
            PendingDefaultPolicy::<Test>::get(),
            Some(PendingPolicy { policy: Some(OTHER_POLICY), enactable_at })
        );
        System::set_block_number(enactable_at);
        assert_ok!(Emr::enact_default_policy(signed(STRANGER)));
        assert_eq!(DefaultPolicy::<Test>::get(), Some(OTHER_POLICY));
        assert_eq!(PendingDefaultPolicy::<Test>::get(), None);
        assert_noop!(
            Emr::enact_default_policy(signed(STRANGER)),
            Error::<Test>::DefaultPolicyNotAnnounced
        );
        let (current, announced) = (Some(POLICY), Some(OTHER_POLICY));
        assert_eq!(
            events(),
            [
                Event::DefaultPolicyAnnounced { current, announced, enactable_at },
                Event::DefaultPolicySet { old: current, new: announced },
            ]
        );
    });
}

#[test]
fn a_default_policy_that_denies_everything_waits_as_well() {
    ExtBuilder::default().build_and_execute(|| {
        announced(None);
        assert_eq!(DefaultPolicy::<Test>::get(), Some(POLICY));
        assert_ok!(Emr::enact_default_policy(signed(STRANGER)));
        assert_eq!(DefaultPolicy::<Test>::get(), None);
        assert_eq!(check_access(ALICE, READER, None, Action::View), Err(Denied::NoPolicy));
    });
}

#[test]
fn announcing_fails_when_another_one_waits() {
    ExtBuilder::default().build_and_execute(|| {
        announced(Some(OTHER_POLICY));
        assert_noop!(
            Emr::announce_default_policy(root(), None),
            Error::<Test>::DefaultPolicyAlreadyAnnounced
        );
    });
}

#[test]
fn choosing_a_policy_works() {
    ExtBuilder::default().build_and_execute(|| {
        let set = |old, new| Event::PolicySet { patient: ALICE, old, new };
        assert_ok!(Emr::set_policy(signed(ALICE), Some(OTHER_POLICY)));
        assert_eq!(PatientPolicies::<Test>::get(ALICE), Some(OTHER_POLICY));
        assert_eq!(Emr::policy_of(&ALICE), Some(OTHER_POLICY));
        assert_eq!(Emr::choice_of(&ALICE), PolicyChoice::Contract(OTHER_POLICY));
        assert_eq!(Emr::policy_of(&BOB), Some(POLICY));
        assert_eq!(Emr::choice_of(&BOB), PolicyChoice::Default);

        assert_ok!(Emr::set_policy(signed(ALICE), None));
        assert_eq!(PatientPolicies::<Test>::get(ALICE), None);
        assert_eq!(Emr::policy_of(&ALICE), Some(POLICY));
        assert_eq!(events(), [set(None, Some(OTHER_POLICY)), set(Some(OTHER_POLICY), None)]);
    });
}

#[test]
fn allowing_nobody_works_until_a_policy_is_chosen() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(Emr::allow_nobody(signed(ALICE)));
        assert_eq!(Emr::choice_of(&ALICE), PolicyChoice::Nobody);
        assert_eq!(Emr::policy_of(&ALICE), None);
        for action in Action::ALL {
            for who in [READER, TECHNICIAN, CLINICIAN, POLICY] {
                assert_eq!(check_access(ALICE, who, Some(XRAY), action), NOTHING);
            }
            assert_eq!(check_access(ALICE, ALICE, Some(XRAY), action), Ok(()));
        }
        assert_ok!(Emr::set_policy(signed(ALICE), None));
        assert_eq!(check_access(ALICE, READER, Some(XRAY), Action::View), Ok(()));
        let set = |old, new| Event::PolicySet { patient: ALICE, old, new };
        let said: Vec<_> =
            events().into_iter().filter(|event| matches!(event, Event::PolicySet { .. })).collect();
        assert_eq!(said, [set(None, Some(ALICE)), set(Some(ALICE), None)]);
    });
}

#[test]
fn naming_oneself_as_the_policy_allows_nobody() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(Emr::set_policy(signed(ALICE), Some(ALICE)));
        assert_eq!(check_access(ALICE, READER, None, Action::View), NOTHING);
    });
}

#[test]
fn choosing_a_policy_fails_when_not_a_patient() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Emr::set_policy(signed(STRANGER), Some(OTHER_POLICY)),
            Error::<Test>::PatientNotFound
        );
        assert_noop!(Emr::allow_nobody(signed(STRANGER)), Error::<Test>::PatientNotFound);
    });
}
