use super::*;
use ink::scale::{Decode, Encode};
use proptest::prelude::*;

/// Any grant, valid or not.
pub(crate) fn any_grant() -> impl Strategy<Value = Grant> {
    let purposes = proptest::option::of(any::<u8>().prop_map(PurposeSet));
    (any::<u8>(), any::<Option<BlockNumber>>(), any::<bool>(), purposes).prop_map(
        |(bits, until, revoked, purposes)| Grant {
            actions: ActionSet(bits),
            until,
            revoked,
            purposes,
        },
    )
}

/// Any purpose, or none.
pub(crate) fn any_purpose() -> impl Strategy<Value = Option<Purpose>> {
    proptest::option::of((0..Purpose::ALL.len()).prop_map(|index| Purpose::ALL[index]))
}

/// For grants without purposes, which must not ask for one.
fn unasked() -> Option<Purpose> {
    panic!("the purpose was asked for")
}

fn view() -> ActionSet {
    ActionSet::of(&[Action::View])
}

#[test]
fn no_grant_is_a_refusal() {
    for action in Action::ALL {
        assert_eq!(decide(None, 0, action, unasked), Decision::Deny(DenyReason::NoGrant));
    }
}

#[test]
fn the_encoding_is_pinned() {
    let grant = Grant::new(view(), Some(10));
    assert_eq!(grant.encode(), [1, 1, 10, 0, 0, 0, 0, 0]);
    let research = grant.for_purposes(Some(PurposeSet::of(&[Purpose::Research])));
    assert_eq!(research.encode(), [1, 1, 10, 0, 0, 0, 0, 1, 0b100]);
    assert_eq!(Grant::decode(&mut &research.encode()[..]), Ok(research));
    let errors = [
        GrantError::NoActions,
        GrantError::UnknownAction,
        GrantError::AlreadyExpired,
        GrantError::NotGranted,
        GrantError::NoPurposes,
        GrantError::UnknownPurpose,
        GrantError::NotDelegate,
    ];
    assert_eq!(errors.encode(), [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn boundary_of_expiry() {
    let grant = Grant::new(view(), Some(10));
    assert_eq!(grant.decide(9, Action::View, unasked), Decision::Allow);
    assert_eq!(grant.decide(10, Action::View, unasked), Decision::Allow);
    assert_eq!(grant.decide(11, Action::View, unasked), Decision::Deny(DenyReason::Expired));
}

#[test]
fn a_grant_for_a_purpose_refuses_every_other_and_none() {
    let set = PurposeSet::from_iter([Purpose::Treatment, Purpose::SecondOpinion]);
    let grant = Grant::new(view(), None).for_purposes(Some(set));
    for purpose in Purpose::ALL {
        let expected = match set.contains(purpose) {
            true => Decision::Allow,
            false => Decision::Deny(PURPOSE_NOT_GRANTED),
        };
        assert_eq!(grant.decide(0, Action::View, || Some(purpose)), expected);
    }
    let refused = Decision::Deny(PURPOSE_NOT_GRANTED);
    assert_eq!(grant.decide(0, Action::View, || None), refused);
}

#[test]
fn the_first_reason_is_named() {
    let no_purpose = || None;
    let denied = |grant: &Grant, now| match grant.decide(now, Action::View, no_purpose) {
        Decision::Deny(reason) => reason,
        Decision::Allow => panic!("allowed"),
    };
    let mut grant = Grant::new(view(), Some(0)).for_purposes(Some(PurposeSet::ALL));
    assert_eq!(denied(&grant, 0), PURPOSE_NOT_GRANTED);
    grant.actions = ActionSet::EMPTY;
    assert_eq!(denied(&grant, 0), DenyReason::ActionNotGranted);
    assert_eq!(denied(&grant, 1), DenyReason::Expired);
    grant.revoked = true;
    assert_eq!(denied(&grant, 1), DenyReason::Revoked);
}

#[test]
fn fails_when_the_grant_is_invalid() {
    let check = |actions, purposes, until| {
        let purposes = Option::map(purposes, PurposeSet);
        Grant::new(ActionSet(actions), until).for_purposes(purposes).validate(5)
    };
    assert_eq!(check(1, None, None), Ok(()));
    assert_eq!(check(0b11_1111, Some(0b1_1111), Some(5)), Ok(()));
    assert_eq!(check(0, None, None), Err(GrantError::NoActions));
    assert_eq!(check(0b100_0001, None, None), Err(GrantError::UnknownAction));
    assert_eq!(check(1, Some(0), None), Err(GrantError::NoPurposes));
    assert_eq!(check(1, Some(0b10_0001), None), Err(GrantError::UnknownPurpose));
    assert_eq!(check(1, None, Some(4)), Err(GrantError::AlreadyExpired));
}

proptest! {
    #[test]
    fn yes_needs_everything_to_hold(
        grant in any_grant(),
        now: BlockNumber,
        index in 0usize..Action::ALL.len(),
        purpose in any_purpose(),
    ) {
        let action = Action::ALL[index];
        let for_this = match (grant.purposes, purpose) {
            (None, _) => true,
            (Some(set), Some(purpose)) => set.contains(purpose),
            (Some(_), None) => false,
        };
        let holds = !grant.revoked
            && grant.until.is_none_or(|until| now <= until)
            && grant.actions.contains(action)
            && for_this;
        prop_assert_eq!(grant.decide(now, action, || purpose) == Decision::Allow, holds);
    }

    #[test]
    fn a_refusal_for_time_or_revocation_never_heals(
        grant in any_grant(), now: BlockNumber, later: BlockNumber, purpose in any_purpose()
    ) {
        let (now, later) = (now.min(later), now.max(later));
        for action in Action::ALL {
            if grant.decide(now, action, || purpose) != Decision::Allow {
                prop_assert_ne!(grant.decide(later, action, || purpose), Decision::Allow);
            }
        }
    }

    #[test]
    fn fewer_purposes_never_allow_more(
        grant in any_grant(), now: BlockNumber, purpose in any_purpose(), bits: u8
    ) {
        let limited = grant.for_purposes(Some(PurposeSet(bits)));
        let any = grant.for_purposes(None);
        for action in Action::ALL {
            if limited.decide(now, action, || purpose) == Decision::Allow {
                prop_assert_eq!(any.decide(now, action, || purpose), Decision::Allow);
            }
        }
    }
}
