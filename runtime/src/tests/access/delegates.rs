//! Delegates, beside the model: within the delegation and its time, they act as the patient does.

use sp_keyring::Sr25519Keyring as Who;

use super::{
    model::{Deed, PATIENT as OWNER},
    table::{in_vain, Both, CLINICIAN, CONTACT, CUSTODIANS, EVERYBODY, GRANTEE, GUARDIAN},
};
use crate::tests::*;

const SET_DELEGATE: [u8; 4] = *b"MCP\x1c";
const REMOVE_DELEGATE: [u8; 4] = *b"MCP\x18";
const GRANT_AS: [u8; 4] = *b"MCP\x19";
const REVOKE_AS: [u8; 4] = *b"MCP\x1a";

/// The first delegate, and another one.
const DELEGATE: Who = GUARDIAN;
const OTHER: Who = CONTACT;

const VIEW: u8 = 1 << Action::View as u8;
const INFER: u8 = 1 << Action::Infer as u8;
const EMERGENCY: u8 = 1 << Action::Emergency as u8;

impl Both {
    /// The patient appoints a delegate.
    pub fn delegate(&mut self, who: Who, actions: u8, until: Option<u32>) {
        let answer = call(&self.policy, SET_DELEGATE, (who.to_account_id(), actions, until));
        assert_eq!(answer, [0, 0]);
        self.model.contract.delegate(who, actions, until, self.model.now);
    }

    /// The patient removes a delegate.
    pub fn dismiss(&mut self, who: Who) {
        let answer = call_as(OWNER, &self.policy, REMOVE_DELEGATE, who.to_account_id());
        assert_eq!(answer == [0, 0], self.model.contract.dismiss(who), "{answer:?}");
    }

    /// An account grants in the patient's name.
    pub fn grant_as(&mut self, by: Who, who: Who, actions: u8, until: Option<u32>) {
        let (owner, grantee) = (OWNER.to_account_id(), who.to_account_id());
        let arguments = (owner, grantee, actions, None::<u8>, until);
        let answer = call_as(by, &self.policy, GRANT_AS, arguments);
        let may = self.model.contract.grant_as(by, who, actions, until, self.model.now);
        assert_eq!(answer == [0, 0], may, "{by:?} {who:?} {answer:?} {:#?}", self.model.contract);
    }

    /// An account revokes in the patient's name.
    pub fn revoke_as(&mut self, by: Who, who: Who) {
        let arguments = (OWNER.to_account_id(), who.to_account_id());
        let answer = call_as(by, &self.policy, REVOKE_AS, arguments);
        let may = self.model.contract.revoke_as(by, who, self.model.now);
        assert_eq!(answer == [0, 0], may, "{by:?} {who:?} {answer:?} {:#?}", self.model.contract);
    }
}

/// What an account was granted before a delegate comes to it.
#[derive(Clone, Copy, Debug)]
enum Before {
    Nothing,
    Granted(u8),
    Expired,
    Revoked,
    GrantedByOther(u8),
    RevokedByOther,
    OtherDismissed,
}

impl Before {
    const ALL: [Self; 9] = [
        Self::Nothing,
        Self::Granted(VIEW),
        Self::Granted(VIEW | EMERGENCY),
        Self::Expired,
        Self::Revoked,
        Self::GrantedByOther(VIEW),
        Self::GrantedByOther(VIEW | INFER),
        Self::RevokedByOther,
        Self::OtherDismissed,
    ];

    fn happen(self, both: &mut Both, who: Who) {
        both.delegate(OTHER, VIEW | INFER | EMERGENCY, None);
        match self {
            Self::Nothing => {}
            Self::Granted(actions) => both.grant(who, actions, None),
            Self::Expired => {
                both.grant(who, VIEW, Some(both.model.now));
                both.go_to(both.model.now + 1);
            }
            Self::Revoked => {
                both.grant(who, VIEW, None);
                both.revoke(who);
            }
            Self::GrantedByOther(actions) => both.grant_as(OTHER, who, actions, None),
            Self::RevokedByOther => {
                both.grant_as(OTHER, who, VIEW | EMERGENCY, None);
                both.revoke_as(OTHER, who);
            }
            Self::OtherDismissed => {
                both.grant_as(OTHER, who, VIEW | INFER, None);
                both.dismiss(OTHER);
            }
        }
    }
}

