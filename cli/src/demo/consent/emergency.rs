//! Story 3: The glass: access at once, against a bond, under review.

use anyhow::{bail, Result};
use medchain_client::chain::{format_balance, Body, CustodyError, EmrError, UNIT};
use medchain_primitives::{EmergencyReason, RecordId, Role};

use super::{asleep::garbage, cast::SURGEON, scene::Scene};
use crate::{
    commands::{
        emergency::{
            allow::allow,
            break_glass::{self, BreakArgs, BreakReport},
            lift::{self, LiftArgs, LiftReport},
            request::{self, RequestArgs},
            review::{self, ReviewArgs, ReviewReport},
        },
        provider::{self, AddArgs},
    },
    context::Context,
    motions::{self, VoteArgs},
    signing::Proposal,
};

const STORY: &str = "emergency";
/// What breaking the glass costs until the review.
const BOND: u128 = 10 * UNIT;

/// Tells it, over two records of the patient and one of another.
pub async fn tell(
    scene: &Scene<'_>,
    record: RecordId,
    second: RecordId,
    foreign: RecordId,
) -> Result<()> {
    scene.story.tell(
        "3. The glass",
        "the patient is unconscious. The sister is an emergency contact, and a surgeon has the\n\
         role of a clinician. Breaking the glass costs one bond for all records of a patient.",
    )?;
    kept_out(scene, record).await?;
    sister(scene, record, second).await?;
    surgeon(scene, record, foreign).await?;

    let cast = &scene.cast;
    allow(&cast.patient, false).await?;
    scene.refused(
        STORY,
        "while the patient forbids it, not even the sister breaks the glass",
        break_glass(&cast.sister, record).await,
        CustodyError::EmergencyOptedOut,
    )?;
    allow(&cast.patient, true).await?;
    Ok(())
}

/// Those who may not break the glass.
async fn kept_out(scene: &Scene<'_>, record: RecordId) -> Result<()> {
    let cast = &scene.cast;
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
    scene.refused(
        STORY,
        "nor a custodian, over what it keeps itself",
        break_glass(&cast.custodians[0], record).await,
        "keeps a share",
    )?;
    scene.refused(
        STORY,
        "nor the clinician, whom the patient revoked: that is a veto, whatever the role",
        break_glass(&cast.clinician, record).await,
        EmrError::GrantRevoked,
    )
}

/// The sister's emergency, which is accepted.
async fn sister(scene: &Scene<'_>, record: RecordId, second: RecordId) -> Result<()> {
    let cast = &scene.cast;
    let before = held(scene, &cast.sister).await?;
    let step = scene.story.step("The sister breaks the glass");
    let broken = break_glass(&cast.sister, record).await?;
    drop(step);
    scene.claim(
        STORY,
        "the sister has the key at once, without asking anybody",
        broken.has_every_key() && scene.reads(&cast.sister, record).await?,
        format!(
            "in block {}, until block {}, to be reviewed until block {}",
            broken.included.block_number, broken.until, broken.review_until
        ),
    )?;
    garbage(scene, STORY, &cast.sister, record).await?;
    let step = scene.story.step("The sister needs another record");
    let args = RequestArgs { records: vec![second], no_wait: false };
    let further = request::request(&cast.sister, &args).await?;
    drop(step);
    let bond = held(scene, &cast.sister).await?.saturating_sub(before);
    scene.claim(
        STORY,
        "so she has that of another record, in the same emergency and for the same bond",
        further.emergency_id == broken.emergency_id
            && scene.reads(&cast.sister, second).await?
            && (BOND..2 * BOND).contains(&bond),
        format!("emergency {}, {} held", broken.emergency_id, format_balance(bond)),
    )?;
    scene.refused(
        STORY,
        "there is one emergency at a time",
        break_glass(&cast.sister, record).await,
        CustodyError::GlassAlreadyBroken,
    )?;
    scene.refused(
        STORY,
        "she cannot review herself",
        review(&cast.sister, &broken, true).await,
        CustodyError::NotReviewer,
    )?;
    let reviewed = review(&cast.guardian, &broken, true).await?;
    let kept = held(scene, &cast.sister).await?.saturating_sub(before);
    scene.claim(
        STORY,
        "the guardian accepts, but the bond stays: the patient has the last word",
        reviewed.endorsed && kept > BOND,
        format!("{} held", format_balance(kept)),
    )?;
    review(&cast.patient, &broken, true).await?;
    let left = held(scene, &cast.sister).await?.saturating_sub(before);
    scene.claim(
        STORY,
        "the patient wakes up and accepts, and she gets the bond back",
        left < UNIT,
        format!("{} still held, for the grants", format_balance(left)),
    )
}

