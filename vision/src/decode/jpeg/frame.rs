//! What the marker segments say: frame, tables, scans (ITU-T T.81, annex B).

use super::{corrupt, huffman::Codes, FORMAT};
use crate::DecodeError;

/// Where the n-th coefficient of a scan stands in the block.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// One plane of the image.
pub(super) struct Component {
    pub(super) id: u8,
    /// Blocks of a unit of an interleaved scan, across and down.
    pub(super) sampling: (usize, usize),
    /// The number of its quantisation table.
    pub(super) table: usize,
}

/// Size and planes.
pub(super) struct Frame {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Bits a sample.
    pub(super) precision: u8,
    pub(super) progressive: bool,
    pub(super) is_lossless: bool,
    pub(super) components: Vec<Component>,
}

impl Frame {
    /// Reads a frame header; `marker` is one of SOF0 to SOF3.
    pub(super) fn read(marker: u8, body: &[u8]) -> Result<Self, DecodeError> {
        let [precision, h1, h0, w1, w0, count, rest @ ..] = body else {
            return Err(corrupt("its frame header is too short"));
        };
        let mut components = Vec::new();
        for part in rest.chunks_exact(3).take((*count).into()) {
            let sampling = (usize::from(part[1] >> 4), usize::from(part[1] & 15));
            if !(1..=4).contains(&sampling.0) || !(1..=4).contains(&sampling.1) || part[2] > 3 {
                return Err(corrupt("its frame header is inconsistent"));
            }
            components.push(Component { id: part[0], sampling, table: part[2].into() });
        }
        if components.len() != usize::from(*count) {
            return Err(corrupt("its frame header is too short"));
        }
        if let [only] = components.as_mut_slice() {
            only.sampling = (1, 1);
        }
        Ok(Self {
            width: usize::from(*w1) << 8 | usize::from(*w0),
            height: usize::from(*h1) << 8 | usize::from(*h0),
            precision: *precision,
            progressive: marker == 0xc2,
            is_lossless: marker == 0xc3,
            components,
        })
    }

    /// The largest sampling factors.
    pub(super) fn sampling(&self) -> (usize, usize) {
        let across = self.components.iter().map(|c| c.sampling.0).max();
        let down = self.components.iter().map(|c| c.sampling.1).max();
        (across.unwrap_or(1), down.unwrap_or(1))
    }

    /// Units of an interleaved scan, across and down.
    pub(super) fn units(&self) -> (usize, usize) {
        let (across, down) = self.sampling();
        (self.width.div_ceil(8 * across), self.height.div_ceil(8 * down))
    }

    /// Blocks of a component in a scan of its own, across and down.
    pub(super) fn blocks(&self, component: &Component) -> (usize, usize) {
        let (across, down) = self.sampling();
        let width = (self.width * component.sampling.0).div_ceil(across);
        let height = (self.height * component.sampling.1).div_ceil(down);
        (width.div_ceil(8), height.div_ceil(8))
    }
}

/// What the planes of an image are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// The first is luminance; others are colour.
    Luminance,
    Rgb,
    /// Four inks, each 255 where there is none, as Adobe has it.
    Cmyk,
    /// The same, three of them as luminance and colour.
    Ycck,
}

/// Tables that later segments use, and what says how colours are stored.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) quantisation: [Option<[u16; 64]>; 4],
    pub(super) dc: [Option<Codes>; 4],
    pub(super) ac: [Option<Codes>; 4],
    pub(super) restart_interval: usize,
    jfif: bool,
    adobe_transform: Option<u8>,
}

