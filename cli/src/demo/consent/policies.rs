//! Story 5: Another policy: the patient sees who gains and who loses before choosing it.

use anyhow::{Context as _, Result};
use medchain_primitives::{Action, Purpose, RecordId};

use super::{
    cast::{RESEARCHER, STRANGER},
    scene::Scene,
};
use crate::{
    commands::{
        patient::set_policy::set_policy,
        policy::{
            call::{self, CallArgs},
            deploy::{self, DeployArgs},
            diff::{self, DiffArgs},
        },
        request_access::{self, RequestAccessArgs, RequestAccessReport},
    },
    consent::Question,
    context::Context,
};

const STORY: &str = "policies";

/// Tells it.
pub async fn tell(scene: &Scene<'_>, record: RecordId) -> Result<()> {
    let cast = &scene.cast;
    scene.story.tell(
        "5. Another policy",
        "a study needs X-rays: at most ten patients, for research only. Its policy is a\n\
         contract that somebody else wrote. The patient looks first, then enrols.",
    )?;
    let view = scene.chain.best().await?;
    let reference = view.policy_of(&cast.patient.account()?).await?.context("chosen")?;
    let bundle = scene.contracts.join("research-cohort.contract");
    let study = deploy::deploy_with(
        &cast.researcher,
        &DeployArgs {
            file: bundle.clone(),
            constructor: None,
            args: format!("{RESEARCHER}, 10, {}", view.number() + 10_000),
            make_own: false,
        },
    )
    .await?
    .contract
    .to_string();
    let call = |message: &str| CallArgs {
        contract: study.clone(),
        file: bundle.clone(),
        message: message.to_owned(),
        args: String::new(),
        value: 0,
    };
    call::call(&cast.patient, &call("enrol")).await?;

    let args = DiffArgs {
        contract: study.clone(),
        patient: None,
        subjects: vec![RESEARCHER.to_owned(), STRANGER.to_owned()],
        purpose: Some(Purpose::Research),
    };
    let diff = diff::diff(&cast.patient, &args).await?;
    let researcher = cast.researcher.account()?;
    let laboratory = cast.technician.account()?;
    let gains: Vec<_> = diff.gains.iter().map(|one| (one.account, one.action.clone())).collect();
    let viewing = Question { action: Action::View, purpose: Some(Purpose::Research) };
    let appending = Question { action: Action::Append, purpose: None };
    scene.claim(
        STORY,
        "before choosing it, the patient sees that the researcher would gain access, and the laboratory lose it",
        gains == [(researcher, viewing.name())]
            && diff
                .loses
                .iter()
                .any(|one| one.account == laboratory && one.action == appending.name()),
        format!("{} gained, {} lost", diff.gains.len(), diff.loses.len()),
    )?;
    let asked = request(&cast.researcher, record, Purpose::Research).await?;
    scene.claim(STORY, "until it is chosen, it decides nothing", !asked.granted, asked.answer())?;
    scene.refused(
        STORY,
        "an address without a contract cannot be chosen",
        set_policy(&cast.patient, Some(STRANGER)).await,
        "no contract",
    )?;

    set_policy(&cast.patient, Some(&study)).await?;
    let asked = request(&cast.researcher, record, Purpose::Research).await?;
    scene.claim(
        STORY,
        "once it is chosen, the researcher reads",
        asked.granted && scene.reads(&cast.researcher, record).await?,
        format!("{} bytes", scene.xray.len()),
    )?;
    for (who, purpose, claim) in [
        (&cast.researcher, Purpose::Billing, "but not for another purpose"),
        (&cast.clinician, Purpose::Treatment, "and the clinician not at all"),
    ] {
        let asked = request(who, record, purpose).await?;
        scene.claim(STORY, claim, !asked.granted, asked.answer())?;
    }

    call::call(&cast.patient, &call("withdraw")).await?;
    let asked = request(&cast.researcher, record, Purpose::Research).await?;
    scene.claim(
        STORY,
        "a patient who withdraws from the study is out of it at once",
        !asked.granted && scene.reads(&cast.researcher, record).await.is_err(),
        asked.answer(),
    )?;
    set_policy(&cast.patient, Some(&reference.to_string())).await?;
    Ok(())
}

async fn request(who: &Context, record: RecordId, purpose: Purpose) -> Result<RequestAccessReport> {
    let args = RequestAccessArgs { record, purpose, no_wait: false, renew: false };
    request_access::request(who, &args).await
}
