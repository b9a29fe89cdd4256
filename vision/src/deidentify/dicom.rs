//! A DICOM file with the attributes that the picture is shown with, and no others.

use sha2::{Digest as _, Sha256};

use super::{
    jpeg,
    kept::{Content, Kept, ATTRIBUTES, EMPTY, LUT_ATTRIBUTES},
    profile,
    writer::Writer,
    Deidentified, Removed,
};
use crate::decode::{
    dicom::{
        corrupt,
        dataset::{find, Element, Tag, Value, MODALITY_LUT, PIXEL_DATA, VOI_LUT},
        file::{text_of, Parts},
        header::Header,
        pixels,
        syntax::{Pixels, Syntax},
    },
    jpeg2000, DecodeError,
};

const SOP_CLASS: Tag = Tag(0x0008, 0x0016);
const SOP_INSTANCE: Tag = Tag(0x0008, 0x0018);
const BURNED_IN: Tag = Tag(0x0028, 0x0301);
const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";
/// A UID of this program's own, under the root that anybody may use with a UUID (PS3.5, B.2).
const IMPLEMENTATION: &str = "2.25.226149032716406829480312741573360905294";

/// Takes everything else out. `bytes` is a DICOM file that decodes.
pub(super) fn clean(bytes: &[u8]) -> Result<Deidentified, DecodeError> {
    let parts = Parts::read(bytes)?;
    let elements = parts.elements()?;
    let big = parts.is_big_endian();
    let header = Header::read(&elements, big)?;
    let mut removed = Removed::default();
    let file: [u8; 32] = Sha256::digest(bytes).into();
    let mut kept: Vec<(Tag, Vec<u8>)> = Vec::new();
    for element in &elements {
        if kept.iter().any(|(tag, _)| *tag == element.tag) {
            // Of an attribute that is there twice, the first counts.
            continue;
        }
        let written = match element.tag {
            PIXEL_DATA => None,
            MODALITY_LUT | VOI_LUT => tables(element, big, &mut removed),
            _ => attribute(element, big, &file),
        };
        match written {
            Some(written) => kept.push((element.tag, written)),
            None if element.tag == PIXEL_DATA => {}
            None => removed.add(profile::name(element.tag)),
        }
    }
    kept.retain(|(tag, _)| !EMPTY.iter().any(|(empty, _)| empty == tag));
    kept.extend(EMPTY.iter().map(|(tag, representation)| {
        (*tag, one(|writer| writer.element(*tag, representation, b"")))
    }));
    kept.extend(says_so());
    let syntax = match parts.syntax.pixels {
        Pixels::Native | Pixels::Encapsulated => Syntax::EXPLICIT,
        _ => parts.syntax,
    };
    let pixels = pixel_data(&elements, &header, &parts, &mut removed)?;
    kept.push((PIXEL_DATA, pixels));
    kept.sort_by_key(|(tag, _)| *tag);
    let class = text_of(&elements, SOP_CLASS).filter(|class| class.starts_with("1.2.840.10008."));
    let mut clean = meta(&syntax, class.as_deref(), &new_uid(&file, SOP_INSTANCE));
    kept.into_iter().for_each(|(_, written)| clean.extend(written));
    removed.add("preamble and file meta information");
    let warnings = warnings(&elements, class.as_deref());
    Ok(Deidentified { bytes: clean, removed: removed.0, warnings })
}

/// What the file says about letters that are part of the picture.
fn warnings(elements: &[Element], class: Option<&str>) -> Vec<String> {
    let burned_in = text_of(elements, BURNED_IN).unwrap_or_default();
    let mut warnings = Vec::new();
    match (burned_in.as_str(), class) {
        ("NO", _) => {}
        ("YES", _) => warnings.push(
            "the file says that text is burned into the picture: look whether the patient's \
             name is among it, and black it out first"
                .into(),
        ),
        (_, Some(SECONDARY_CAPTURE)) => warnings.push(
            "this is a secondary capture, and the file does not say whether text is burned \
             into the picture: look whether the patient's name is among it"
                .into(),
        ),
        _ => {}
    }
    if text_of(elements, Tag(0x0028, 0x0302)).as_deref() == Some("YES") {
        warnings.push("the file says that the patient can be recognised by the picture".into());
    }
    warnings
}

/// An attribute that stays, as it is written.
fn attribute(element: &Element, big: bool, file: &[u8; 32]) -> Option<Vec<u8>> {
    let kept = ATTRIBUTES.iter().find(|kept| kept.tag == element.tag)?;
    let Value::Bytes(bytes) = element.value else { return None };
    if kept.content == Content::NewUid {
        let uid = new_uid(file, kept.tag);
        return Some(one(|writer| writer.element(kept.tag, b"UI", uid.as_bytes())));
    }
    value(kept, bytes, big)
}

fn value(kept: &Kept, bytes: &[u8], big: bool) -> Option<Vec<u8>> {
    let value = kept.value(bytes, big)?;
    Some(one(|writer| writer.element(kept.tag, kept.representation, &value)))
}