/// The surgeon's emergencies, which are rejected.
async fn surgeon(scene: &Scene<'_>, record: RecordId, foreign: RecordId) -> Result<()> {
    let cast = &scene.cast;
    provider::add(&cast.registrar, &AddArgs::new(SURGEON, Role::Clinician)).await?;
    let step = scene.story.step("The surgeon, who does not treat the patient, breaks the glass");
    let broken = break_glass(&cast.surgeon, record).await?;
    let read = scene.reads(&cast.surgeon, record).await?;
    let reviewed = review(&cast.patient, &broken, false).await?;
    drop(step);
    let kept = held(scene, &cast.surgeon).await?;
    let until = reviewed.overturnable_until.unwrap_or_default();
    scene.claim(
        STORY,
        "the patient rejects the surgeon's emergency: the bond is burned when it is closed, unless the ethics committee overturns that",
        read && kept >= BOND && until >= broken.review_until,
        format!(
            "emergency {}, {} held until block {until}",
            broken.emergency_id,
            format_balance(kept)
        ),
    )?;
    scene.refused(
        STORY,
        "and the access has ended",
        scene.reads(&cast.surgeon, record).await,
        "has no envelope",
    )?;
    scene.refused(
        STORY,
        "until then the surgeon breaks no glass over this patient",
        break_glass(&cast.surgeon, record).await,
        CustodyError::EmergencyRejected,
    )?;
    let broken = break_glass(&cast.surgeon, foreign).await?;
    review(&cast.researcher, &broken, false).await?;
    scene.refused(
        STORY,
        "after another patient has rejected one, the surgeon breaks no glass any more",
        break_glass(&cast.surgeon, record).await,
        CustodyError::Suspended,
    )?;
    let [proposer, voter] = &cast.ethics;
    let lifted = lift::lift(proposer, &LiftArgs { account: SURGEON.to_owned() }).await?;
    let LiftReport::Proposed(Proposal { motion, .. }) = lifted else {
        bail!("one member of the ethics committee lifted a suspension alone");
    };
    let before = rejections(scene, &cast.surgeon).await?;
    let voted = motions::vote(voter, Body::Ethics, &VoteArgs { motion, against: false }).await?;
    let left = rejections(scene, &cast.surgeon).await?;
    scene.claim(
        STORY,
        "until more than half of the ethics committee forgives it",
        (before, voted.executed, left) == (2, true, 0),
        voted.to_string(),
    )
}

async fn break_glass(who: &Context, record: RecordId) -> Result<BreakReport> {
    let reason = EmergencyReason::CannotConsent;
    let args = BreakArgs { records: vec![record], reason, no_wait: false };
    break_glass::break_glass(who, &args).await
}

async fn review(who: &Context, broken: &BreakReport, accept: bool) -> Result<ReviewReport> {
    let args = ReviewArgs { emergency: broken.emergency_id, accept, reject: !accept };
    review::review(who, &args).await
}

async fn rejections(scene: &Scene<'_>, who: &Context) -> Result<u32> {
    Ok(scene.chain.best().await?.rejections(&who.account()?).await?)
}

async fn held(scene: &Scene<'_>, who: &Context) -> Result<u128> {
    Ok(scene.chain.best().await?.balance(&who.account()?).await?.reserved)
}
