//! JPEG to greys, as libjpeg-turbo computes them.
//!
//! A JPEG of YCbCr colours stores luminance as a plane of its own; that plane is
//! the grey. Python takes the same plane from libjpeg-turbo, and the inverse
//! transform here is the same integer arithmetic ([`idct`]), so both sides have
//! equal greys to the last bit. Baseline and progressive Huffman coding are
//! read; arithmetic, lossless and hierarchical coding are not.
//!
//! Decoders usually fill what is missing of a truncated file with grey and say
//! nothing; half a radiograph must not get a prediction. So everything that is
//! missing is an error here. What is left over is ignored, as libjpeg does.

mod frame;
mod huffman;
mod idct;
mod scan;

use self::frame::{unsupported, Frame, Scan, Tables};
use self::scan::Plane;
use super::{grey, DecodeError, GreyImage};

/// Start of image, and the first byte of the next marker.
pub(super) const SIGNATURE: &[u8] = &[0xff, 0xd8, 0xff];
pub(super) const FORMAT: &str = "JPEG";

/// What the frame header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    coding: u8,
    precision: u8,
    components: u8,
}

impl Header {
    /// Refuses what is valid JPEG but no radiograph.
    pub(super) fn check_kind(&self) -> Result<(), DecodeError> {
        let refuse = |reason| Err(DecodeError::Unsupported { format: FORMAT, reason });
        match (self.precision, self.components) {
            (8, 1 | 3) if self.coding > 0xc2 => {
                refuse("it is coded as lossless, hierarchical or arithmetic; save it as a PNG")
            }
            (8, 1 | 3) => Ok(()),
            (8, 4) => refuse("it has four colours (CMYK); save it as grey or RGB"),
            (8, _) => refuse("it has neither one nor three colours"),
            _ => refuse("it has more than 8 bits a sample; save it as a 16-bit PNG"),
        }
    }
}

const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

/// More scans than any encoder writes: each of them passes over all blocks.
const MAX_SCANS: usize = 256;

/// Reads the header and checks that the image has an end.
pub(super) fn read(bytes: &[u8]) -> Result<Header, DecodeError> {
    let mut header = None;
    walk(bytes, |segment| {
        if is_frame(segment.marker) && header.is_none() {
            header = Some(frame_header(segment.marker, segment.body)?);
        }
        Ok(())
    })?;
    header.ok_or_else(|| corrupt("it has no frame header"))
}

/// Decodes the greys. Read and check the header first: it decides how much is
/// allocated.
pub(super) fn decode(bytes: &[u8]) -> Result<GreyImage, DecodeError> {
    let mut tables = Tables::default();
    let mut image: Option<(Frame, Vec<Option<Plane>>)> = None;
    let mut scans = 0;
    walk(bytes, |segment| match (segment.marker, &mut image) {
        (marker, None) if is_frame(marker) => {
            image = Some((Frame::read(marker, segment.body)?, Vec::new()));
            Ok(())
        }
        (marker, Some(_)) if is_frame(marker) => Err(corrupt("it has two frame headers")),
        (0xda, Some((frame, planes))) => {
            scans += 1;
            if scans > MAX_SCANS {
                return Err(unsupported("it has too many scans"));
            }
            // As libjpeg: every marker before the first scan may say what the
            // colours are.
            if planes.is_empty() {
                *planes = planes_of(frame, tables.stored_as_rgb(frame))?;
            }
            let header = Scan::read(frame, segment.body)?;
            scan::decode(frame, &tables, &header, segment.data, planes)
        }
        (0xda, None) => Err(corrupt("a scan stands before the frame header")),
        (marker, _) => tables.read(marker, segment.body),
    })?;
    let (frame, planes) = image.ok_or_else(|| corrupt("it has no frame header"))?;
    if planes.is_empty() {
        return Err(TRUNCATED);
    }
    let planes: Vec<_> = planes
        .into_iter()
        .flatten()
        .map(|plane| greys(&frame, &plane))
        .collect::<Result<_, _>>()?;
    let pixels = match planes.as_slice() {
        [red, green, blue] => {
            let colours = red.iter().zip(green).zip(blue);
            colours.map(|((r, g), b)| grey::luma([*r, *g, *b])).collect()
        }
        _ => planes.into_iter().next().unwrap_or_default(),
    };
    GreyImage::new(frame.width as u32, frame.height as u32, pixels)
        .ok_or_else(|| corrupt("it has no pixels"))
}

