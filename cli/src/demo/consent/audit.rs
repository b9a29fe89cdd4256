//! Story 6: The log: who requested access, and with which answer.

use anyhow::{Context as _, Result};
use medchain_audit::{Kind, Kinds};
use serde_json::Value;

use super::{
    cast::{STRANGER, SURGEON},
    scene::Scene,
};
use crate::commands::audit::{self, AuditArgs, AuditReport};

const STORY: &str = "audit";

/// Tells it.
pub async fn tell(scene: &Scene<'_>) -> Result<()> {
    let cast = &scene.cast;
    scene.story.tell(
        "6. The log",
        "everything above is recorded on chain. The patient reads it, and exports it as FHIR.",
    )?;
    let all = read(scene, None, &[], None).await?;
    let kinds = [
        Kind::AccessGranted,
        Kind::AccessDenied,
        Kind::ShareDelivered,
        Kind::AccessEnded,
        Kind::EnvelopeAdded,
        Kind::RecordAmended,
        Kind::GlassBroken,
        Kind::EmergencyAccess,
        Kind::EmergencyEndorsed,
        Kind::EmergencyReviewed,
        Kind::PolicySet,
        Kind::CustodiansSet,
        Kind::RelationSet,
    ];
    let missing: Vec<&str> = kinds
        .into_iter()
        .filter(|kind| !all.entries.iter().any(|entry| entry.kind == *kind))
        .map(Kind::name)
        .collect();
    scene.claim(
        STORY,
        "the log has every kind of thing that happened",
        missing.is_empty(),
        format!("{} entries; missing: {missing:?}", all.entries.len()),
    )?;
    let stranger = cast.stranger.account()?.to_string();
    let denied = read(scene, Some(STRANGER), &[Kind::AccessDenied], None).await?;
    scene.claim(
        STORY,
        "the stranger's request is in it, and why it was refused",
        !denied.entries.is_empty()
            && denied.entries.iter().all(|entry| entry.who.as_deref() == Some(&stranger)),
        denied.entries.first().and_then(|entry| entry.detail("reason")).unwrap_or("nothing"),
    )?;
    let of_surgeon =
        read(scene, Some(SURGEON), &[Kind::GlassBroken, Kind::EmergencyReviewed], None).await?;
    scene.claim(
        STORY,
        "so is the surgeon's emergency, and that it was rejected",
        of_surgeon.entries.len() >= 2,
        format!("{} entries", of_surgeon.entries.len()),
    )?;

    let file = scene.folder.join("audit.json");
    let exported = read(scene, None, &[], Some(&file)).await?;
    let text = std::fs::read(&file).context("the export was not written")?;
    let bundle: Value = serde_json::from_slice(&text).context("the export is not JSON")?;
    let resources = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let events = resources.iter().filter(|one| one["resource"]["resourceType"] == "AuditEvent");
    let count = events.count();
    scene.claim(
        STORY,
        "the log as FHIR AuditEvents has all entries",
        bundle["resourceType"] == "Bundle" && count == exported.entries.len(),
        format!("{count} resources"),
    )
}

async fn read(
    scene: &Scene<'_>,
    subject: Option<&str>,
    kinds: &[Kind],
    fhir: Option<&std::path::Path>,
) -> Result<AuditReport> {
    let args = AuditArgs {
        patient: None,
        since: None,
        refresh: false,
        archive: None,
        full: false,
        from: None,
        to: None,
        subject: subject.map(str::to_owned),
        record: None,
        kind: vec![Kinds(kinds.to_vec())],
        fhir: fhir.map(ToOwned::to_owned),
        force: false,
    };
    audit::audit(&scene.cast.patient, &args).await
}
