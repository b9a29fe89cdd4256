//! Loading what is no model, and sharing one that is.

use std::path::PathBuf;
use std::sync::Arc;

use medchain_vision::{synthetic_radiograph, synthetic_radiograph_png, Engine, Model, ModelError};

fn read(path: &str) -> Vec<u8> {
    let folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../models");
    std::fs::read(folder.join(path)).unwrap()
}

fn shipped(name: &str) -> Vec<u8> {
    read(&format!("shipped/{name}"))
}

/// The small network of floats, and its description.
fn small() -> (Vec<u8>, serde_json::Value) {
    let spec = serde_json::from_slice(&read("fixtures/float/small.json")).unwrap();
    (read("fixtures/float/small.onnx"), spec)
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
    let (onnx, mut spec) = small();
    spec["labels"] = serde_json::json!(["covid", "normal"]);
    let error = load_error(&onnx, &spec);
    assert!(error.to_string().contains("3 classes"), "{error}");
}

#[test]
fn fails_when_an_exact_network_has_the_description_of_floats() {
    let (float, of_floats) = small();
    let exact = shipped("medchain-vgg16.onnx");
    for (onnx, described) in [(&exact, &of_floats), (&float, &spec())] {
        let error = load_error(onnx, described);
        assert!(matches!(error, ModelError::Mismatch(_)), "{error}");
        assert!(error.to_string().contains("exported with it"), "{error}");
    }
    let mut other = spec();
    other["softmax_scale"] = serde_json::json!(1);
    let error = load_error(&exact, &other);
    assert!(error.to_string().contains("softmax_scale"), "{error}");
}

#[test]
fn fails_when_floats_are_asked_for_an_exact_answer() {
    let (onnx, spec) = small();
    let spec = spec.to_string();
    let error = Model::load_for(&onnx, spec.as_bytes(), Some(Engine::Exact)).unwrap_err();
    assert!(error.to_string().contains("engine tract"), "{error}");
    assert!(matches!(Model::network(&onnx, spec.as_bytes()), Err(ModelError::NotExact)));
    let model = Model::load_for(&onnx, spec.as_bytes(), Some(Engine::Tract)).unwrap();
    assert!(model.logits(&[0; 32 * 32]).is_err());
    assert!(model.output(&[0; 32 * 32]).is_ok());
    assert!(model.output(&[0; 32]).is_err());
}

#[test]
fn engines_have_names() {
    for name in ["exact", "tract"] {
        assert_eq!(name.parse::<Engine>().unwrap().to_string(), name);
    }
    assert!("onnxruntime".parse::<Engine>().unwrap_err().contains("tract"));
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
    let float = small().1;
    for (spec, field, value) in [
        (spec(), "size", serde_json::json!(225)),
        (spec(), "softmax_scale", serde_json::json!(0)),
        (spec(), "softmax_scale", serde_json::json!(null)),
        (spec(), "mean", serde_json::json!([0.5, 0.5, 0.5])),
        (float.clone(), "std", serde_json::json!([0.2, 0.0, 0.2])),
        (float.clone(), "std", serde_json::json!(null)),
        (float, "softmax_scale", serde_json::json!(1)),
        (spec(), "labels", serde_json::json!(["covid"])),
        (spec(), "temperature", serde_json::json!(0.0)),
        (spec(), "confidence_threshold", serde_json::json!(1.5)),
        (spec(), "id", serde_json::json!("")),
    ] {
        let mut spec = spec;
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
