//! Story 2: The patient revokes: nothing new opens for the former reader, and the limits of a
//! revocation are shown.

use anyhow::{Context as _, Result};
use medchain_client::crypto::{self, CryptoError};
use medchain_primitives::{Action, Denied, DenyReason, Purpose, RecordId};

use super::{
    cast::{CLINICIAN, RESEARCHER},
    scene::Scene,
};
use crate::{
    commands::{
        grant::{self, GrantArgs},
        request_access::{self, RequestAccessArgs},
        revoke::{self, RevokeArgs},
        rotate::{self, RotateArgs},
        share::{self, ShareArgs},
    },
    output::joined,
    records,
};

const STORY: &str = "revocation";

/// Tells it; returns the record's version under the new key.
pub async fn tell(scene: &Scene<'_>, record: RecordId) -> Result<RecordId> {
    let cast = &scene.cast;
    scene.story.tell(
        "2. Revoked",
        "the patient wakes up and revokes the clinician's grant. The clinician has kept\n\
         the content key, as anybody can who has once opened a record.",
    )?;
    let view = scene.chain.best().await?;
    let old = records::find(&view, record).await?;
    let kept = records::handed_over(&cast.clinician, &view, &old)
        .await?
        .context("the clinician lacks the key from the first story")?;

    let step = scene.story.step("The patient revokes, and rotates the record's key");
    let epoch = key_epoch(scene).await?;
    let args = RevokeArgs::from(CLINICIAN, true);
    let revoked = revoke::revoke(&cast.patient, &args).await?;
    drop(step);
    let after = key_epoch(scene).await?;
    scene.claim(
        STORY,
        "the shares that custodians handed over are removed, and the key epoch rises",
        revoked.envelopes_removed == 2 && after == epoch + 2,
        format!("{} records, key epoch {epoch} → {after}", revoked.envelopes_removed),
    )?;
    scene.refused(
        STORY,
        "the clinician can no longer fetch it",
        scene.reads(&cast.clinician, record).await,
        "has no envelope",
    )?;
    let args =
        RequestAccessArgs { record, purpose: Purpose::Treatment, no_wait: true, renew: false };
    let asked = request_access::request(&cast.clinician, &args).await?;
    scene.claim(
        STORY,
        "another request by the clinician is refused, with the reason",
        asked.reason == Some(Denied::Refused(DenyReason::Revoked)),
        asked.answer(),
    )?;

    // A grant for one purpose only is still a grant.
    let for_research = GrantArgs {
        purposes: Some(Purpose::Research.into()),
        ..GrantArgs::to(RESEARCHER, &[Action::View])
    };
    grant::grant(&cast.patient, &for_research).await?;
    let args = ShareArgs { record, to: RESEARCHER.to_owned(), replace: false };
    share::share(&cast.patient, &args).await?;
    let step = scene.story.step("The patient rotates the record's key");
    let args = RotateArgs { record, without: Vec::new(), with: Vec::new(), erase_old: false };
    let rotated = rotate::rotate(&cast.patient, &args).await?;
    drop(step);
    let new = rotated.record_id;
    scene.claim(
        STORY,
        "the record has a new key and a new CID, for those who may still read it",
        old.cid().is_none_or(|cid| rotated.cid != cid.to_string())
            && !rotated.readers.contains(&cast.clinician.account()?)
            && rotated.readers.contains(&cast.researcher.account()?),
        format!("record {new}, sealed to {}", joined(&rotated.readers)),
    )?;
    scene.claim(
        STORY,
        "the laboratory, whom nobody revoked, reads the new version",
        scene.reads(&cast.technician, new).await?,
        format!("{} bytes", scene.xray.len()),
    )?;
    revoke::revoke(&cast.patient, &RevokeArgs::from(RESEARCHER, true)).await?;
    let view = scene.chain.best().await?;
    let newest = records::find(&view, new).await?;
    let sealed = records::ciphertext(&cast.clinician, &newest).await?;
    scene.refused(
        STORY,
        "the old key does not open the new version",
        crypto::decrypt(&kept, &newest.patient.0, &sealed).map_err(Into::into),
        CryptoError::Authentication,
    )?;
    scene.refused(
        STORY,
        "and the clinician gets no new one",
        scene.reads(&cast.clinician, new).await,
        "has no envelope",
    )?;
    let sealed = records::ciphertext(&cast.clinician, &old).await?;
    let remembered = crypto::decrypt(&kept, &old.patient.0, &sealed).is_ok();
    scene.claim(
        STORY,
        "what revoking cannot do: the kept key still opens the old ciphertext",
        remembered,
        "an account that opened a record may have kept its key or its content",
    )?;
    let keeper = view.custody(new).await?.map_or(0, |custody| custody.custodians.len());
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
    Ok(entry.context("the patient is not registered")?.key_epoch)
}
