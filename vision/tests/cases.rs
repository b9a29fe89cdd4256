//! Files from the field, made after public bug reports, where they are present.
//!
//! They are for research and not in this repository: `$MEDCHAIN_CASES`, or `shared/cases`
//! beside the checkout. `formats.rs` and `dicom.rs` draw files of the same kinds.

use std::{fs, path::PathBuf};

use medchain_vision::{decode, deidentify, GreyImage, Model};

/// The files of a case, or `None` where the cases are not present.
fn files(case: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
    let folder = std::env::var_os("MEDCHAIN_CASES").map_or(beside, PathBuf::from);
    let Ok(entries) = fs::read_dir(folder.join(case).join("in")) else {
        println!("{case}: skipped, {} does not have it", folder.display());
        return None;
    };
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().to_string(), fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{case}");
    Some(files)
}

fn model() -> Model {
    let read = |end: &str| {
        fs::read(format!("{}/../models/shipped/medchain-vgg16.{end}", env!("CARGO_MANIFEST_DIR")))
            .unwrap()
    };
    Model::load(&read("onnx"), &read("json")).unwrap()
}

fn probabilities(model: &Model, image: &GreyImage) -> Vec<f32> {
    let prediction = model.predict_image(image).unwrap();
    prediction.probabilities.into_iter().map(|(_, part)| part).collect()
}

/// The largest difference between what the model says about two images.
fn distance(model: &Model, one: &GreyImage, other: &GreyImage) -> f32 {
    let (one, other) = (probabilities(model, one), probabilities(model, other));
    one.iter().zip(&other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// A film and what a lossy format left of it.
#[track_caller]
fn is_near(one: &GreyImage, other: &GreyImage, name: &str) {
    assert_eq!((one.width(), one.height()), (other.width(), other.height()), "{name}");
    let off = |(a, b): (&u8, &u8)| a.abs_diff(*b);
    assert!(one.pixels().iter().zip(other.pixels()).map(off).max() < Some(8), "{name}");
}

fn of<'a>(files: &'a [(String, Vec<u8>)], name: &str) -> &'a [u8] {
    let found = files.iter().find(|(file, _)| file == name);
    &found.unwrap_or_else(|| panic!("{name} is missing")).1
}

#[test]
fn tagged_files_are_as_the_upright_film() {
    let Some(files) = files("01-exif-orientation") else { return };
    let model = model();
    for (name, bytes) in files.iter().filter(|(name, _)| name.contains("-tag")) {
        let film = name.split('-').next().unwrap();
        let upright = decode(of(&files, &format!("{film}-upright.png"))).unwrap();
        let found = decode(bytes).unwrap();
        match name.ends_with(".png") {
            true => assert_eq!(found, upright, "{name}"),
            false => assert!(distance(&model, &found, &upright) < 0.03, "{name}"),
        }
    }
}

#[test]
fn transparency_does_not_turn_a_film_black() {
    let Some(files) = files("04-png-transparency") else { return };
    for (name, bytes) in &files {
        let (film, kind) = name.split_once('-').unwrap();
        let meant = match kind {
            "shutter.png" => "shutter-black.png",
            "trns-white.png" => "white-clipped.png",
            _ if kind.starts_with("shutter") || kind.starts_with("white") => kind,
            _ => "grey.png",
        };
        let meant = decode(of(&files, &format!("{film}-{meant}"))).unwrap();
        assert_eq!(decode(bytes).unwrap(), meant, "{name}");
    }
}

