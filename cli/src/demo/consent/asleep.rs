//! 1. The patient is asleep: who is let in holds the key seconds later, and the
//! custodians alone open nothing.

use std::time::{Duration, Instant};

use anyhow::{bail, Context as _, Result};
use medchain_client::chain::Call;
use medchain_primitives::{Action, RecordId};

use super::{
    cast::{CLINICIAN, CUSTODIANS, GUARDIAN, PATIENT, RESEARCHER, SISTER, TECHNICIAN},
    scene::Scene,
};
use crate::{
    commands::{
        access::{self, AccessReport, PurposeArg, RequestAccessArgs},
        custodians, grant, key, patient, policy,
        provider::{self, RoleArg, RoleOf},
        relation::{self, KindArg},
        upload::{self, elapsed_ms, UploadArgs},
    },
    context::Context,
    demo::processes::Running,
};

const STORY: &str = "asleep";

/// Tells it. Returns the record, and how long the key took in blocks and the
/// image in milliseconds.
pub async fn tell(scene: &Scene<'_>, running: &mut Running) -> Result<(u64, u32, u64)> {
    let (story, cast) = (scene.story, &scene.cast);
    let step = story.step("Everybody registers; the patient chooses a policy and custodians");
    prepare(scene).await?;
    drop(step);
    story.tell(
        "1. Asleep",
        "the patient chose three custodians, any two of whom can open a key, and lets the\n\
         clinician view. The laboratory uploads. From here on the patient sleeps.",
    )?;
    let step = story.step("The laboratory uploads");
    let args = UploadArgs {
        file: scene.xray_file.clone(),
        patient: PATIENT.to_owned(),
        infer: None,
        readers: Vec::new(),
    };
    let uploaded = upload::upload(&cast.technician, &args).await?;
    drop(step);
    let record = uploaded.record_id;
    scene.claim(
        STORY,
        "the upload split the key among the three custodians",
        uploaded.custodians.len() == 3 && uploaded.threshold == 2,
        format!("2 of {:?}", uploaded.custodians),
    )?;

    let no_key = "has no envelope";
    scene.refused(
        STORY,
        "the clinician cannot read before asking",
        scene.reads(&cast.clinician, record).await,
        no_key,
    )?;
    scene.refused(
        STORY,
        "a custodian cannot read what it keeps a share of",
        scene.reads(&cast.custodians[0], record).await,
        no_key,
    )?;
    let asked = request(&cast.stranger, record).await?;
    scene.claim(
        STORY,
        "a stranger who asks is refused, on the record",
        !asked.granted,
        asked.reason.as_deref().unwrap_or("granted"),
    )?;

    scene.start_custodian(running, "custodian-1", CUSTODIANS[0])?;
    let step = story.step("The clinician asks; one custodian of three is awake");
    let asked = request(&cast.clinician, record).await?;
    let until = asked.until.unwrap_or_default();
    scene.claim(
        STORY,
        "the policy lets the clinician in, for a time",
        asked.granted && until > asked.included.block_number,
        format!("in block {}, up to block {until}", asked.included.block_number),
    )?;
    wait_for_shares(scene, &cast.clinician, record, 1).await?;
    drop(step);
    scene.refused(
        STORY,
        "one share of the two that are needed opens nothing",
        scene.reads(&cast.clinician, record).await,
        no_key,
    )?;

    scene.start_custodian(running, "custodian-2", CUSTODIANS[1])?;
    scene.start_custodian(running, "custodian-3", CUSTODIANS[2])?;
    let step = story.step("The other custodians wake up");
    wait_for_shares(scene, &cast.clinician, record, 2).await?;
    drop(step);
    scene.claim(
        STORY,
        "with the second share the clinician reads the very bytes that were uploaded",
        scene.reads(&cast.clinician, record).await?,
        format!("{} bytes", scene.xray.len()),
    )?;
    scene.refused(
        STORY,
        "the shares that stand on chain for the clinician open nothing for a stranger",
        scene.reads(&cast.stranger, record).await,
        no_key,
    )?;

    copied_shares(scene, record).await?;

    // Once more, with everybody awake, to see how long it takes.
    let second = upload::upload(&cast.technician, &args).await?.record_id;
    let step = story.step("The clinician asks for another record, while all custodians are awake");
    let started = Instant::now();
    let args = RequestAccessArgs {
        record: second,
        purpose: PurposeArg::Treatment,
        no_wait: true,
        anew: false,
    };
    let asked = access::request(&cast.clinician, &args).await?;
    let at = wait_for_shares(scene, &cast.clinician, second, 2).await?;
    let read = scene.reads(&cast.clinician, second).await?;
    let ms = elapsed_ms(started);
    drop(step);
    let blocks = at.saturating_sub(asked.included.block_number);
    scene.claim(
        STORY,
        "from the question to the image, with all custodians awake",
        read,
        format!("{blocks} blocks, {:.1} s", ms as f64 / 1000.0),
    )?;
    Ok((record, blocks, ms))
}

