//! Images a second of the network alone, one line of JSON: the counterpart of
//! `models/bench_onnxruntime.py`.
//!
//! `cargo run --release -p medchain-vision --example throughput -- [THREADS] [IMAGES] [ENGINE] [FOLDER]`
//!
//! With `THREADS` 1 every image runs on one thread; above it, so many share one image.
//! `ENGINE` is `exact`, `tract`, or the instructions that the exact engine is to use, such
//! as `avx2`. The fastest image says what an idle machine would do, where others work on
//! the same cores.

use std::path::PathBuf;
use std::time::Instant;

use medchain_exact::Instructions;
use medchain_vision::{square, synthetic_radiograph_png, Engine, Model};

type Anything = Box<dyn std::error::Error>;

fn main() -> Result<(), Anything> {
    let mut arguments = std::env::args().skip(1);
    let threads: usize = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let images: u32 = arguments.next().map_or(Ok(20), |text| text.parse())?;
    let engine = arguments.next().unwrap_or_else(|| "exact".into());
    let folder = arguments.next().map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/shipped"),
        PathBuf::from,
    );
    let onnx = std::fs::read(folder.join("medchain-vgg16.onnx"))?;
    let spec = std::fs::read(folder.join("medchain-vgg16.json"))?;
    let run = runner(&onnx, &spec, &engine, threads)?;
    let square = square(&synthetic_radiograph_png(1))?;
    run(square.as_ref())?;
    let started = Instant::now();
    let mut fastest = f64::INFINITY;
    for _ in 0..images {
        let this = Instant::now();
        run(square.as_ref())?;
        fastest = fastest.min(this.elapsed().as_secs_f64());
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({
            "runtime": engine,
            "threads": threads,
            "images": images,
            "seconds": (seconds * 1e3).round() / 1e3,
            "fastest_image_seconds": (fastest * 1e5).round() / 1e5,
            "images_per_second": (f64::from(images) / seconds * 1e3).round() / 1e3,
        })
    );
    Ok(())
}

/// What takes a square and computes the answer.
type Run = Box<dyn Fn(&[u8]) -> Result<(), Anything>>;

fn runner(onnx: &[u8], spec: &[u8], engine: &str, threads: usize) -> Result<Run, Anything> {
    let named = |i: &Instructions| format!("{i:?}").eq_ignore_ascii_case(engine);
    if let Some(instructions) = Instructions::available().into_iter().find(named) {
        let network = Model::network(onnx, spec)?;
        let engine = medchain_exact::Engine::with_instructions(&network, instructions)?;
        let engine = engine.with_threads(threads);
        return Ok(Box::new(move |square| Ok(engine.logits(square).map(drop)?)));
    }
    let engine: Engine = engine.parse()?;
    let model = Model::load_for(onnx, spec, Some(engine))?.with_threads(threads);
    Ok(Box::new(move |square| Ok(model.output(square).map(drop)?)))
}
