//! Story 1: The patient is asleep: a reader whom the policy allows has the key seconds later,
//! and the custodians alone open nothing.

use std::time::{Duration, Instant};

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{format_balance, Call, CustodyError},
    crypto::ContentKey,
    custody::{self, DealingName, Granted},
};
use medchain_primitives::{Action, Purpose, RecordId, RelationKind, Role};

use super::{
    cast::{CLINICIAN, CUSTODIANS, GUARDIAN, PATIENT, RESEARCHER, SISTER, TECHNICIAN},
    scene::Scene,
};
use crate::{
    commands::{
        custodian, custodians,
        grant::{self, GrantArgs},
        key,
        patient::{register, set_policy},
        policy::deploy,
        provider::{self, AddArgs},
        relation::set::{self as relation, SetArgs},
        request_access::{self, RequestAccessArgs, RequestAccessReport},
        upload::{self, UploadArgs},
    },
    context::Context,
    demo::processes::Running,
    output::{joined, time::elapsed_ms},
    records::{self, DELIVERY_LIMIT},
};

const STORY: &str = "asleep";

/// What the other stories go on with.
pub struct Begun {
    /// The patient's first record.
    pub record: RecordId,
    /// The patient's second record.
    pub second: RecordId,
    /// The record of the thief, who is a patient too.
    pub of_thief: RecordId,
    /// The blocks from a request until the key was there.
    pub blocks: u32,
    /// The milliseconds until the image was.
    pub ms: u64,
}

/// Tells it.
pub async fn tell(scene: &Scene<'_>, running: &mut Running) -> Result<Begun> {
    let (story, cast) = (scene.story, &scene.cast);
    let step = story.step("Everybody registers; the patient chooses a policy and custodians");
    prepare(scene).await?;
    drop(step);
    story.tell(
        "1. Asleep",
        "the patient chose three custodians, any two of whom can open a key, and allows the\n\
         clinician to view. The laboratory uploads. From here on the patient sleeps.",
    )?;
    let step = story.step("The laboratory uploads");
    let args = UploadArgs::of(scene.xray_file.clone(), PATIENT);
    let uploaded = upload::upload(&cast.technician, &args).await?;
    drop(step);
    let record = uploaded.record_id;
    scene.claim(
        STORY,
        "the upload shared the key among the three custodians, and the chain verified that any two open it",
        uploaded.custodians.len() == 3 && uploaded.threshold == 2,
        format!("2 of {}", joined(&uploaded.custodians)),
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
        "a custodian cannot read a record of whose key it keeps a share",
        scene.reads(&cast.custodians[0], record).await,
        no_key,
    )?;
    let asked = request(&cast.stranger, record).await?;
    scene.claim(
        STORY,
        "a stranger who requests access is refused, and the chain records it",
        !asked.granted,
        asked.answer(),
    )?;

    scene.start_custodian(running, "custodian-1", CUSTODIANS[0])?;
    let step = story.step("The clinician requests access; one custodian of three is awake");
    let asked = request(&cast.clinician, record).await?;
    let until = asked.until.unwrap_or_default();
    scene.claim(
        STORY,
        "the policy allows the clinician, for a time",
        asked.granted && until > asked.included.block_number,
        format!("in block {}, until block {until}", asked.included.block_number),
    )?;
    wait_for_shares(scene, &cast.clinician, record, 1).await?;
    drop(step);
    scene.refused(
        STORY,
        "one share of the two that are needed opens nothing",
        scene.reads(&cast.clinician, record).await,
        no_key,
    )?;

    garbage(scene, STORY, &cast.clinician, record).await?;

    // The third one lies wherever it is asked, in all stories: two that are honest are enough.
    scene.start_custodian(running, "custodian-2", CUSTODIANS[1])?;
    let step = story.step("The other honest custodian wakes up");
    wait_for_shares(scene, &cast.clinician, record, 2).await?;
    drop(step);
    scene.claim(
        STORY,
        "with the second share the clinician reads exactly the bytes that were uploaded",
        scene.reads(&cast.clinician, record).await?,
        format!("{} bytes", scene.xray.len()),
    )?;
    scene.refused(
        STORY,
        "the shares on chain for the clinician open nothing for a stranger",
        scene.reads(&cast.stranger, record).await,
        no_key,
    )?;

    let of_thief = copied_shares(scene, record).await?;

    // Once more, with both awake, to measure how long it takes.
    let args = UploadArgs { again: true, ..args };
    let second = upload::upload(&cast.technician, &args).await?.record_id;
    let step =
        story.step("The clinician requests another record, while both honest custodians are awake");
    let started = Instant::now();
    let args = RequestAccessArgs {
        record: second,
        purpose: Purpose::Treatment,
        no_wait: true,
        renew: false,
    };
    let asked = request_access::request(&cast.clinician, &args).await?;
    let at = wait_for_shares(scene, &cast.clinician, second, 2).await?;
    let read = scene.reads(&cast.clinician, second).await?;
    let ms = elapsed_ms(started);
    drop(step);
    let blocks = at.saturating_sub(asked.included.block_number);
    scene.claim(
        STORY,
        "from the request to the image, with both honest custodians awake",
        read,
        format!("{blocks} blocks, {:.1} s", ms as f64 / 1000.0),
    )?;
    Ok(Begun { record, second, of_thief, blocks, ms })
}

