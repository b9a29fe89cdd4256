//! JPEG to greys, as libjpeg-turbo computes them.
//!
//! A JPEG of YCbCr colours stores luminance as a plane of its own; that plane is
//! the grey. The inverse transform is libjpeg-turbo's integer arithmetic ([`idct`]), so
//! that the greys are those of its users to the last bit: of Pillow, with which the tests
//! in `models/` compare. Baseline, extended and progressive Huffman coding
//! of 8 and 12 bits are read, lossless JPEG and JPEG-LS of one plane; arithmetic
//! and hierarchical coding are not.
//!
//! Decoders usually fill what is missing of a truncated file with grey and say
//! nothing; half a radiograph must not get a prediction. So everything that is
//! missing is an error here. What is left over is ignored, as libjpeg does.

mod frame;
mod huffman;
mod idct;
mod lossless;
mod near_lossless;
mod planes;
mod scan;
mod segments;
mod standard;

use image::metadata::Orientation;

use self::frame::{unsupported, Frame, Ink, Scan, Tables};
use self::scan::Plane;
use super::samples::Content;
use super::{check_budget, check_dimensions, orientation, DecodeError, GreyImage};

pub(crate) use segments::{Segment, Segments};

/// Start of image, and the first byte of the next marker.
pub(crate) const SIGNATURE: &[u8] = &[0xff, 0xd8, 0xff];
pub(crate) const FORMAT: &str = "JPEG";

/// What the frame header says, and EXIF.
#[derive(Clone, Copy, Debug)]
struct Header {
    width: u32,
    height: u32,
    coding: u8,
    precision: u8,
    components: u8,
    orientation: Orientation,
}

/// How the samples are stored.
enum Kind {
    /// 8 or 12 bits, in blocks.
    Blocks,
    Lossless,
    NearLossless,
}

impl Header {
    /// Refuses what is valid JPEG but no radiograph.
    fn kind(&self) -> Result<Kind, DecodeError> {
        match (self.coding, self.precision, self.components) {
            (near_lossless::FRAME, 2..=16, _) => Ok(Kind::NearLossless),
            (0xc0..=0xc2, 8, 1 | 3 | 4) | (0xc1 | 0xc2, 12, 1 | 3) => Ok(Kind::Blocks),
            (0xc3, 2..=16, 1) => Ok(Kind::Lossless),
            (0xc0, 12, _) => {
                Err(unsupported("it is baseline with more than 8 bits; save it as PNG"))
            }
            (0xc0..=0xc2, 8 | 12, _) => {
                Err(unsupported("it has neither one nor three nor four colours"))
            }
            (0xc3, ..) => Err(unsupported("it is lossless and has colours; save it as a PNG")),
            (0xc9..=0xcb, ..) => {
                Err(unsupported("it has arithmetic coding; save it as PNG or as baseline JPEG"))
            }
            (0xc5..=0xc7 | 0xcd..=0xcf, ..) => {
                Err(unsupported("it is hierarchical; save it as PNG or as baseline JPEG"))
            }
            _ => Err(unsupported("it has an unusual number of bits a sample; save it as a PNG")),
        }
    }
}

const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

/// More scans than any encoder writes: each of them passes over all blocks.
const MAX_SCANS: usize = 256;

/// Decodes a JPEG to upright greys.
pub(super) fn decode(bytes: &[u8]) -> Result<GreyImage, DecodeError> {
    let header = read(bytes)?;
    let image = match content(bytes, &header)? {
        Content::Greys(image) => image,
        Content::Wide(samples) => samples.greys(FORMAT)?,
    };
    Ok(orientation::upright(image, header.orientation))
}

/// The samples of a JPEG in another file, as they are stored.
pub(super) fn stored(bytes: &[u8]) -> Result<Content, DecodeError> {
    if !bytes.starts_with(SIGNATURE) {
        return Err(corrupt("it does not start with a JPEG's first bytes"));
    }
    content(bytes, &read(bytes)?)
}

fn content(bytes: &[u8], header: &Header) -> Result<Content, DecodeError> {
    check_dimensions(header.width, header.height)?;
    match header.kind()? {
        Kind::NearLossless => near_lossless::decode(bytes, header).map(Content::Wide),
        Kind::Blocks | Kind::Lossless => scans(bytes),
    }
}