#[test]
fn kinds_of_jpeg_are_read_or_named() {
    let Some(files) = files("06-jpeg-kinds") else { return };
    let model = model();
    let base = decode(of(&files, "base.jpg")).unwrap();
    let film = decode(of(&files, "base-film.png")).unwrap();
    for (name, bytes) in &files {
        match (name.split(['-', '.']).next().unwrap(), decode(bytes)) {
            ("eq", Ok(found)) => assert_eq!(found, base, "{name}"),
            ("near", Ok(found)) => assert!(distance(&model, &found, &base) < 0.03, "{name}"),
            // Without loss, so it is the film that the others were made of.
            ("refusable", Ok(found)) => assert_eq!(found, film, "{name}"),
            // The same film without loss.
            ("odd", Ok(found)) => is_near(&found, &decode(of(&files, "odd.png")).unwrap(), name),
            ("base", Ok(found)) => is_near(&found, &base, name),
            ("eq", Err(error)) if name.contains("arithmetic") => {
                let text = error.to_string();
                assert!(text.contains("arithmetic") && text.contains("save it as"), "{text}");
            }
            ("refusable", Err(error)) => {
                let text = error.to_string();
                assert!(text.contains("save it") || text.contains("hand in"), "{name}: {text}");
            }
            (_, Ok(_)) => panic!("{name}: nothing says what it must be"),
            (_, Err(error)) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn damaged_jpegs_are_whole_or_refused() {
    let Some(files) = files("07-jpeg-tolerated-damage") else { return };
    let base = decode(of(&files, "base.jpg")).unwrap();
    for (name, bytes) in &files {
        match (name.split(['-', '.']).next().unwrap(), decode(bytes)) {
            ("whole" | "base", Ok(found)) => assert_eq!(found, base, "{name}"),
            ("half" | "refusable", Err(_)) => {}
            (_, other) => panic!("{name}: {:?}", other.map(|_| "read")),
        }
    }
}

#[test]
fn kinds_of_png_are_read_or_refused() {
    let Some(files) = files("08-png-kinds") else { return };
    let base = decode(of(&files, "base.png")).unwrap();
    for (name, bytes) in &files {
        match (name.split(['-', '.']).next().unwrap(), decode(bytes)) {
            ("eq" | "base", Ok(found)) => assert_eq!(found, base, "{name}"),
            ("bad", Err(_)) => {}
            (_, other) => panic!("{name}: {:?}", other.map(|_| "read")),
        }
    }
}

/// The files of twelve bits were drawn with a numeric overflow (a value is `16 g mod 256 +
/// g / 16`), so that their own window leaves them all but black; that is what the refusal says.
#[test]
fn dicom_is_read_or_refused_with_a_way_out() {
    let Some(files) = files("09-dicom-upload") else { return };
    let eight_bits = decode(of(&files, "jpeg-baseline.dcm")).unwrap();
    assert_eq!(decode(of(&files, "film.jpg")).unwrap(), eight_bits);
    for (name, bytes) in &files {
        let error = match (name.as_str(), decode(bytes)) {
            ("film.jpg" | "jpeg-baseline.dcm", Ok(_)) => continue,
            (_, Err(error)) => error,
            (_, Ok(_)) => panic!("{name}: read, although its window shows nothing"),
        };
        let text = error.to_string();
        for word in ["DICOM", "PNG", "JPEG"] {
            assert!(text.contains(word), "{name}: {text}");
        }
        let reason = if name == "multi-frame.dcm" { "3 frames" } else { "window" };
        assert!(text.contains(reason), "{name}: {text}");
    }
}

/// The same files with the twelve bits that were meant: the headers are read right, and the film
/// is that of eight bits.
#[test]
fn dicom_of_twelve_bits_is_the_film_of_eight_where_its_pixels_are_whole() {
    let Some(files) = files("09-dicom-upload") else { return };
    let film = decode(of(&files, "film.jpg")).unwrap();
    let twelve = |grey: &u8| u16::from(*grey) << 4 | u16::from(*grey) >> 4;
    let meant: Vec<u16> = film.pixels().iter().map(twelve).collect();
    let inverted: Vec<u16> = meant.iter().map(|value| 4095 - value).collect();
    // The mark of the pixels, and what stands between it and them.
    for (name, values, head) in [("implicit.dcm", &meant, 8), ("monochrome1.dcm", &inverted, 12)] {
        let mut bytes = of(&files, name).to_vec();
        let mark = bytes.windows(4).rposition(|tag| tag == b"\xe0\x7f\x10\0").unwrap();
        let stored: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let place = mark + head;
        bytes[place..place + stored.len()].copy_from_slice(&stored);
        assert_eq!(decode(&bytes).unwrap(), film, "{name}");
        // As a file without an ending, or without its preamble, says nothing else.
        assert_eq!(decode(&bytes[128..]).unwrap(), film, "{name}, without preamble");
    }
}

#[test]
fn other_formats_are_read_or_named() {
    let Some(files) = files("10-other-formats") else { return };
    // What loses nothing is read, whatever its ending says.
    let film = decode(of(&files, "film-be.tif")).unwrap();
    assert_eq!((film.width(), film.height()), (320, 320));
    for (name, bytes) in &files {
        match decode(bytes) {
            Ok(image) => assert_eq!(image, film, "{name}"),
            Err(error) => {
                assert!(!["film.ppm", "film.jp2", "tif-named.png"].contains(&name.as_str()));
                let text = error.to_string();
                let is_named = text.starts_with("this is a") || text.starts_with("this kind of");
                assert!(is_named, "{name}: {text}");
                assert!(text.contains("PNG") && text.contains("JPEG"), "{name}: {text}");
            }
        }
    }
}

#[test]
fn names_are_taken_out() {
    let Some(files) = files("11-names-in-metadata") else { return };
    for (name, bytes) in &files {
        let found = deidentify(bytes).unwrap();
        for word in ["Muster", "MRN-0000815", "1964", "Beispiel", "Klinik"] {
            let word = word.as_bytes();
            assert!(!found.bytes.windows(word.len()).any(|window| window == word), "{name}");
        }
        assert_eq!(decode(&found.bytes), decode(bytes), "{name}");
    }
    assert!(!deidentify(of(&files, "phone.jpg")).unwrap().removed.is_empty());
}