/// The third custodian delivers what it alone can open. Nobody else could see that but the chain.
pub async fn garbage(
    scene: &Scene<'_>,
    story: &'static str,
    reader: &Context,
    record: RecordId,
) -> Result<()> {
    let custodian = &scene.cast.custodians[2];
    let (identity, genesis) = (custodian.identity()?, scene.chain.genesis_hash());
    let subject = reader.account()?;
    let step = scene.story.step("The third custodian delivers garbage");
    let view = scene.chain.best().await?;
    let kept = view.custody(record).await?.context("custodians keep it")?;
    let grant = view.grant(record, &subject).await?.context("the reader has a grant")?;
    let own = custodian.replies(genesis)?.create(record)?.public();
    let granted = Granted { reply: own, ..Granted::from(&grant) };
    let secret = identity.custodian_secret();
    let delivery = custody::deliver(secret, &identity.account(), genesis, &kept, &granted)?;
    let call = Call::DeliverShare { record, subject, reply: grant.reply, delivery };
    let (before, honest) = (view.balance(&identity.account()).await?.free, grant.deliveries.len());
    let sent = custodian.sign(&call, "deliver a share").await;
    drop(step);
    scene.refused(
        story,
        "the third custodian delivers garbage, and the chain refuses it: the proof does not hold",
        sent,
        CustodyError::InvalidDelivery,
    )?;
    let view = scene.chain.best().await?;
    let count = view.grant(record, &subject).await?.map_or(0, |grant| grant.deliveries.len());
    let paid = before.saturating_sub(view.balance(&identity.account()).await?.free);
    scene.claim(
        story,
        "so it does not count as a share, and costs the custodian a fee",
        count == honest && paid > 0,
        format!("{count} of the honest, {} paid", format_balance(paid)),
    )
}