/// Reads the frame header, and what EXIF says before it.
fn read(bytes: &[u8]) -> Result<Header, DecodeError> {
    let mut segments = Segments::new(bytes);
    let mut orientation = Orientation::NoTransforms;
    while let Some(segment) = segments.next()? {
        if let Some(exif) = exif_of(&segment) {
            orientation = orientation::of_exif(exif);
        }
        if is_frame(segment.marker) {
            return frame_header(segment.marker, segment.body, orientation);
        }
    }
    Err(corrupt("it has no frame header"))
}

/// The EXIF block in a segment.
pub(crate) fn exif_of<'a>(segment: &Segment<'a>) -> Option<&'a [u8]> {
    let body = segment.body.strip_prefix(b"Exif\0").filter(|_| segment.marker == 0xe1)?;
    body.get(1..)
}

/// Decodes the scans. The header was checked: it decides how much is allocated.
fn scans(bytes: &[u8]) -> Result<Content, DecodeError> {
    let mut tables = Tables::default();
    let mut image: Option<(Frame, Ink, Vec<Option<Plane>>)> = None;
    let mut scans = 0;
    let mut segments = Segments::new(bytes);
    while let Some(segment) = segments.next()? {
        // What a file that is cut lacks is found as broken data.
        let cut = |error| if segment.is_last { TRUNCATED } else { error };
        match (segment.marker, &mut image) {
            (marker, None) if is_frame(marker) => {
                image = Some((Frame::read(marker, segment.body)?, Ink::Luminance, Vec::new()));
            }
            (marker, Some(_)) if is_frame(marker) => {
                return Err(corrupt("it has two frame headers"));
            }
            (0xda, Some((frame, ..))) if frame.is_lossless => {
                let (width, height) = (frame.width as u32, frame.height as u32);
                check_budget(FORMAT, width, height, 3)?;
                return lossless::decode(frame, &tables, segment.body, segment.data)
                    .map(Content::Wide)
                    .map_err(cut);
            }
            (0xda, Some((frame, ink, planes))) => {
                scans += 1;
                if scans > MAX_SCANS {
                    return Err(unsupported("it has too many scans"));
                }
                // As libjpeg: every marker before the first scan may say what the
                // colours are.
                if planes.is_empty() {
                    *ink = tables.ink(frame)?;
                    *planes = planes::room(frame, *ink)?;
                    tables.complete()?;
                }
                let header = Scan::read(frame, segment.body)?;
                scan::decode(frame, &tables, &header, segment.data, planes).map_err(cut)?;
            }
            (0xda, None) => return Err(corrupt("a scan stands before the frame header")),
            (marker, _) => tables.read(marker, segment.body)?,
        }
    }
    let (frame, ink, planes) = image.ok_or_else(|| corrupt("it has no frame header"))?;
    match frame.precision {
        _ if planes.is_empty() => Err(TRUNCATED),
        12 => planes::wide(&frame, planes).map(Content::Wide),
        _ => planes::greys(&frame, ink, planes).map(Content::Greys),
    }
}

/// SOF0 to SOF15, without DHT, JPG and DAC, which share the range; and that of JPEG-LS.
fn is_frame(marker: u8) -> bool {
    let shared = matches!(marker, 0xc4 | 0xc8 | 0xcc);
    (matches!(marker, 0xc0..=0xcf) && !shared) || marker == near_lossless::FRAME
}

fn frame_header(marker: u8, body: &[u8], orientation: Orientation) -> Result<Header, DecodeError> {
    let [precision, h1, h0, w1, w0, components, ..] = *body else {
        return Err(corrupt("its frame header is too short"));
    };
    let height = u32::from(h1) << 8 | u32::from(h0);
    let width = u32::from(w1) << 8 | u32::from(w0);
    if width > 0 && height == 0 {
        return Err(unsupported(
            "its height stands behind the image (DNL); save it as PNG or as baseline JPEG",
        ));
    }
    if width == 0 {
        return Err(corrupt("its frame header has no size"));
    }
    Ok(Header { width, height, coding: marker, precision, components, orientation })
}

fn corrupt(reason: &str) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, reason: reason.into() }
}
