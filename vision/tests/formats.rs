//! Kinds of files that hospitals have, drawn here: the same film in each gives the same greys.

use std::io::Cursor;

use image::{
    codecs::{bmp::BmpEncoder, pnm::PnmEncoder, tiff::TiffEncoder, webp::WebPEncoder},
    ExtendedColorType, ImageEncoder as _,
};
use medchain_vision::{decode, synthetic_radiograph, DecodeError, GreyImage};
use png::{BitDepth, ColorType};

const WIDTH: u32 = 61;
const HEIGHT: u32 = 47;

fn film() -> GreyImage {
    synthetic_radiograph(4, WIDTH, HEIGHT)
}

/// A PNG with chunks of its own between header and data.
fn png(colour: ColorType, depth: BitDepth, data: &[u8], chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, WIDTH, HEIGHT);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == ColorType::Indexed {
        encoder.set_palette((0..=255).flat_map(|v| [v, v, v]).collect::<Vec<u8>>());
    }
    let mut writer = encoder.write_header().unwrap();
    for (kind, body) in chunks {
        writer.write_chunk(png::chunk::ChunkType(**kind), body).unwrap();
    }
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    bytes
}

fn grey_png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    png(ColorType::Grayscale, BitDepth::Eight, film().pixels(), chunks)
}

fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    block
}

/// The fixture of `models/fixtures`.
fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../models/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn place(bytes: &[u8], pattern: &[u8]) -> usize {
    bytes.windows(pattern.len()).position(|window| window == pattern).unwrap()
}

#[track_caller]
fn refused(bytes: &[u8], words: &[&str]) -> DecodeError {
    let error = decode(bytes).unwrap_err();
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
    error
}

#[test]
fn orientation_of_png_and_jpeg_is_applied() {
    let upright = film();
    let turned: Vec<u8> = upright.pixels().iter().rev().copied().collect();
    let file = png(ColorType::Grayscale, BitDepth::Eight, &turned, &[(b"eXIf", &exif(3))]);
    assert_eq!(decode(&file).unwrap(), upright);
    let quarter = decode(&grey_png(&[(b"eXIf", &exif(6))])).unwrap();
    assert_eq!((quarter.width(), quarter.height()), (HEIGHT, WIDTH));
    // A clockwise quarter: the first row is the first column, from below.
    let column = |y: u32| upright.pixels()[(y * WIDTH) as usize];
    let row: Vec<u8> = (0..HEIGHT).rev().map(column).collect();
    assert_eq!(quarter.pixels()[..HEIGHT as usize], row);

    let plain = fixture("grey.jpg");
    let block = [b"Exif\0\0".as_slice(), &exif(8)].concat();
    let mut segment = vec![0xff, 0xe1];
    segment.extend((block.len() as u16 + 2).to_be_bytes());
    segment.extend(block);
    let tagged = [&plain[..2], &segment, &plain[2..]].concat();
    let (before, after) = (decode(&plain).unwrap(), decode(&tagged).unwrap());
    assert_eq!((after.width(), after.height()), (before.height(), before.width()));
    let last = before.width() as usize - 1;
    assert_eq!(after.pixels()[0], before.pixels()[last]);
}

#[test]
fn transparency_that_nobody_meant_is_ignored() {
    let film = film();
    let with = |alpha: u8| -> Vec<u8> { film.pixels().iter().flat_map(|g| [*g, alpha]).collect() };
    for alpha in [0, 255] {
        let file = png(ColorType::GrayscaleAlpha, BitDepth::Eight, &with(alpha), &[]);
        assert_eq!(decode(&file).unwrap(), film, "{alpha}");
    }
    let rgba: Vec<u8> = film.pixels().iter().flat_map(|g| [*g, *g, *g, 0]).collect();
    assert_eq!(decode(&png(ColorType::Rgba, BitDepth::Eight, &rgba, &[])).unwrap(), film);
    // The commonest grey, or white, named as transparent.
    for key in [film.pixels()[0], 255, 0] {
        assert_eq!(decode(&grey_png(&[(b"tRNS", &[0, key])])).unwrap(), film, "{key}");
    }
    let indexed = png(ColorType::Indexed, BitDepth::Eight, film.pixels(), &[(b"tRNS", &[0; 200])]);
    assert_eq!(decode(&indexed).unwrap(), film);
    // A shutter is meant.
    let mut cut = with(255);
    for row in cut.chunks_mut(2 * WIDTH as usize) {
        row[1] = 0;
    }
    let found = decode(&png(ColorType::GrayscaleAlpha, BitDepth::Eight, &cut, &[])).unwrap();
    assert!(found.pixels().iter().step_by(WIDTH as usize).all(|grey| *grey == 0));
    assert_eq!(found.pixels()[1], film.pixels()[1]);
}