/// Anybody can copy the shares from the chain. A thief becomes a patient with the same
/// custodians, and puts the shares under a record of their own, which they may open. Returns
/// that record.
async fn copied_shares(scene: &Scene<'_>, record: RecordId) -> Result<RecordId> {
    let thief = &scene.cast.researcher;
    let step = scene.story.step("A thief copies the shares to a record of their own");
    register::register(thief, None).await?;
    custodians::set(thief, &all_three()).await?;
    let args = UploadArgs::of(scene.xray_file.clone(), RESEARCHER);
    let own = upload::upload(thief, &args).await?.record_id;
    let view = scene.chain.best().await?;
    let account = thief.account()?;
    let group = view.custodians_of(&account).await?.context("the thief has custodians")?;
    let cid = records::document(&records::find(&view, own).await?)?.cid.clone();
    let genesis = scene.chain.genesis_hash();
    let name = DealingName { genesis, patient: &account, dealer: &account, cid: &cid };
    // The copied shares, with the best proof that the thief can make.
    let mut entrustment = custody::entrust(&ContentKey::generate(), &group, &name)?;
    let kept = view.custody(record).await?.context("custodians keep it")?.dealing;
    let forged = &mut entrustment.dealing;
    (forged.ephemeral, forged.shares, forged.wrapped) = (kept.ephemeral, kept.shares, kept.wrapped);
    let call = Call::EntrustRecord { record: own, entrustment: Some(entrustment) };
    let tried = thief.sign(&call, "entrust the copied shares").await;
    drop(step);
    scene.refused(
        STORY,
        "a thief cannot entrust copied shares as their own: they are bound to patient and content",
        tried,
        CustodyError::InvalidDealing,
    )?;
    Ok(own)
}

fn all_three() -> custodians::SetArgs {
    custodians::SetArgs { custodians: CUSTODIANS.map(str::to_owned).to_vec(), threshold: 2 }
}

async fn request(who: &Context, record: RecordId) -> Result<RequestAccessReport> {
    let purpose = Purpose::Treatment;
    let args = RequestAccessArgs { record, purpose, no_wait: true, renew: false };
    request_access::request(who, &args).await
}

/// Waits until `count` shares were handed over, and returns the block.
async fn wait_for_shares(
    scene: &Scene<'_>,
    who: &Context,
    record: RecordId,
    count: usize,
) -> Result<u32> {
    let subject = who.account()?;
    let started = Instant::now();
    loop {
        let view = scene.chain.best().await?;
        let grant = view.grant(record, &subject).await?;
        if grant.is_some_and(|grant| grant.deliveries.len() >= count) {
            return Ok(view.number());
        }
        if started.elapsed() > DELIVERY_LIMIT {
            bail!("{count} custodians have not handed over a share in time");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Prepares everybody at the same time: each waits for their own blocks only.
async fn prepare(scene: &Scene<'_>) -> Result<()> {
    let cast = &scene.cast;
    let keys = async {
        let mut others = vec![&cast.technician, &cast.clinician, &cast.stranger];
        others.extend([&cast.sister, &cast.guardian, &cast.researcher]);
        futures::future::try_join_all(others.into_iter().map(key::publish)).await
    };
    let registrar = async {
        let mut roles = vec![(TECHNICIAN, Role::LabTechnician), (CLINICIAN, Role::Clinician)];
        roles.extend(CUSTODIANS.map(|who| (who, Role::Custodian)));
        for (account, role) in roles {
            let args = AddArgs::new(account, role);
            provider::add(&cast.registrar, &args).await?;
        }
        // With the role, custodians publish their keys.
        let [first, second, third] = &cast.custodians;
        tokio::try_join!(
            custodian::register(first),
            custodian::register(second),
            custodian::register(third)
        )?;
        anyhow::Ok(())
    };
    let patient = async {
        register::register(&cast.patient, None).await?;
        let bundle = scene.contracts.join("access-control.contract");
        let deployed = deploy::deploy(&cast.patient, &bundle).await?;
        let contract = deployed.contract.to_string();
        set_policy::set_policy(&cast.patient, Some(&contract)).await?;
        for (to, actions) in [(TECHNICIAN, &[Action::Append][..]), (CLINICIAN, &[Action::View])] {
            grant::grant(&cast.patient, &GrantArgs::to(to, actions)).await?;
        }
        for (account, kind, emergency_contact) in
            [(SISTER, RelationKind::Sibling, true), (GUARDIAN, RelationKind::Guardian, false)]
        {
            let args = SetArgs { account: account.to_owned(), kind, emergency_contact };
            relation::set(&cast.patient, &args).await?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(keys, registrar, patient)?;
    custodians::set(&cast.patient, &all_three()).await?;
    Ok(())
}