/// The first lookup table of a sequence, without its explanation.
fn tables(element: &Element, big: bool, removed: &mut Removed) -> Option<Vec<u8>> {
    let Value::Items(items) = &element.value else { return None };
    let mut written = Vec::new();
    for part in items.first()? {
        let kept = LUT_ATTRIBUTES.iter().find(|kept| kept.tag == part.tag);
        let value = match (kept, &part.value) {
            (Some(kept), Value::Bytes(bytes)) => value(kept, bytes, big),
            _ => None,
        };
        match value {
            Some(value) => written.extend(value),
            None => removed.add(profile::name(part.tag)),
        }
    }
    Some(one(|writer| writer.sequence(element.tag, &[written])))
}

/// Pixels without what hides beside them: bits above the samples, comments of compressed
/// images, bytes behind the film.
fn pixel_data(
    elements: &[Element],
    header: &Header,
    parts: &Parts,
    removed: &mut Removed,
) -> Result<Vec<u8>, DecodeError> {
    let element = find(elements, PIXEL_DATA).ok_or_else(|| corrupt("it has no pixels"))?;
    let frame = match &element.value {
        Value::Fragments(fragments) => Some(pixels::frame(fragments)?),
        _ => None,
    };
    match (parts.syntax.pixels, frame) {
        (Pixels::Jpeg, Some(frame)) => {
            // A zero makes the length even.
            let frame = frame.strip_suffix(&[0]).unwrap_or(&frame);
            let (clean, found) = jpeg::clean_frame(frame)?;
            found.0.into_iter().for_each(|name| removed.add(name));
            Ok(one(|writer| writer.frame(PIXEL_DATA, &clean)))
        }
        (Pixels::Jpeg2000, Some(frame)) => {
            let clean = jpeg2000::without_comments(&frame)?;
            if clean.len() < frame.len() {
                removed.add("JPEG 2000 comment");
            }
            Ok(one(|writer| writer.frame(PIXEL_DATA, &clean)))
        }
        (Pixels::Rle, Some(frame)) => Ok(one(|writer| writer.frame(PIXEL_DATA, &frame))),
        _ => {
            let samples = pixels::native_samples(elements, header, parts)?;
            let (representation, bytes) = match header.allocated {
                16 => (b"OW", samples.iter().flat_map(|v| word(*v, header)).collect::<Vec<u8>>()),
                _ => (b"OB", samples.iter().map(|v| byte(*v, header)).collect()),
            };
            Ok(one(|writer| writer.element(PIXEL_DATA, representation, &bytes)))
        }
    }
}

/// A sample in its place, with its sign above it and nothing else.
fn word(value: u16, header: &Header) -> [u8; 2] {
    let mask = ((1u32 << header.stored) - 1) as u16;
    let stored = (value >> header.shift) & mask;
    let is_negative = header.is_signed && stored >> (header.stored - 1) == 1;
    let whole = if is_negative { stored | !mask } else { stored };
    (whole << header.shift).to_le_bytes()
}

fn byte(value: u16, header: &Header) -> u8 {
    word(value, header)[0]
}

/// That it was de-identified, and how (PS3.15, E.1.1).
fn says_so() -> [(Tag, Vec<u8>); 4] {
    const METHOD: &[u8] = b"MedChain, more than PS3.15 Basic Profile";
    let code = one(|writer| {
        writer.element(Tag(0x0008, 0x0100), b"SH", b"113100");
        writer.element(Tag(0x0008, 0x0102), b"SH", b"DCM");
        writer.element(Tag(0x0008, 0x0104), b"LO", b"Basic Application Confidentiality Profile");
    });
    let write = |tag: Tag, representation: &[u8; 2], value: &[u8]| {
        (tag, one(|writer| writer.element(tag, representation, value)))
    };
    let codes = Tag(0x0012, 0x0064);
    [
        write(Tag(0x0012, 0x0062), b"CS", b"YES"),
        write(Tag(0x0012, 0x0063), b"LO", METHOD),
        (codes, one(|writer| writer.sequence(codes, &[code]))),
        write(Tag(0x0028, 0x0303), b"CS", b"REMOVED"),
    ]
}

/// Preamble, mark and meta information.
fn meta(syntax: &Syntax, class: Option<&str>, instance: &str) -> Vec<u8> {
    let elements = one(|writer| {
        writer.element(Tag(2, 1), b"OB", &[0, 1]);
        if let Some(class) = class {
            writer.element(Tag(2, 2), b"UI", class.as_bytes());
        }
        writer.element(Tag(2, 3), b"UI", instance.as_bytes());
        writer.element(Tag(2, 0x10), b"UI", syntax.uid().as_bytes());
        writer.element(Tag(2, 0x12), b"UI", IMPLEMENTATION.as_bytes());
    });
    let mut file = vec![0; 128];
    file.extend(b"DICM");
    let length = (elements.len() as u32).to_le_bytes();
    file.extend(one(|writer| writer.element(Tag(2, 0), b"UL", &length)));
    file.extend(elements);
    file
}

/// A UID that leads back to nobody without the original file, and is always the same.
fn new_uid(file: &[u8; 32], tag: Tag) -> String {
    let hash = Sha256::new()
        .chain_update(b"medchain/uid")
        .chain_update(file)
        .chain_update(tag.0.to_be_bytes())
        .chain_update(tag.1.to_be_bytes())
        .finalize();
    let mut sixteen = [0; 16];
    sixteen.copy_from_slice(&hash[..16]);
    format!("2.25.{}", u128::from_be_bytes(sixteen))
}

fn one(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::default();
    write(&mut writer);
    writer.0
}
