//! Images a second of the shipped model in tract, one line of JSON: the
//! counterpart of `models/bench_onnxruntime.py`.
//!
//! `cargo run --release -p medchain-vision --example throughput -- [THREADS] [IMAGES] [FOLDER]`
//!
//! With `THREADS` 1 every image runs on one thread; above it, the matrix
//! products of one image are shared by so many.

use std::path::PathBuf;
use std::time::Instant;

use medchain_vision::{synthetic_radiograph, Model};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let threads: usize = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let images: u32 = arguments.next().map_or(Ok(20), |text| text.parse())?;
    let folder = arguments.next().map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/shipped"),
        PathBuf::from,
    );
    let onnx = std::fs::read(folder.join("medchain-vgg16.onnx"))?;
    let spec = std::fs::read(folder.join("medchain-vgg16.json"))?;
    let model = Model::load(&onnx, &spec)?.with_threads(threads);
    let tensor = model.spec().tensor(&synthetic_radiograph(1, 512, 512));
    model.run(&tensor)?;
    let started = Instant::now();
    for _ in 0..images {
        model.run(&tensor)?;
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({
            "runtime": "tract",
            "threads": threads,
            "images": images,
            "seconds": (seconds * 1e3).round() / 1e3,
            "images_per_second": (f64::from(images) / seconds * 1e3).round() / 1e3,
        })
    );
    Ok(())
}
