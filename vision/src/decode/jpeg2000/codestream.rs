//! What a codestream's markers promise (ITU-T T.800, annex A), read before it is decoded.

use super::{corrupt, unsupported, TRUNCATED};
use crate::decode::{check_budget, check_dimensions, DecodeError};

const SIZE: u16 = 0xff51;
const STYLE: u16 = 0xff52;
const COMPONENT_STYLE: u16 = 0xff53;
const TILE_PART: u16 = 0xff90;
const DATA: u16 = 0xff93;
const END: u16 = 0xffd9;

/// More tiles and precincts than any encoder writes: each costs memory of its own.
const MAX_TILES: u64 = 4096;
const MAX_PRECINCTS: u64 = 200_000;

/// The size marker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: u16,
    pub(super) bits: u8,
    pub(super) is_signed: bool,
    tiles: u64,
}

/// Checks all headers, and that every tile is there.
pub(super) fn check(bytes: &[u8]) -> Result<Size, DecodeError> {
    let mut reader = Reader { bytes, at: 2 };
    let size = match reader.segment()? {
        (SIZE, body) => Size::read(body)?,
        _ => return Err(corrupt("it does not start with its size")),
    };
    let mut parts = 0;
    loop {
        let start = reader.at;
        match reader.segment()? {
            (TILE_PART, body) => {
                parts += 1;
                let [_, _, l3, l2, l1, l0, ..] = *body else { return Err(TRUNCATED) };
                let length = u32::from_be_bytes([l3, l2, l1, l0]) as usize;
                size.check_tile_part(&mut reader)?;
                reader.at = match length {
                    // The last one may leave its length open: the end marker follows.
                    0 if bytes.ends_with(&END.to_be_bytes()) => bytes.len() - 2,
                    0 => return Err(TRUNCATED),
                    _ => {
                        start.checked_add(length).filter(|at| *at >= reader.at).ok_or(TRUNCATED)?
                    }
                };
                if reader.at > bytes.len() {
                    return Err(TRUNCATED);
                }
            }
            (END, _) if parts >= size.tiles => return Ok(size),
            (END, _) => return Err(TRUNCATED),
            (marker, body) => size.check_style(marker, body)?,
        }
    }
}

impl Size {
    fn read(body: &[u8]) -> Result<Self, DecodeError> {
        let number = |at: usize| -> Option<u32> {
            Some(u32::from_be_bytes(*body.get(at..)?.first_chunk()?))
        };
        let numbers: Option<Vec<u32>> = (0..8).map(|n| number(2 + 4 * n)).collect();
        let numbers = numbers.ok_or(TRUNCATED)?;
        let [right, bottom, left, top, tile_width, tile_height, tile_left, tile_top] = numbers[..]
        else {
            return Err(TRUNCATED);
        };
        let [c1, c0, parts @ ..] = body.get(34..).unwrap_or_default() else {
            return Err(TRUNCATED);
        };
        let components = u16::from_be_bytes([*c1, *c0]);
        let (width, height) = (right.saturating_sub(left), bottom.saturating_sub(top));
        check_dimensions(width, height)?;
        if width == 0 || height == 0 || tile_width == 0 || tile_height == 0 {
            return Err(corrupt("it has no size"));
        }
        if !(1..=4).contains(&components) {
            return Err(unsupported("it has more than four colours; save it as grey or RGB"));
        }
        let parts: &[[u8; 3]] = parts.as_chunks().0;
        let Some([first, ..]) = parts.first() else { return Err(TRUNCATED) };
        if parts.iter().any(|part| part != &[*first, 1, 1]) {
            return Err(unsupported("its colours differ in size or depth; save it as grey"));
        }
        let bits = (first & 0x7f) + 1;
        if bits > 16 {
            return Err(unsupported("it has more than 16 bits a sample; save it with 16"));
        }
        // Coefficients, samples, a copy and a line of each, and the greys.
        check_budget(super::FORMAT, width, height, 16 * u64::from(components) + 4)?;
        let across = right.saturating_sub(tile_left).div_ceil(tile_width);
        let down = bottom.saturating_sub(tile_top).div_ceil(tile_height);
        let tiles = u64::from(across) * u64::from(down);
        if tiles > MAX_TILES {
            return Err(unsupported("it has too many tiles; save it as PNG"));
        }
        Ok(Self { width, height, components, bits, is_signed: first & 0x80 != 0, tiles })
    }

    /// Reads the headers of a tile-part, up to its data.
    fn check_tile_part(&self, reader: &mut Reader) -> Result<(), DecodeError> {
        loop {
            match reader.segment()? {
                (DATA, _) => return Ok(()),
                (marker, body) => self.check_style(marker, body)?,
            }
        }
    }

    fn check_style(&self, marker: u16, body: &[u8]) -> Result<(), DecodeError> {
        let (flags, style) = match (marker, body) {
            (STYLE, [flags, _, _, _, _, style @ ..]) => (*flags, style),
            (COMPONENT_STYLE, [_, flags, style @ ..]) => (*flags, style),
            _ => return Ok(()),
        };
        let [levels, across, down, _, wavelet, precincts @ ..] = style else {
            return Err(TRUNCATED);
        };
        if *wavelet != 1 {
            // In floats, and a processor with fused multiplication rounds otherwise.
            return Err(unsupported(
                "it is lossy (the irreversible transform), which not every machine decodes to \
                 the same greys; decompress it first, with `gdcmconv --raw` or as a PNG",
            ));
        }
        if *levels > 32 || across.saturating_add(*down) < 4 {
            return Err(unsupported("it is cut into unusually small blocks; save it as PNG"));
        }
        if flags & 1 == 0 {
            return Ok(());
        }
        let mut count = self.tiles * u64::from(*levels);
        for (level, exponents) in precincts.iter().enumerate() {
            let shift = u32::from(*levels).saturating_sub(level as u32).min(31);
            let along = |side: u32, exponent: u8| {
                u64::from((side >> shift) + 1).div_ceil(1 << exponent) + self.tiles.isqrt()
            };
            count += along(self.width, exponents & 15) * along(self.height, exponents >> 4);
        }
        if count * u64::from(self.components) > MAX_PRECINCTS {
            return Err(unsupported("it is cut into unusually small precincts; save it as PNG"));
        }
        Ok(())
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn number(&mut self) -> Result<u16, DecodeError> {
        let two = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk).ok_or(TRUNCATED)?;
        self.at += 2;
        Ok(u16::from_be_bytes(*two))
    }

    /// The next marker, and its body where it has one.
    fn segment(&mut self) -> Result<(u16, &'a [u8]), DecodeError> {
        let marker = self.number()?;
        match marker {
            DATA | END => Ok((marker, &[])),
            0xff00.. => {
                let length = usize::from(self.number()?);
                let end =
                    self.at + length.checked_sub(2).ok_or_else(|| corrupt("a marker is broken"))?;
                let body = self.bytes.get(self.at..end).ok_or(TRUNCATED)?;
                self.at = end;
                Ok((marker, body))
            }
            _ => Err(corrupt("a marker is missing")),
        }
    }
}
