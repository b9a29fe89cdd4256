//! An X-ray in, a sealed verdict out: through the demo and by hand.

use std::{path::Path, process::Command};

use medchain_e2e::{
    contract, machine, model_folder, program, shared_images, LAB, PATIENT, REGISTRAR, STRANGER,
};
use medchain_vision::synthetic_radiograph_png;
use serde_json::Value;

use super::one_worker::Working;

/// Runs `medchain demo` and returns its summary.
fn demo(image: Option<&Path>) -> Value {
    let _machine = machine();
    let folder = tempfile::TempDir::new().unwrap();
    let summary = folder.path().join("demo-summary.json");
    let mut command = Command::new(program("medchain"));
    command
        .arg("demo")
        .arg("--contract")
        .arg(contract("access-control"))
        .arg("--model-dir")
        .arg(model_folder())
        .arg("--summary")
        .arg(&summary)
        .current_dir(folder.path());
    if let Some(image) = image {
        command.arg("--xray").arg(image);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(image.is_none(), said.to_lowercase().contains("synthetic"), "{said}");
    serde_json::from_slice(&std::fs::read(summary).unwrap()).unwrap()
}

/// Checks what every summary must say, whatever the image.
fn check_summary(summary: &Value) {
    let text =
        |field: &str| summary[field].as_str().unwrap_or_else(|| panic!("{field}")).to_owned();
    assert!(text("cid").starts_with("baf") && text("cid").len() == 59);
    assert!(text("block_hash").starts_with("0x"));
    assert!(text("receipt").starts_with("0x") && text("receipt").len() == 66);
    assert_eq!(summary["record_id"], 0);
    assert_eq!(summary["roundtrip_ok"], true);
    assert_eq!(summary["stranger_denied"], true);
    let probabilities = summary["probabilities"].as_object().unwrap();
    assert_eq!(probabilities.keys().collect::<Vec<_>>(), ["covid", "ignore", "normal"]);
    let sum: f64 = probabilities.values().map(|p| p.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
    let label = text("label");
    assert!(probabilities.values().all(|p| p.as_f64() <= probabilities[&label].as_f64()));
    for stage in [
        "encrypt",
        "store",
        "include",
        "fetch_verify",
        "decrypt_decode",
        "infer",
        "submit",
        "total",
    ] {
        assert!(summary["timings_ms"][stage].as_f64().is_some(), "timings_ms.{stage}");
    }
}

#[test]
fn the_demo_does_the_main_job_with_a_synthetic_radiograph() {
    check_summary(&demo(None));
}

pub fn the_main_job_with_real_images(Working { world, worker, .. }: &Working) {
    let classes = ["covid", "normal", "ignore"];
    let Some(images) = classes.map(shared_images).into_iter().collect::<Option<Vec<_>>>() else {
        eprintln!("skipped: the research images are not on this machine");
        return;
    };
    for of_class in images {
        let image = &of_class[0];
        let record = world.upload(image);
        let verdict = world.verdict(record, worker);
        let offline = offline(image);
        assert_eq!(verdict["label"], offline["label"], "{}", image.display());
    }
}

/// What `medchain predict` says of an image.
fn offline(image: &Path) -> Value {
    let output = Command::new(program("medchain"))
        .args(["predict", "--json", "--model-dir"])
        .arg(model_folder())
        .arg(image)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

pub fn a_published_model_is_in_the_store_and_on_chain(Working { world, .. }: &Working) {
    let model = model_folder();
    let onnx = model.join("medchain-vgg16.onnx").display().to_string();
    let published = world.done(REGISTRAR, &["model", "publish", &onnx, "--model-version", "again"]);
    assert_eq!(published["model_id"], 1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = medchain_client::store::open(world.store()).unwrap();
    for (field, file) in [
        ("cid", "medchain-vgg16.onnx"),
        ("spec_cid", "medchain-vgg16.json"),
        ("card", "MODEL_CARD.md"),
    ] {
        let cid = published[field].as_str().unwrap_or_else(|| panic!("{field}: {published}"));
        let cid = cid.parse().unwrap();
        let stored = runtime.block_on(store.get(&cid, 1 << 30)).unwrap();
        assert!(stored == std::fs::read(model.join(file)).unwrap(), "{field} is not {file}");
    }
    let shown = world.done(PATIENT, &["model", "show", "1"]);
    for field in ["cid", "card", "sha256", "labels", "preprocessing", "confidence_threshold"] {
        assert_eq!(shown[field], published[field], "{field}");
    }
}

pub fn each_of_the_four_sees_what_the_policy_allows(Working { world, worker, .. }: &Working) {
    let image = synthetic_radiograph_png(7);
    let path = world.write_image("scan.png", &image);
    let records = || {
        let listed = world.done(LAB, &["records", PATIENT]);
        listed["records"].as_array().map(Vec::len).unwrap()
    };
    let before = records();
    let record = world.upload(&path);
    let verdict = world.verdict(record, worker);
    assert_eq!(verdict["label"], offline(&path)["label"]);

    // The patient reads exactly the bytes that went in.
    let record = record.to_string();
    world.done(PATIENT, &["fetch", &record, "--output", "back.png"]);
    assert_eq!(std::fs::read(world.folder().join("back.png")).unwrap(), image);

    // The receipt can be computed again.
    let model = model_folder().display().to_string();
    let replayed = world.run(PATIENT, &["replay", &record, "--model-dir", &model]);
    assert_eq!(replayed.code, 0, "{}{}", replayed.out, replayed.err);

    // The stranger has the ciphertext and no key to it.
    world.done(STRANGER, &["fetch", &record, "--output", "stolen.bin", "--ciphertext"]);
    let ciphertext = std::fs::read(world.folder().join("stolen.bin")).unwrap();
    assert_eq!(&ciphertext[..4], b"MCX2");
    let refused = world.run(STRANGER, &["fetch", &record, "--output", "stolen.png"]);
    assert!(refused.one_error_line().contains("envelope"), "{}", refused.err);
    assert!(!world.folder().join("stolen.png").exists());

    // The stranger's request for access is refused with the policy's reason, on record.
    let asked = world.run(STRANGER, &["request-access", &record]);
    let report = asked.json();
    assert_eq!(report["granted"], false);
    assert!(report["reason"].as_str().unwrap().contains("granted"), "{report}");

    // A signature alone does not add a record for a patient.
    let path = path.display().to_string();
    let added = world.run(STRANGER, &["upload", &path, "--patient", PATIENT]);
    assert!(added.one_error_line().contains("technician"), "{}", added.err);
    assert_eq!(records(), before + 1);
}
