//! What is not an image that MedChain takes, and how it says so.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use medchain_primitives::FailureCode;
use medchain_vision::{
    decode, synthetic_radiograph, synthetic_radiograph_png, DecodeError, MAX_FILE_BYTES,
};

fn jpeg() -> Vec<u8> {
    let image = synthetic_radiograph(1, 80, 64);
    let mut bytes = Vec::new();
    JpegEncoder::new(&mut bytes)
        .write_image(image.pixels(), 80, 64, ExtendedColorType::L8)
        .unwrap();
    bytes
}

/// A PNG header that promises a size and holds nothing else.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 0, 0, 0, 0]);
    bytes
}

fn png_of(kind: ExtendedColorType, width: u32, height: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(data, width, height, kind).unwrap();
    bytes
}

/// A drawing of `models/fixtures`.
fn fixture(name: &str) -> Vec<u8> {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    std::fs::read(format!("{folder}/../models/fixtures/{name}")).unwrap()
}

#[track_caller]
fn refused(bytes: &[u8], code: FailureCode, sentence: &str) {
    let error = decode(bytes).unwrap_err();
    assert_eq!(error.failure_code(), code);
    let text = error.to_string();
    assert!(text.contains(sentence), "{text}");
    assert!(!text.contains('\n'), "{text}");
}

#[test]
fn png_and_jpeg_work() {
    let image = synthetic_radiograph(1, 512, 512);
    assert_eq!(decode(&synthetic_radiograph_png(1)).unwrap(), image);
    let image = decode(&jpeg()).unwrap();
    assert_eq!((image.width(), image.height()), (80, 64));
}

#[test]
fn markers_up_to_the_first_scan_say_what_the_colours_are() {
    let mut usual = fixture("stored-as-rgb.jpg");
    // With planes that are numbered, and not named R, G and B, the Adobe marker
    // alone says that they are colours.
    let place = |bytes: &[u8], marker| bytes.windows(2).position(|w| w == [0xff, marker]).unwrap();
    let (frame, scan) = (place(&usual, 0xc0), place(&usual, 0xda));
    for plane in 0..3 {
        usual[frame + 10 + 3 * plane] = plane as u8 + 1;
        usual[scan + 5 + 2 * plane] = plane as u8 + 1;
    }
    // It may stand behind the frame header too: Python reads both alike.
    let (start, rest) = usual.split_at(2);
    let (adobe, rest) = rest.split_at(16);
    assert_eq!(adobe[..2], [0xff, 0xee]);
    let (before, after) = rest.split_at(place(rest, 0xda));
    let moved = [start, before, adobe, after].concat();
    assert_eq!(decode(&moved).unwrap(), decode(&usual).unwrap());
    // Without it the first plane alone is the grey, which is another image.
    let without = [start, rest].concat();
    assert_ne!(decode(&without).unwrap(), decode(&usual).unwrap());
}

#[test]
fn fails_when_empty() {
    refused(b"", FailureCode::NotAnImage, "the file is empty");
}

#[test]
fn fails_when_it_is_text() {
    refused(b"This is not a radiograph.\n", FailureCode::NotAnImage, "neither PNG nor JPEG");
    refused(b"GIF89a", FailureCode::NotAnImage, "this is a GIF: save the image as PNG or JPEG");
}

#[test]
fn fails_when_a_png_bomb() {
    let bomb = png_header(30_000, 30_000);
    refused(&bomb, FailureCode::TooLarge, "30000 x 30000 pixels");
    let long = png_header(1, 16_385);
    refused(&long, FailureCode::TooLarge, "too large");
    let many = png_header(16_000, 4_001);
    refused(&many, FailureCode::TooLarge, "too large");
}

