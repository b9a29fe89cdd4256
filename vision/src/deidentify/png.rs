//! A PNG without what the picture does not need.

use image::metadata::Orientation;

use super::{Deidentified, Removed};
use crate::decode::{orientation, png};

/// Chunks that the greys come from.
const KEPT: [&[u8; 4]; 5] = [b"IHDR", b"PLTE", b"tRNS", b"sBIT", b"IDAT"];

/// Takes everything else out. `bytes` is a PNG that decodes.
pub(super) fn clean(bytes: &[u8]) -> Deidentified {
    let mut removed = Removed::default();
    let mut clean = png::SIGNATURE.to_vec();
    let orientation = png::orientation_of(bytes);
    let mut end = png::SIGNATURE.len();
    let mut pixels_began = false;
    for chunk in png::chunks(bytes) {
        end += chunk.whole.len();
        let is_first_of_pixels = chunk.kind == *b"IDAT" && !pixels_began;
        if is_first_of_pixels && orientation != Orientation::NoTransforms {
            write(&mut clean, *b"eXIf", &orientation::exif(orientation));
        }
        pixels_began |= is_first_of_pixels;
        if KEPT.contains(&&chunk.kind) {
            clean.extend(chunk.whole);
        } else if chunk.kind != *b"IEND" {
            removed.add(name(chunk.kind));
        }
    }
    write(&mut clean, *b"IEND", &[]);
    if end < bytes.len() {
        removed.add("bytes behind the image");
    }
    Deidentified { bytes: clean, removed: removed.0, warnings: Vec::new() }
}

fn name(kind: [u8; 4]) -> String {
    match &kind {
        b"tEXt" | b"zTXt" | b"iTXt" => "PNG text".into(),
        b"eXIf" => "EXIF".into(),
        b"iCCP" => "colour profile".into(),
        b"tIME" => "time of the last change".into(),
        b"acTL" | b"fcTL" | b"fdAT" => "further frames".into(),
        _ if kind.iter().all(u8::is_ascii_alphabetic) => {
            format!("PNG chunk {}", String::from_utf8_lossy(&kind))
        }
        _ => "PNG chunk".into(),
    }
}

fn write(out: &mut Vec<u8>, kind: [u8; 4], body: &[u8]) {
    out.extend((body.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend(kind);
    out.extend(body);
    let mut sum = flate2::Crc::new();
    sum.update(&out[start..]);
    out.extend(sum.sum().to_be_bytes());
}
