//! The access question.

use medchain_primitives::{Action, Denied, Purpose, RecordId};

use super::View;
use crate::{
    chain::{
        items::{ApiMethod, StorageItem},
        ChainError,
    },
    AccountId32,
};

impl View {
    /// The policy contract that a patient chose.
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

    /// The policy contract that is asked about a patient's records.
    pub async fn policy_of(
        &self,
        patient: &AccountId32,
    ) -> Result<Option<AccountId32>, ChainError> {
        match self.own_policy_of(patient).await? {
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
        record: Option<RecordId>,
        action: Action,
        purpose: Option<Purpose>,
    ) -> Result<Result<(), Denied>, ChainError> {
        let arguments = (patient, subject, record, action, purpose);
        self.runtime_api(ApiMethod::CHECK_ACCESS, &arguments).await
    }

    /// Asks the chain what a policy would answer if it were the patient's.
    pub async fn check_policy(
        &self,
        policy: &AccountId32,
        patient: &AccountId32,
        subject: &AccountId32,
        record: Option<RecordId>,
        action: Action,
        purpose: Option<Purpose>,
    ) -> Result<Result<(), Denied>, ChainError> {
        let arguments = (policy, patient, subject, record, action, purpose);
        self.runtime_api(ApiMethod::CHECK_POLICY, &arguments).await
    }
}
