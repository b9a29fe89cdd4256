//! `medchain predict`: one line for each file, whatever the files contain.

use serde_json::Value;

use crate::{png, program::medchain, tiny_model};

#[test]
fn a_bad_file_in_the_middle_does_not_stop_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    tiny_model::write(folder.path());
    std::fs::write(at("a.png"), medchain_vision::synthetic_radiograph_png(1)).unwrap();
    std::fs::write(at("b.png"), "not an image").unwrap();
    std::fs::write(at("c.png"), medchain_vision::synthetic_radiograph_png(2)).unwrap();
    std::fs::write(at("d.png"), png::bomb(30_000)).unwrap();
    let files = ["a.png", "b.png", "missing.png", "c.png", "d.png", "a.png"];
    let args = [&["predict", "--json", "--model-dir", "."][..], &files].concat();
    let ran = medchain(folder.path(), &args);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(ran.stderr, "");
    let lines: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = lines.iter().map(|l| l["file"].as_str().unwrap()).collect();
    assert_eq!(names, files);
    let failed: Vec<bool> = lines.iter().map(|l| l["error"].is_string()).collect();
    assert_eq!(failed, [false, true, true, false, true, false]);
    assert_eq!(lines[0], lines[5]);
    let keys: Vec<&String> = lines[0].as_object().unwrap().keys().collect();
    let mut expected = ["file", "label", "probabilities", "uncertain", "model", "preprocessing"];
    expected.sort_unstable();
    let mut keys: Vec<&str> = keys.into_iter().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(lines[0]["preprocessing"], "tiny-32-v1");
    let probabilities = lines[0]["probabilities"].as_object().unwrap();
    assert_eq!(probabilities.len(), 3);
    let sum: f64 = probabilities.values().filter_map(Value::as_f64).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    assert_eq!(lines[1].as_object().unwrap().len(), 2);
}

#[test]
fn the_text_is_a_line_for_each_file_with_errors_apart() {
    let folder = tempfile::tempdir().unwrap();
    tiny_model::write(folder.path());
    let image = medchain_vision::synthetic_radiograph_png(1);
    std::fs::write(folder.path().join("a.png"), image).unwrap();
    let args = ["predict", "--model-dir", ".", "a.png"];
    let ran = medchain(folder.path(), &args);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.starts_with("a.png: "), "{}", ran.stdout);
    assert_eq!(ran.stdout.lines().count(), 1);
    let args = ["predict", "--model-dir", ".", "nothing.png"];
    medchain(folder.path(), &args).failed_with(&["nothing.png"]);
}

#[test]
fn a_model_that_cannot_be_used_is_one_error() {
    let folder = tempfile::tempdir().unwrap();
    tiny_model::write(folder.path());
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.png"), medchain_vision::synthetic_radiograph_png(1)).unwrap();
    medchain(folder.path(), &["predict", "--model-dir", "none", "a.png"]).failed_with(&["none"]);
    let predict = || medchain(folder.path(), &["predict", "--model-dir", ".", "a.png"]);
    std::fs::write(at("tiny.onnx"), "no network").unwrap();
    predict().failed_with(&["tiny.onnx"]);
    std::fs::remove_file(at("tiny.json")).unwrap();
    predict().failed_with(&["tiny.json"]);
}
