//! Bad images are refused before a node, a key or the store is touched.

use std::path::Path;

use crate::{
    png,
    program::{medchain, Ran, NO_NODE},
    tiny_model,
};

fn upload(folder: &Path, file: &str) -> Ran {
    medchain(
        folder,
        &["upload", file, "--patient", "//Bob", "--suri", "//Charlie", "--dev", "--yes"],
    )
}

fn bad_files(folder: &Path) -> Vec<(&'static str, &'static [&'static str])> {
    let good = medchain_vision::synthetic_radiograph_png(1);
    std::fs::write(folder.join("truncated.png"), &good[..good.len() / 2]).unwrap();
    // The start of a real JPEG, which ends in the middle of its tables.
    let jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xdb\x00C";
    std::fs::write(folder.join("truncated.jpg"), jpeg).unwrap();
    std::fs::write(folder.join("text.png"), "this is a letter, not an image").unwrap();
    std::fs::write(folder.join("bomb.png"), png::bomb(30_000)).unwrap();
    std::fs::write(folder.join("empty.png"), "").unwrap();
    std::fs::create_dir(folder.join("folder.png")).unwrap();
    vec![
        ("truncated.png", &["truncated.png"]),
        ("truncated.jpg", &["truncated.jpg"]),
        ("text.png", &["text.png"]),
        ("bomb.png", &["bomb.png"]),
        ("empty.png", &["empty.png", "empty"]),
        ("missing.png", &["missing.png", "No such file"]),
        ("folder.png", &["folder.png", "folder"]),
    ]
}

#[test]
fn an_upload_of_a_bad_file_stores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (file, words) in bad_files(folder.path()) {
        let ran = upload(folder.path(), file);
        ran.failed_with(words);
        assert!(!ran.stderr.contains(NO_NODE), "{}", ran.stderr);
        assert!(!folder.path().join("store").exists(), "{file}");
    }
}

#[cfg(unix)]
#[test]
fn a_film_that_is_no_file_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    tiny_model::write(folder.path());
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.png")).status();
    assert!(made.unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero.png")).unwrap();
    for (file, words) in [("pipe.png", "is a pipe"), ("zero.png", "is a device")] {
        upload(folder.path(), file).failed_with(&[file, words]);
        medchain(folder.path(), &["predict", "--model-dir", ".", file]).failed_with(&[file, words]);
        assert!(!folder.path().join("store").exists(), "{file}");
    }
}

#[test]
fn an_upload_without_a_node_stores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let image = medchain_vision::synthetic_radiograph_png(1);
    std::fs::write(folder.path().join("good.png"), image).unwrap();
    upload(folder.path(), "good.png").failed_with(&[NO_NODE]);
    let stored = std::fs::read_dir(folder.path().join("store"));
    assert_eq!(stored.map_or(0, Iterator::count), 0);
}

#[test]
fn a_fetch_into_an_existing_file_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.png");
    std::fs::write(&file, "mine").unwrap();
    let args = ["fetch", "0", "-o", "mine.png", "--suri", "//Bob", "--dev"];
    medchain(folder.path(), &args).failed_with(&["mine.png", "--force"]);
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
}