#[test]
fn kinds_of_png_have_the_same_greys() {
    let film = film();
    let plain = grey_png(&[]);
    assert_eq!(decode(&plain).unwrap(), film);
    let wide: Vec<u8> = film.pixels().iter().flat_map(|g| [*g, *g]).collect();
    assert_eq!(decode(&png(ColorType::Grayscale, BitDepth::Sixteen, &wide, &[])).unwrap(), film);
    let text = b"Comment\0not to be read".as_slice();
    assert_eq!(decode(&grey_png(&[(b"tEXt", text), (b"prVt", b"x")])).unwrap(), film);
    // A checksum that is wrong matters for the picture alone.
    let mut bytes = grey_png(&[(b"tEXt", text)]);
    let at = place(&bytes, b"tEXt") + 4 + text.len();
    bytes[at] ^= 1;
    assert_eq!(decode(&bytes).unwrap(), film);
    // Without its end, and with something behind it.
    assert_eq!(decode(&plain[..plain.len() - 12]).unwrap(), film);
    assert_eq!(decode(&[&plain, b"trailer".as_slice()].concat()).unwrap(), film);
    let mut apple = plain.clone();
    apple.splice(8..8, *b"\0\0\0\x04CgBI\x50\0\x20\x06\x2b\xd5\xb3\x7f");
    refused(&apple, &["Apple", "PNG or JPEG"]);
}

/// The decoder of PNGs that other programs wrote interlaced; drawn by Pillow's encoder.
#[test]
fn an_interlaced_png_has_the_same_greys() {
    // Adam7 by hand: seven passes, each with rows of its own.
    let film = film();
    let mut raw = Vec::new();
    for (x0, y0, dx, dy) in [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ] {
        for y in (y0..HEIGHT).step_by(dy) {
            raw.push(0);
            raw.extend((x0..WIDTH).step_by(dx).map(|x| film.pixels()[(y * WIDTH + x) as usize]));
        }
    }
    let mut deflated = Vec::new();
    std::io::copy(
        &mut flate2::read::ZlibEncoder::new(raw.as_slice(), flate2::Compression::fast()),
        &mut deflated,
    )
    .unwrap();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [&WIDTH.to_be_bytes()[..], &HEIGHT.to_be_bytes(), &[8, 0, 0, 0, 1]].concat();
    for (kind, body) in [(b"IHDR", header), (b"IDAT", deflated), (b"IEND", Vec::new())] {
        bytes.extend((body.len() as u32).to_be_bytes());
        let mut sum = flate2::Crc::new();
        sum.update(kind);
        sum.update(&body);
        bytes.extend(kind);
        bytes.extend(body);
        bytes.extend(sum.sum().to_be_bytes());
    }
    assert_eq!(decode(&bytes).unwrap(), film);
}

#[test]
fn twelve_bits_in_sixteen_are_scaled_or_refused() {
    let film = film();
    let twelve = |grey: &u8| (u16::from(*grey) << 4 | u16::from(*grey) >> 4).to_be_bytes();
    let low: Vec<u8> = film.pixels().iter().flat_map(twelve).collect();
    let plain = png(ColorType::Grayscale, BitDepth::Sixteen, &low, &[]);
    refused(&plain, &["lowest 12 bits", "DICOM"]);
    let scaled = png(ColorType::Grayscale, BitDepth::Sixteen, &low, &[(b"sBIT", &[12])]);
    assert_eq!(decode(&scaled).unwrap(), film);
    // As the standard has it: shifted up, with the number beside it.
    let high: Vec<u8> = film.pixels().iter().flat_map(|g| [*g, *g]).collect();
    let shifted = png(ColorType::Grayscale, BitDepth::Sixteen, &high, &[(b"sBIT", &[12])]);
    assert_eq!(decode(&shifted).unwrap(), film);
}

