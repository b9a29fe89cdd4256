//! Neither chain nor store can read what it keeps.

use std::{io::BufRead, path::Path};

use medchain_e2e::PATIENT;
use medchain_vision::synthetic_radiograph_png;

use super::one_worker::Working;

const WORDS: [&str; 3] = ["Quillfeather", "asthma-and-fever", "Larkspur-Ward-7"];

/// The place of `needle` in `hay`.
///
/// It looks for the first byte with the standard library, which is compiled for speed: there are
/// tens of megabytes to search.
fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first().expect("there is something to find");
    let mut rest = hay;
    while rest.skip_until(first).expect("memory can be read") > 0 {
        let at = hay.len() - rest.len() - 1;
        if hay[at..].starts_with(needle) {
            return Some(at);
        }
    }
    None
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    entries
        .map(|entry| entry.expect("an entry").path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

pub fn no_plaintext_on_chain_or_in_the_store(Working { world, worker, .. }: &Working) {
    let profile =
        format!("{{\"name\": \"{}\", \"notes\": \"{}, {}\"}}", WORDS[0], WORDS[1], WORDS[2]);
    std::fs::write(world.folder().join("profile.json"), profile).unwrap();
    world.done(PATIENT, &["patient", "update-profile", "profile.json"]);
    let image = synthetic_radiograph_png(11);
    // The film's file names the patient beside the picture.
    let named = [&image, WORDS[0].as_bytes()].concat();
    let record = world.upload(&world.write_image("scan.png", &named));
    world.verdict(record, worker);
    world.done(PATIENT, &["fetch", &record.to_string(), "--output", "named.png"]);
    let fetched = std::fs::read(world.folder().join("named.png")).unwrap();
    assert_eq!(fetched, image, "readers get the film without the name");
    let worker_said = worker.said();

    // The whole state, as a node exports it.
    let state = world.export_state();
    assert!(state.len() > 100_000, "the state was exported");

    // A piece from the middle of the image represents its plaintext.
    let middle = &image[image.len() / 2..image.len() / 2 + 24];
    let mut needles: Vec<Vec<u8>> = WORDS.iter().map(|word| word.as_bytes().to_vec()).collect();
    needles.push(middle.to_vec());
    for needle in &needles {
        let as_hex: String = needle.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(find(state.as_bytes(), needle), None);
        assert_eq!(find(state.as_bytes(), as_hex.as_bytes()), None);
        for file in files(Path::new(world.store())) {
            assert_eq!(find(&std::fs::read(&file).unwrap(), needle), None, "{}", file.display());
        }
        assert_eq!(find(worker_said.as_bytes(), needle), None, "the worker's log");
    }
    // The check can fail: a CID is found in the state.
    let cid = world.show(record)["cid"].as_str().unwrap().to_owned();
    let as_hex: String = cid.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(find(state.as_bytes(), as_hex.as_bytes()).is_some());
}
