//! What a file is, by its first bytes. Names and endings lie.

use super::{dicom, jpeg, jpeg2000, png, DecodeError};

/// A format that is read, or known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Png,
    Jpeg,
    Dicom,
    Jpeg2000,
    Tiff,
    Bmp,
    WebP,
    Pnm,
    /// Known, and not read.
    Other(&'static Other),
}

/// A format that is refused by name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Other {
    what: &'static str,
    advice: &'static str,
    /// Where its mark stands, and the mark.
    at: usize,
    mark: &'static [u8],
}

impl Other {
    pub(crate) fn error(&self) -> DecodeError {
        DecodeError::OtherFormat { what: self.what, advice: self.advice }
    }
}

const EXPORT: &str = "export the image in it as PNG, JPEG or DICOM";
const SAVE: &str = "save the image as PNG or JPEG";
const PHONE: &str = "save the photograph as PNG or JPEG (on an iPhone: Settings, Camera, \
                     Formats, Most Compatible)";
const UNPACK: &str = "unpack it and take the image in it: PNG, JPEG or DICOM";
const SLICES: &str = "export one projection radiograph as PNG, JPEG or DICOM";

const fn other(what: &'static str, advice: &'static str, at: usize, mark: &'static [u8]) -> Other {
    Other { what, advice, at, mark }
}

/// Longer marks first: the first that fits counts.
const OTHERS: &[Other] = &[
    other("a PDF", EXPORT, 0, b"%PDF"),
    other("a HEIC photograph", PHONE, 4, b"ftyphei"),
    other("a HEIC photograph", PHONE, 4, b"ftyphev"),
    other("a HEIF photograph", PHONE, 4, b"ftypmif1"),
    other("a HEIF photograph", PHONE, 4, b"ftypmsf1"),
    other("an AVIF image", SAVE, 4, b"ftypavi"),
    other("a Canon raw photograph (CR3)", SAVE, 4, b"ftypcrx"),
    other("a film (MP4 or QuickTime)", "export one frame as PNG or JPEG", 4, b"ftyp"),
    other("a film (Matroska or WebM)", "export one frame as PNG or JPEG", 0, b"\x1aE\xdf\xa3"),
    other("a film (AVI)", "export one frame as PNG or JPEG", 8, b"AVI LIST"),
    other("a JPEG XL image", SAVE, 0, b"\xff\x0a"),
    other("a JPEG XL image", SAVE, 4, b"JXL \r\n\x87\n"),
    other("a JPEG XR image", SAVE, 0, b"II\xbc"),
    other("a GIF", SAVE, 0, b"GIF8"),
    other("an icon (ICO)", SAVE, 0, b"\0\0\x01\0"),
    other("a Photoshop document", SAVE, 0, b"8BPS"),
    other("a DjVu document", EXPORT, 0, b"AT&TFORM"),
    other("a PostScript document", EXPORT, 0, b"%!PS"),
    other("a PostScript document", EXPORT, 0, b"\xc5\xd0\xd3\xc6"),
    other("an SVG drawing", SAVE, 0, b"<svg"),
    other("a web page", EXPORT, 0, b"<!DOCTYPE"),
    other("a web page", EXPORT, 0, b"<!doctype"),
    other("a web page", EXPORT, 0, b"<html"),
    other("a web page", EXPORT, 0, b"<HTML"),
    other("an XML document", EXPORT, 0, b"<?xml"),
    other("an RTF document", EXPORT, 0, b"{\\rtf"),
    other("an old Office document", EXPORT, 0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    other("an Office document or a ZIP archive", UNPACK, 0, b"PK\x03\x04"),
    other("an empty ZIP archive", UNPACK, 0, b"PK\x05\x06"),
    other("a gzip archive", UNPACK, 0, b"\x1f\x8b"),
    other("a bzip2 archive", UNPACK, 0, b"BZh"),
    other("an xz archive", UNPACK, 0, b"\xfd7zXZ\0"),
    other("a Zstandard archive", UNPACK, 0, b"\x28\xb5\x2f\xfd"),
    other("a 7z archive", UNPACK, 0, b"7z\xbc\xaf\x27\x1c"),
    other("a RAR archive", UNPACK, 0, b"Rar!\x1a\x07"),
    other("a tar archive", UNPACK, 257, b"ustar"),
    other("a disc image (ISO)", UNPACK, 32_769, b"CD001"),
    other("a NIfTI volume", SLICES, 344, b"n+1\0"),
    other("a NIfTI volume", SLICES, 344, b"ni1\0"),
    other("an NRRD volume", SLICES, 0, b"NRRD000"),
    other("a MetaImage volume", SLICES, 0, b"ObjectType"),
    other("an HDF5 file", SLICES, 0, b"\x89HDF\r\n\x1a\n"),
    other("a NumPy array", SAVE, 0, b"\x93NUMPY"),
    other("an OpenEXR image", SAVE, 0, b"\x76\x2f\x31\x01"),
    other("a Radiance image", SAVE, 0, b"#?RADIANCE"),
    other("a FITS image", SAVE, 0, b"SIMPLE  ="),
    other(
        "a PNG of which a transfer as text has broken the first bytes",
        "transfer the PNG or \
           JPEG again as binary",
        1,
        b"PNG",
    ),
    other(
        "the ciphertext of a film",
        "decrypt it with `medchain fetch`, which gives the PNG, \
           JPEG or DICOM",
        0,
        b"medchain",
    ),
];

const PNM: [&[u8]; 7] = [b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"P7"];

impl Format {
    /// What the bytes are, or `None` for nothing that is known.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let starts = |mark: &[u8]| bytes.starts_with(mark);
        if starts(png::SIGNATURE) {
            return Some(Self::Png);
        }
        if starts(jpeg::SIGNATURE) {
            return Some(Self::Jpeg);
        }
        if jpeg2000::MARKS.iter().any(|mark| starts(mark)) {
            return Some(Self::Jpeg2000);
        }
        // Before TIFF: the preamble of a DICOM file may be a whole TIFF header.
        if dicom::is_dicom(bytes) {
            return Some(Self::Dicom);
        }
        if starts(b"II*\0") || starts(b"MM\0*") || starts(b"II+\0") || starts(b"MM\0+") {
            return Some(Self::Tiff);
        }
        if starts(b"BM") && bytes.get(6..10) == Some(&[0; 4]) {
            return Some(Self::Bmp);
        }
        if starts(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Some(Self::WebP);
        }
        let blank = bytes.get(2).is_some_and(u8::is_ascii_whitespace);
        if blank && PNM.iter().any(|mark| starts(mark)) {
            return Some(Self::Pnm);
        }
        let fits =
            |other: &&Other| bytes.get(other.at..).is_some_and(|rest| rest.starts_with(other.mark));
        OTHERS.iter().find(fits).map(Self::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_names_png_and_jpeg() {
        for other in OTHERS {
            let text = other.error().to_string();
            assert!(text.contains("PNG") && text.contains("JPEG"), "{text}");
            let mut bytes = vec![0x20; other.at];
            bytes.extend(other.mark);
            assert!(matches!(Format::of(&bytes), Some(Format::Other(_))), "{text}");
        }
    }
}
