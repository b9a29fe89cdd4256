//! Files of every kind that is read, of some 500 pixels: what is tried is how they are built,
//! and a small film is changed, decoded and cleaned in a fraction of the time of a large one.

use std::{fs, path::Path};

/// The files of these names.
pub fn files(is_meant: impl Fn(&str) -> bool) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/small");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().to_string();
    let meant = paths.into_iter().filter(|path| is_meant(&name(path)));
    meant.map(|path| fs::read(path).unwrap()).collect()
}

/// Whether this is a DICOM file whose pixels are compressed.
pub fn is_compressed_dicom(name: &str) -> bool {
    let is_compressed = ["jpeg", "rle", "deflated"].iter().any(|start| name.starts_with(start));
    is_compressed && name.ends_with(".dcm")
}

/// The images in DICOM files, which are files of their own.
pub fn frames() -> Vec<Vec<u8>> {
    let frame = |file: &Vec<u8>| {
        let marks: [&[u8]; 2] = [b"\xff\xd8\xff", b"\xff\x4f\xff\x51"];
        let inside = |mark: &&[u8]| file.windows(mark.len()).position(|window| window == *mark);
        marks.iter().find_map(inside).map(|at| file[at..].to_vec())
    };
    files(is_compressed_dicom).iter().filter_map(frame).collect()
}
