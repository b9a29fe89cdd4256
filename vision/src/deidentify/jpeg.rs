//! A JPEG without what the picture does not need. The coded data stay byte for byte.

use image::metadata::Orientation;

use super::{Deidentified, Removed};
use crate::decode::{
    jpeg::{exif_of, Segments},
    orientation, DecodeError,
};

/// Takes everything else out. `bytes` is a JPEG that decodes.
pub(super) fn clean(bytes: &[u8]) -> Result<Deidentified, DecodeError> {
    let (clean, removed) = cleaned(bytes, true)?;
    Ok(Deidentified { bytes: clean, removed: removed.0, warnings: Vec::new() })
}

/// The same for the frame of a DICOM file, which has no orientation.
pub(super) fn clean_frame(bytes: &[u8]) -> Result<(Vec<u8>, Removed), DecodeError> {
    cleaned(bytes, false)
}

fn cleaned(bytes: &[u8], keeps_orientation: bool) -> Result<(Vec<u8>, Removed), DecodeError> {
    let mut removed = Removed::default();
    let mut clean = vec![0xff, 0xd8];
    let mut upright = Orientation::NoTransforms;
    let mut had_frame = false;
    let mut segments = Segments::new(bytes);
    while let Some(segment) = segments.next()? {
        let body = segment.body;
        let exif = exif_of(&segment).filter(|_| keeps_orientation && !had_frame);
        if let Some(exif) = exif {
            upright = orientation::of_exif(exif);
        }
        let is_frame = matches!(segment.marker, 0xc0..=0xc3 | 0xf7);
        if is_frame && upright != Orientation::NoTransforms {
            let block = [b"Exif\0\0".as_slice(), &orientation::exif(upright)].concat();
            write(&mut clean, 0xe1, &block);
        }
        had_frame |= is_frame;
        match segment.marker {
            // JFIF and Adobe say what the planes are. A thumbnail behind JFIF goes.
            0xe0 if body.starts_with(b"JFIF\0") => {
                let mut head = body.get(..12).unwrap_or(body).to_vec();
                head.resize(14, 0);
                if body.len() > head.len() {
                    removed.add("thumbnail");
                }
                write(&mut clean, 0xe0, &head);
            }
            0xee if body.starts_with(b"Adobe") => {
                write(&mut clean, 0xee, body.get(..12).unwrap_or(body));
            }
            0xe0..=0xef | 0xfe => removed.add(name(segment.marker, body)),
            marker => write(&mut clean, marker, body),
        }
        clean.extend(segment.data);
    }
    clean.extend([0xff, 0xd9]);
    if segments.has_more() {
        removed.add("bytes behind the image");
    }
    Ok((clean, removed))
}

fn name(marker: u8, body: &[u8]) -> String {
    match marker {
        0xfe => "JPEG comment".into(),
        0xe1 if body.starts_with(b"Exif\0") => "EXIF".into(),
        0xe1 if body.starts_with(b"http://ns.adobe.com/") => "XMP".into(),
        0xe2 if body.starts_with(b"ICC_PROFILE") => "colour profile".into(),
        0xe2 if body.starts_with(b"MPF") => "further images (MPO)".into(),
        0xed => "IPTC and Photoshop data".into(),
        _ => format!("JPEG segment APP{}", marker & 15),
    }
}

fn write(out: &mut Vec<u8>, marker: u8, body: &[u8]) {
    out.extend([0xff, marker]);
    out.extend((body.len() as u16 + 2).to_be_bytes());
    out.extend(body);
}
