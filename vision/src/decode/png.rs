//! PNG, row by row: never more than the greys and the row at hand are in memory.

mod chunks;

use std::io::{Cursor, ErrorKind};

use image::metadata::Orientation;
use png::{BitDepth, ColorType, DecodingError, InterlaceInfo};

use super::error::one_line;
use super::grey::{luma, narrow, settle};
use super::samples::{ensure_full_range, scale};
use super::{check_dimensions, orientation, DecodeError, GreyImage};

pub(crate) use chunks::chunks;

/// The eight bytes that every PNG starts with.
pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
pub(crate) const FORMAT: &str = "PNG";

/// What the decoder may allocate besides the greys: rows, the palette, a window of data.
const DECODER_BYTES: usize = 8 << 20;

/// Decodes a PNG to upright greys.
pub(super) fn decode(bytes: &[u8]) -> Result<GreyImage, DecodeError> {
    let (width, height) = dimensions(bytes)?;
    check_dimensions(width, height)?;
    let mut decoder =
        png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: DECODER_BYTES });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(refused)?;
    let mut planes = Planes::new(reader.info());
    // Nothing but the end may be missing: every row is there, and so is its checksum.
    let is_end = |error: &DecodingError, planes: &Planes| {
        let is_eof =
            matches!(error, DecodingError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof);
        is_eof && planes.rows == planes.rows_due && has_whole_data(bytes)
    };
    loop {
        match reader.next_interlaced_row() {
            Ok(Some(row)) => planes.add(row.data(), row.interlace()),
            Ok(None) => match reader.finish() {
                Err(error) if !is_end(&error, &planes) => return Err(refused(error)),
                _ => break,
            },
            Err(error) if is_end(&error, &planes) => break,
            Err(error) => return Err(refused(error)),
        }
    }
    Ok(orientation::upright(planes.finish()?, orientation_of(bytes)))
}

/// Whether no chunk of the picture's data is cut off.
fn has_whole_data(bytes: &[u8]) -> bool {
    let end = chunks(bytes).fold(SIGNATURE.len(), |end, chunk| end + chunk.whole.len());
    let rest = bytes.get(end..).unwrap_or_default();
    rest.get(4..8) != Some(b"IDAT")
}

/// How many rows the data have: of an interlaced image, those of its seven passes.
fn rows_of(info: &png::Info) -> usize {
    if !info.interlaced {
        return info.height as usize;
    }
    let passes = [(0, 0, 8), (4, 0, 8), (0, 4, 8), (2, 0, 4), (0, 2, 4), (1, 0, 2), (0, 1, 2)];
    let rows = |(x, y, down): (u32, u32, u32)| {
        let is_there = info.width > x;
        if is_there {
            info.height.saturating_sub(y).div_ceil(down) as usize
        } else {
            0
        }
    };
    passes.into_iter().map(rows).sum()
}

/// What its eXIf chunk says about which way is up.
pub(crate) fn orientation_of(bytes: &[u8]) -> Orientation {
    let exif = chunks(bytes).find(|chunk| chunk.kind == *b"eXIf");
    exif.map_or(Orientation::NoTransforms, |chunk| orientation::of_exif(chunk.body))
}

/// Width and height from the header chunk, which must come first.
fn dimensions(bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
    let truncated = DecodeError::Truncated { format: FORMAT };
    let kind = bytes.get(12..16).ok_or(truncated.clone())?;
    if kind == b"CgBI" {
        return Err(DecodeError::Unsupported {
            format: FORMAT,
            reason: "it is Apple's own kind (CgBI), which only its devices read; save it as \
                     PNG or JPEG"
                .into(),
        });
    }
    if kind != b"IHDR" {
        return Err(corrupt("it does not start with a header"));
    }
    let number = |at: usize| -> Option<u32> {
        let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(four))
    };
    number(16).zip(number(20)).ok_or(truncated)
}

/// The greys that were read so far.
struct Planes {
    width: u32,
    height: u32,
    colour: ColorType,
    depth: BitDepth,
    /// The grey of each colour of the palette.
    palette: Vec<u8>,
    greys: Vec<u8>,
    /// Of images with an alpha channel. What the chunk tRNS makes transparent is ignored:
    /// it names colours, which optimisers choose for their number.
    alpha: Option<Vec<u8>>,
    /// Of 16-bit images of which the chunk sBIT says that fewer bits count: the greys where
    /// these are the lowest, and how many they are.
    low: Option<(u8, Vec<u8>)>,
    /// The largest sample of a 16-bit image.
    most: u16,
    /// Rows of the data that were read, and all of them.
    rows: usize,
    rows_due: usize,
    row: Vec<[u8; 3]>,
}

impl Planes {
    fn new(info: &png::Info) -> Self {
        let room = info.width as usize * info.height as usize;
        let has_alpha = matches!(info.color_type, ColorType::GrayscaleAlpha | ColorType::Rgba);
        let counting = info.sbit.as_deref().and_then(|bits| bits.iter().max().copied());
        let low = counting.filter(|bits| {
            info.bit_depth == BitDepth::Sixteen
                && info.color_type == ColorType::Grayscale
                && (8..16).contains(bits)
        });
        let palette = info.palette.as_deref().unwrap_or_default();
        Self {
            width: info.width,
            height: info.height,
            colour: info.color_type,
            depth: info.bit_depth,
            palette: palette.as_chunks().0.iter().map(|colour| luma(*colour)).collect(),
            greys: vec![0; room],
            alpha: has_alpha.then(|| vec![0; room]),
            low: low.map(|bits| (bits, vec![0; room])),
            most: 0,
            rows: 0,
            rows_due: rows_of(info),
            row: Vec::new(),
        }
    }

