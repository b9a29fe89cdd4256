//! Python trained the model; Rust must compute what Python computed.
//!
//! The fixtures are drawings, written by `medchain_models.fixtures`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use medchain_exact::Instructions;
use medchain_primitives::Output;
use medchain_vision::{
    decode, exact_network, square, synthetic_radiograph, Preprocessing, SQUARE_ID, SQUARE_SIDE,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Expected {
    #[cfg(feature = "network")]
    model_sha256: String,
    mean: [f64; 3],
    std: [f64; 3],
    synthetic: BTreeMap<String, String>,
    images: BTreeMap<String, Image>,
    /// What the small network of floats says.
    #[cfg(feature = "network")]
    small: BTreeMap<String, Vec<f32>>,
}

#[derive(Deserialize)]
struct Image {
    width: u32,
    height: u32,
    grey_sha256: String,
    square_sha256: String,
    tensor: BTreeMap<usize, f32>,
    logits: Vec<i32>,
    /// In steps of 1/10,000.
    output: Vec<u32>,
}

fn models() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../models")
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(models().join(path)).unwrap()
}

fn expected() -> Expected {
    serde_json::from_slice(&read("fixtures/expected.json")).unwrap()
}

fn spec() -> Preprocessing {
    Preprocessing::from_json(&read("shipped/medchain-vgg16.json")).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn python_and_rust_draw_the_same_synthetic_film() {
    for (key, digest) in expected().synthetic {
        let (seed, size) = key.split_once(':').unwrap();
        let (width, height) = size.split_once('x').unwrap();
        let image = synthetic_radiograph(
            seed.parse().unwrap(),
            width.parse().unwrap(),
            height.parse().unwrap(),
        );
        assert_eq!(sha256(image.pixels()), digest, "{key}");
    }
}

#[test]
fn tensors_are_equal_to_the_last_bit() {
    let expected = expected();
    // What a network of floats with the same steps would get.
    let (mean, std) = (Some(expected.mean), Some(expected.std));
    let spec = Preprocessing { softmax_scale: None, mean, std, ..spec() };
    for (name, image) in expected.images {
        let grey = decode(&read(&format!("fixtures/{name}"))).unwrap();
        assert_eq!((grey.width(), grey.height()), (image.width, image.height), "{name}");
        assert_eq!(sha256(grey.pixels()), image.grey_sha256, "{name}");
        let square = spec.square(&grey);
        assert_eq!(sha256(&square), image.square_sha256, "{name}");
        let tensor = spec.tensor(&square).unwrap();
        for (place, value) in image.tensor {
            assert_eq!(tensor[place].to_bits(), value.to_bits(), "{name} at {place}");
        }
    }
}

#[test]
fn the_square_alone_is_that_of_the_shipped_description() {
    let spec = spec();
    assert_eq!(spec.id, SQUARE_ID);
    for (name, image) in expected().images {
        let found = square(&read(&format!("fixtures/{name}"))).unwrap();
        assert_eq!(sha256(found.as_ref()), image.square_sha256, "{name}");
        assert_eq!(found.rows().len(), SQUARE_SIDE, "{name}");
        assert_eq!(found.rows().as_flattened(), found.as_ref(), "{name}");
    }
    assert!(square(b"not an image").is_err());
}

/// The square of each fixture, with what onnxruntime made of it.
fn squares() -> Vec<(String, Vec<u8>, Image)> {
    let images = expected().images.into_iter();
    images
        .map(|(name, image)| {
            let square = square(&read(&format!("fixtures/{name}"))).unwrap();
            (name, square.as_ref().to_vec(), image)
        })
        .collect()
}

fn steps(output: &Output) -> Vec<u32> {
    output.probabilities.iter().map(|part| part.deconstruct() / 100).collect()
}

#[test]
fn every_kernel_gives_the_logits_of_onnxruntime() {
    let onnx = read("shipped/medchain-vgg16.onnx");
    let network = exact_network(&onnx, u16::try_from(SQUARE_SIDE).unwrap()).unwrap();
    for instructions in Instructions::available() {
        // Plain Rust takes a second for an image; its threads are tried in exact/tests.
        let threads: &[usize] =
            if instructions == Instructions::Portable { &[1] } else { &[1, 2, 16] };
        for &threads in threads {
            let engine = medchain_exact::Engine::with_instructions(&network, instructions);
            let engine = engine.unwrap().with_threads(threads);
            for (name, square, expected) in squares() {
                let logits = engine.logits(&square).unwrap();
                assert_eq!(logits, expected.logits, "{name}, {instructions:?}, {threads} threads");
                assert_eq!(steps(&engine.output(&logits).unwrap()), expected.output, "{name}");
            }
        }
    }
}

/// tract beside the kernels: what a test of these alone does not compile.
#[cfg(feature = "network")]
mod engines {
    use medchain_vision::{Engine, Model};

    use super::*;

    #[test]
    fn every_engine_gives_the_answer_of_onnxruntime() {
        let onnx = read("shipped/medchain-vgg16.onnx");
        let spec = read("shipped/medchain-vgg16.json");
        assert_eq!(sha256(&onnx), expected().model_sha256, "write the fixtures after an export");
        for engine in [None, Some(Engine::Exact), Some(Engine::Tract)] {
            let model = Model::load_for(&onnx, &spec, engine).unwrap();
            assert!(model.is_exact());
            assert_eq!(model.engine(), engine.unwrap_or(Engine::Exact));
            assert_eq!(hex(&model.sha256()), expected().model_sha256);
            for (name, square, expected) in squares() {
                assert_eq!(model.logits(&square).unwrap(), expected.logits, "{name}, {engine:?}");
                let found = model.predict(&read(&format!("fixtures/{name}"))).unwrap();
                found.output.check(model.labels().len()).unwrap();
                assert_eq!(steps(&found.output), expected.output, "{name}, {engine:?}");
            }
        }
    }

    #[test]
    fn tract_and_onnxruntime_agree_on_a_network_of_floats() {
        let files = (read("fixtures/float/small.onnx"), read("fixtures/float/small.json"));
        let model = Model::load(&files.0, &files.1).unwrap();
        assert!(!model.is_exact());
        assert_eq!(model.engine(), Engine::Tract);
        for (name, expected) in expected().small {
            let found = model.predict(&read(&format!("fixtures/{name}"))).unwrap();
            found.output.check(model.labels().len()).unwrap();
            for ((label, found), expected) in found.probabilities.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-3, "{name} {label}: {found} {expected}");
            }
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
