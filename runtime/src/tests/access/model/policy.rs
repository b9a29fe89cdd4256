//! What the reference policy answers: grants of the patient, and of delegates in the patient's
//! name.

use std::collections::BTreeMap;

use medchain_primitives::Action;
use sp_keyring::Sr25519Keyring as Who;

/// A grant in the policy contract.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// Bit i for the action with the index i.
    pub actions: u8,
    /// The last block, if there is one.
    pub until: Option<u32>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// The delegation under which it was changed last, or none if the patient did.
    pub under: Option<usize>,
}

/// A time for which an account grants and revokes in the patient's name.
#[derive(Clone, Copy, Debug)]
pub struct Delegation {
    /// The account.
    pub delegate: Who,
    /// The actions that it may grant.
    pub actions: u8,
    /// The last block, if there is one.
    pub until: Option<u32>,
    /// Whether the patient ended it.
    pub removed: bool,
}

impl Delegation {
    fn lasts(&self, now: u32) -> bool {
        !self.removed && is_within(self.until, now)
    }
}

/// The state of the contract, for one patient.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The grants.
    pub grants: BTreeMap<Who, Grant>,
    /// All delegations that there ever were.
    pub delegations: Vec<Delegation>,
}

impl Policy {
    /// The actions that an account is granted in this block.
    ///
    /// What a delegate granted ends with that delegation for good, and reaches no further.
    pub fn granted(&self, who: Who, now: u32) -> u8 {
        let lasting = |grant: &&Grant| !grant.revoked && is_within(grant.until, now);
        let Some(grant) = self.grants.get(&who).filter(lasting) else { return 0 };
        let Some(under) = grant.under else { return grant.actions };
        let delegation = self.delegations.get(under).filter(|one| one.lasts(now));
        delegation.map_or(0, |one| one.actions & grant.actions)
    }

    /// Whether an account was kept from acting in emergencies: by the patient's revocation, or by
    /// that of a delegate who had to do with emergencies.
    pub fn vetoes(&self, who: Who) -> bool {
        let emergency = 1 << Action::Emergency as u8;
        self.grants.get(&who).is_some_and(|grant| {
            grant.revoked && (grant.under.is_none() || grant.actions & emergency != 0)
        })
    }

    /// The patient grants.
    pub fn grant(&mut self, who: Who, actions: u8, until: Option<u32>) {
        self.grants.insert(who, Grant { actions, until, revoked: false, under: None });
    }

    /// The patient revokes. Returns whether there was anything to revoke: also what a delegate
    /// revoked, which becomes the patient's own revocation.
    pub fn revoke(&mut self, who: Who) -> bool {
        let known = self.grants.get_mut(&who);
        let Some(grant) = known.filter(|grant| !grant.revoked || grant.under.is_some()) else {
            return false;
        };
        grant.revoked = true;
        grant.under = None;
        true
    }

    /// The patient appoints a delegate, or changes what a delegate may do.
    pub fn delegate(&mut self, delegate: Who, actions: u8, until: Option<u32>, now: u32) {
        let delegation = Delegation { delegate, actions, until, removed: false };
        match self.delegation(delegate, now) {
            Some(place) => self.delegations[place] = delegation,
            None => self.delegations.push(delegation),
        }
    }

    /// The patient ends a delegation. Returns whether there was one, in time or not.
    pub fn dismiss(&mut self, delegate: Who) -> bool {
        let newest = self.delegations.iter_mut().rfind(|one| one.delegate == delegate);
        let Some(newest) = newest.filter(|one| !one.removed) else { return false };
        newest.removed = true;
        true
    }

    /// A delegate grants. Returns whether it may.
    ///
    /// Nothing beyond the delegation, neither what it gives nor what that takes the place of; and
    /// nothing in the place of what the patient granted or revoked.
    pub fn grant_as(
        &mut self,
        delegate: Who,
        who: Who,
        actions: u8,
        until: Option<u32>,
        now: u32,
    ) -> bool {
        let Some(place) = self.delegation(delegate, now) else { return false };
        let old = self.granted(who, now);
        let by_patient = self
            .grants
            .get(&who)
            .is_some_and(|grant| grant.under.is_none() && (grant.revoked || old != 0));
        if by_patient || (actions | old) & !self.delegations[place].actions != 0 {
            return false;
        }
        self.grants.insert(who, Grant { actions, until, revoked: false, under: Some(place) });
        true
    }

    /// A delegate revokes. Returns whether it may: what lasts, and lies within the delegation.
    pub fn revoke_as(&mut self, delegate: Who, who: Who, now: u32) -> bool {
        let Some(place) = self.delegation(delegate, now) else { return false };
        let lasting = self.granted(who, now);
        if lasting == 0 || lasting & !self.delegations[place].actions != 0 {
            return false;
        }
        let Some(grant) = self.grants.get_mut(&who) else { return false };
        *grant = Grant { actions: lasting, revoked: true, under: Some(place), until: grant.until };
        true
    }

    /// The delegation under which an account acts in this block.
    fn delegation(&self, delegate: Who, now: u32) -> Option<usize> {
        let newest = self.delegations.iter().rposition(|one| one.delegate == delegate)?;
        self.delegations[newest].lasts(now).then_some(newest)
    }
}

fn is_within(until: Option<u32>, now: u32) -> bool {
    until.is_none_or(|until| now <= until)
}
