//! Python trained the model; Rust must compute what Python computed.
//!
//! The fixtures are drawings, written by `medchain_models.fixtures`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use medchain_vision::{
    decode, square, synthetic_radiograph, Model, Preprocessing, SQUARE_ID, SQUARE_SIDE,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Expected {
    model_sha256: String,
    synthetic: BTreeMap<String, String>,
    images: BTreeMap<String, Image>,
}

#[derive(Deserialize)]
struct Image {
    width: u32,
    height: u32,
    grey_sha256: String,
    square_sha256: String,
    tensor: BTreeMap<usize, f32>,
    probabilities: Vec<f32>,
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
    let spec = spec();
    for (name, image) in expected().images {
        let grey = decode(&read(&format!("fixtures/{name}"))).unwrap();
        assert_eq!((grey.width(), grey.height()), (image.width, image.height), "{name}");
        assert_eq!(sha256(grey.pixels()), image.grey_sha256, "{name}");
        assert_eq!(sha256(&spec.square(&grey)), image.square_sha256, "{name}");
        let tensor = spec.tensor(&grey);
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

#[test]
fn tract_and_onnxruntime_agree() {
    let onnx = read("shipped/medchain-vgg16.onnx");
    let model = Model::load(&onnx, &read("shipped/medchain-vgg16.json")).unwrap();
    let expected = expected();
    assert_eq!(sha256(&onnx), expected.model_sha256, "run `make fixtures` after an export");
    assert_eq!(sha256(&onnx), hex(&model.sha256()));
    for (name, image) in expected.images {
        let found = model.predict(&read(&format!("fixtures/{name}"))).unwrap();
        found.output.check(model.labels().len()).unwrap();
        let pairs = found.probabilities.iter().zip(&image.probabilities);
        for ((label, found), expected) in pairs {
            assert!((found - expected).abs() < 1e-3, "{name} {label}: {found} {expected}");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
