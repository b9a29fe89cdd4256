//! What clients ask the runtime about access.

#![allow(clippy::too_many_arguments, reason = "the macro adds arguments to these functions")]

use codec::Codec;
use medchain_primitives::{Action, Denied, ModelId, Purpose, RecordId};

sp_api::decl_runtime_apis! {
    /// Questions about access, answered as the next block would answer them.
    ///
    /// Version 2: `check_access` takes the purpose; `check_access_for` is gone. Version 3: both
    /// take the model.
    #[api_version(3)]
    pub trait EmrApi<AccountId>
    where
        AccountId: Codec,
    {
        /// Checks whether an account may do something with a patient's records.
        ///
        /// `record` is `None` where the action is not about one record, `model` where it runs none.
        fn check_access(
            patient: AccountId,
            subject: AccountId,
            record: Option<RecordId>,
            action: Action,
            purpose: Option<Purpose>,
            model: Option<ModelId>,
        ) -> Result<(), Denied>;

        /// Checks what a policy would answer if it were the patient's.
        fn check_policy(
            policy: AccountId,
            patient: AccountId,
            subject: AccountId,
            record: Option<RecordId>,
            action: Action,
            purpose: Option<Purpose>,
            model: Option<ModelId>,
        ) -> Result<(), Denied>;
    }
}
