//! The main story: from an X-ray to a verdict.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use medchain_client::store;

use super::{
    acts,
    options::DemoArgs,
    processes::{find_contract, find_program, free_port, Running},
    stage::{image, second_image, Stage},
    story::Story,
    summary::Summary,
};
use crate::{models::ModelFiles, options::Global};

/// Plays the main story on a temporary chain.
pub async fn play(args: &DemoArgs, global: &Global) -> Result<Summary> {
    // Find out what is missing before anything starts.
    let node = find_program(args.node_bin.as_deref(), "medchain-node")?;
    let worker = find_program(args.worker_bin.as_deref(), "medchain-worker")?;
    let contract = find_contract(args.contract.as_deref())?;
    let model = ModelFiles::find(args.model_dir.as_deref())?;
    let story = Story::new(global.json);
    let folder = tempfile::Builder::new()
        .prefix("medchain-demo-")
        .tempdir()
        .context("cannot create a temporary folder")?;
    let (xray, synthetic) = image(args.xray.as_deref(), folder.path())?;
    story.opening(&xray, synthetic)?;

    let step = story.step("Starting a development chain");
    let mut running = Running::default();
    let node = running.start_node(&node, folder.path(), args.block_time)?;
    let chain = running.connect(&node.url).await?;
    drop(step);
    let store_url = match &global.store {
        Some(url) => url.clone(),
        None => folder.path().join("store").display().to_string(),
    };
    let stage = Stage {
        chain,
        store: store::open(&store_url)?,
        store_url,
        folder: folder.path(),
        contract,
        model,
        xray,
        synthetic,
        second_xray: second_image(folder.path())?,
        workers_listen: [local_address()?, local_address()?],
    };
    let result = acts::play(&stage, &story, &mut running, &worker, &node).await;
    let summary = match result {
        Ok(summary) => summary,
        Err(error) => {
            running.print_logs();
            return Err(error);
        }
    };
    summary.write(&args.summary)?;
    story.closing(&node, &stage, &args.summary, args.keep, &running)?;
    if args.keep {
        running.leave();
        // The folder holds the running chain's database.
        let _ = folder.keep();
    }
    Ok(summary)
}

fn local_address() -> Result<SocketAddr> {
    Ok(SocketAddr::from(([127, 0, 0, 1], free_port()?)))
}
