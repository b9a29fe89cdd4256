//! From coefficients to greys.

use super::{
    corrupt,
    frame::{unsupported, Component, Frame, Ink},
    idct,
    scan::Plane,
    FORMAT, TRUNCATED,
};
use crate::decode::{grey, samples::Samples, DecodeError, GreyImage};

/// Room for the planes that greys are made of; the others are only read over.
pub(super) fn room(frame: &Frame, ink: Ink) -> Result<Vec<Option<Plane>>, DecodeError> {
    let is_needed = |number: usize| match ink {
        Ink::Luminance => number == 0,
        Ink::Ycck => number == 0 || number == 3,
        Ink::Rgb | Ink::Cmyk => true,
    };
    let needed: Vec<bool> = (0..frame.components.len()).map(is_needed).collect();
    let is_small =
        |(part, needed): (&Component, &bool)| *needed && part.sampling != frame.sampling();
    if frame.components.iter().zip(&needed).any(is_small) {
        return Err(unsupported("its greys are stored smaller than the image; save it as grey"));
    }
    // Two bytes for a coefficient, one for a grey, and the image.
    let planes = needed.iter().filter(|needed| **needed).count() as u64;
    let (width, height) = (frame.width as u32, frame.height as u32);
    crate::decode::check_budget(FORMAT, width, height, 3 * planes + 2)?;
    let plane = |(number, needed): (usize, &bool)| needed.then(|| Plane::new(frame, number));
    Ok(needed.iter().enumerate().map(plane).collect())
}

/// The greys of an image of 8 bits a sample.
pub(super) fn greys(
    frame: &Frame,
    ink: Ink,
    planes: Vec<Option<Plane>>,
) -> Result<GreyImage, DecodeError> {
    let mut parts = Vec::new();
    for plane in planes.into_iter().flatten() {
        // Each plane's coefficients go before the next are looked at.
        parts.push(bytes(frame, &plane)?);
    }
    let mut rest = parts.into_iter();
    let mut pixels = rest.next().unwrap_or_default();
    let mut next = || rest.next().unwrap_or_default();
    match ink {
        Ink::Luminance => {}
        Ink::Rgb => mix(&mut pixels, &next(), &next()),
        Ink::Cmyk => {
            mix(&mut pixels, &next(), &next());
            shade(&mut pixels, &next());
        }
        Ink::Ycck => {
            pixels.iter_mut().for_each(|grey| *grey = 255 - *grey);
            shade(&mut pixels, &next());
        }
    }
    GreyImage::new(frame.width as u32, frame.height as u32, pixels)
        .ok_or_else(|| corrupt("it has no pixels"))
}

/// Red, with green and blue, to grey.
fn mix(red: &mut [u8], green: &[u8], blue: &[u8]) {
    for ((grey, g), b) in red.iter_mut().zip(green).zip(blue) {
        *grey = grey::luma([*grey, *g, *b]);
    }
}

/// Greys under black ink; 255 is none, as Adobe stores it.
fn shade(greys: &mut [u8], black: &[u8]) {
    for (grey, k) in greys.iter_mut().zip(black) {
        *grey = ((u32::from(*grey) * u32::from(*k) + 127) / 255) as u8;
    }
}

/// The samples of an image of 12 bits a sample.
pub(super) fn wide(frame: &Frame, planes: Vec<Option<Plane>>) -> Result<Samples, DecodeError> {
    let plane = planes.into_iter().flatten().next().ok_or(TRUNCATED)?;
    let values = inverse(frame, &plane, |block, quantisation| {
        idct::inverse12(&std::array::from_fn(|at| {
            i32::from(block[at]).wrapping_mul(quantisation[at].into())
        }))
    })?;
    Ok(Samples { width: frame.width as u32, height: frame.height as u32, bits: 12, values })
}

fn bytes(frame: &Frame, plane: &Plane) -> Result<Vec<u8>, DecodeError> {
    inverse(frame, plane, |block, quantisation| {
        idct::inverse(&std::array::from_fn(|at| block[at].wrapping_mul(quantisation[at] as i16)))
    })
}

/// Coefficients to samples, in rows of the image's width.
fn inverse<T: Copy + Default>(
    frame: &Frame,
    plane: &Plane,
    transform: impl Fn(&[i16; 64], &[u16; 64]) -> [T; 64],
) -> Result<Vec<T>, DecodeError> {
    let quantisation = match plane.quantisation {
        Some(table) if plane.missing == [0; 64] => table,
        _ => return Err(TRUNCATED),
    };
    let mut samples = vec![T::default(); frame.width * frame.height];
    let rows = plane.blocks.chunks_exact(plane.stride).zip(samples.chunks_mut(frame.width * 8));
    for (blocks, band) in rows {
        for (number, block) in blocks.iter().enumerate().take(frame.width.div_ceil(8)) {
            let square = transform(block, &quantisation);
            for (row, eight) in band.chunks_mut(frame.width).zip(square.chunks_exact(8)) {
                let wide = (frame.width - 8 * number).min(8);
                row[8 * number..8 * number + wide].copy_from_slice(&eight[..wide]);
            }
        }
    }
    Ok(samples)
}