/// The shares stand on chain for everybody to copy. Somebody becomes a patient
/// with the same custodians, and puts them under a record of their own, which they
/// may open as they like.
async fn copied_shares(scene: &Scene<'_>, record: u64) -> Result<()> {
    let cast = &scene.cast;
    let thief = &cast.researcher;
    let step = scene.story.step("Somebody copies the shares under a record of their own");
    patient::register(thief, None).await?;
    custodians::set(thief, &all_three()).await?;
    let args = UploadArgs {
        file: scene.xray_file.clone(),
        patient: RESEARCHER.to_owned(),
        infer: None,
        readers: Vec::new(),
    };
    let own = RecordId(upload::upload(thief, &args).await?.record_id);
    let view = scene.chain.best().await?;
    let kept = view.custody(RecordId(record)).await?.context("custodians keep it")?;
    let call = Call::EntrustRecord { record: own, shares: kept.shares };
    thief.sign(&call, "entrust the copied shares").await?;
    let asked = request(thief, own.0).await?;
    let until = asked.included.block_number + 4;
    while scene.chain.best().await?.number() < until {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let grant = scene.chain.best().await?.grant(own, &thief.account()?).await?;
    drop(step);
    scene.claim(
        STORY,
        "who copies the shares under a record of their own has nothing from the custodians",
        asked.granted && grant.as_ref().is_some_and(|grant| grant.shares.is_empty()),
        "granted, and not handed over: a share is bound to its patient and content",
    )
}

fn all_three() -> custodians::SetArgs {
    custodians::SetArgs { custodians: CUSTODIANS.map(str::to_owned).to_vec(), threshold: 2 }
}

async fn request(who: &Context, record: u64) -> Result<AccessReport> {
    let purpose = PurposeArg::Treatment;
    access::request(who, &RequestAccessArgs { record, purpose, no_wait: true, anew: false }).await
}

/// Waits until as many shares were handed over; returns the block at which they
/// were there.
async fn wait_for_shares(
    scene: &Scene<'_>,
    who: &Context,
    record: u64,
    count: usize,
) -> Result<u32> {
    let subject = who.account()?;
    let started = Instant::now();
    loop {
        let view = scene.chain.best().await?;
        let grant = view.grant(RecordId(record), &subject).await?;
        if grant.is_some_and(|grant| grant.shares.len() >= count) {
            return Ok(view.number());
        }
        if started.elapsed() > access::DELIVERY_LIMIT {
            bail!("{count} custodians have not handed over in time");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Everybody prepares at the same time: each waits for their own blocks only.
async fn prepare(scene: &Scene<'_>) -> Result<()> {
    let cast = &scene.cast;
    let keys = async {
        let mut others = vec![&cast.technician, &cast.clinician, &cast.stranger];
        others.extend([&cast.sister, &cast.guardian, &cast.researcher]);
        others.extend(&cast.custodians);
        futures::future::try_join_all(others.into_iter().map(key::publish)).await
    };
    let registrar = async {
        let mut roles = vec![(TECHNICIAN, RoleArg::LabTechnician), (CLINICIAN, RoleArg::Clinician)];
        roles.extend(CUSTODIANS.map(|who| (who, RoleArg::Custodian)));
        for (account, role) in roles {
            let args = RoleOf { account: account.to_owned(), role, sudo: true };
            provider::add(&cast.registrar, &args).await?;
        }
        anyhow::Ok(())
    };
    let patient = async {
        patient::register(&cast.patient, None).await?;
        let bundle = scene.contracts.join("access-control.contract");
        let deployed = policy::deploy(&cast.patient, &bundle).await?;
        patient::set_policy(&cast.patient, Some(&deployed.contract)).await?;
        for (to, actions) in [(TECHNICIAN, &[Action::Append][..]), (CLINICIAN, &[Action::View])] {
            grant::grant(&cast.patient, &grant::GrantArgs::to(to, actions)).await?;
        }
        for (account, kind, emergency_contact) in
            [(SISTER, KindArg::Sibling, true), (GUARDIAN, KindArg::Guardian, false)]
        {
            let args = relation::SetArgs { account: account.to_owned(), kind, emergency_contact };
            relation::set(&cast.patient, &args).await?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(keys, registrar, patient)?;
    let args =
        custodians::SetArgs { custodians: CUSTODIANS.map(str::to_owned).to_vec(), threshold: 2 };
    custodians::set(&cast.patient, &args).await?;
    Ok(())
}