#[test]
fn fails_when_a_jpeg_bomb() {
    let mut bytes = jpeg();
    let frame = position(&bytes, &[0xff, 0xc0]);
    bytes[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    refused(&bytes, FailureCode::TooLarge, "65535 x 65535 pixels");
}

#[test]
fn fails_when_the_file_is_too_large() {
    let bytes = vec![0u8; MAX_FILE_BYTES as usize + 1];
    refused(&bytes, FailureCode::TooLarge, "67108864 are allowed");
}

#[test]
fn fails_when_a_jpeg_is_cut_anywhere() {
    let bytes = jpeg();
    // The last two bytes mark the end: all data are there without them.
    for length in 3..bytes.len() - 2 {
        let error = decode(&bytes[..length]).unwrap_err();
        assert_eq!(error, DecodeError::Truncated { format: "JPEG" }, "{length}");
    }
    for length in [bytes.len() - 2, bytes.len() - 1] {
        assert_eq!(decode(&bytes[..length]).unwrap(), decode(&bytes).unwrap(), "{length}");
    }
}

#[test]
fn fails_when_a_png_is_cut_anywhere() {
    let image = synthetic_radiograph(1, 24, 24);
    let bytes = png_of(ExtendedColorType::L8, 24, 24, image.pixels());
    // The last chunk, IEND, has twelve bytes: all pixels are there without it.
    for length in 8..bytes.len() - 12 {
        assert!(decode(&bytes[..length]).is_err(), "{length}");
    }
    for length in bytes.len() - 12..bytes.len() {
        assert_eq!(decode(&bytes[..length]).unwrap(), image, "{length}");
    }
    refused(&bytes[..bytes.len() / 2], FailureCode::NotAnImage, "truncated");
}

#[test]
fn fails_when_a_png_has_a_flipped_bit() {
    let image = synthetic_radiograph(1, 24, 24);
    let mut bytes = png_of(ExtendedColorType::L8, 24, 24, image.pixels());
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    refused(&bytes, FailureCode::NotAnImage, "corrupt");
}

#[test]
fn fails_when_a_jpeg_has_left_out_scans() {
    let bytes = fixture("progressive.jpg");
    let scans: Vec<_> = bytes
        .windows(2)
        .enumerate()
        .filter(|(_, w)| *w == [0xff, 0xda])
        .map(|(at, _)| at)
        .collect();
    assert!(scans.len() > 2, "not a progressive image");
    let half = [&bytes[..scans[2]], &[0xff, 0xd9]].concat();
    refused(&half, FailureCode::NotAnImage, "truncated");
}

#[test]
fn fails_when_the_data_of_a_jpeg_end_early() {
    let bytes = jpeg();
    let scan = position(&bytes, &[0xff, 0xda]);
    let short = [&bytes[..scan + 200], &[0xff, 0xd9]].concat();
    refused(&short, FailureCode::NotAnImage, "its data end too early");
}

#[test]
fn fails_when_a_jpeg_is_coded_otherwise() {
    let mut bytes = jpeg();
    let frame = position(&bytes, &[0xff, 0xc0]);
    bytes[frame + 1] = 0xc9;
    refused(&bytes, FailureCode::NotAnImage, "arithmetic");
}

/// Whatever stands in a file, decoding it ends, and without a panic.
#[test]
fn flipped_bits_of_a_jpeg_never_panic() {
    let mut state = 1u64;
    for name in ["grey.jpg", "progressive.jpg", "restarts.jpg", "stored-as-rgb.jpg"] {
        let bytes = fixture(name);
        for _ in 0..60 {
            let mut broken = bytes.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let bit = (state >> 24) as usize % (8 * broken.len());
                broken[bit / 8] ^= 1 << (bit % 8);
            }
            if let Err(error) = decode(&broken) {
                assert!(!error.to_string().contains('\n'));
            }
        }
    }
}

#[test]
fn the_grey_of_a_jpeg_is_near_another_decoders() {
    for name in ["grey.jpg", "progressive.jpg", "restarts.jpg", "stored-as-rgb.jpg"] {
        let bytes = fixture(name);
        let found = decode(&bytes).unwrap();
        let other = image::load_from_memory(&bytes).unwrap().to_rgb8();
        assert_eq!(other.dimensions(), (found.width(), found.height()), "{name}");
        for (grey, image::Rgb([r, g, b])) in found.pixels().iter().zip(other.pixels()) {
            let luma = 0.299 * f64::from(*r) + 0.587 * f64::from(*g) + 0.114 * f64::from(*b);
            let clipped = [r, g, b].iter().any(|v| matches!(v, 0 | 255));
            assert!(clipped || (f64::from(*grey) - luma).abs() < 4.0, "{name}: {grey} {luma}");
        }
    }
}

#[test]
fn fails_when_two_colours_or_twelve_bits_in_baseline() {
    let mut bytes = jpeg();
    let frame = position(&bytes, &[0xff, 0xc0]);
    bytes[frame + 9] = 2;
    refused(&bytes, FailureCode::NotAnImage, "neither one nor three nor four colours");
    bytes[frame + 9] = 1;
    bytes[frame + 4] = 12;
    refused(&bytes, FailureCode::NotAnImage, "baseline with more than 8 bits");
}

#[test]
fn sixteen_bits_and_alpha_work() {
    let wide: Vec<u8> =
        [0u16, 0x8080, 0xffff, 0x0101].iter().flat_map(|v| v.to_ne_bytes()).collect();
    let image = decode(&png_of(ExtendedColorType::L16, 2, 2, &wide)).unwrap();
    assert_eq!(image.pixels(), [0, 128, 255, 1]);
    let alpha = png_of(ExtendedColorType::La8, 3, 1, &[200, 255, 200, 0, 90, 255]);
    assert_eq!(decode(&alpha).unwrap().pixels(), [200, 0, 90]);
    let colour = png_of(ExtendedColorType::Rgba8, 1, 1, &[255, 0, 0, 255]);
    assert_eq!(decode(&colour).unwrap().pixels(), [76]);
}

fn position(bytes: &[u8], pattern: &[u8]) -> usize {
    bytes.windows(pattern.len()).position(|window| window == pattern).unwrap()
}
