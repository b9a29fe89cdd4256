//! 2. The patient takes it back: nothing new opens for who was let in, and what
//! cannot be taken back is said.

use anyhow::{Context as _, Result};
use medchain_client::crypto;
use medchain_primitives::{Action, RecordId};

use super::{
    cast::{CLINICIAN, RESEARCHER},
    scene::Scene,
};
use crate::{
    commands::{
        access::{self, PurposeArg, RequestAccessArgs},
        fetch, grant,
        rotate::{self, RotateArgs},
        share::{self, ShareArgs},
    },
    custody, envelopes,
};

const STORY: &str = "revocation";

/// Tells it. Returns the record under its new key.
pub async fn tell(scene: &Scene<'_>, record: u64) -> Result<u64> {
    let cast = &scene.cast;
    scene.story.tell(
        "2. Taken back",
        "the patient wakes up and revokes the clinician's grant. The clinician has kept\n\
         the content key, as anybody can who has once opened a record.",
    )?;
    let view = scene.chain.best().await?;
    let old = envelopes::record(&view, record).await?;
    let kept = custody::candidates(&cast.clinician, &view, &old)
        .await?
        .pop()
        .context("the clinician has the key from the first story")?;

    let step = scene.story.step("The patient revokes, and rotates the record's key");
    let epoch = key_epoch(scene).await?;
    let args = grant::RevokeArgs::from(CLINICIAN, true);
    let revoked = grant::revoke(&cast.patient, &args).await?;
    drop(step);
    let after = key_epoch(scene).await?;
    scene.claim(
        STORY,
        "what custodians had handed over is removed, and the key epoch rises",
        revoked.envelopes_removed == 2 && after == epoch + 2,
        format!("{} records, key epoch {epoch} → {after}", revoked.envelopes_removed),
    )?;
    scene.refused(
        STORY,
        "the clinician cannot fetch it any more",
        scene.reads(&cast.clinician, record).await,
        "has no envelope",
    )?;
    let args =
        RequestAccessArgs { record, purpose: PurposeArg::Treatment, no_wait: true, anew: false };
    let asked = access::request(&cast.clinician, &args).await?;
    scene.claim(
        STORY,
        "who asks again is refused, with the reason",
        !asked.granted && asked.reason.as_deref().is_some_and(|why| why.contains("revoked")),
        asked.reason.unwrap_or_default(),
    )?;

    // A grant for one purpose alone is a grant all the same.
    let for_research = grant::GrantArgs {
        purposes: "research".parse().ok(),
        ..grant::GrantArgs::to(RESEARCHER, &[Action::View])
    };
    grant::grant(&cast.patient, &for_research).await?;
    share::share(&cast.patient, &ShareArgs { record, to: RESEARCHER.to_owned() }).await?;
    let step = scene.story.step("The patient rotates the record's key");
    let args = RotateArgs { record, without: Vec::new(), with: Vec::new(), erase_old: false };
    let rotated = rotate::rotate(&cast.patient, &args).await?;
    drop(step);
    let new = rotated.record_id;
    scene.claim(
        STORY,
        "the record stands under a new key and a new CID, for those who may still read it",
        rotated.cid != old.cid.to_string()
            && !rotated.readers.contains(&cast.clinician.account()?.to_string())
            && rotated.readers.contains(&cast.researcher.account()?.to_string()),
        format!("record {new}, sealed to {}", rotated.readers.join(", ")),
    )?;
    scene.claim(
        STORY,
        "the laboratory, whom nobody revoked, reads the new version",
        scene.reads(&cast.technician, new).await?,
        format!("{} bytes", scene.xray.len()),
    )?;
    grant::revoke(&cast.patient, &grant::RevokeArgs::from(RESEARCHER, true)).await?;
    let view = scene.chain.best().await?;
    let newest = envelopes::record(&view, new).await?;
    let sealed = fetch::ciphertext(&cast.clinician, &newest).await?;
    scene.refused(
        STORY,
        "the old key does not open the new version",
        crypto::decrypt(&kept, &newest.patient, &sealed).map_err(Into::into),
        "does not fit",
    )?;
    scene.refused(
        STORY,
        "and the clinician gets no new one",
        scene.reads(&cast.clinician, new).await,
        "has no envelope",
    )?;
    let sealed = fetch::ciphertext(&cast.clinician, &old).await?;
    let remembered = crypto::decrypt(&kept, &old.patient, &sealed).is_ok();
    scene.claim(
        STORY,
        "what revoking cannot do: the kept key still opens the old ciphertext",
        remembered,
        "whoever has opened a record may have kept its key or its bytes",
    )?;
    let keeper = view.custody(RecordId(new)).await?.map_or(0, |custody| custody.shares.len());
    scene.claim(
        STORY,
        "the custodians keep the new key",
        keeper == 3,
        format!("{keeper} shares"),
    )?;
    Ok(new)
}

async fn key_epoch(scene: &Scene<'_>) -> Result<u32> {
    let patient = scene.cast.patient.account()?;
    let entry = scene.chain.best().await?.patient(&patient).await?;
    Ok(entry.context("the patient is registered")?.key_epoch)
}
