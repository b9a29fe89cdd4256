//! Whether the chain would take a record, and who could open it.

use anyhow::{bail, Result};
use medchain_client::{
    chain::{AccessQuestion, Denied, View},
    AccountId32,
};
use medchain_primitives::{Action, ModelId, Role};

use super::UploadArgs;
use crate::{consent::ensure_patient, context::Context, records::Reader};

/// Asks in advance what the chain will ask, so that nothing is stored or paid for a
/// record that it would refuse.
pub(super) async fn ensure_allowed(
    context: &Context,
    view: &View,
    patient: &AccountId32,
    model: Option<ModelId>,
) -> Result<()> {
    ensure_patient(view, patient).await?;
    let account = context.account()?;
    if account == *patient {
        return Ok(());
    }
    if !view.roles_of(&account).await?.contains(&Role::LabTechnician) {
        bail!(
            "{account} is neither the patient nor a registered lab technician; \
             an institution's registrar runs `medchain provider add {account} lab-technician`"
        );
    }
    let order = model.map(|model| AccessQuestion::infer(model, None));
    for question in [AccessQuestion::about(Action::Append)].into_iter().chain(order) {
        let action = question.action;
        match view.check_access(patient, &account, question).await? {
            Ok(()) => {}
            Err(denied @ (Denied::NoPolicy | Denied::PolicyNotFound)) => bail!(
                "{account} may not {action} for {patient}: {denied}; \
                 the patient chooses a policy with `medchain patient set-policy`"
            ),
            Err(denied) => bail!(
                "the policy of {patient} does not allow {account} to {action}: {denied}; \
                 the patient runs `medchain grant --to {account} --actions {action},…`"
            ),
        }
    }
    Ok(())
}

/// The patient, the signer, the additional readers and the worker that is named, each once.
pub(super) async fn readers(
    context: &Context,
    view: &View,
    patient: &AccountId32,
    args: &UploadArgs,
    named: Option<Reader>,
) -> Result<Vec<Reader>> {
    let mut accounts = vec![*patient, context.account()?];
    for text in &args.readers {
        accounts.push(context.parse_account(text)?);
    }
    let mut readers: Vec<Reader> = named.into_iter().collect();
    for account in accounts {
        if !readers.iter().any(|reader| reader.account == account) {
            readers.push(Reader::find(context, view, &account).await?);
        }
    }
    Ok(readers)
}
