//! One film, written as DICOM in many ways by another program (`fixtures/draw.py`): where
//! nothing is lost, the greys are equal to the bit.

use medchain_vision::{decode, DecodeError, GreyImage};

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn film() -> GreyImage {
    decode(&fixture("film.png")).unwrap()
}

#[track_caller]
fn refused(bytes: &[u8], words: &[&str]) -> DecodeError {
    let error = decode(bytes).unwrap_err();
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
    assert!(!text.contains('\n') && !text.contains("Muster"), "{text}");
    error
}

#[track_caller]
fn is_near(name: &str) {
    let (found, film) = (decode(&fixture(name)).unwrap(), film());
    assert_eq!((found.width(), found.height()), (film.width(), film.height()), "{name}");
    let off = |(a, b): (&u8, &u8)| a.abs_diff(*b);
    let worst = found.pixels().iter().zip(film.pixels()).map(off).max().unwrap();
    let sum: u32 = found.pixels().iter().zip(film.pixels()).map(off).map(u32::from).sum();
    assert!(worst <= 12 && sum < 2 * found.pixels().len() as u32, "{name}: {worst}, {sum}");
}

#[test]
fn every_lossless_transfer_syntax_gives_the_same_greys() {
    let film = film();
    for name in [
        "implicit",
        "explicit",
        "deflated",
        "big-endian",
        "rle",
        "jpeg-lossless",
        "jpeg-ls",
        "jpeg-2000",
        "monochrome1",
        "falling-slope",
        "signed",
        "voi-lut",
        "high-bits-with-overlay",
    ] {
        assert_eq!(decode(&fixture(&format!("{name}.dcm"))).unwrap(), film, "{name}");
    }
}

#[test]
fn lossy_transfer_syntaxes_give_nearly_the_same() {
    is_near("jpeg-12-bit.dcm");
    is_near("jpeg-baseline.dcm");
}

/// libjpeg-turbo, in its build for twelve bits, decoded the same frame (`fixtures/draw.py`).
#[test]
fn twelve_bits_are_those_of_libjpeg() {
    assert_eq!(
        decode(&fixture("jpeg-12-bit.dcm")).unwrap(),
        decode(&fixture("jpeg-12-bit-by-libjpeg.png")).unwrap()
    );
}

#[test]
fn files_without_preamble_or_meta_information_are_read() {
    for name in ["implicit", "explicit", "big-endian", "jpeg-lossless"] {
        let bytes = fixture(&format!("{name}.dcm"));
        assert_eq!(decode(&bytes[128..]).unwrap(), film(), "{name}, without preamble");
        assert_eq!(decode(&bytes[132..]).unwrap(), film(), "{name}, without its mark");
    }
    for name in ["implicit", "explicit", "big-endian"] {
        let bytes = fixture(&format!("{name}.dcm"));
        let length = u32::from_le_bytes(bytes[140..144].try_into().unwrap()) as usize;
        assert_eq!(decode(&bytes[144 + length..]).unwrap(), film(), "{name}, without meta");
    }
}

#[test]
fn fails_when_there_is_more_than_one_frame() {
    refused(&fixture("multi-frame.dcm"), &["DICOM", "3 frames", "multi-frame", "PNG or JPEG"]);
}

#[test]
fn fails_when_the_window_shows_nothing() {
    refused(&fixture("narrow-window.dcm"), &["DICOM", "window", "PNG or JPEG"]);
}

#[test]
fn fails_when_machines_would_differ() {
    refused(&fixture("jpeg-2000-lossy.dcm"), &["JPEG 2000", "lossy", "gdcmconv"]);
}

#[test]
fn transfer_syntaxes_that_are_not_read_are_named() {
    for (uid, words) in [
        ("1.2.840.10008.1.2.4.202", "High-Throughput"),
        ("1.2.840.10008.1.2.4.110", "JPEG XL"),
        ("1.2.840.10008.1.2.4.94", "JPIP"),
        ("1.2.840.10008.1.2.4.102", "MPEG-4"),
        ("1.2.840.10008.1.2.4.99", "1.2.840.10008.1.2.4.99"),
    ] {
        let mut bytes = fixture("explicit.dcm");
        let tag = bytes.windows(6).position(|w| w == b"\x02\0\x10\0UI").unwrap();
        let old = usize::from(bytes[tag + 6]);
        let mut value = uid.as_bytes().to_vec();
        value.resize(value.len() + value.len() % 2, 0);
        bytes.splice(tag + 6..tag + 8 + old, [&[value.len() as u8, 0], value.as_slice()].concat());
        refused(&bytes, &["DICOM", words]);
    }
}

#[test]
fn fails_when_cut_anywhere() {
    for name in ["implicit", "explicit", "rle", "jpeg-lossless", "jpeg-ls", "jpeg-2000"] {
        let bytes = fixture(&format!("{name}.dcm"));
        for length in (0..bytes.len()).step_by(7) {
            assert!(decode(&bytes[..length]).is_err(), "{name}, {length}");
        }
    }
    let bytes = fixture("explicit.dcm");
    assert_eq!(decode(&bytes[..bytes.len() - 2]), Err(DecodeError::Truncated { format: "DICOM" }));
}

#[test]
fn a_length_that_the_file_does_not_have_is_no_allocation() {
    let mut bytes = fixture("explicit.dcm");
    let tag = bytes.windows(6).position(|w| w == b"\xe0\x7f\x10\0OW").unwrap();
    bytes[tag + 8..tag + 12].copy_from_slice(&0xffff_fff0u32.to_le_bytes());
    assert_eq!(decode(&bytes), Err(DecodeError::Truncated { format: "DICOM" }));
}

#[test]
fn fails_when_sequences_nest_without_end() {
    let mut bytes = fixture("explicit.dcm");
    let tag = bytes.windows(6).position(|w| w == b"\xe0\x7f\x10\0OW").unwrap();
    let nested = b"\x40\0\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff";
    bytes.splice(tag..tag, nested.repeat(100_000));
    refused(&bytes, &["DICOM", "nest too deep"]);
}
