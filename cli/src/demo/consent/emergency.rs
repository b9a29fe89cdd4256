//! Story 3: The glass: access at once, against a bond, under review.

use anyhow::Result;
use medchain_client::chain::{format_balance, EmrError, UNIT};
use medchain_primitives::{EmergencyReason, RecordId};

use super::scene::Scene;
use crate::{
    commands::emergency::{
        allow::allow,
        break_glass::{self, BreakArgs, BreakReport},
        review::{self, ReviewArgs},
    },
    context::Context,
};

const STORY: &str = "emergency";

/// Tells it.
pub async fn tell(scene: &Scene<'_>, record: RecordId) -> Result<()> {
    let cast = &scene.cast;
    scene.story.tell(
        "3. The glass",
        "the patient is unconscious. The sister is an emergency contact, and the clinician has\n\
         that role. Breaking the glass costs a bond until the review.",
    )?;
    scene.refused(
        STORY,
        "a stranger cannot break the glass",
        break_glass(&cast.stranger, record).await,
        EmrError::NoGrant,
    )?;
    scene.refused(
        STORY,
        "nor can a guardian, who only reviews",
        break_glass(&cast.guardian, record).await,
        EmrError::NoGrant,
    )?;

    let before = held(scene, &cast.sister).await?;
    let step = scene.story.step("The sister breaks the glass");
    let broken = break_glass(&cast.sister, record).await?;
    drop(step);
    scene.claim(
        STORY,
        "the sister has the key at once, without asking anybody",
        broken.shares >= broken.threshold && scene.reads(&cast.sister, record).await?,
        format!(
            "in block {}, until block {}, to be reviewed until block {}",
            broken.included.block_number, broken.until, broken.review_until
        ),
    )?;
    let bond = held(scene, &cast.sister).await?.saturating_sub(before);
    scene.claim(
        STORY,
        "it costs her a bond",
        bond > 10 * UNIT,
        format!("{} held", format_balance(bond)),
    )?;
    scene.refused(
        STORY,
        "she cannot review herself",
        review(&cast.sister, &broken, true).await,
        EmrError::NotReviewer,
    )?;
    review(&cast.guardian, &broken, true).await?;
    let left = held(scene, &cast.sister).await?.saturating_sub(before);
    scene.claim(
        STORY,
        "the guardian accepts, and she gets the bond back",
        left < UNIT,
        format!("{} still held, for the grant", format_balance(left)),
    )?;

    let step = scene.story.step("The clinician, whose grant was revoked, breaks the glass");
    let broken = break_glass(&cast.clinician, record).await?;
    let money = spendable(scene, &cast.clinician).await?;
    let read = scene.reads(&cast.clinician, record).await?;
    review(&cast.patient, &broken, false).await?;
    drop(step);
    let after = spendable(scene, &cast.clinician).await?;
    scene.claim(
        STORY,
        "the patient rejects the clinician's emergency: the bond is burned",
        read && held(scene, &cast.clinician).await? < UNIT && after < money + UNIT,
        format!("emergency {}, 10 MEDC", broken.emergency_id),
    )?;
    scene.refused(
        STORY,
        "and the access has ended",
        scene.reads(&cast.clinician, record).await,
        "has no envelope",
    )?;

    allow(&cast.patient, false).await?;
    scene.refused(
        STORY,
        "while the patient forbids it, the clinician cannot break the glass",
        break_glass(&cast.clinician, record).await,
        EmrError::EmergencyOptedOut,
    )?;
    allow(&cast.patient, true).await?;
    Ok(())
}

async fn break_glass(who: &Context, record: RecordId) -> Result<BreakReport> {
    let args = BreakArgs { record, reason: EmergencyReason::CannotConsent, no_wait: false };
    break_glass::break_glass(who, &args).await
}

async fn review(who: &Context, broken: &BreakReport, accept: bool) -> Result<()> {
    let args = ReviewArgs { emergency: broken.emergency_id, accept, reject: !accept };
    review::review(who, &args).await.map(|_| ())
}

async fn held(scene: &Scene<'_>, who: &Context) -> Result<u128> {
    Ok(scene.chain.best().await?.balance(&who.account()?).await?.reserved)
}

async fn spendable(scene: &Scene<'_>, who: &Context) -> Result<u128> {
    Ok(scene.chain.best().await?.balance(&who.account()?).await?.free)
}
