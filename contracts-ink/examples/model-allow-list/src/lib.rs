//! Patients choose which models may run on their records. They grant actions to
//! accounts, as in the reference policy, and keep a list of models: whoever is
//! granted Infer may use the models on the list, and no others.
//!
//! The caller of a message is the patient and changes only their own grants and
//! list. One instance therefore serves every patient who chooses it. Both are
//! empty at first, so that nobody may do anything. `grant`, `revoke` and
//! `grant_of` are the messages of the reference policy, so `medchain grant` and
//! `medchain revoke` work.
//!
//! The chain asks about the account that orders a verdict, about each worker
//! before it is drawn, and again when it answers. A model that is removed from the
//! list meanwhile gets no answer in.
//!
//! Refusals: `NoGrant`, `Revoked`, `Expired` and `ActionNotGranted` where the
//! account may not do this at all; `Other(4)` for Infer where the model is not on
//! the list, or the question names none.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unreachable
    )
)]

mod models;

pub use self::{
    model_allow_list::{Granted, ModelAllowList, ModelAllowed, ModelRemoved, Revoked},
    models::{ModelError, Models, MAX_MODELS},
};

#[allow(missing_docs, unsafe_code, clippy::panic, reason = "for the code that ink! generates")]
#[ink::contract(env = policy::MedChainEnvironment)]
mod model_allow_list {
    use crate::models::{ModelError, Models};
    use ink::{prelude::vec::Vec, storage::Mapping};
    use policy::{
        reasons::MODEL_NOT_ALLOWED, Action, ActionSet, Decision, Grant, GrantError, ModelId, Policy,
    };

    /// The grants and lists of every patient who uses this instance.
    ///
    /// A list is one value, read only where a grant allows Infer: `check` costs one
    /// read for other actions, and two for Infer.
    #[ink(storage)]
    #[derive(Default)]
    pub struct ModelAllowList {
        /// By patient and grantee.
        grants: Mapping<(AccountId, AccountId), Grant>,
        /// By patient.
        models: Mapping<AccountId, Models>,
    }

    /// An account was granted actions on a patient's records.
    ///
    /// The grant replaces the patient's previous grant to that account.
    #[ink(event)]
    pub struct Granted {
        /// The patient whose records the grant covers.
        #[ink(topic)]
        pub patient: AccountId,
        /// The account that may act.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The allowed actions: bit i is the action with index i (View, Append,
        /// Amend, Share, Infer, Emergency). Infer is limited to the listed models.
        pub actions: ActionSet,
        /// The last block in which the grant is valid; none: until revoked.
        pub until: Option<BlockNumber>,
    }

    /// A grant to an account was revoked.
    #[ink(event)]
    pub struct Revoked {
        /// The patient whose records the grant covered.
        #[ink(topic)]
        pub patient: AccountId,
        /// The account that may no longer act.
        #[ink(topic)]
        pub grantee: AccountId,
    }

    /// A patient added a model to their list.
    #[ink(event)]
    pub struct ModelAllowed {
        /// The patient on whose records the model may run.
        #[ink(topic)]
        pub patient: AccountId,
        /// The number of the model.
        #[ink(topic)]
        pub model: ModelId,
    }

    /// A patient removed a model from their list.
    #[ink(event)]
    pub struct ModelRemoved {
        /// The patient on whose records the model may no longer run.
        #[ink(topic)]
        pub patient: AccountId,
        /// The number of the model.
        #[ink(topic)]
        pub model: ModelId,
    }

    impl ModelAllowList {
        /// Creates a policy without grants and models, which refuses everybody.
        ///
        /// One instance serves every patient who chooses it.
        #[ink(constructor, selector = 0x4d435000)]
        pub fn new() -> Self {
            Self::default()
        }

