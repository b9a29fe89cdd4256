//! What says who the patient is goes, and the greys stay.

use medchain_vision::{attributes, decode, deidentify, synthetic_radiograph_png};

const SECRET: &[u8] = b"Muster^Erika";

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn models_fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../models/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// An explicit element in little endian.
fn element(group: u16, number: u16, representation: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let mut bytes = [group.to_le_bytes(), number.to_le_bytes(), *representation].concat();
    let mut value = value.to_vec();
    value.resize(value.len() + value.len() % 2, b' ');
    if matches!(representation, b"UN" | b"SQ" | b"OB" | b"UT") {
        bytes.extend([0, 0]);
        bytes.extend((value.len() as u32).to_le_bytes());
    } else {
        bytes.extend((value.len() as u16).to_le_bytes());
    }
    bytes.extend(value);
    bytes
}

fn sequence(group: u16, number: u16, item: &[u8]) -> Vec<u8> {
    let mut value = b"\xfe\xff\0\xe0".to_vec();
    value.extend((item.len() as u32).to_le_bytes());
    value.extend(item);
    element(group, number, b"SQ", &value)
}

/// `explicit.dcm` with elements before its pixels; readers do not insist on their order.
fn with(elements: &[u8]) -> Vec<u8> {
    let mut bytes = fixture("explicit.dcm");
    let pixels = bytes.windows(6).position(|w| w == b"\xe0\x7f\x10\0OW").unwrap();
    bytes.splice(pixels..pixels, elements.iter().copied());
    bytes
}

/// The elements of a file that this program wrote: tags and where their values are.
fn tags(bytes: &[u8]) -> Vec<(u16, u16)> {
    let two = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let four = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut at, mut found) = (132, Vec::new());
    while at < bytes.len() {
        let tag = (two(at), two(at + 2));
        found.push(tag);
        at = match &bytes[at + 4..at + 6] {
            b"OB" | b"OW" | b"SQ" if four(at + 8) == u32::MAX => {
                let end = b"\xfe\xff\xdd\xe0\0\0\0\0";
                at + bytes[at..].windows(8).position(|w| w == end).unwrap() + 8
            }
            b"OB" | b"OW" | b"SQ" => at + 12 + four(at + 8) as usize,
            _ => at + 8 + usize::from(two(at + 6)),
        };
    }
    found
}

#[test]
fn every_attribute_of_the_profile_goes() {
    let film = decode(&fixture("explicit.dcm")).unwrap();
    for attribute in attributes() {
        let (group, number) = (attribute.group, attribute.element);
        // Those of the meta information are written again in any case.
        if group <= 2 {
            continue;
        }
        let secret = element(group, number, b"LO", SECRET);
        let bytes = with(&secret);
        let found = deidentify(&bytes).unwrap();
        let name = attribute.name;
        assert!(!contains(&found.bytes, b"Muster"), "{name}");
        assert_eq!(decode(&found.bytes).unwrap(), film, "{name}");
        // UIDs that an object must have are new, and what it may leave empty is.
        let stays = tags(&found.bytes).contains(&(group, number));
        if stays {
            assert!(attribute.action.contains('Z') || attribute.action == "U", "{name}");
        } else {
            assert!(found.removed.iter().any(|removed| removed == name), "{name}");
        }
        assert!(found.removed.iter().all(|removed| !removed.contains("Muster")));
    }
}

#[test]
fn nested_private_and_unknown_attributes_go() {
    let name = element(0x0010, 0x0010, b"PN", SECRET);
    let film = decode(&fixture("explicit.dcm")).unwrap();
    for (case, bytes) in [
        ("nested", with(&sequence(0x0040, 0x0275, &sequence(0x0040, 0x0008, &name)))),
        ("nested where the profile has nothing", with(&sequence(0x0054, 0x0220, &name))),
        ("nested in a kept attribute", with(&sequence(0x0028, 0x1050, &name))),
        ("private", with(&element(0x0029, 0x1010, b"LO", SECRET))),
        ("private, unknown", with(&element(0x0029, 0x1011, b"UN", SECRET))),
        ("nested private", with(&sequence(0x0029, 0x1012, &name))),
        ("curve", with(&element(0x5002, 0x0030, b"LO", SECRET))),
        ("overlay", with(&element(0x6000, 0x4000, b"LT", SECRET))),
        ("of a later edition", with(&element(0x0018, 0xbeef, b"LO", SECRET))),
        ("in a word that stays", with(&element(0x0018, 0x0015, b"CS", SECRET))),
        ("in a number that stays", with(&element(0x0028, 0x1055, b"LO", SECRET))),
        ("behind the data", [with(&[]), element(0xfffc, 0xfffc, b"OB", SECRET)].concat()),
    ] {
        let found = deidentify(&bytes).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert!(!contains(&found.bytes, b"Muster"), "{case}");
        assert!(!found.removed.is_empty(), "{case}");
        assert_eq!(decode(&found.bytes).unwrap(), film, "{case}");
    }
}

