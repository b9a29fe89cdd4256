//! Members who decide together: m of n.

use ink::{prelude::vec::Vec, primitives::AccountId};

/// The maximum number of members of a quorum.
pub const MAX_MEMBERS: usize = 16;

/// Members, and the number of them that have to agree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Quorum {
    members: Vec<AccountId>,
    threshold: u8,
}

/// Why a quorum or an approval was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum QuorumError {
    /// A quorum needs between 1 and 16 members.
    MemberCount,
    /// A member is named twice. Name each once.
    DuplicateMember,
    /// The threshold is 0 or exceeds the number of members.
    Threshold,
    /// The account is not a member of the quorum.
    NotMember,
    /// The member has already approved.
    AlreadyApproved,
    /// The member has not approved, so there is nothing to withdraw.
    NotApproved,
}

impl Quorum {
    /// Creates a quorum of which `threshold` members have to agree.
    ///
    /// # Errors
    /// [`QuorumError::MemberCount`], [`QuorumError::DuplicateMember`] and
    /// [`QuorumError::Threshold`].
    pub fn new(members: Vec<AccountId>, threshold: u8) -> Result<Self, QuorumError> {
        if members.is_empty() || members.len() > MAX_MEMBERS {
            return Err(QuorumError::MemberCount);
        }
        let mut rest = members.iter();
        while let Some(member) = rest.next() {
            if rest.clone().any(|other| other == member) {
                return Err(QuorumError::DuplicateMember);
            }
        }
        if threshold == 0 || usize::from(threshold) > members.len() {
            return Err(QuorumError::Threshold);
        }
        Ok(Quorum { members, threshold })
    }

    /// Returns the members in the order of their bits in [`Approvals`].
    pub fn members(&self) -> &[AccountId] {
        &self.members
    }

    /// Returns how many members have to agree.
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }

    /// Returns the bit of a member in [`Approvals`].
    fn bit_of(&self, account: &AccountId) -> Result<u16, QuorumError> {
        let place = self.members.iter().position(|one| one == account);
        let bit = place.and_then(|place| 1u16.checked_shl(u32::try_from(place).ok()?));
        bit.ok_or(QuorumError::NotMember)
    }

    /// Returns whether these approvals reach the threshold.
    pub fn is_reached(&self, approvals: Approvals) -> bool {
        approvals.count() >= u32::from(self.threshold)
    }
}

/// The members of a quorum who approved: bit `i` is the member at index `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Approvals(u16);

impl Approvals {
    /// Returns how many members approved.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Adds a member's approval.
    ///
    /// # Errors
    /// [`QuorumError::NotMember`] and [`QuorumError::AlreadyApproved`].
    pub fn approve(&mut self, quorum: &Quorum, member: &AccountId) -> Result<(), QuorumError> {
        let bit = quorum.bit_of(member)?;
        if self.0 & bit != 0 {
            return Err(QuorumError::AlreadyApproved);
        }
        self.0 |= bit;
        Ok(())
    }

    /// Withdraws a member's approval.
    ///
    /// # Errors
    /// [`QuorumError::NotMember`] and [`QuorumError::NotApproved`].
    pub fn withdraw(&mut self, quorum: &Quorum, member: &AccountId) -> Result<(), QuorumError> {
        let bit = quorum.bit_of(member)?;
        if self.0 & bit == 0 {
            return Err(QuorumError::NotApproved);
        }
        self.0 &= !bit;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn account(seed: u8) -> AccountId {
        AccountId([seed; 32])
    }

    fn quorum(members: u8, threshold: u8) -> Result<Quorum, QuorumError> {
        Quorum::new((0..members).map(account).collect(), threshold)
    }

    #[test]
    fn fails_when_the_members_make_no_quorum() {
        assert_eq!(quorum(0, 0), Err(QuorumError::MemberCount));
        assert_eq!(quorum(MAX_MEMBERS as u8 + 1, 1), Err(QuorumError::MemberCount));
        assert_eq!(quorum(3, 0), Err(QuorumError::Threshold));
        assert_eq!(quorum(3, 4), Err(QuorumError::Threshold));
        let twice = [account(1), account(2), account(1)].to_vec();
        assert_eq!(Quorum::new(twice, 2), Err(QuorumError::DuplicateMember));
    }

    #[test]
    fn boundary_of_the_number_of_members() {
        assert!(quorum(1, 1).is_ok());
        let most = quorum(MAX_MEMBERS as u8, MAX_MEMBERS as u8).unwrap();
        let mut approvals = Approvals::default();
        for member in most.members() {
            assert!(!most.is_reached(approvals));
            approvals.approve(&most, member).unwrap();
        }
        assert!(most.is_reached(approvals));
    }

    #[test]
    fn each_counts_once_and_strangers_do_not() {
        let two_of_three = quorum(3, 2).unwrap();
        let mut approvals = Approvals::default();
        approvals.approve(&two_of_three, &account(0)).unwrap();
        let again = approvals.approve(&two_of_three, &account(0));
        assert_eq!(again, Err(QuorumError::AlreadyApproved));
        let stranger = approvals.approve(&two_of_three, &account(9));
        assert_eq!(stranger, Err(QuorumError::NotMember));
        assert!(!two_of_three.is_reached(approvals));
        let other = approvals.withdraw(&two_of_three, &account(1));
        assert_eq!(other, Err(QuorumError::NotApproved));
        approvals.approve(&two_of_three, &account(2)).unwrap();
        assert!(two_of_three.is_reached(approvals));
    }

    proptest! {
        #[test]
        fn it_is_reached_when_so_many_members_agree(
            members in 1u8..=16,
            threshold in 1u8..=16,
            // The acting account, and whether it approves or withdraws.
            steps in proptest::collection::vec((0u8..20, any::<bool>()), 0..60),
        ) {
            let threshold = threshold.min(members);
            let quorum = quorum(members, threshold).unwrap();
            let (mut approvals, mut model) = (Approvals::default(), BTreeSet::new());
            for (seed, approves) in steps {
                let member = account(seed);
                let done = match approves {
                    true => approvals.approve(&quorum, &member),
                    false => approvals.withdraw(&quorum, &member),
                };
                let expected = seed < members
                    && if approves { model.insert(seed) } else { model.remove(&seed) };
                prop_assert_eq!(done.is_ok(), expected);
                prop_assert_eq!(approvals.count() as usize, model.len());
                let agreed = model.len() >= usize::from(threshold);
                prop_assert_eq!(quorum.is_reached(approvals), agreed);
            }
        }
    }
}