    /// Takes in one row of the file.
    fn add(&mut self, data: &[u8], place: &InterlaceInfo) {
        self.row.clear();
        if self.depth == BitDepth::Sixteen {
            self.add_wide(data);
        } else {
            self.add_bytes(data);
        }
        let row = std::mem::take(&mut self.row);
        let place = match place {
            InterlaceInfo::Adam7(pass) => Place::Pass(pass),
            InterlaceInfo::Null(_) => Place::Row(self.rows),
        };
        self.rows += 1;
        put(&mut self.greys, self.width, place, &row, 0);
        if let Some(alpha) = &mut self.alpha {
            put(alpha, self.width, place, &row, 1);
        }
        if let Some((_, low)) = &mut self.low {
            put(low, self.width, place, &row, 2);
        }
        self.row = row;
    }

    fn add_bytes(&mut self, data: &[u8]) {
        let row = &mut self.row;
        match self.colour {
            ColorType::GrayscaleAlpha => {
                row.extend(data.as_chunks().0.iter().map(|[l, a]| [*l, *a, 0]));
            }
            ColorType::Rgb => row.extend(data.as_chunks().0.iter().map(|c| [luma(*c), 0, 0])),
            ColorType::Rgba => {
                row.extend(
                    data.as_chunks().0.iter().map(|[r, g, b, a]| [luma([*r, *g, *b]), *a, 0]),
                );
            }
            ColorType::Grayscale | ColorType::Indexed => {
                let depth = self.depth as u8;
                let white = (1u16 << depth) - 1;
                for byte in data {
                    for part in 0..8 / depth {
                        let value = u16::from(*byte) >> (8 - depth * (part + 1)) & white;
                        let grey = match self.colour {
                            // A colour that the palette does not have is black.
                            ColorType::Indexed => {
                                self.palette.get(usize::from(value)).copied().unwrap_or(0)
                            }
                            _ => scale(value.into(), white.into()),
                        };
                        row.push([grey, 0, 0]);
                    }
                }
            }
        }
    }

    fn add_wide(&mut self, data: &[u8]) {
        let white = self.low.as_ref().map_or(65_535, |(bits, _)| (1u32 << bits) - 1);
        let values: &[[u8; 2]] = data.as_chunks().0;
        let mut most = self.most;
        let mut take = |value: &[u8; 2]| {
            let value = u16::from_be_bytes(*value);
            most = most.max(value);
            value
        };
        let whole = |value: &[u8; 2]| narrow(u16::from_be_bytes(*value));
        let row = &mut self.row;
        match self.colour {
            ColorType::GrayscaleAlpha => {
                row.extend(
                    values.as_chunks().0.iter().map(|[l, a]| [narrow(take(l)), whole(a), 0]),
                );
            }
            ColorType::Rgb => row.extend(
                values
                    .as_chunks()
                    .0
                    .iter()
                    .map(|[r, g, b]| [luma([r, g, b].map(|value| narrow(take(value)))), 0, 0]),
            ),
            ColorType::Rgba => row.extend(values.as_chunks().0.iter().map(|[r, g, b, a]| {
                [luma([r, g, b].map(|value| narrow(take(value)))), whole(a), 0]
            })),
            ColorType::Grayscale | ColorType::Indexed => row.extend(values.iter().map(|value| {
                let value = take(value);
                [narrow(value), 0, scale(value.into(), white)]
            })),
        }
        self.most = most;
    }

    fn finish(self) -> Result<GreyImage, DecodeError> {
        let greys = match self.low {
            Some((bits, low)) if self.most < 1 << bits => low,
            _ if self.depth == BitDepth::Sixteen => {
                ensure_full_range(FORMAT, self.most)?;
                self.greys
            }
            _ => self.greys,
        };
        let greys = match &self.alpha {
            Some(alpha) => settle(greys, alpha, self.width),
            None => greys,
        };
        GreyImage::new(self.width, self.height, greys).ok_or_else(|| corrupt("it has no pixels"))
    }
}

/// Where a row of the file belongs.
#[derive(Clone, Copy)]
enum Place<'a> {
    Row(usize),
    /// In an interlaced image: pixels of a row that lie apart.
    Pass(&'a png::Adam7Info),
}

/// Writes one of the three values of each pixel of a row to where it belongs.
fn put(plane: &mut [u8], width: u32, place: Place, row: &[[u8; 3]], which: usize) {
    let stride = width as usize;
    let values = row.iter().map(|pixel| pixel[which]);
    match place {
        Place::Row(number) => {
            let start = number * stride;
            let line = plane.get_mut(start..start + stride).unwrap_or_default();
            line.iter_mut().zip(values).for_each(|(to, from)| *to = from);
        }
        Place::Pass(pass) => {
            let values: Vec<u8> = values.collect();
            png::expand_interlaced_row(plane, stride, &values, pass, 8);
        }
    }
}

fn refused(error: DecodingError) -> DecodeError {
    match error {
        DecodingError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => {
            DecodeError::Truncated { format: FORMAT }
        }
        DecodingError::LimitsExceeded => {
            corrupt("one of its chunks is too long; save it as PNG again")
        }
        other => corrupt(&one_line(&other.to_string())),
    }
}

fn corrupt(reason: &str) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, reason: reason.into() }
}
