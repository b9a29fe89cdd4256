//! Formats that the crate `image` reads: TIFF, BMP, WebP and PNM.

use std::io::Cursor;

use image::codecs::{bmp::BmpDecoder, pnm::PnmDecoder, tiff::TiffDecoder, webp::WebPDecoder};
use image::{DynamicImage, ImageDecoder, ImageError, ImageResult, Limits};

use super::error::one_line;
use super::grey::{luma, narrow, settle};
use super::samples::ensure_full_range;
use super::{
    check_budget, check_dimensions, orientation, pages, riff, DecodeError, GreyImage,
    MAX_DECODE_BYTES, MAX_SIDE,
};

pub(super) fn tiff(bytes: &[u8]) -> Result<GreyImage, DecodeError> {
    if pages::are_several(bytes) {
        let reason = "it has several pages, and a film is one; save the page that is meant as PNG \
                      or JPEG"
            .into();
        return Err(DecodeError::Unsupported { format: "TIFF", reason });
    }
    finish("TIFF", TiffDecoder::new(Cursor::new(bytes)), 0)
}

pub(super) fn bmp(bytes: &[u8]) -> Result<GreyImage, DecodeError> {
    finish("BMP", BmpDecoder::new(Cursor::new(bytes)), 0)
}

pub(super) fn webp(bytes: &[u8]) -> Result<GreyImage, DecodeError> {
    let decoder = WebPDecoder::new(Cursor::new(bytes));
    if decoder.as_ref().is_ok_and(WebPDecoder::has_animation) {
        let reason = "it moves; save one frame as PNG or JPEG".into();
        return Err(DecodeError::Unsupported { format: "WebP", reason });
    }
    // The transparency of a lossy picture is decoded as a lossless picture of its own.
    let mut besides = 0;
    if let Ok(decoder) = &decoder {
        let (width, height) = decoder.dimensions();
        check_dimensions(width, height)?;
        riff::check(bytes, width, height)?;
        besides = if decoder.color_type().has_alpha() { 2 } else { 0 };
    }
    finish("WebP", decoder, besides)
}

pub(super) fn pnm(bytes: &[u8]) -> Result<GreyImage, DecodeError> {
    finish("PNM", PnmDecoder::new(Cursor::new(bytes)), 0)
}

/// Decodes, with `besides` further bytes a pixel that the decoder may need.
fn finish(
    format: &'static str,
    decoder: ImageResult<impl ImageDecoder>,
    besides: u64,
) -> Result<GreyImage, DecodeError> {
    let refused = |error| refused(format, error);
    let mut decoder = decoder.map_err(refused)?;
    let (width, height) = decoder.dimensions();
    check_dimensions(width, height)?;
    let pixels = u64::from(width) * u64::from(height);
    // The decoder's image, what it keeps besides, transparency and the greys.
    let each = decoder.total_bytes().div_ceil(pixels.max(1));
    check_budget(format, width, height, 2 * each + 2 + besides)?;
    let mut limits = Limits::no_limits();
    (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
    limits.max_alloc = Some(MAX_DECODE_BYTES);
    decoder.set_limits(limits).map_err(refused)?;
    let upright = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(refused)?;
    let greys = greys(format, image, width)?;
    let image = GreyImage::new(width, height, greys)
        .ok_or(DecodeError::Corrupt { format, reason: "it has no pixels".into() })?;
    Ok(orientation::upright(image, upright))
}

/// The greys of a decoded image, row after row.
fn greys(format: &'static str, image: DynamicImage, width: u32) -> Result<Vec<u8>, DecodeError> {
    let wide =
        |values: &[u16]| ensure_full_range(format, values.iter().copied().max().unwrap_or(0));
    Ok(match image {
        DynamicImage::ImageLuma8(grey) => grey.into_raw(),
        DynamicImage::ImageLumaA8(grey) => {
            let alpha: Vec<u8> = grey.pixels().map(|p| p.0[1]).collect();
            settle(grey.pixels().map(|p| p.0[0]).collect(), &alpha, width)
        }
        DynamicImage::ImageRgb8(rgb) => rgb.pixels().map(|p| luma(p.0)).collect(),
        DynamicImage::ImageRgba8(rgba) => {
            let alpha: Vec<u8> = rgba.pixels().map(|p| p.0[3]).collect();
            let colour = |p: &image::Rgba<u8>| luma([p.0[0], p.0[1], p.0[2]]);
            settle(rgba.pixels().map(colour).collect(), &alpha, width)
        }
        DynamicImage::ImageLuma16(grey) => {
            wide(grey.as_raw())?;
            grey.pixels().map(|p| narrow(p.0[0])).collect()
        }
        DynamicImage::ImageRgb16(rgb) => {
            wide(rgb.as_raw())?;
            rgb.pixels().map(|p| luma(p.0.map(narrow))).collect()
        }
        DynamicImage::ImageLumaA16(grey) => {
            let alpha: Vec<u8> = grey.pixels().map(|p| narrow(p.0[1])).collect();
            settle(grey.pixels().map(|p| narrow(p.0[0])).collect(), &alpha, width)
        }
        DynamicImage::ImageRgba16(rgba) => {
            let alpha: Vec<u8> = rgba.pixels().map(|p| narrow(p.0[3])).collect();
            let colour = |p: &image::Rgba<u16>| luma([p.0[0], p.0[1], p.0[2]].map(narrow));
            settle(rgba.pixels().map(colour).collect(), &alpha, width)
        }
        _ => {
            let reason = "its samples are not whole numbers; save it as grey or RGB".into();
            return Err(DecodeError::Unsupported { format, reason });
        }
    })
}

fn refused(format: &'static str, error: ImageError) -> DecodeError {
    match error {
        ImageError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
            DecodeError::Truncated { format }
        }
        ImageError::Unsupported(cause) => DecodeError::Unsupported {
            format,
            reason: format!("{}; save it as PNG or JPEG", one_line(&cause.to_string())),
        },
        other => DecodeError::Corrupt { format, reason: one_line(&other.to_string()) },
    }
}