/// How a delegation goes on.
#[derive(Clone, Copy, Debug)]
enum After {
    Lasts,
    Expires,
    Removed,
    GivenAgain,
    Narrowed,
    RevokedByDelegate,
    RevokedByBoth,
}

impl After {
    const ALL: [Self; 7] = [
        Self::Lasts,
        Self::Expires,
        Self::Removed,
        Self::GivenAgain,
        Self::Narrowed,
        Self::RevokedByDelegate,
        Self::RevokedByBoth,
    ];

    fn happen(self, both: &mut Both, who: Who, actions: u8) {
        match self {
            Self::Lasts => {}
            Self::Expires => {
                both.go_to(both.model.now + 21);
                both.delegate(DELEGATE, actions, None);
            }
            Self::Removed => both.dismiss(DELEGATE),
            Self::GivenAgain => {
                both.dismiss(DELEGATE);
                both.dismiss(DELEGATE);
                both.delegate(DELEGATE, actions, None);
            }
            Self::Narrowed => both.delegate(DELEGATE, VIEW, None),
            Self::RevokedByDelegate => both.revoke_as(DELEGATE, who),
            Self::RevokedByBoth => {
                both.revoke_as(DELEGATE, who);
                both.revoke(who);
                both.revoke(who);
            }
        }
    }
}

/// What a delegate grants and revokes, to an account and in a state of each kind.
#[test]
fn every_turn_of_a_delegation() {
    development_chain().execute_with(|| {
        let start = Both::new(1);
        for before in Before::ALL {
            for actions in [VIEW, VIEW | INFER, VIEW | EMERGENCY] {
                for after in After::ALL {
                    in_vain(|| a_turn(&start, before, actions, after));
                }
            }
        }
    });
}

fn a_turn(start: &Both, before: Before, actions: u8, after: After) {
    let mut both = start.clone();
    // A clinician breaks the glass unless it is vetoed.
    let who = CLINICIAN;
    before.happen(&mut both, who);
    both.delegate(DELEGATE, actions, Some(both.model.now + 20));
    for by in [DELEGATE, GRANTEE] {
        both.grant_as(by, who, VIEW, None);
        both.grant_as(by, who, VIEW | INFER, Some(both.model.now + 30));
    }
    both.compare_answers(who);
    both.act(who, Deed::View(0));
    after.happen(&mut both, who, actions);
    both.compare_answers(who);
    both.act(CUSTODIANS[0], Deed::Deliver(0, who));
    both.grant_as(DELEGATE, who, VIEW | EMERGENCY, None);
    both.revoke_as(DELEGATE, who);
    both.compare_answers(who);
    both.act(who, Deed::Break);
    both.act(who, Deed::Request(0));
    both.act(CUSTODIANS[0], Deed::Deliver(0, who));
    both.compare_state();
}

/// What a delegation does not give: any deed of the table.
#[test]
fn a_delegate_is_as_any_account() {
    development_chain().execute_with(|| {
        let mut both = Both::new(1);
        both.delegate(GRANTEE, 0b11_1111, None);
        both.act(GRANTEE, Deed::View(0));
        both.act(GRANTEE, Deed::Append(false));
        both.act(GRANTEE, Deed::Amend(0));
        both.act(GRANTEE, Deed::Share(0));
        both.act(GRANTEE, Deed::Erase(0));
        both.act(GRANTEE, Deed::Choose(1));
        both.act(GRANTEE, Deed::Break);
        both.act(GRANTEE, Deed::SetPolicy(false));
        both.compare();
        // To itself as to others, as long as it lasts.
        for who in EVERYBODY {
            both.grant_as(GRANTEE, who, VIEW, None);
            both.act(who, Deed::View(0));
        }
        both.dismiss(GRANTEE);
        for who in EVERYBODY {
            both.act(CUSTODIANS[0], Deed::Deliver(0, who));
            both.act(who, Deed::View(0));
        }
        both.compare();
    });
}