        /// Grants an account actions on the caller's records.
        ///
        /// The grant replaces the previous one to that account.
        ///
        /// - `actions`: one byte; View is 1, Append 2, Amend 4, Share 8, Infer 16,
        ///   Emergency 32, and a sum is a set: 17 is View and Infer. Infer is
        ///   limited to the models that the caller allows with `allow_model`.
        /// - `until`: the last block in which the grant is valid; none: until
        ///   revoked.
        #[ink(message, selector = 0x4d435010)]
        pub fn grant(
            &mut self,
            grantee: AccountId,
            actions: ActionSet,
            until: Option<BlockNumber>,
        ) -> Result<(), GrantError> {
            let grant = Grant::new(actions, until);
            grant.validate(self.env().block_number())?;
            let patient = self.env().caller();
            self.grants.insert((patient, grantee), &grant);
            self.env().emit_event(Granted { patient, grantee, actions, until });
            Ok(())
        }

        /// Revokes the caller's grant to an account.
        ///
        /// It takes effect in this block. The revoked grant stays visible in
        /// `grant_of`.
        #[ink(message, selector = 0x4d435011)]
        pub fn revoke(&mut self, grantee: AccountId) -> Result<(), GrantError> {
            let patient = self.env().caller();
            let grant = self.grants.get((patient, grantee)).filter(|grant| !grant.revoked);
            let grant = Grant { revoked: true, ..grant.ok_or(GrantError::NotGranted)? };
            self.grants.insert((patient, grantee), &grant);
            self.env().emit_event(Revoked { patient, grantee });
            Ok(())
        }

        /// Returns a patient's grant to an account, including a revoked or expired one.
        #[ink(message, selector = 0x4d435012)]
        pub fn grant_of(&self, patient: AccountId, grantee: AccountId) -> Option<Grant> {
            self.grants.get((patient, grantee))
        }

        /// Allows a model to run on the caller's records.
        ///
        /// At most 16 models are allowed at a time. `medchain model list` shows the
        /// numbers of models. The list admits nobody: grant Infer to the accounts
        /// that may order verdicts, and to the workers.
        #[ink(message, selector = 0x4d435040)]
        pub fn allow_model(&mut self, model: ModelId) -> Result<(), ModelError> {
            let patient = self.env().caller();
            let mut models = self.list_of(patient);
            models.add(model)?;
            self.models.insert(patient, &models);
            self.env().emit_event(ModelAllowed { patient, model });
            Ok(())
        }

        /// Removes a model from the caller's list.
        ///
        /// It takes effect in this block, also for verdicts that are ordered already.
        #[ink(message, selector = 0x4d435041)]
        pub fn remove_model(&mut self, model: ModelId) -> Result<(), ModelError> {
            let patient = self.env().caller();
            let mut models = self.list_of(patient);
            models.remove(model)?;
            self.models.insert(patient, &models);
            self.env().emit_event(ModelRemoved { patient, model });
            Ok(())
        }

        /// Returns the models that a patient allows, in no particular order.
        #[ink(message, selector = 0x4d435042)]
        pub fn models_of(&self, patient: AccountId) -> Vec<ModelId> {
            self.list_of(patient).into()
        }

        fn list_of(&self, patient: AccountId) -> Models {
            self.models.get(patient).unwrap_or_default()
        }
    }

    impl Policy for ModelAllowList {
        /// Decides whether a grant to `subject` covers `action`, and for Infer, whether `patient` allows the model.
        #[ink(message)]
        fn check(
            &self,
            patient: AccountId,
            subject: AccountId,
            record: Option<u64>,
            action: Action,
        ) -> Decision {
            let _ = record;
            let grant = self.grants.get((patient, subject));
            // The grants of this policy are for any purpose.
            let granted = policy::decide(grant, self.env().block_number(), action, || None);
            if granted != Decision::Allow || action != Action::Infer {
                return granted;
            }
            match self.env().extension().model() {
                Some(model) if self.list_of(patient).contains(model) => Decision::Allow,
                _ => Decision::Deny(MODEL_NOT_ALLOWED),
            }
        }
    }
}

policy::answer_directly!(ModelAllowList {
    0x4d435010 => grant(_, _, _),
    0x4d435011 => revoke(_),
    0x4d435012 => grant_of(_, _),
    0x4d435040 => allow_model(_),
    0x4d435041 => remove_model(_),
    0x4d435042 => models_of(_),
});

#[cfg(test)]
mod tests;
