//! Story 7: The end of a record: its keys destroyed, its content deleted, and a certificate that
//! holds without a node.

use std::path::PathBuf;

use anyhow::Result;
use medchain_primitives::{Denied, Purpose, RecordId};

use super::scene::Scene;
use crate::{
    commands::{
        erase::{self, EraseArgs},
        request_access::{self, RequestAccessArgs},
        verify_certificate::{self, VerifyArgs},
    },
    output::causes,
    records,
};

const STORY: &str = "erasure";

/// Tells it.
pub async fn tell(scene: &Scene<'_>, record: RecordId) -> Result<()> {
    let cast = &scene.cast;
    scene.story.tell("7. Erased", "the patient erases the record, and keeps a certificate.")?;
    let file = scene.folder.join("erased.json");
    let args = |certificate: Option<PathBuf>| EraseArgs {
        record,
        certificate,
        force: false,
        keep_stored: false,
        even_if_shared: false,
        cid: None,
    };
    scene.refused(
        STORY,
        "only the patient can erase",
        erase::erase(&cast.technician, &args(None)).await,
        "only its patient",
    )?;
    let before = scene.chain.best().await?;
    let held = before.balance(&cast.patient.account()?).await?.reserved;
    let known = records::find(&before, record).await?;
    let step = scene.story.step("The patient erases");
    let erased = erase::erase(&cast.patient, &args(Some(file.clone()))).await?;
    drop(step);
    scene.claim(
        STORY,
        "the store has deleted the ciphertext",
        !erased.deletion.stores.is_empty(),
        erased.deletion.lines("the encrypted file").join("; "),
    )?;
    let view = scene.chain.best().await?;
    let left = view.balance(&cast.patient.account()?).await?.reserved;
    let custody = view.custody(record).await?;
    let envelopes = view.envelopes(record).await?.len();
    scene.claim(
        STORY,
        "envelopes and custodians' shares are gone, and the deposits are released",
        custody.is_none() && envelopes == 0 && left < held,
        format!(
            "{envelopes} envelopes, {} shares",
            custody.map_or(0, |kept| kept.custodians.len())
        ),
    )?;
    for (who, name) in [(&cast.patient, "the patient"), (&cast.technician, "the laboratory")] {
        scene.refused(
            STORY,
            &format!("{name} can no longer read it"),
            scene.reads(who, record).await,
            "was erased",
        )?;
    }
    let args =
        RequestAccessArgs { record, purpose: Purpose::Treatment, no_wait: true, renew: false };
    let asked = request_access::request(&cast.stranger, &args).await?;
    scene.claim(
        STORY,
        "a stranger who requests access gets the same answer as before, not that it was erased",
        asked.reason.is_some_and(|reason| reason != Denied::RecordErased),
        asked.answer(),
    )?;
    let found = records::find(&view, record).await?;
    scene.claim(
        STORY,
        "the chain has forgotten where it was",
        found.cid().is_none() && found.content.cid_hash() == known.content.cid_hash(),
        "a hash of the CID is left",
    )?;
    scene.refused(
        STORY,
        "whoever still knows the CID finds no ciphertext in the store",
        records::ciphertext(&cast.patient, &known).await,
        "could not fetch",
    )?;

    let verify = |file: PathBuf, online| VerifyArgs { file, online };
    let shown = verify_certificate::verify(&cast.stranger, &verify(file.clone(), false)).await?;
    scene.claim(
        STORY,
        "the certificate holds without a node",
        shown.valid && shown.record_id == record,
        format!("{} claims, block {}", shown.checks.len(), shown.block_number),
    )?;
    let online = verify_certificate::verify(&cast.stranger, &verify(file.clone(), true)).await?;
    scene.claim(STORY, "and the node knows its block", online.valid, online.block_hash)?;
    let text = std::fs::read_to_string(&file)?;
    let forged = scene.folder.join("forged.json");
    let other = format!("\"id\": {}", record.0 + 1);
    std::fs::write(&forged, text.replacen(&format!("\"id\": {record}"), &other, 1))?;
    let shown = verify_certificate::verify(&cast.stranger, &verify(forged, false)).await;
    let refused = shown.as_ref().map_or(true, |report| !report.valid);
    scene.claim(
        STORY,
        "the same certificate for another record does not hold",
        refused,
        match shown {
            Ok(report) => report
                .checks
                .iter()
                .find(|check| !check.holds())
                .map(ToString::to_string)
                .unwrap_or_default(),
            Err(error) => causes(&error),
        },
    )
}
