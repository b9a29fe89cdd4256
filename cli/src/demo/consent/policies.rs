//! 5. Another policy: who gains and who loses is known before it is chosen.

use anyhow::{Context as _, Result};

use super::{
    cast::{RESEARCHER, STRANGER},
    scene::Scene,
};
use crate::{
    commands::{
        access::{self, PurposeArg, RequestAccessArgs},
        patient,
        policy_call::{self, CallArgs},
        policy_deploy::{self, DeployArgs},
        policy_diff::{self, DiffArgs},
    },
    context::Context,
};

const STORY: &str = "policies";

/// Tells it.
pub async fn tell(scene: &Scene<'_>, record: u64) -> Result<()> {
    let cast = &scene.cast;
    scene.story.tell(
        "5. Another policy",
        "a study asks for X-rays: at most ten patients, for research alone. Its policy is a\n\
         contract that somebody else wrote. The patient looks first, then enrols.",
    )?;
    let view = scene.chain.best().await?;
    let reference = view.policy_of(&cast.patient.account()?).await?.context("chosen")?;
    let bundle = scene.contracts.join("research-cohort.contract");
    let study = policy_deploy::deploy_with(
        &cast.researcher,
        &DeployArgs {
            file: bundle.clone(),
            constructor: None,
            args: format!("{RESEARCHER}, 10, {}", view.number() + 10_000),
            make_own: false,
        },
    )
    .await?
    .contract;
    let call = |message: &str| CallArgs {
        contract: study.clone(),
        file: bundle.clone(),
        message: message.to_owned(),
        args: String::new(),
        value: 0,
    };
    policy_call::call(&cast.patient, &call("enrol")).await?;

    let args = DiffArgs {
        contract: study.clone(),
        patient: None,
        subjects: vec![RESEARCHER.to_owned(), STRANGER.to_owned()],
        purpose: Some(PurposeArg::Research),
    };
    let diff = policy_diff::diff(&cast.patient, &args).await?;
    let researcher = cast.researcher.account()?.to_string();
    let laboratory = cast.technician.account()?.to_string();
    let gains: Vec<_> =
        diff.gains.iter().map(|one| (one.account.as_str(), one.action.as_str())).collect();
    scene.claim(
        STORY,
        "before choosing it, the patient sees that the researcher would gain, and the laboratory lose",
        gains == [(researcher.as_str(), "view for research")]
            && diff.loses.iter().any(|one| one.account == laboratory && one.action == "append"),
        format!("{} gained, {} lost", diff.gains.len(), diff.loses.len()),
    )?;
    let asked = request(&cast.researcher, record, PurposeArg::Research).await?;
    scene.claim(
        STORY,
        "until it is chosen, it decides nothing",
        !asked.granted,
        asked.reason.unwrap_or_default(),
    )?;
    scene.refused(
        STORY,
        "an address without a contract cannot be chosen",
        patient::set_policy(&cast.patient, Some(STRANGER)).await,
        "no contract",
    )?;

    patient::set_policy(&cast.patient, Some(&study)).await?;
    let asked = request(&cast.researcher, record, PurposeArg::Research).await?;
    scene.claim(
        STORY,
        "once it is chosen, the researcher reads",
        asked.granted && scene.reads(&cast.researcher, record).await?,
        format!("{} bytes", scene.xray.len()),
    )?;
    for (who, purpose, claim) in [
        (&cast.researcher, PurposeArg::Billing, "not for another purpose"),
        (&cast.clinician, PurposeArg::Treatment, "and the clinician not at all"),
    ] {
        let asked = request(who, record, purpose).await?;
        scene.claim(STORY, claim, !asked.granted, asked.reason.unwrap_or_default())?;
    }

    policy_call::call(&cast.patient, &call("withdraw")).await?;
    let asked = request(&cast.researcher, record, PurposeArg::Research).await?;
    scene.claim(
        STORY,
        "who withdraws from the study is out of it at once",
        !asked.granted && scene.reads(&cast.researcher, record).await.is_err(),
        asked.reason.unwrap_or_default(),
    )?;
    patient::set_policy(&cast.patient, Some(&reference.to_string())).await?;
    Ok(())
}

async fn request(who: &Context, record: u64, purpose: PurposeArg) -> Result<access::AccessReport> {
    access::request(who, &RequestAccessArgs { record, purpose, no_wait: false, anew: false }).await
}