impl Tables {
    /// Takes in a segment that is neither a frame nor a scan.
    pub(super) fn read(&mut self, marker: u8, body: &[u8]) -> Result<(), DecodeError> {
        match marker {
            0xc4 => self.read_huffman(body),
            0xdb => self.read_quantisation(body),
            0xdd => {
                let [high, low] = body else {
                    return Err(corrupt("its restart interval is broken"));
                };
                self.restart_interval = usize::from(*high) << 8 | usize::from(*low);
                Ok(())
            }
            0xe0 => {
                self.jfif |= body.starts_with(b"JFIF\0");
                Ok(())
            }
            0xee if body.starts_with(b"Adobe") => {
                self.adobe_transform = body.get(11).copied().or(self.adobe_transform);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What the planes are: the rule of libjpeg (`jdapimin.c`), which Pillow follows too.
    pub(super) fn ink(&self, frame: &Frame) -> Result<Ink, DecodeError> {
        let names = frame.components.iter().map(|component| component.id);
        match (frame.components.len(), self.jfif, self.adobe_transform) {
            (4, _, Some(2)) => Ok(Ink::Ycck),
            (4, _, Some(_)) => Ok(Ink::Cmyk),
            (4, _, None) => Err(unsupported(
                "it has four colours (CMYK), and nothing says how; save it as grey or RGB",
            )),
            (3, false, Some(0)) => Ok(Ink::Rgb),
            (3, false, None) if names.eq(*b"RGB") => Ok(Ink::Rgb),
            _ => Ok(Ink::Luminance),
        }
    }

    /// Adds the usual Huffman tables to a file that has none.
    pub(super) fn complete(&mut self) -> Result<(), DecodeError> {
        match self.dc.iter().chain(&self.ac).all(Option::is_none) {
            true => self.read_huffman(super::standard::TABLES),
            false => Ok(()),
        }
    }

    fn read_quantisation(&mut self, mut body: &[u8]) -> Result<(), DecodeError> {
        while let [kind, rest @ ..] = body {
            let (wide, number) = (kind >> 4, usize::from(kind & 15));
            let length = if wide == 0 { 64 } else { 128 };
            let values = rest.get(..length).filter(|_| wide < 2 && number < 4);
            let values = values.ok_or_else(|| corrupt("a quantisation table is broken"))?;
            let mut table = [0u16; 64];
            for (at, place) in ZIGZAG.iter().enumerate() {
                table[usize::from(*place)] = match wide {
                    0 => values[at].into(),
                    _ => u16::from(values[2 * at]) << 8 | u16::from(values[2 * at + 1]),
                };
            }
            self.quantisation[number] = Some(table);
            body = &rest[length..];
        }
        Ok(())
    }

    fn read_huffman(&mut self, mut body: &[u8]) -> Result<(), DecodeError> {
        while let [kind, rest @ ..] = body {
            let broken = || corrupt("a Huffman table is broken");
            let counts: &[u8; 16] = rest.first_chunk().ok_or_else(broken)?;
            let length = counts.iter().map(|count| usize::from(*count)).sum::<usize>();
            let values = rest.get(16..16 + length).ok_or_else(broken)?;
            let tables = match kind >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(broken()),
            };
            *tables.get_mut(usize::from(kind & 15)).ok_or_else(broken)? =
                Some(Codes::new(counts, values)?);
            body = &rest[16 + length..];
        }
        Ok(())
    }
}

/// A scan header.
pub(super) struct Scan {
    /// Component number, DC table and AC table.
    pub(super) parts: Vec<(usize, usize, usize)>,
    /// The first and the last coefficient.
    pub(super) band: (usize, usize),
    /// The bit at which the scan starts is known, and the one that it brings.
    pub(super) known: u8,
    pub(super) bit: u8,
}

impl Scan {
    /// Reads and checks a scan header.
    pub(super) fn read(frame: &Frame, body: &[u8]) -> Result<Self, DecodeError> {
        let broken = || corrupt("a scan header is broken");
        let (count, rest) = body.split_first().ok_or_else(broken)?;
        let count = usize::from(*count);
        let [first, last, bits] = *rest.get(2 * count..).ok_or_else(broken)? else {
            return Err(broken());
        };
        let mut parts: Vec<(usize, usize, usize)> = Vec::new();
        for part in rest[..2 * count].chunks_exact(2) {
            let number = frame.components.iter().position(|c| c.id == part[0]);
            let number = number.filter(|n| parts.iter().all(|(other, ..)| other != n));
            let (dc, ac) = (usize::from(part[1] >> 4), usize::from(part[1] & 15));
            if dc > 3 || ac > 3 {
                return Err(broken());
            }
            parts.push((number.ok_or_else(broken)?, dc, ac));
        }
        let band = (usize::from(first), usize::from(last));
        let scan = Self { parts, band, known: bits >> 4, bit: bits & 15 };
        if count == 0 || (frame.progressive && !scan.is_progressive_kind()) {
            return Err(broken());
        }
        Ok(if frame.progressive { scan } else { Self { band: (0, 63), known: 0, bit: 0, ..scan } })
    }

    fn is_progressive_kind(&self) -> bool {
        let band = match self.band {
            (0, last) => last == 0,
            (first, last) => first <= last && last < 64 && self.parts.len() == 1,
        };
        band && self.bit <= 13 && (self.known == 0 || self.known == self.bit + 1)
    }
}

/// A valid JPEG of a kind that is not supported.
pub(super) fn unsupported(reason: &str) -> DecodeError {
    DecodeError::Unsupported { format: FORMAT, reason: reason.into() }
}
