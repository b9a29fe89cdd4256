//! The main story: from an X-ray to a verdict.

use std::{net::SocketAddr, path::Path};

use anyhow::{Context as _, Result};
use medchain_client::store;

use super::{
    acts,
    options::DemoArgs,
    processes::{find_contract, free_port, Node, Running},
    stage::{image, second_image, Stage},
    story::Story,
    summary::Summary,
};
use crate::{
    models::ModelFiles,
    options::Global,
    programs::{NODE, PORTAL, WORKER},
};

/// Plays the main story on a temporary chain.
pub async fn play(args: &DemoArgs, global: &Global) -> Result<Summary> {
    // Find out what is missing before anything starts.
    let worker = WORKER.find(args.worker_bin.as_deref())?;
    let portal = args.portal.then(|| PORTAL.find(args.portal_bin.as_deref())).transpose()?;
    let story = Story::new(global.json);
    let folder = tempfile::Builder::new()
        .prefix("medchain-demo-")
        .tempdir()
        .context("cannot create a temporary folder")?;
    let mut running = Running::default();
    let (stage, node) = set(args, global, &story, folder.path(), &mut running).await?;
    let result = acts::play(&stage, &story, &mut running, &worker, &node).await;
    let summary = match result {
        Ok(summary) => summary,
        Err(error) => {
            running.print_logs();
            return Err(error);
        }
    };
    summary.write(&args.summary)?;
    let page = match portal {
        Some(program) => {
            Some(running.start_portal(&program, folder.path(), &node, &stage.store_url).await?)
        }
        None => None,
    };
    let keep = args.keep || page.is_some();
    story.closing(&node, &stage, &args.summary, keep, page.as_deref(), &running)?;
    if keep {
        running.leave();
        // The folder holds the running chain's database.
        let _ = folder.keep();
    }
    Ok(summary)
}

/// Starts a temporary chain, and puts everything on the stage.
pub async fn set<'a>(
    args: &DemoArgs,
    global: &Global,
    story: &Story,
    folder: &'a Path,
    running: &mut Running,
) -> Result<(Stage<'a>, Node)> {
    let node = NODE.find(args.node_bin.as_deref())?;
    let contract = find_contract(args.contract.as_deref())?;
    let model = ModelFiles::find(args.model_dir.as_deref())?;
    let (xray, synthetic) = image(args.xray.as_deref(), folder)?;
    story.opening(&xray, synthetic)?;

    let step = story.step("Starting a development chain");
    let node = running.start_node(&node, folder, args.block_time)?;
    let chain = running.connect(&node.url).await?;
    drop(step);
    let store_url = match &global.store {
        Some(url) => url.clone(),
        None => folder.join("store").display().to_string(),
    };
    let stage = Stage {
        chain,
        store: store::open(&store_url)?,
        store_url,
        folder,
        contract,
        model,
        xray,
        synthetic,
        second_xray: second_image(folder)?,
        workers_listen: [local_address()?, local_address()?],
    };
    Ok((stage, node))
}

fn local_address() -> Result<SocketAddr> {
    Ok(SocketAddr::from(([127, 0, 0, 1], free_port()?)))
}
