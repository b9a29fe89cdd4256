//! Lossless JPEG 2000, by the crate `hayro-jpeg2000`: safe Rust, without its vector code.
//!
//! Its limits and checks are not ours, so the markers are read here first.

mod codestream;

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use super::error::one_line;
use super::grey::luma;
use super::samples::{scale, Content, Samples};
use super::{DecodeError, GreyImage};

/// What an image file and a bare codestream begin with.
pub(super) const MARKS: [&[u8]; 2] = [b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"];
const FORMAT: &str = "JPEG 2000";
const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

/// Decodes a JPEG 2000 file to greys.
pub(super) fn decode(bytes: &[u8]) -> Result<GreyImage, DecodeError> {
    match content(bytes, false)? {
        Content::Greys(image) => Ok(image),
        Content::Wide(samples) => samples.greys(FORMAT),
    }
}

/// The samples in another file, as they are stored; of a colour image, the greys.
///
/// Negative numbers are in two's complement.
pub(super) fn stored(bytes: &[u8]) -> Result<Content, DecodeError> {
    content(bytes, true)
}

fn content(bytes: &[u8], keeps_sign: bool) -> Result<Content, DecodeError> {
    let codestream = codestream_of(bytes)?;
    let size = codestream::check(codestream)?;
    let settings = DecodeSettings { strict: true, ..DecodeSettings::default() };
    // The codestream alone: a palette or a channel order that a file adds is for colours.
    let image = Image::new(codestream, &settings).map_err(refused)?;
    if (image.width(), image.height()) != (size.width, size.height) {
        return Err(corrupt("its sizes differ"));
    }
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(refused)?;
    let white = (1u32 << size.bits) - 1;
    let whole = |value: &f32| value.clamp(0.0, white as f32) as u16;
    let planes = decoded.components();
    let pixels = size.width as usize * size.height as usize;
    if planes.iter().any(|plane| plane.samples().len() != pixels) {
        return Err(corrupt("its colours differ in size"));
    }
    match planes {
        [red, green, blue, ..] => {
            let eight = |value: &f32| scale(whole(value).into(), white);
            let colours = red.samples().iter().zip(green.samples()).zip(blue.samples());
            let greys = colours.map(|((r, g), b)| luma([eight(r), eight(g), eight(b)]));
            GreyImage::new(size.width, size.height, greys.collect())
                .map(Content::Greys)
                .ok_or_else(|| corrupt("it has no pixels"))
        }
        [grey, ..] => {
            // Negative numbers come with half the range added.
            let is_signed = size.is_signed && keeps_sign;
            let sign = if is_signed { 1u16 << (size.bits - 1) } else { 0 };
            let values = grey.samples().iter().map(|value| whole(value) ^ sign).collect();
            let (width, height, bits) = (size.width, size.height, size.bits);
            Ok(Content::Wide(Samples { width, height, bits, values }))
        }
        [] => Err(corrupt("it has no colours")),
    }
}

/// A codestream without the comments in its main header. `bytes` is one that decodes.
pub(crate) fn without_comments(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut clean = bytes.get(..2).ok_or(TRUNCATED)?.to_vec();
    let mut at = 2;
    // The main header ends where the first tile-part begins.
    loop {
        let [m1, m0, l1, l0] = *bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(TRUNCATED)?;
        if [m1, m0] == [0xff, 0x90] {
            clean.extend(&bytes[at..]);
            return Ok(clean);
        }
        let end = at + 2 + usize::from(u16::from_be_bytes([l1, l0]));
        if [m1, m0] != [0xff, 0x64] {
            clean.extend(bytes.get(at..end).ok_or(TRUNCATED)?);
        }
        at = end;
    }
}

/// The codestream in the boxes of an image file.
fn codestream_of(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    if bytes.starts_with(MARKS[1]) {
        return Ok(bytes);
    }
    let mut rest = bytes;
    while let Some(head) = rest.first_chunk::<8>() {
        let [a, b, c, d, kind @ ..] = *head;
        let (start, length) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (8, rest.len()),
            1 => {
                let long = rest.get(8..).and_then(<[u8]>::first_chunk).ok_or(TRUNCATED)?;
                (16, usize::try_from(u64::from_be_bytes(*long)).map_err(|_| TRUNCATED)?)
            }
            length => (8, length as usize),
        };
        let whole = rest.get(..length).ok_or(TRUNCATED)?;
        let body = whole.get(start..).ok_or_else(|| corrupt("a box is broken"))?;
        match &kind {
            b"jp2c" if body.starts_with(MARKS[1]) => return Ok(body),
            b"jp2h" if body.windows(4).any(|word| word == b"pclr") => {
                return Err(unsupported("it has a palette; save it as grey or RGB"));
            }
            _ => rest = &rest[length..],
        }
    }
    Err(TRUNCATED)
}

fn refused(error: hayro_jpeg2000::DecodeError) -> DecodeError {
    corrupt(&one_line(&error.to_string()))
}

fn corrupt(reason: &str) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, reason: reason.into() }
}

fn unsupported(reason: &str) -> DecodeError {
    DecodeError::Unsupported { format: FORMAT, reason: reason.into() }
}
