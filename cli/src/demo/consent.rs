//! The stories about consent: seven, each with what must be refused.
//!
//! They play on a temporary chain, with custodians in processes of their own, and end
//! with an error at the first claim that does not hold.

mod asleep;
mod audit;
mod cast;
mod emergency;
mod erasure;
mod policies;
mod relatives;
mod revocation;
mod scene;

use std::{cell::RefCell, path::Path};

use anyhow::{Context as _, Result};
use medchain_client::store;
use serde::Serialize;

use super::{
    options::DemoArgs,
    processes::{find_contract, Running},
    stage::image,
    story::Story,
};
use crate::{
    files,
    options::Global,
    programs::{NODE, WORKER},
};
use cast::Cast;
use scene::{Check, Scene};

/// The claims that held, and how long access took.
#[derive(Clone, Debug, Serialize)]
pub struct ConsentSummary {
    /// Every claim, in order; all of them held.
    pub checks: Vec<Check>,
    /// Blocks from the request to the last share needed, while both honest custodians ran.
    pub request_to_key_blocks: u32,
    /// The same in milliseconds, including the request's own block.
    pub request_to_image_ms: u64,
}

/// Plays the seven stories.
pub async fn play(args: &DemoArgs, global: &Global) -> Result<ConsentSummary> {
    let node = NODE.find(args.node_bin.as_deref())?;
    let worker = WORKER.find(args.worker_bin.as_deref())?;
    let contract = find_contract(args.contract.as_deref())?;
    let story = Story::new(global.json);
    let folder = tempfile::Builder::new()
        .prefix("medchain-consent-")
        .tempdir()
        .context("cannot create a temporary folder")?;
    let (xray, synthetic) = image(args.xray.as_deref(), folder.path())?;
    story.opening(&xray, synthetic)?;

    let step = story.step("Starting a development chain");
    let mut running = Running::default();
    let node = running.start_node(&node, folder.path(), args.block_time)?;
    let chain = running.connect(&node.url).await?;
    drop(step);
    let place = folder.path().join("store").display().to_string();
    let cast = Cast::new(&chain, &store::open(&place)?, folder.path())?;
    let scene = Scene {
        chain,
        node_url: node.url.clone(),
        folder: folder.path(),
        contracts: contract.parent().unwrap_or(Path::new(".")).to_owned(),
        xray: files::read(&xray, "the image", medchain_vision::MAX_FILE_BYTES)?,
        xray_file: xray,
        worker,
        cast,
        story: &story,
        checks: RefCell::default(),
    };
    match tell(&scene, &mut running).await {
        Ok((request_to_key_blocks, request_to_image_ms)) => Ok(ConsentSummary {
            checks: scene.checks.into_inner(),
            request_to_key_blocks,
            request_to_image_ms,
        }),
        Err(error) => {
            running.print_logs();
            Err(error)
        }
    }
}

async fn tell(scene: &Scene<'_>, running: &mut Running) -> Result<(u32, u64)> {
    let begun = asleep::tell(scene, running).await?;
    let (blocks, ms) = (begun.blocks, begun.ms);
    let record = revocation::tell(scene, begun.record).await?;
    emergency::tell(scene, record, begun.second, begun.of_thief).await?;
    relatives::tell(scene, [begun.second, record]).await?;
    policies::tell(scene, record).await?;
    audit::tell(scene).await?;
    erasure::tell(scene, record).await?;
    let held = scene.checks.borrow().len();
    scene.story.tell(
        "Held",
        &format!(
            "all {held} claims; from the request to the image {blocks} blocks, {:.1} s",
            ms as f64 / 1000.0
        ),
    )?;
    Ok((blocks, ms))
}
