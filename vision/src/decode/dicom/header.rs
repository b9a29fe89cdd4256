//! What the attributes say about the pixels (PS3.3, C.7.6.3 and C.11).

use super::{
    corrupt,
    dataset::{find, Element, Tag, Value, MODALITY_LUT, PIXEL_DATA, VOI_LUT},
    file::{bytes_of, numbers, text_of},
    unsupported, FORMAT,
};
use crate::decode::{check_budget, check_dimensions, DecodeError};

const SOP_CLASS: Tag = Tag(0x0008, 0x0016);

/// Classes of objects that have no film, by the start of their UID.
const WITHOUT_FILM: &[(&str, &str)] = &[
    (
        "1.2.840.10008.1.3.10",
        "a DICOMDIR, the table of contents of a disc; hand in one of the \
      files that it lists",
    ),
    (
        "1.2.840.10008.5.1.4.1.1.104.1",
        "a PDF in a DICOM file; export the image in it as PNG, \
      JPEG or DICOM",
    ),
    ("1.2.840.10008.5.1.4.1.1.104", "a document in a DICOM file; hand in the film itself"),
    ("1.2.840.10008.5.1.4.1.1.88", "a structured report; hand in the film that it is about"),
    ("1.2.840.10008.5.1.4.1.1.11", "a presentation state; hand in the film that it is about"),
];

/// How the samples mean greys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Photometric {
    /// The lowest value is white.
    Monochrome1,
    Monochrome2,
    Rgb,
    /// The first sample is luminance.
    Luminance,
}

/// A lookup table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lut {
    /// The value that is mapped to the first entry.
    pub(crate) first: i32,
    pub(crate) bits: u8,
    pub(crate) entries: Vec<u16>,
}

/// How a window maps values to greys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Linear,
    LinearExact,
    Sigmoid,
}

/// A window: what lies outside is black or white.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    pub(crate) centre: f64,
    pub(crate) width: f64,
    pub(crate) function: Function,
}

/// What the attributes say about the pixels.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) samples: u16,
    /// All samples of one kind, then those of the next.
    pub(crate) is_planar: bool,
    pub(crate) photometric: Photometric,
    /// Bits of a sample's place, 8 or 16; bits that count; and how many are below them.
    pub(crate) allocated: u8,
    pub(crate) stored: u8,
    pub(crate) shift: u8,
    pub(crate) is_signed: bool,
    pub(crate) slope: f64,
    pub(crate) intercept: f64,
    pub(crate) is_rescaled: bool,
    pub(crate) modality_lut: Option<Lut>,
    pub(crate) voi_lut: Option<Lut>,
    pub(crate) window: Option<Window>,
}

impl Header {
    /// Reads and checks the attributes.
    pub(crate) fn read(elements: &[Element], big: bool) -> Result<Self, DecodeError> {
        let number = |element| {
            bytes_of(elements, Tag(0x0028, element)).and_then(|bytes| numbers(bytes, big).next())
        };
        ensure_film(elements)?;
        let needed = |element, name: &str| {
            number(element).ok_or_else(|| corrupt(&format!("it does not say its {name}")))
        };
        let (height, width) = (needed(0x0010, "Rows")?, needed(0x0011, "Columns")?);
        let (height, width) = (u32::from(height), u32::from(width));
        check_dimensions(width, height)?;
        // What is stored, in words, and the greys.
        check_budget(FORMAT, width, height, 3)?;
        if width == 0 || height == 0 {
            return Err(corrupt("it has no pixels"));
        }
        let samples = number(0x0002).unwrap_or(1);
        let photometric = photometric(elements, samples)?;
        let allocated = needed(0x0100, "Bits Allocated")?;
        let stored = number(0x0101).unwrap_or(allocated);
        let high = number(0x0102).unwrap_or(stored.saturating_sub(1));
        if !(allocated == 8 || (allocated == 16 && samples == 1)) {
            return Err(unsupported(format!(
                "it has {allocated} bits a sample; films have 8 or 16. Export it as PNG or JPEG"
            )));
        }
        if stored == 0 || stored > allocated || high >= allocated || high + 1 < stored {
            return Err(corrupt("its bits a sample do not fit together"));
        }
        let is_signed = number(0x0103) == Some(1);
        let real = |tag| text_of(elements, tag).and_then(|text| decimal(&text));
        let (slope, intercept) = (real(Tag(0x0028, 0x1053)), real(Tag(0x0028, 0x1052)));
        Ok(Self {
            width,
            height,
            samples,
            is_planar: number(0x0006) == Some(1),
            photometric,
            allocated: allocated as u8,
            stored: stored as u8,
            shift: (high + 1 - stored) as u8,
            is_signed,
            is_rescaled: slope.is_some() || intercept.is_some(),
            slope: slope.filter(|slope| *slope != 0.0).unwrap_or(1.0),
            intercept: intercept.unwrap_or(0.0),
            modality_lut: lut(elements, MODALITY_LUT, big, is_signed)?,
            voi_lut: lut(elements, VOI_LUT, big, is_signed)?,
            window: window(elements),
        })
    }

