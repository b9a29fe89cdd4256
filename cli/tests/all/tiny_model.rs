//! A tiny model with the real one's interface, encoded as ONNX by hand: the mean of each
//! channel times a matrix, then softmax.

use std::path::{Path, PathBuf};

const SIZE: u64 = 32;

/// Writes `tiny.onnx` and `tiny.json` into `folder`.
pub fn write(folder: &Path) -> PathBuf {
    let onnx = folder.join("tiny.onnx");
    std::fs::write(&onnx, model()).unwrap();
    std::fs::write(folder.join("tiny.json"), spec()).unwrap();
    onnx
}

fn spec() -> String {
    r#"{
        "id": "tiny-32-v1", "model": "tiny", "version": "1.0", "size": 32,
        "crop": "centre-square", "resampling": "area-u8",
        "mask": {"border": 0, "corner": 0, "value": 0},
        "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25],
        "labels": ["covid", "ignore", "normal"],
        "temperature": 1.0, "confidence_threshold": 0.5
    }"#
    .to_string()
}

fn model() -> Vec<u8> {
    let nodes = [
        node("GlobalAveragePool", &["image"], "pooled"),
        node("Flatten", &["pooled"], "flat"),
        node("MatMul", &["flat", "weights"], "logits"),
        node("Softmax", &["logits"], "probabilities"),
    ];
    let mut graph = Vec::new();
    for node in &nodes {
        field(&mut graph, 1, node);
    }
    field(&mut graph, 2, b"tiny");
    field(&mut graph, 5, &weights());
    field(&mut graph, 11, &value("image", &[1, 3, SIZE, SIZE]));
    field(&mut graph, 12, &value("probabilities", &[1, 3]));
    let mut opset = Vec::new();
    field(&mut opset, 1, b"");
    number(&mut opset, 2, 13);
    let mut model = Vec::new();
    number(&mut model, 1, 8);
    field(&mut model, 7, &graph);
    field(&mut model, 8, &opset);
    model
}

/// `NodeProto`.
fn node(operator: &str, inputs: &[&str], output: &str) -> Vec<u8> {
    let mut node = Vec::new();
    for input in inputs {
        field(&mut node, 1, input.as_bytes());
    }
    field(&mut node, 2, output.as_bytes());
    field(&mut node, 3, output.as_bytes());
    field(&mut node, 4, operator.as_bytes());
    node
}

/// `TensorProto`: brighter images lean to the first class.
fn weights() -> Vec<u8> {
    let values: [f32; 9] = [1.0, 0.0, -1.0, 0.5, 0.1, 0.0, 0.0, -0.2, 0.3];
    let mut tensor = Vec::new();
    number(&mut tensor, 1, 3);
    number(&mut tensor, 1, 3);
    number(&mut tensor, 2, 1);
    field(&mut tensor, 8, b"weights");
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    field(&mut tensor, 9, &raw);
    tensor
}

/// `ValueInfoProto` of a float tensor.
fn value(name: &str, dimensions: &[u64]) -> Vec<u8> {
    let mut shape = Vec::new();
    for dimension in dimensions {
        let mut of = Vec::new();
        number(&mut of, 1, *dimension);
        field(&mut shape, 1, &of);
    }
    let mut tensor = Vec::new();
    number(&mut tensor, 1, 1);
    field(&mut tensor, 2, &shape);
    let mut kind = Vec::new();
    field(&mut kind, 1, &tensor);
    let mut value = Vec::new();
    field(&mut value, 1, name.as_bytes());
    field(&mut value, 2, &kind);
    value
}

/// A length-delimited field of protocol buffers.
fn field(out: &mut Vec<u8>, tag: u64, bytes: &[u8]) {
    varint(out, tag << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend(bytes);
}

/// A number field of protocol buffers.
fn number(out: &mut Vec<u8>, tag: u64, value: u64) {
    varint(out, tag << 3);
    varint(out, value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
