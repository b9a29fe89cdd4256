//! Transfer syntaxes (PS3.6, annex A): how a data set and its pixels are written.

use super::{dataset::Encoding, unsupported};
use crate::decode::DecodeError;

/// How pixels are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pixels {
    /// As they are.
    Native,
    /// As they are, in fragments.
    Encapsulated,
    /// JPEG of any kind, and JPEG-LS.
    Jpeg,
    Jpeg2000,
    Rle,
}

/// One transfer syntax that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// Without the part that all have in common.
    uid: &'static str,
    pub(crate) encoding: Encoding,
    pub(crate) pixels: Pixels,
    pub(crate) is_deflated: bool,
}

const ROOT: &str = "1.2.840.10008.1.2";

const fn syntax(uid: &'static str, encoding: Encoding, pixels: Pixels) -> Syntax {
    Syntax { uid, encoding, pixels, is_deflated: false }
}

const READ: &[Syntax] = &[
    syntax("", Encoding::IMPLICIT, Pixels::Native),
    Syntax::EXPLICIT,
    syntax(".1.98", Encoding::EXPLICIT, Pixels::Encapsulated),
    Syntax { is_deflated: true, ..syntax(".1.99", Encoding::EXPLICIT, Pixels::Native) },
    syntax(".2", Encoding::BIG, Pixels::Native),
    // JPEG: baseline, extended, progressive, lossless, lossless of first order.
    syntax(".4.50", Encoding::EXPLICIT, Pixels::Jpeg),
    syntax(".4.51", Encoding::EXPLICIT, Pixels::Jpeg),
    syntax(".4.53", Encoding::EXPLICIT, Pixels::Jpeg),
    syntax(".4.55", Encoding::EXPLICIT, Pixels::Jpeg),
    syntax(".4.57", Encoding::EXPLICIT, Pixels::Jpeg),
    syntax(".4.70", Encoding::EXPLICIT, Pixels::Jpeg),
    // JPEG-LS, lossless and nearly.
    syntax(".4.80", Encoding::EXPLICIT, Pixels::Jpeg),
    syntax(".4.81", Encoding::EXPLICIT, Pixels::Jpeg),
    // JPEG 2000, lossless and either; of the second, what is lossless is read.
    syntax(".4.90", Encoding::EXPLICIT, Pixels::Jpeg2000),
    syntax(".4.91", Encoding::EXPLICIT, Pixels::Jpeg2000),
    syntax(".5", Encoding::EXPLICIT, Pixels::Rle),
];

const DECOMPRESS: &str = "decompress it first, with `gdcmconv --raw` or `dcmconv`";
const FRAME: &str = "export one frame as a DICOM file of its own, as PNG or JPEG";

/// By the start of the UID's last part: the name, and the way out.
const REFUSED: &[(&str, &str, &str)] = &[
    (".4.92", "JPEG 2000 of several components", DECOMPRESS),
    (".4.93", "JPEG 2000 of several components", DECOMPRESS),
    (".4.94", "JPIP, so its pixels are on a server", "export the film with its pixels"),
    (".4.95", "JPIP, so its pixels are on a server", "export the film with its pixels"),
    (".4.100", "MPEG-2 video", FRAME),
    (".4.101", "MPEG-2 video", FRAME),
    (".4.102", "MPEG-4 video", FRAME),
    (".4.103", "MPEG-4 video", FRAME),
    (".4.104", "MPEG-4 video", FRAME),
    (".4.105", "MPEG-4 video", FRAME),
    (".4.106", "MPEG-4 video", FRAME),
    (".4.107", "HEVC video", FRAME),
    (".4.108", "HEVC video", FRAME),
    (".4.110", "JPEG XL", DECOMPRESS),
    (".4.111", "JPEG XL", DECOMPRESS),
    (".4.112", "JPEG XL", DECOMPRESS),
    (".4.201", "High-Throughput JPEG 2000", DECOMPRESS),
    (".4.202", "High-Throughput JPEG 2000", DECOMPRESS),
    (".4.203", "High-Throughput JPEG 2000", DECOMPRESS),
    (".4.204", "JPIP, so its pixels are on a server", "export the film with its pixels"),
    (".4.205", "JPIP, so its pixels are on a server", "export the film with its pixels"),
    (".8.1", "deflated frames", DECOMPRESS),
    (".6", "XML or MIME encapsulation, which is retired", "export the film again"),
];

impl Syntax {
    /// What the files are written in that this program writes, unless their pixels are
    /// compressed.
    pub(crate) const EXPLICIT: Self = syntax(".1", Encoding::EXPLICIT, Pixels::Native);
    pub(crate) const IMPLICIT: Self = syntax("", Encoding::IMPLICIT, Pixels::Native);

    /// The transfer syntax of a UID.
    ///
    /// # Errors
    /// Names the one that is not read, and what to do.
    pub(crate) fn of(uid: &str) -> Result<Self, DecodeError> {
        let last = uid.strip_prefix(ROOT);
        if let Some(found) = READ.iter().find(|syntax| Some(syntax.uid) == last) {
            return Ok(*found);
        }
        let known = REFUSED.iter().find(|(start, ..)| last.is_some_and(|last| last == *start));
        Err(match known {
            Some((_, name, advice)) => unsupported(format!("it is written in {name}; {advice}")),
            None => {
                let uid: String =
                    uid.chars().filter(|c| c.is_ascii_digit() || *c == '.').take(64).collect();
                unsupported(format!("its transfer syntax {uid} is not known; {DECOMPRESS}"))
            }
        })
    }

    /// The whole UID.
    pub(crate) fn uid(&self) -> String {
        format!("{ROOT}{}", self.uid)
    }
}
