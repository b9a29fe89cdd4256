//! Loading what is no model, and sharing one that is.

use std::path::PathBuf;
use std::sync::Arc;

use medchain_vision::{synthetic_radiograph, synthetic_radiograph_png, Model, ModelError};

fn shipped(name: &str) -> Vec<u8> {
    let folder =
        PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../models/shipped");
    std::fs::read(folder.join(name)).unwrap()
}

fn spec() -> serde_json::Value {
    serde_json::from_slice(&shipped("medchain-vgg16.json")).unwrap()
}

fn load_error(onnx: &[u8], spec: &serde_json::Value) -> ModelError {
    Model::load(onnx, spec.to_string().as_bytes()).unwrap_err()
}

#[test]
fn fails_when_the_file_is_no_network() {
    let error = load_error(b"not a network", &spec());
    assert!(matches!(error, ModelError::Network(_)), "{error}");
    assert!(!error.to_string().contains('\n'), "{error}");
}

#[test]
fn fails_when_the_labels_do_not_fit() {
    let mut spec = spec();
    spec["labels"] = serde_json::json!(["covid", "normal"]);
    let error = load_error(&shipped("medchain-vgg16.onnx"), &spec);
    assert!(matches!(error, ModelError::Mismatch(_)), "{error}");
}

#[test]
fn fails_when_the_description_has_an_unknown_step() {
    let mut spec = spec();
    spec["sharpen"] = serde_json::json!(true);
    let error = load_error(b"", &spec);
    assert!(error.to_string().contains("sharpen"), "{error}");
}

#[test]
fn fails_when_a_value_makes_no_sense() {
    for (field, value) in [
        ("size", serde_json::json!(225)),
        ("std", serde_json::json!([0.2, 0.0, 0.2])),
        ("labels", serde_json::json!(["covid"])),
        ("temperature", serde_json::json!(0.0)),
        ("confidence_threshold", serde_json::json!(1.5)),
        ("id", serde_json::json!("")),
    ] {
        let mut spec = spec();
        spec[field] = value;
        let error = load_error(b"", &spec);
        assert!(error.to_string().contains(field.trim_end_matches('s')), "{field}: {error}");
    }
}

#[test]
fn one_model_serves_many_threads_with_the_same_answer() {
    let model = Model::load(&shipped("medchain-vgg16.onnx"), &shipped("medchain-vgg16.json"));
    let model = Arc::new(model.unwrap());
    let image = synthetic_radiograph_png(7);
    let expected = model.predict(&image).unwrap();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (model, image) = (model.clone(), image.clone());
            std::thread::spawn(move || model.predict(&image).unwrap().output)
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), expected.output);
    }
    let sum: f32 = expected.probabilities.iter().map(|(_, p)| p).sum();
    assert!((sum - 1.0).abs() < 1e-5);
    assert!(model.labels().contains(&expected.label));
}

#[test]
fn more_threads_give_the_same_quantised_answer() {
    let load = || Model::load(&shipped("medchain-vgg16.onnx"), &shipped("medchain-vgg16.json"));
    let image = synthetic_radiograph(9, 300, 300);
    let one = load().unwrap().predict_image(&image).unwrap();
    let two = load().unwrap().with_threads(2).predict_image(&image).unwrap();
    assert_eq!(one.output, two.output);
}
