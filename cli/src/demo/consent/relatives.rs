//! Story 4: Relatives and guardians: what a relation allows, acting in the patient's name, and
//! deciding together.

use anyhow::{Context as _, Result};
use medchain_client::policy::{ActionSet, GrantError};
use medchain_primitives::{Action, Purpose, RecordId};

use super::{
    cast::{CLINICIAN, GUARDIAN, PATIENT, SISTER, STRANGER, SURGEON},
    scene::Scene,
};
use crate::{
    commands::{
        access::{self, AccessArgs},
        delegate::{self, RemoveArgs, SetArgs},
        grant::{self, GrantArgs},
        policy::{
            call::{self, CallArgs},
            check::{self, CheckArgs},
            deploy::{self, DeployArgs},
        },
        relation::show::{self, ShowArgs},
        request_access::{self, RequestAccessArgs, RequestAccessReport},
        revoke::{self, RevokeArgs},
    },
    consent::Question,
    context::Context,
};

const STORY: &str = "relatives";

/// Tells it.
pub async fn tell(scene: &Scene<'_>, opened: [RecordId; 2]) -> Result<()> {
    scene.story.tell(
        "4. Relatives",
        "the sister is named as sibling and emergency contact. The patient makes her a\n\
         delegate, who grants in the patient's name. Two guardians decide together.",
    )?;
    sister(scene, opened).await?;
    together(scene).await?;
    everybody(scene).await
}

/// The sister has opened these records in her emergency.
async fn sister(scene: &Scene<'_>, opened: [RecordId; 2]) -> Result<()> {
    let (cast, [_, record]) = (&scene.cast, opened);
    let asked = request(&cast.sister, record, Purpose::Treatment).await?;
    scene.claim(
        STORY,
        "being a relative alone opens nothing: the policy decides",
        !asked.granted,
        asked.answer(),
    )?;
    let args = ShowArgs { patient: PATIENT.to_owned(), account: None };
    let shown = show::show(&cast.sister, &args).await?;
    scene.claim(
        STORY,
        "she sees what her relation allows: the glass, behind which are the others than the two she opened",
        shown.emergency_contact
            && shown.may_break_glass
            && !shown.may_review
            && shown.policy_allows.is_empty()
            && shown.can_open == opened
            && !shown.behind_glass.is_empty(),
        shown.to_string().replace('\n', "; "),
    )?;
    let for_treatment = |who: &str| GrantArgs {
        purposes: Some(Purpose::Treatment.into()),
        patient: Some(PATIENT.to_owned()),
        ..GrantArgs::to(who, &[Action::View])
    };
    scene.refused(
        STORY,
        "before she is a delegate, she cannot grant in the patient's name",
        grant::grant(&cast.sister, &for_treatment(GUARDIAN)).await,
        GrantError::NotDelegate,
    )?;
    let actions = ActionSet::of(&[Action::View]);
    let args = SetArgs { delegate: SISTER.to_owned(), actions, until: None, policy: None };
    delegate::set(&cast.patient, &args).await?;
    scene.refused(
        STORY,
        "as a delegate she cannot let in the clinician, whom the patient revoked",
        grant::grant(&cast.sister, &for_treatment(CLINICIAN)).await,
        GrantError::RevokedByPatient,
    )?;
    grant::grant(&cast.sister, &for_treatment(GUARDIAN)).await?;
    let asked = request(&cast.guardian, record, Purpose::Treatment).await?;
    scene.claim(
        STORY,
        "but she allows the guardian to view, for treatment",
        asked.granted && asked.shares >= asked.threshold,
        format!("in block {}", asked.included.block_number),
    )?;
    scene.claim(
        STORY,
        "the guardian reads the record",
        scene.reads(&cast.guardian, record).await?,
        format!("{} bytes", scene.xray.len()),
    )?;
    let asked = request(&cast.guardian, record, Purpose::Research).await?;
    scene.claim(
        STORY,
        "the same request for research is refused, and leaves the access for treatment",
        !asked.granted && scene.reads(&cast.guardian, record).await?,
        asked.answer(),
    )?;
    let args = RemoveArgs { delegate: SISTER.to_owned(), policy: None };
    delegate::remove(&cast.patient, &args).await?;
    let asked = request(&cast.guardian, record, Purpose::Treatment).await?;
    scene.claim(
        STORY,
        "what she granted ends with the delegation",
        !asked.granted && scene.reads(&cast.guardian, record).await.is_err(),
        asked.answer(),
    )?;
    let args =
        GrantArgs { patient: Some(PATIENT.to_owned()), ..GrantArgs::to(STRANGER, &[Action::View]) };
    scene.refused(
        STORY,
        "a stranger cannot grant in the patient's name",
        grant::grant(&cast.stranger, &args).await,
        GrantError::NotDelegate,
    )
}

