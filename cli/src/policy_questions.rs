//! The questions that the chain puts to a policy, and the names of what a yes to
//! them lets somebody do.

use anyhow::Result;
use medchain_client::{
    chain::{Denied, View},
    policy::purpose_name,
    AccountId32,
};
use medchain_primitives::{Action, Purpose};

use crate::commands::grant::action_name;

/// What the chain asks about somebody: an action and, of viewing, what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// What they want to do.
    pub action: Action,
    /// What for, where the chain asks that.
    pub purpose: Option<Purpose>,
}

impl Question {
    /// Every question that the runtime of `view` puts. Viewing has a purpose for
    /// whoever asks for access, hence one question for each.
    pub fn all(view: &View) -> Vec<Self> {
        match view.knows_custodians() {
            true => with_purposes(&Purpose::ALL),
            false => without_purposes(),
        }
    }

    /// As [`Question::all`], with viewing for `purpose` alone.
    pub fn for_purpose(purpose: Purpose) -> Vec<Self> {
        with_purposes(&[purpose])
    }

    /// Asks the policy in force about all records of the patient.
    ///
    /// # Errors
    ///
    /// When the node does not answer.
    pub async fn ask(
        self,
        view: &View,
        patient: &AccountId32,
        subject: &AccountId32,
    ) -> Result<Result<(), Denied>> {
        let Self { action, purpose } = self;
        Ok(match purpose {
            Some(purpose) => view.check_access_for(patient, subject, None, action, purpose).await?,
            None => view.check_access(patient, subject, None, action).await?,
        })
    }

    /// What a yes lets somebody do: `append`, `view for treatment`.
    pub fn name(self) -> String {
        let action = action_name(self.action);
        match self.purpose {
            Some(purpose) => format!("{action} for {}", purpose_name(purpose)),
            None => action.to_owned(),
        }
    }
}

fn without_purposes() -> Vec<Question> {
    Action::ALL.map(|action| Question { action, purpose: None }).to_vec()
}

fn with_purposes(purposes: &[Purpose]) -> Vec<Question> {
    let viewing =
        purposes.iter().map(|purpose| Question { action: Action::View, purpose: Some(*purpose) });
    let others = without_purposes().into_iter().filter(|one| one.action != Action::View);
    viewing.chain(others).collect()
}

/// What a yes to these questions lets somebody do, in as few names as say it:
/// `view` stands for viewing for every purpose.
pub fn names(yes: &[Question]) -> Vec<String> {
    let (viewing, others): (Vec<Question>, Vec<Question>) =
        yes.iter().partition(|one| one.action == Action::View);
    let view = match viewing.len() == Purpose::ALL.len() {
        true => vec![action_name(Action::View).to_owned()],
        false => viewing.into_iter().map(Question::name).collect(),
    };
    view.into_iter().chain(others.into_iter().map(Question::name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewing_is_asked_for_every_purpose_and_the_rest_once() {
        let all = with_purposes(&Purpose::ALL);
        assert_eq!(all.len(), Purpose::ALL.len() + Action::ALL.len() - 1);
        assert_eq!(names(&all), ["view", "append", "amend", "share", "infer", "emergency"],);
    }

    #[test]
    fn a_purpose_that_is_not_allowed_is_left_out_of_the_names() {
        let yes: Vec<_> = with_purposes(&Purpose::ALL)
            .into_iter()
            .filter(|one| one.purpose == Some(Purpose::Treatment) || one.action == Action::Infer)
            .collect();
        assert_eq!(names(&yes), ["view for treatment", "infer"]);
        assert_eq!(names(&yes[..1]), ["view for treatment"]);
        assert_eq!(names(&[]), [""; 0]);
    }

    #[test]
    fn a_runtime_without_purposes_is_asked_without() {
        assert_eq!(names(&without_purposes()).len(), Action::ALL.len());
        assert_eq!(names(&without_purposes()[..1]), ["view"]);
    }

    #[test]
    fn one_purpose_is_named_where_only_that_was_asked() {
        assert_eq!(names(&Question::for_purpose(Purpose::Research)[..1]), ["view for research"]);
    }
}