/// Room for the planes that greys are made of: luminance, or all three colours.
fn planes_of(frame: &Frame, rgb: bool) -> Result<Vec<Option<Plane>>, DecodeError> {
    let needed = if rgb { frame.components.len() } else { 1 };
    let small = |c: &frame::Component| c.sampling != frame.sampling();
    if frame.components.iter().take(needed).any(small) {
        return Err(unsupported("its greys are stored smaller than the image; save it as grey"));
    }
    Ok((0..frame.components.len()).map(|n| (n < needed).then(|| Plane::new(frame, n))).collect())
}

/// Coefficients to greys, in rows of the image's width.
fn greys(frame: &Frame, plane: &Plane) -> Result<Vec<u8>, DecodeError> {
    let quantisation = match plane.quantisation {
        Some(table) if plane.missing == [0; 64] => table,
        _ => return Err(TRUNCATED),
    };
    let mut pixels = vec![0; frame.width * frame.height];
    let rows = plane.blocks.chunks_exact(plane.stride).zip(pixels.chunks_mut(frame.width * 8));
    for (blocks, band) in rows {
        for (number, block) in blocks.iter().enumerate().take(frame.width.div_ceil(8)) {
            let coefficients =
                std::array::from_fn(|at| block[at].wrapping_mul(quantisation[at] as i16));
            let square = idct::inverse(&coefficients);
            for (row, eight) in band.chunks_mut(frame.width).zip(square.chunks_exact(8)) {
                let wide = (frame.width - 8 * number).min(8);
                row[8 * number..8 * number + wide].copy_from_slice(&eight[..wide]);
            }
        }
    }
    Ok(pixels)
}

/// A marker and what belongs to it.
struct Segment<'a> {
    marker: u8,
    /// Without marker and length.
    body: &'a [u8],
    /// Behind a scan header: the entropy-coded data, with restart markers.
    data: &'a [u8],
}

/// Calls `visit` with every segment up to the end of the image.
fn walk<'a>(
    bytes: &'a [u8],
    mut visit: impl FnMut(Segment<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut at = 2;
    loop {
        let marker = next_marker(bytes, &mut at)?;
        match marker {
            // Restart markers, TEM and a second start carry no length.
            0xd0..=0xd8 | 0x01 => continue,
            0xd9 => return Ok(()),
            _ => {}
        }
        let length = segment_length(bytes, at)?;
        let body = bytes.get(at + 2..at + length).ok_or(TRUNCATED)?;
        at += length;
        let start = at;
        if marker == 0xda {
            skip_scan(bytes, &mut at)?;
        }
        visit(Segment { marker, body, data: &bytes[start..at] })?;
    }
}

/// Moves behind the next marker and returns it.
fn next_marker(bytes: &[u8], at: &mut usize) -> Result<u8, DecodeError> {
    if *bytes.get(*at).ok_or(TRUNCATED)? != 0xff {
        return Err(corrupt("a marker is missing"));
    }
    // Any number of fill bytes may precede a marker.
    while *bytes.get(*at).ok_or(TRUNCATED)? == 0xff {
        *at += 1;
    }
    let marker = *bytes.get(*at).ok_or(TRUNCATED)?;
    *at += 1;
    Ok(marker)
}

fn segment_length(bytes: &[u8], at: usize) -> Result<usize, DecodeError> {
    let two = bytes.get(at..at + 2).ok_or(TRUNCATED)?;
    let length = usize::from(two[0]) << 8 | usize::from(two[1]);
    if length < 2 {
        return Err(corrupt("a segment has no length"));
    }
    Ok(length)
}

/// SOF0 to SOF15, without DHT, JPG and DAC, which share the range.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

fn frame_header(marker: u8, body: &[u8]) -> Result<Header, DecodeError> {
    let [precision, h1, h0, w1, w0, components, ..] = *body else {
        return Err(corrupt("its frame header is too short"));
    };
    let height = u32::from(h1) << 8 | u32::from(h0);
    let width = u32::from(w1) << 8 | u32::from(w0);
    if width == 0 || height == 0 {
        return Err(corrupt("its frame header has no size"));
    }
    Ok(Header { width, height, coding: marker, precision, components })
}

/// Moves over entropy-coded data to the next marker that is not a restart.
fn skip_scan(bytes: &[u8], at: &mut usize) -> Result<(), DecodeError> {
    loop {
        let rest = bytes.get(*at..).ok_or(TRUNCATED)?;
        *at += rest.iter().position(|b| *b == 0xff).ok_or(TRUNCATED)?;
        match *bytes.get(*at + 1).ok_or(TRUNCATED)? {
            // A stuffed 0xff, or a restart marker.
            0x00 | 0xd0..=0xd7 => *at += 2,
            // A fill byte: the marker comes behind it.
            0xff => *at += 1,
            _ => return Ok(()),
        }
    }
}

fn corrupt(reason: &str) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, reason: reason.into() }
}