#[test]
fn every_dicom_fixture_is_cleaned_without_a_change_of_its_greys() {
    for name in [
        "implicit",
        "explicit",
        "deflated",
        "big-endian",
        "rle",
        "jpeg-lossless",
        "jpeg-ls",
        "jpeg-2000",
        "jpeg-12-bit",
        "jpeg-baseline",
        "monochrome1",
        "falling-slope",
        "signed",
        "voi-lut",
        "high-bits-with-overlay",
    ] {
        let mut bytes = fixture(&format!("{name}.dcm"));
        // Some programs put a second header before the first: here it is a name.
        bytes[..SECRET.len()].copy_from_slice(SECRET);
        let found = deidentify(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(decode(&found.bytes).unwrap(), decode(&bytes).unwrap(), "{name}");
        for word in ["Muster", "MRN-0000815", "19640812", "20260102", "Klinik", "1.2.826."] {
            assert!(!contains(&found.bytes, word.as_bytes()), "{name}: {word}");
            assert!(found.removed.iter().all(|removed| !removed.contains(word)), "{name}");
        }
        let removed = &found.removed;
        assert!(removed.iter().any(|removed| removed == "Patient's Name"), "{name}: {removed:?}");
        assert!(found.warnings.is_empty(), "{name}");
        // The same bytes again, and nothing left to take out.
        assert_eq!(deidentify(&bytes).unwrap(), found, "{name}");
        assert_eq!(decode(&deidentify(&found.bytes).unwrap().bytes), decode(&bytes), "{name}");
    }
}

#[test]
fn bits_above_the_samples_go() {
    let found = deidentify(&fixture("high-bits-with-overlay.dcm")).unwrap();
    let pixels = &found.bytes[found.bytes.len() - 64 * 56 * 2..];
    assert!(pixels.chunks(2).all(|word| word[0] & 15 == 0));
}

#[test]
fn text_in_the_picture_is_warned_about() {
    let yes = deidentify(&with(&element(0x0028, 0x0301, b"CS", b"YES"))).unwrap();
    assert!(yes.warnings.iter().any(|warning| warning.contains("burned")), "{:?}", yes.warnings);
    assert!(deidentify(&with(&element(0x0028, 0x0301, b"CS", b"NO"))).unwrap().warnings.is_empty());
}

#[test]
fn a_png_loses_its_text_and_keeps_its_orientation() {
    let plain = synthetic_radiograph_png(1);
    let chunk = |kind: &[u8; 4], body: &[u8]| {
        let mut sum = flate2::Crc::new();
        sum.update(kind);
        sum.update(body);
        [&(body.len() as u32).to_be_bytes()[..], kind, body, &sum.sum().to_be_bytes()].concat()
    };
    let exif =
        b"II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x0f\x01\x02\0\x0c\0\0\0&\0\0\0\
                 \0\0\0\0Muster^Erika";
    let extra = [
        chunk(b"tEXt", b"PatientName\0Muster^Erika"),
        chunk(b"eXIf", exif),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0Muster^Erika"),
    ]
    .concat();
    let bytes = [&plain[..33], &extra, &plain[33..], SECRET].concat();
    let found = deidentify(&bytes).unwrap();
    assert!(!contains(&found.bytes, b"Muster"));
    assert_eq!(found.removed, ["PNG text", "EXIF", "bytes behind the image"]);
    let image = decode(&found.bytes).unwrap();
    assert_eq!(image, decode(&bytes).unwrap());
    assert_ne!(image, decode(&plain).unwrap(), "its orientation is lost");
    // A file with nothing to take out stays what it is.
    let clean = deidentify(&plain).unwrap();
    assert_eq!((clean.bytes, clean.removed), (plain, Vec::new()));
}

#[test]
fn a_jpeg_loses_what_is_beside_the_picture() {
    for name in ["grey.jpg", "progressive.jpg", "restarts.jpg", "stored-as-rgb.jpg", "rgb.jpg"] {
        let plain = models_fixture(name);
        let segment = |marker: u8, body: &[u8]| {
            [&[0xff, marker][..], &(body.len() as u16 + 2).to_be_bytes(), body].concat()
        };
        let exif =
            b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0Muster^Erika";
        let extra = [
            segment(0xe1, exif),
            segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0Muster^Erika"),
            segment(0xed, b"Photoshop 3.0\0Muster^Erika"),
            segment(0xfe, SECRET),
        ]
        .concat();
        let bytes = [&plain[..2], &extra, &plain[2..], SECRET].concat();
        let found = deidentify(&bytes).unwrap();
        assert!(!contains(&found.bytes, b"Muster"), "{name}");
        assert_eq!(decode(&found.bytes).unwrap(), decode(&bytes).unwrap(), "{name}");
        for word in ["EXIF", "XMP", "IPTC", "comment", "behind"] {
            assert!(found.removed.iter().any(|removed| removed.contains(word)), "{name}: {word}");
        }
        // The coded data are there byte for byte.
        let scan = plain.windows(2).position(|w| w == [0xff, 0xda]).unwrap();
        assert!(contains(&found.bytes, &plain[scan..]), "{name}");
    }
}