/// The contract of guardians is itself a delegate.
async fn together(scene: &Scene<'_>) -> Result<()> {
    let cast = &scene.cast;
    let policy = scene.chain.best().await?.policy_of(&cast.patient.account()?).await?;
    let policy = policy.context("the patient has no policy")?;
    let bundle = scene.contracts.join("guardians.contract");
    let deployed = deploy::deploy_with(
        &cast.guardian,
        &DeployArgs {
            file: bundle.clone(),
            constructor: None,
            args: format!("{PATIENT}, {policy}, [{GUARDIAN}, {SISTER}], 2, 100"),
            make_own: false,
        },
    )
    .await?;
    let contract = deployed.contract.to_string();
    let actions = ActionSet::of(&[Action::View]);
    let args = SetArgs { delegate: contract.clone(), actions, until: None, policy: None };
    delegate::set(&cast.patient, &args).await?;
    let call = |message: &str, args: String| CallArgs {
        contract: contract.clone(),
        file: bundle.clone(),
        message: message.to_owned(),
        args,
        value: 0,
    };
    // View, for all purposes, until revoked.
    let change = format!("Grant {{ grantee: {SURGEON}, actions: 1, purposes: None, until: None }}");
    scene.refused(
        STORY,
        "an account that is no guardian proposes nothing",
        call::call(&cast.stranger, &call("propose", change.clone())).await,
        "NotMember",
    )?;
    call::call(&cast.guardian, &call("propose", change)).await?;
    let alone = may_view(scene, SURGEON).await?;
    scene.claim(STORY, "one guardian alone allows nobody", !alone.0, alone.1)?;
    call::call(&cast.sister, &call("approve", "0".into())).await?;
    let both = may_view(scene, SURGEON).await?;
    scene.claim(STORY, "two together do", both.0, both.1)?;
    revoke::revoke(&cast.patient, &RevokeArgs::from(SURGEON, false)).await?;
    let after = may_view(scene, SURGEON).await?;
    scene.claim(STORY, "and the patient revokes it at once", !after.0, after.1)
}

async fn everybody(scene: &Scene<'_>) -> Result<()> {
    let cast = &scene.cast;
    let args = AccessArgs { patient: None, subjects: vec![STRANGER.to_owned()] };
    let list = access::list(&cast.patient, &args).await?;
    let row = |who: &Context| -> Result<_> {
        let account = who.account()?;
        Ok(list.accounts.iter().find(|row| row.account == account).cloned())
    };
    let laboratory = row(&cast.technician)?.context("the laboratory can do nothing")?;
    let appending = Question { action: Action::Append, purpose: None };
    scene.claim(
        STORY,
        "the patient sees who can do what now",
        row(&cast.stranger)?.is_none()
            && laboratory.policy_allows == [appending.name()]
            && !laboratory.envelopes.is_empty()
            && row(&cast.clinician)?.is_none_or(|row| row.policy_allows.is_empty())
            && row(&cast.custodians[0])?.is_some_and(|row| !row.shares.is_empty()),
        format!("{} accounts can do something", list.accounts.len()),
    )
}

async fn request(who: &Context, record: RecordId, purpose: Purpose) -> Result<RequestAccessReport> {
    let args = RequestAccessArgs { record, purpose, no_wait: false, renew: false };
    request_access::request(who, &args).await
}

/// The answer of the policy in force, and its reason.
async fn may_view(scene: &Scene<'_>, who: &str) -> Result<(bool, String)> {
    let args = CheckArgs {
        patient: PATIENT.to_owned(),
        subject: Some(who.to_owned()),
        action: Action::View,
        record: None,
        purpose: None,
        model: None,
    };
    let report = check::check(&scene.cast.patient, &args).await?;
    let said = report.reason.unwrap_or_else(|| format!("yes, in block {}", report.block_number));
    Ok((report.allowed, said))
}
