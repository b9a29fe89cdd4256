//! The demo: starts a chain, a store and a worker, and lets a patient, a lab
//! technician, the registrar and a stranger use the same commands as anybody.

mod consent;
mod people;
mod play;
mod processes;
mod story;
mod summary;
mod worker_process;

use std::{net::SocketAddr, path::Path, sync::Arc};

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::Chain,
    store::{self, Store},
};

use crate::{cli::Global, commands::demo::DemoArgs, files, model_files::ModelFiles};
pub use consent::ConsentSummary;
use processes::{find_contract, find_program, free_port, Running};
use story::Story;
pub use summary::Summary;

/// The seed of the synthetic radiograph; any would do.
const SEED: u64 = 20_260_101;

/// What the acts of the demo work with.
struct Stage<'a> {
    chain: Chain,
    store: Arc<dyn Store>,
    store_url: String,
    folder: &'a Path,
    contract: std::path::PathBuf,
    model: ModelFiles,
    xray: std::path::PathBuf,
    synthetic: bool,
    worker_listens: SocketAddr,
}

/// Plays the stories about consent; see [`run`].
pub async fn run_consent(args: &DemoArgs, global: &Global) -> Result<ConsentSummary> {
    tokio::select! {
        result = consent::played(args, global) => result,
        () = interrupted() => bail!("interrupted; the chain and the custodians are ended"),
    }
}

/// Plays the demo. Whatever it started is ended again when it fails or is
/// interrupted, and also when it succeeds, unless `--keep`.
pub async fn run(args: &DemoArgs, global: &Global) -> Result<Summary> {
    tokio::select! {
        result = played(args, global) => result,
        () = interrupted() => bail!("interrupted; the chain and the worker are ended"),
    }
}

async fn played(args: &DemoArgs, global: &Global) -> Result<Summary> {
    // Everything that can be missing is looked for before anything starts.
    let node = find_program(args.node_bin.as_deref(), "medchain-node")?;
    let worker = find_program(args.worker_bin.as_deref(), "medchain-worker")?;
    let contract = find_contract(args.contract.as_deref())?;
    let model = ModelFiles::find(args.model_dir.as_deref())?;
    let story = Story::new(global.json);
    let folder = tempfile::Builder::new()
        .prefix("medchain-demo-")
        .tempdir()
        .context("cannot make a temporary folder")?;
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
        worker_listens: SocketAddr::from(([127, 0, 0, 1], free_port()?)),
    };
    let result = play::play(&stage, &story, &mut running, &worker, &node).await;
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

/// The image to upload: the user's own, checked before anything starts, or a
/// synthetic one that is written to the demo's folder.
fn image(own: Option<&Path>, folder: &Path) -> Result<(std::path::PathBuf, bool)> {
    if let Some(path) = own {
        let bytes = files::read(path, "the image", medchain_vision::MAX_FILE_BYTES)?;
        medchain_vision::decode(&bytes)
            .with_context(|| format!("{} cannot be uploaded", path.display()))?;
        return Ok((path.to_path_buf(), false));
    }
    let path = folder.join("synthetic-radiograph.png");
    let png = medchain_vision::synthetic_radiograph_png(SEED);
    files::write_atomically(&path, &png, false, true)?;
    Ok((path, true))
}

/// Returns when somebody presses Ctrl-C or asks the program to end.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{signal, SignalKind};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
