//! What clients ask the runtime about access.

use codec::Codec;
use medchain_primitives::{Action, Purpose, RecordId};

use crate::Denied;

sp_api::decl_runtime_apis! {
    /// Questions about access, answered as the next block would answer them.
    pub trait EmrApi<AccountId>
    where
        AccountId: Codec,
    {
        /// Whether `subject` may do `action` with the records of `patient`,
        /// or with one of them.
        fn check_access(
            patient: AccountId,
            subject: AccountId,
            record: Option<RecordId>,
            action: Action,
        ) -> Result<(), Denied>;

        /// The same, for a purpose.
        fn check_access_for(
            patient: AccountId,
            subject: AccountId,
            record: Option<RecordId>,
            action: Action,
            purpose: Purpose,
        ) -> Result<(), Denied>;

        /// What a policy would say if it were the patient's.
        fn check_policy(
            policy: AccountId,
            patient: AccountId,
            subject: AccountId,
            record: Option<RecordId>,
            action: Action,
            purpose: Option<Purpose>,
        ) -> Result<(), Denied>;
    }
}