#[test]
fn damage_that_leaves_the_film_whole_is_read() {
    let bytes = fixture("rgb.jpg");
    let film = decode(&bytes).unwrap();
    let table = place(&bytes, &[0xff, 0xdb]);
    let insert = |at: usize, what: &[u8]| [&bytes[..at], what, &bytes[at..]].concat();
    assert_eq!(decode(&insert(table, &[0])).unwrap(), film);
    assert_eq!(decode(&insert(table, &[1, 2, 3, 0xff, 0])).unwrap(), film);
    assert_eq!(decode(&bytes[..bytes.len() - 2]).unwrap(), film);
    assert_eq!(decode(&insert(bytes.len() - 2, b"padding")).unwrap(), film);
    assert_eq!(decode(&[&bytes, b"trailer".as_slice()].concat()).unwrap(), film);
    // Motion JPEG: the usual tables are left out.
    let mut bare = bytes.clone();
    while let Some(at) = bare.windows(2).position(|w| w == [0xff, 0xc4]) {
        let length = usize::from(bare[at + 2]) << 8 | usize::from(bare[at + 3]);
        bare.drain(at..at + 2 + length);
    }
    assert!(bare.len() < bytes.len() - 400);
    assert_eq!(decode(&bare).unwrap(), film);
}

/// A baseline JPEG with restart markers, of which the intervals can be told apart.
fn with_restarts() -> (Vec<u8>, Vec<usize>) {
    let bytes = std::fs::read(format!(
        "{}/tests/fixtures/restarts-baseline.jpg",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap();
    let scan = place(&bytes, &[0xff, 0xda]);
    let is_restart = |(_, w): &(usize, &[u8])| w[0] == 0xff && (0xd0..=0xd7).contains(&w[1]);
    let markers: Vec<usize> =
        bytes[scan..].windows(2).enumerate().filter(is_restart).map(|(at, _)| scan + at).collect();
    assert!(markers.len() > 3);
    (bytes, markers)
}

#[test]
fn fails_when_restart_intervals_are_not_in_order() {
    let (bytes, markers) = with_restarts();
    decode(&bytes).unwrap();
    let (a, b, c) = (markers[0], markers[1], markers[2]);
    // Two intervals change places, with the markers before them.
    let swapped = [&bytes[..a], &bytes[b..c], &bytes[a..b], &bytes[c..]].concat();
    refused(&swapped, &["restart intervals", "order"]);
    let without = [&bytes[..a], &bytes[b..]].concat();
    refused(&without, &["restart intervals", "order"]);
    // A scanner pads an interval: nothing is missing.
    let padded = [&bytes[..b], &[0, 0, 0], &bytes[b..]].concat();
    assert_eq!(decode(&padded).unwrap(), decode(&bytes).unwrap());
}

#[test]
fn other_image_formats_have_the_same_greys() {
    let film = film();
    let rgb: Vec<u8> = film.pixels().iter().flat_map(|g| [*g, *g, *g]).collect();
    let rgba: Vec<u8> = film.pixels().iter().flat_map(|g| [*g, *g, *g, 0]).collect();
    let wide: Vec<u8> =
        film.pixels().iter().flat_map(|g| (u16::from(*g) * 257).to_ne_bytes()).collect();
    let grey = film.pixels();
    let kinds: [(&str, &[u8], ExtendedColorType); 4] = [
        ("grey", grey, ExtendedColorType::L8),
        ("rgb", &rgb, ExtendedColorType::Rgb8),
        ("rgba", &rgba, ExtendedColorType::Rgba8),
        ("wide", &wide, ExtendedColorType::L16),
    ];
    for (name, data, kind) in kinds {
        let mut tiff = Cursor::new(Vec::new());
        TiffEncoder::new(&mut tiff).write_image(data, WIDTH, HEIGHT, kind).unwrap();
        assert_eq!(decode(tiff.get_ref()).unwrap(), film, "TIFF, {name}");
        if name != "wide" {
            let mut bmp = Vec::new();
            BmpEncoder::new(&mut bmp).encode(data, WIDTH, HEIGHT, kind).unwrap();
            assert_eq!(decode(&bmp).unwrap(), film, "BMP, {name}");
        }
        if name == "rgb" || name == "rgba" {
            let mut webp = Vec::new();
            WebPEncoder::new_lossless(&mut webp).encode(data, WIDTH, HEIGHT, kind).unwrap();
            assert_eq!(decode(&webp).unwrap(), film, "WebP, {name}");
        }
        if name == "grey" || name == "rgb" {
            let mut pnm = Vec::new();
            PnmEncoder::new(&mut pnm).write_image(data, WIDTH, HEIGHT, kind).unwrap();
            assert_eq!(decode(&pnm).unwrap(), film, "PNM, {name}");
        }
    }
    let dark: Vec<u8> = grey.iter().flat_map(|g| (u16::from(*g) << 4).to_ne_bytes()).collect();
    let mut tiff = Cursor::new(Vec::new());
    TiffEncoder::new(&mut tiff).write_image(&dark, WIDTH, HEIGHT, ExtendedColorType::L16).unwrap();
    refused(tiff.get_ref(), &["TIFF", "lowest 12 bits"]);
}

/// A TIFF with another directory for the same picture, which says what that is for.
fn with_another(tiff: &[u8], what: u32) -> Vec<u8> {
    let word = |at: usize| u32::from_le_bytes(tiff[at..at + 4].try_into().unwrap());
    let first = word(4) as usize;
    let count = u16::from_le_bytes(tiff[first..first + 2].try_into().unwrap());
    let end = first + 2 + 12 * usize::from(count);
    assert_eq!(word(end), 0, "it has one page");
    let mut both = tiff.to_vec();
    both[end..end + 4].copy_from_slice(&(tiff.len() as u32).to_le_bytes());
    both.extend((count + 1).to_le_bytes());
    // NewSubfileType, one number of four bytes.
    both.extend([254, 0, 4, 0, 1, 0, 0, 0]);
    both.extend(what.to_le_bytes());
    both.extend(&tiff[first + 2..end]);
    both.extend([0; 4]);
    both
}

/// The second page would be lost without a word: what is uploaded is the picture alone.
#[test]
fn a_tiff_of_several_pages_is_refused_and_a_smaller_copy_is_no_page() {
    let mut tiff = Cursor::new(Vec::new());
    let kind = ExtendedColorType::L8;
    TiffEncoder::new(&mut tiff).write_image(film().pixels(), WIDTH, HEIGHT, kind).unwrap();
    let tiff = tiff.into_inner();
    refused(&with_another(&tiff, 0), &["TIFF", "several pages", "PNG or JPEG"]);
    assert_eq!(decode(&with_another(&tiff, 1)).unwrap(), film());
}

#[test]
fn what_is_refused_is_named() {
    refused(b"%PDF-1.7 x", &["this is a PDF", "PNG", "JPEG"]);
    refused(b"\0\0\0\x18ftypheic", &["HEIC", "PNG or JPEG"]);
    refused(b"\0\0\0\x18ftypavif", &["AVIF", "PNG or JPEG"]);
    refused(b"PK\x03\x04", &["ZIP", "unpack"]);
    refused(b"\0\0\x01\0\x01\0", &["icon", "PNG or JPEG"]);
}

#[test]
fn four_inks_are_as_pillow_has_them() {
    let read = |name: &str| {
        let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
        decode(&std::fs::read(path).unwrap()).unwrap()
    };
    let expected = read("inks-by-pillow.png");
    for name in ["cmyk.jpg", "ycck.jpg"] {
        let found = read(name);
        let off = |(a, b): (&u8, &u8)| a.abs_diff(*b);
        let worst = found.pixels().iter().zip(expected.pixels()).map(off).max();
        assert!(worst < Some(10), "{name}: {worst:?}");
    }
}
