//! From pixel data to samples.

use std::borrow::Cow;

use super::{
    corrupt,
    dataset::{find, Element, Value, PIXEL_DATA},
    file::{numbers, Parts},
    header::{Header, Photometric},
    rle,
    syntax::Pixels,
    unsupported, TRUNCATED,
};
use crate::decode::{
    grey::luma,
    jpeg, jpeg2000,
    samples::{Content, Samples},
    DecodeError, GreyImage,
};

/// The samples as they are stored. Of a colour image, the greys.
pub(super) fn read(
    elements: &[Element],
    header: &Header,
    parts: &Parts,
) -> Result<Content, DecodeError> {
    let element = find(elements, PIXEL_DATA).ok_or(TRUNCATED)?;
    let content = match (parts.syntax.pixels, &element.value) {
        (Pixels::Native | Pixels::Encapsulated, _) => {
            let bytes = native_bytes(element, header, parts)?;
            native(&bytes, header, parts.is_big_endian())?
        }
        (_, Value::Fragments(fragments)) => encapsulated(&frame(fragments)?, header, parts)?,
        _ => return Err(corrupt("its pixels are not in fragments, against its transfer syntax")),
    };
    let (width, height, bits) = match &content {
        Content::Greys(image) => (image.width, image.height, 8),
        Content::Wide(samples) => (samples.width, samples.height, samples.bits),
    };
    if (width, height) != (header.width, header.height) {
        return Err(corrupt("its compressed image has another size than its header says"));
    }
    if bits < header.stored {
        return Err(corrupt("its compressed image has fewer bits than its header says"));
    }
    Ok(content)
}

/// The samples of pixels that are not compressed, colour by colour as they are in the file.
pub(crate) fn native_samples(
    elements: &[Element],
    header: &Header,
    parts: &Parts,
) -> Result<Vec<u16>, DecodeError> {
    let element = find(elements, PIXEL_DATA).ok_or(TRUNCATED)?;
    let bytes = native_bytes(element, header, parts)?;
    Ok(match header.allocated {
        16 => numbers(&bytes, parts.is_big_endian()).collect(),
        _ => bytes.iter().map(|byte| u16::from(*byte)).collect(),
    })
}

/// The bytes of all samples, and no others.
fn native_bytes<'a>(
    element: &Element<'a>,
    header: &Header,
    parts: &Parts,
) -> Result<Cow<'a, [u8]>, DecodeError> {
    let bytes: Cow<[u8]> = match (&element.value, parts.syntax.pixels) {
        (Value::Bytes(bytes), Pixels::Native) => (*bytes).into(),
        (Value::Fragments(fragments), Pixels::Encapsulated) => frame(fragments)?.into(),
        _ => return Err(corrupt("its pixels are not as its transfer syntax says")),
    };
    let pixels = header.width as usize * header.height as usize;
    let length = pixels * usize::from(header.samples) * usize::from(header.allocated / 8);
    // Words of two bytes are swapped, whatever is in them.
    let is_swapped =
        parts.is_big_endian() && header.allocated == 8 && element.representation == Some(*b"OW");
    if bytes.len() < length + usize::from(is_swapped && length % 2 == 1) {
        return Err(TRUNCATED);
    }
    Ok(match bytes {
        _ if is_swapped => {
            let mut swapped: Vec<u8> = bytes.chunks_exact(2).flat_map(|w| [w[1], w[0]]).collect();
            swapped.truncate(length);
            swapped.into()
        }
        Cow::Borrowed(bytes) => bytes[..length].into(),
        Cow::Owned(mut bytes) => {
            bytes.truncate(length);
            bytes.into()
        }
    })
}

/// The fragments of the one frame, without the table before them.
pub(crate) fn frame(fragments: &[&[u8]]) -> Result<Vec<u8>, DecodeError> {
    match fragments {
        [] | [_] => Err(TRUNCATED),
        [_, frame @ ..] => Ok(frame.concat()),
    }
}

fn encapsulated(frame: &[u8], header: &Header, parts: &Parts) -> Result<Content, DecodeError> {
    match parts.syntax.pixels {
        Pixels::Native | Pixels::Encapsulated => Err(corrupt("it has no pixels")),
        Pixels::Jpeg => jpeg::stored(frame),
        Pixels::Jpeg2000 => {
            // A zero makes the length even.
            jpeg2000::stored(frame.strip_suffix(&[0]).unwrap_or(frame))
        }
        Pixels::Rle => {
            let length = header.width as usize * header.height as usize;
            let bytes = usize::from(header.allocated / 8);
            let planes = rle::planes(frame, bytes * usize::from(header.samples), length)?;
            match planes.as_slice() {
                [high, low] => {
                    let words = high.iter().zip(low).map(|(h, l)| u16::from_be_bytes([*h, *l]));
                    wide(header, words)
                }
                [red, green, blue] => {
                    let colours = red.iter().zip(green).zip(blue);
                    greys(header, colours.map(|((r, g), b)| [*r, *g, *b]))
                }
                [grey] => wide(header, grey.iter().map(|grey| u16::from(*grey))),
                _ => Err(corrupt("its RLE planes are not those of its samples")),
            }
        }
    }
}

fn native(bytes: &[u8], header: &Header, big: bool) -> Result<Content, DecodeError> {
    let pixels = header.width as usize * header.height as usize;
    match (header.samples, header.allocated) {
        (1, 16) => wide(header, numbers(bytes, big)),
        (1, _) => wide(header, bytes.iter().map(|byte| u16::from(*byte))),
        (3, _) if header.is_planar => {
            let (red, rest) = bytes.split_at(pixels);
            let (green, blue) = rest.split_at(pixels);
            let colours = red.iter().zip(green).zip(blue);
            greys(header, colours.map(|((r, g), b)| [*r, *g, *b]))
        }
        (3, _) => greys(header, bytes.as_chunks().0.iter().copied()),
        _ => Err(unsupported("it has neither one nor three samples a pixel; save it as PNG")),
    }
}

fn wide(header: &Header, values: impl Iterator<Item = u16>) -> Result<Content, DecodeError> {
    Ok(Content::Wide(Samples {
        width: header.width,
        height: header.height,
        bits: header.allocated,
        values: values.collect(),
    }))
}

fn greys(header: &Header, colours: impl Iterator<Item = [u8; 3]>) -> Result<Content, DecodeError> {
    let pixels = match header.photometric {
        Photometric::Rgb => colours.map(luma).collect(),
        _ => colours.map(|[luminance, ..]| luminance).collect(),
    };
    GreyImage::new(header.width, header.height, pixels)
        .map(Content::Greys)
        .ok_or_else(|| corrupt("it has no pixels"))
}
