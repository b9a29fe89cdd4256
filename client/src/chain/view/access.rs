//! The access question.

use futures::{stream, StreamExt, TryStreamExt};
use medchain_primitives::{Action, Denied, ModelId, Purpose, RecordId};

use super::View;
use crate::{
    chain::{
        items::{ApiMethod, StorageItem},
        ChainError, PendingPolicy,
    },
    AccountId32,
};

/// How many questions are under way at a time, so that a node some way off does not idle between
/// them. It answers as many at once as it has processors, and runs at most 64 calls of its runtime,
/// its own included: more would gain nothing here, and whoever else asks it would wait.
pub(in crate::chain) const QUESTIONS_AT_ONCE: usize = 32;

/// What an account wants to do with a patient's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessQuestion {
    /// What it wants to do.
    pub action: Action,
    /// The record; `None` where the action is not about one.
    pub record: Option<RecordId>,
    /// Why, if it says so.
    pub purpose: Option<Purpose>,
    /// The model that it wants to run, if it does.
    pub model: Option<ModelId>,
}

impl AccessQuestion {
    /// Whether an action is allowed on all records, without a purpose or a model.
    pub fn about(action: Action) -> Self {
        Self { action, record: None, purpose: None, model: None }
    }

    /// Whether a model may be run on a record, or on all.
    pub fn infer(model: ModelId, record: Option<RecordId>) -> Self {
        Self { action: Action::Infer, record, purpose: None, model: Some(model) }
    }
}

impl View {
    /// The policy contract that a patient chose; the patient's own account for nobody.
    pub async fn own_policy_of(
        &self,
        patient: &AccountId32,
    ) -> Result<Option<AccountId32>, ChainError> {
        self.value(StorageItem::PATIENT_POLICIES, (*patient,)).await
    }

    /// The policy contract of patients who chose none.
    pub async fn default_policy(&self) -> Result<Option<AccountId32>, ChainError> {
        self.value(StorageItem::DEFAULT_POLICY, ()).await
    }

    /// The default policy that was announced and is not in force yet.
    pub async fn pending_default_policy(&self) -> Result<Option<PendingPolicy>, ChainError> {
        let fields = self.fields(StorageItem::PENDING_DEFAULT_POLICY, ()).await?;
        let pending = fields.map(|fields| {
            Ok(PendingPolicy {
                policy: fields.get("policy")?,
                enactable_at: fields.get("enactable_at")?,
            })
        });
        pending.transpose()
    }

    /// The policy contract that is asked about a patient's records; none if there is no
    /// default, or if the patient allows nobody.
    pub async fn policy_of(
        &self,
        patient: &AccountId32,
    ) -> Result<Option<AccountId32>, ChainError> {
        match self.own_policy_of(patient).await? {
            Some(own) if own == *patient => Ok(None),
            Some(own) => Ok(Some(own)),
            None => self.default_policy().await,
        }
    }

    /// Asks the chain whether `subject` may do this now, exactly as it asks
    /// during a call of theirs.
    pub async fn check_access(
        &self,
        patient: &AccountId32,
        subject: &AccountId32,
        question: AccessQuestion,
    ) -> Result<Result<(), Denied>, ChainError> {
        let AccessQuestion { action, record, purpose, model } = question;
        let arguments = (patient, subject, record, action, purpose, model);
        self.runtime_api(ApiMethod::CHECK_ACCESS, &arguments).await
    }

    /// As [`View::check_access`] about many accounts, with a bounded number of questions under way
    /// at a time. The answers are in the order of the questions.
    ///
    /// Not in one JSON-RPC batch: a node answers the requests of a batch one after the other.
    pub async fn check_access_of(
        &self,
        patient: &AccountId32,
        questions: impl IntoIterator<Item = (AccountId32, AccessQuestion)>,
    ) -> Result<Vec<Result<(), Denied>>, ChainError> {
        let asked = questions.into_iter().map(|(subject, question)| async move {
            self.check_access(patient, &subject, question).await
        });
        stream::iter(asked).buffered(QUESTIONS_AT_ONCE).try_collect().await
    }

    /// As [`View::check_access_of`], about a policy as if it were the patient's.
    pub async fn check_policy_of(
        &self,
        policy: &AccountId32,
        patient: &AccountId32,
        questions: impl IntoIterator<Item = (AccountId32, AccessQuestion)>,
    ) -> Result<Vec<Result<(), Denied>>, ChainError> {
        let asked = questions.into_iter().map(|(subject, question)| async move {
            self.check_policy(policy, patient, &subject, question).await
        });
        stream::iter(asked).buffered(QUESTIONS_AT_ONCE).try_collect().await
    }

    /// Asks the chain what a policy would answer if it were the patient's.
    pub async fn check_policy(
        &self,
        policy: &AccountId32,
        patient: &AccountId32,
        subject: &AccountId32,
        question: AccessQuestion,
    ) -> Result<Result<(), Denied>, ChainError> {
        let AccessQuestion { action, record, purpose, model } = question;
        let arguments = (policy, patient, subject, record, action, purpose, model);
        self.runtime_api(ApiMethod::CHECK_POLICY, &arguments).await
    }
}
