//! The questions that the chain asks a policy, and what a yes allows.

use anyhow::Result;
use medchain_client::{
    chain::{AccessQuestion, Denied, View},
    AccountId32,
};
use medchain_primitives::{Action, Purpose};

/// A question about an account: an action and, for viewing, the purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The action.
    pub action: Action,
    /// The purpose, where the chain names one.
    pub purpose: Option<Purpose>,
}

impl Question {
    /// Every question that the runtime asks: one for each action, and for viewing one
    /// for each purpose, because a request for access names it.
    pub fn all() -> Vec<Self> {
        with_purposes(&Purpose::ALL)
    }

    /// [`Question::all`], with viewing for `purpose` alone.
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
        Ok(view.check_access(patient, subject, self.on_chain()).await?)
    }

    /// The question as the chain takes it, about all records of the patient.
    pub fn on_chain(self) -> AccessQuestion {
        let Self { action, purpose } = self;
        AccessQuestion { purpose, ..AccessQuestion::about(action) }
    }

    /// What a yes allows: `append`, `view for treatment`.
    pub fn name(self) -> String {
        match self.purpose {
            Some(purpose) => format!("{} for {purpose}", self.action),
            None => self.action.to_string(),
        }
    }
}

fn with_purposes(purposes: &[Purpose]) -> Vec<Question> {
    let viewing =
        purposes.iter().map(|purpose| Question { action: Action::View, purpose: Some(*purpose) });
    let others = Action::ALL
        .into_iter()
        .filter(|action| *action != Action::View)
        .map(|action| Question { action, purpose: None });
    viewing.chain(others).collect()
}

/// The questions about `subject` that the policy in force answers with yes.
pub async fn allowed(
    view: &View,
    patient: &AccountId32,
    subject: &AccountId32,
) -> Result<Vec<Question>> {
    let of_one = allowed_to(view, patient, &[*subject]).await?.into_iter().next();
    Ok(of_one.unwrap_or_default())
}

/// For each of `subjects`, the questions that the policy in force answers with yes.
pub async fn allowed_to(
    view: &View,
    patient: &AccountId32,
    subjects: &[AccountId32],
) -> Result<Vec<Vec<Question>>> {
    let questions = Question::all();
    let answers = view.check_access_of(patient, about(subjects, &questions)).await?;
    let of_each = answers.chunks(questions.len()).map(|answers| {
        let asked = questions.iter().zip(answers);
        asked.filter(|(_, answer)| answer.is_ok()).map(|(question, _)| *question).collect()
    });
    Ok(of_each.collect())
}

/// All of these questions about each account, one account after the other.
pub fn about<'a>(
    subjects: &'a [AccountId32],
    questions: &'a [Question],
) -> impl Iterator<Item = (AccountId32, AccessQuestion)> + 'a {
    subjects.iter().flat_map(move |subject| {
        questions.iter().map(move |question| (*subject, question.on_chain()))
    })
}

/// What a yes to these questions allows, in as few names as possible: `view` stands
/// for viewing for every purpose.
pub fn names(yes: &[Question]) -> Vec<String> {
    let (viewing, others): (Vec<Question>, Vec<Question>) =
        yes.iter().partition(|one| one.action == Action::View);
    let view = if viewing.len() == Purpose::ALL.len() {
        vec![Action::View.to_string()]
    } else {
        viewing.into_iter().map(Question::name).collect()
    };
    view.into_iter().chain(others.into_iter().map(Question::name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewing_is_asked_for_every_purpose_and_the_rest_once() {
        let all = Question::all();
        assert_eq!(all.len(), Purpose::ALL.len() + Action::ALL.len() - 1);
        assert_eq!(names(&all), ["view", "append", "amend", "share", "infer", "emergency"],);
    }

    #[test]
    fn a_purpose_that_is_not_allowed_is_left_out_of_the_names() {
        let yes: Vec<_> = Question::all()
            .into_iter()
            .filter(|one| one.purpose == Some(Purpose::Treatment) || one.action == Action::Infer)
            .collect();
        assert_eq!(names(&yes), ["view for treatment", "infer"]);
        assert_eq!(names(&yes[..1]), ["view for treatment"]);
        assert_eq!(names(&[]), [""; 0]);
    }

    #[test]
    fn each_account_is_asked_about_with_every_question() {
        let (one, other) = (AccountId32([1; 32]), AccountId32([2; 32]));
        let questions = Question::all();
        let subjects = [one, other];
        let asked: Vec<_> = about(&subjects, &questions).collect();
        assert_eq!(asked.len(), 2 * questions.len());
        assert!(asked[..questions.len()].iter().all(|(subject, _)| *subject == one));
        assert_eq!(asked[0].1, questions[0].on_chain());
        assert_eq!(asked[questions.len()], (other, questions[0].on_chain()));
    }

    #[test]
    fn viewing_without_a_purpose_is_named_alone() {
        assert_eq!(names(&[Question { action: Action::View, purpose: None }]), ["view"]);
    }

    #[test]
    fn one_purpose_is_named_where_only_that_was_asked() {
        assert_eq!(names(&Question::for_purpose(Purpose::Research)[..1]), ["view for research"]);
    }
}
