//! The logits of an exact model for the image files named on standard input, one line of
//! JSON each, for comparison with another runtime (`models/agreement.py`).
//!
//! `logits FOLDER PATH THREADS`, where `PATH` is `tract` or the instructions that the exact
//! engine is to use, such as `avx2`. `logits --paths` lists the paths of this machine.

use std::io::BufRead;

use medchain_exact::Instructions;
use medchain_vision::{square, Engine, Model};

type Anything = Box<dyn std::error::Error>;
/// What computes the logits of a square.
type Logits = Box<dyn Fn(&[u8]) -> Result<Vec<i32>, Anything>>;

fn main() -> Result<(), Anything> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let named = |i: Instructions| format!("{i:?}").to_lowercase();
    if arguments == ["--paths"] {
        Instructions::available().into_iter().for_each(|i| println!("{}", named(i)));
        println!("tract");
        return Ok(());
    }
    let [folder, path, threads] = arguments.as_slice() else {
        return Err("usage: logits FOLDER PATH THREADS".into());
    };
    let threads: usize = threads.parse()?;
    let onnx = std::fs::read(format!("{folder}/medchain-vgg16.onnx"))?;
    let spec = std::fs::read(format!("{folder}/medchain-vgg16.json"))?;
    let logits: Logits = if path == "tract" {
        let model = Model::load_for(&onnx, &spec, Some(Engine::Tract))?.with_threads(threads);
        Box::new(move |square| Ok(model.logits(square)?))
    } else {
        let found = Instructions::available().into_iter().find(|i| named(*i) == *path);
        let instructions = found.ok_or_else(|| format!("this machine has no {path}"))?;
        let network = Model::network(&onnx, &spec)?;
        let engine = medchain_exact::Engine::with_instructions(&network, instructions)?;
        let engine = engine.with_threads(threads);
        Box::new(move |square| Ok(engine.logits(square)?))
    };
    for file in std::io::stdin().lock().lines() {
        let file = file?;
        let square = square(&std::fs::read(&file)?)?;
        let logits = logits(square.as_ref())?;
        println!("{}", serde_json::json!({ "file": file, "logits": logits }));
    }
    Ok(())
}