    /// The least and the largest stored value.
    pub(crate) fn range(&self) -> (i32, i32) {
        match self.is_signed {
            true => (-(1 << (self.stored - 1)), (1 << (self.stored - 1)) - 1),
            false => (0, (1 << self.stored) - 1),
        }
    }
}

/// Refuses what has no film, or more than one.
fn ensure_film(elements: &[Element]) -> Result<(), DecodeError> {
    let class = text_of(elements, SOP_CLASS).unwrap_or_default();
    if let Some((_, what)) = WITHOUT_FILM.iter().find(|(start, _)| class.starts_with(start)) {
        return Err(unsupported(format!("it is {what}")));
    }
    if find(elements, Tag(0x7fe0, 0x0008)).or(find(elements, Tag(0x7fe0, 0x0009))).is_some() {
        return Err(unsupported("its pixels are no whole numbers; export it as PNG or JPEG"));
    }
    if find(elements, PIXEL_DATA).is_none() {
        return Err(unsupported("it has no pixels; hand in the file that has the film"));
    }
    let frames = text_of(elements, Tag(0x0028, 0x0008)).unwrap_or_default();
    match frames.parse::<u64>() {
        Ok(frames) if frames > 1 => Err(unsupported(format!(
            "it has {frames} frames (multi-frame), and a film is one; export the frame that is \
             meant as a DICOM file of its own, as PNG or JPEG"
        ))),
        _ => Ok(()),
    }
}

fn photometric(elements: &[Element], samples: u16) -> Result<Photometric, DecodeError> {
    let name = text_of(elements, Tag(0x0028, 0x0004)).unwrap_or_default();
    match (name.as_str(), samples) {
        ("MONOCHROME1", 1) => Ok(Photometric::Monochrome1),
        ("MONOCHROME2" | "", 1) => Ok(Photometric::Monochrome2),
        ("RGB", 3) => Ok(Photometric::Rgb),
        ("YBR_FULL" | "YBR_FULL_422" | "YBR_ICT" | "YBR_RCT", 3) => Ok(Photometric::Luminance),
        ("PALETTE COLOR", _) => Err(unsupported("it has a palette of colours; save it as PNG")),
        _ => Err(unsupported("its colours are not known; save it as MONOCHROME2, PNG or JPEG")),
    }
}

fn window(elements: &[Element]) -> Option<Window> {
    // Several windows may be offered; a workstation begins with the first.
    let first = |element| decimal(&text_of(elements, Tag(0x0028, element))?);
    let (centre, width) = (first(0x1050)?, first(0x1051)?);
    let function = match text_of(elements, Tag(0x0028, 0x1056)).unwrap_or_default().as_str() {
        "LINEAR_EXACT" => Function::LinearExact,
        "SIGMOID" => Function::Sigmoid,
        _ => Function::Linear,
    };
    let least = if function == Function::Linear { 1.0 } else { f64::MIN_POSITIVE };
    (width >= least).then_some(Window { centre, width, function })
}

/// The first of the decimal numbers in a text.
fn decimal(text: &str) -> Option<f64> {
    let first = text.split('\\').next()?.trim_matches([' ', '\0']);
    // `f64` would also read words.
    let is_number = first.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    first.parse().ok().filter(|number: &f64| is_number && number.is_finite() && number.abs() < 1e12)
}

/// The first lookup table of a sequence (PS3.3, C.11.1 and C.11.2).
fn lut(
    elements: &[Element],
    sequence: Tag,
    big: bool,
    is_signed: bool,
) -> Result<Option<Lut>, DecodeError> {
    let Some(Value::Items(items)) = find(elements, sequence).map(|element| &element.value) else {
        return Ok(None);
    };
    let Some(item) = items.first() else { return Ok(None) };
    let broken = || corrupt("a lookup table is broken");
    let descriptor = bytes_of(item, Tag(0x0028, 0x3002)).ok_or_else(broken)?;
    let descriptor: Vec<u16> = numbers(descriptor, big).take(3).collect();
    let [count, first, bits] = descriptor[..] else { return Err(broken()) };
    let count = if count == 0 { 65_536 } else { usize::from(count) };
    let first = match is_signed {
        true => i32::from(first as i16),
        false => i32::from(first),
    };
    let data = bytes_of(item, Tag(0x0028, 0x3006)).ok_or_else(broken)?;
    // Tables of 8 bits may have a byte for each entry.
    let entries: Vec<u16> = match data.len() < 2 * count {
        true if bits <= 8 && data.len() >= count => data.iter().map(|b| u16::from(*b)).collect(),
        _ => numbers(data, big).collect(),
    };
    if !(1..=16).contains(&bits) || entries.len() < count {
        return Err(broken());
    }
    let entries = entries.into_iter().take(count).collect();
    Ok(Some(Lut { first, bits: bits as u8, entries }))
}
