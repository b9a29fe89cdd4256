//! From entropy-coded data to coefficients (ITU-T T.81, annexes F and G).

use super::{
    corrupt,
    frame::{Frame, Scan, Tables, ZIGZAG},
    huffman::{Bits, Codes},
};
use crate::DecodeError;

/// The quantised coefficients of one plane.
pub(super) struct Plane {
    /// Blocks in a row of `blocks`.
    pub(super) stride: usize,
    /// 64 coefficients a block, in rows.
    pub(super) blocks: Vec<[i16; 64]>,
    /// The table that stood when the plane's first scan began.
    pub(super) quantisation: Option<[u16; 64]>,
    /// By coefficient: how many low bits are still missing, 255 for all.
    pub(super) missing: [u8; 64],
}

impl Plane {
    /// Room for the blocks of one component.
    pub(super) fn new(frame: &Frame, component: usize) -> Self {
        let (across, down) = frame.units();
        let sampling = frame.components[component].sampling;
        let stride = across * sampling.0;
        Self {
            stride,
            blocks: vec![[0; 64]; stride * down * sampling.1],
            quantisation: None,
            missing: [255; 64],
        }
    }
}

/// One component in one scan.
struct Part<'a> {
    /// Absent where the component is only read over.
    plane: Option<&'a mut Plane>,
    sampling: (usize, usize),
    dc: Option<&'a Codes>,
    ac: Option<&'a Codes>,
    last_dc: i32,
}

/// Decodes one scan into `planes`; components without a plane are read over.
pub(super) fn decode(
    frame: &Frame,
    tables: &Tables,
    scan: &Scan,
    data: &[u8],
    planes: &mut [Option<Plane>],
) -> Result<(), DecodeError> {
    if scan.parts.iter().all(|(number, ..)| planes[*number].is_none()) {
        return Ok(());
    }
    for (number, ..) in &scan.parts {
        if let Some(plane) = &mut planes[*number] {
            begin(frame, tables, scan, *number, plane)?;
        }
    }
    let mut slots: Vec<_> = planes.iter_mut().map(Option::as_mut).collect();
    let mut parts: Vec<Part> = scan
        .parts
        .iter()
        .map(|(number, dc, ac)| Part {
            plane: slots[*number].take(),
            sampling: frame.components[*number].sampling,
            dc: tables.dc[*dc].as_ref(),
            ac: tables.ac[*ac].as_ref(),
            last_dc: 0,
        })
        .collect();
    let alone = (parts.len() == 1).then(|| frame.blocks(&frame.components[scan.parts[0].0]));
    let (across, down) = alone.unwrap_or_else(|| frame.units());
    let mut reader = Reader { bits: Bits::new(data), scan, frame, run: 0 };
    let mut unread = [0; 64];
    for unit in 0..across * down {
        if tables.restart_interval > 0 && unit > 0 && unit % tables.restart_interval == 0 {
            reader.bits.restart()?;
            reader.run = 0;
            parts.iter_mut().for_each(|part| part.last_dc = 0);
        }
        let (x, y) = (unit % across, unit / across);
        for part in &mut parts {
            let (wide, high) = if alone.is_some() { (1, 1) } else { part.sampling };
            for block in 0..wide * high {
                let (x, y) = (x * wide + block % wide, y * high + block / wide);
                let mut plane = part.plane.take();
                let place = match plane.as_mut() {
                    Some(plane) => &mut plane.blocks[y * plane.stride + x],
                    None => &mut unread,
                };
                let read = reader.block(part, place);
                part.plane = plane;
                read?;
            }
        }
    }
    Ok(())
}

fn begin(
    frame: &Frame,
    tables: &Tables,
    scan: &Scan,
    number: usize,
    plane: &mut Plane,
) -> Result<(), DecodeError> {
    if plane.quantisation.is_none() {
        plane.quantisation = tables.quantisation[frame.components[number].table];
        if plane.quantisation.is_none() {
            return Err(corrupt("a quantisation table is missing"));
        }
    }
    for missing in &mut plane.missing[scan.band.0..=scan.band.1] {
        let expected = if scan.known == 0 { 255 } else { scan.known };
        if *missing != expected {
            return Err(corrupt("its scans do not follow on each other"));
        }
        *missing = scan.bit;
    }
    Ok(())
}

struct Reader<'a> {
    bits: Bits<'a>,
    scan: &'a Scan,
    frame: &'a Frame,
    /// Blocks that still have no further coefficients in this scan.
    run: u32,
}

impl Reader<'_> {
    fn block(&mut self, part: &mut Part, block: &mut [i16; 64]) -> Result<(), DecodeError> {
        match (self.frame.progressive, self.scan.band.0, self.scan.known) {
            (false, ..) => {
                self.dc(part, block)?;
                self.ac_first(table(part.ac)?, (1, 63), block)
            }
            (true, 0, 0) => self.dc(part, block),
            (true, 0, _) => {
                block[0] |= (self.bits.take(1)? as i16) << self.scan.bit;
                Ok(())
            }
            (true, _, 0) => self.ac_first(table(part.ac)?, self.scan.band, block),
            (true, ..) => self.ac_refine(table(part.ac)?, block),
        }
    }

    fn dc(&mut self, part: &mut Part, block: &mut [i16; 64]) -> Result<(), DecodeError> {
        let size = self.bits.code(table(part.dc)?)?;
        part.last_dc = part.last_dc.wrapping_add(self.bits.signed(size)?);
        block[0] = part.last_dc.wrapping_shl(self.scan.bit.into()) as i16;
        Ok(())
    }

    fn ac_first(
        &mut self,
        codes: &Codes,
        (first, last): (usize, usize),
        block: &mut [i16; 64],
    ) -> Result<(), DecodeError> {
        if self.run > 0 {
            self.run -= 1;
            return Ok(());
        }
        let mut at = first;
        while at <= last {
            let code = self.bits.code(codes)?;
            let (skip, size) = (code >> 4, code & 15);
            match (skip, size) {
                (15, 0) => at += 16,
                (_, 0) => {
                    // In a sequential image the run is always this block's.
                    self.run = if self.frame.progressive { self.run_of(skip)? } else { 0 };
                    return Ok(());
                }
                _ => {
                    at += usize::from(skip);
                    if at > last {
                        return Err(corrupt("a block has too many coefficients"));
                    }
                    let value = self.bits.signed(size)? << self.scan.bit;
                    block[usize::from(ZIGZAG[at])] = value as i16;
                    at += 1;
                }
            }
        }
        Ok(())
    }

    /// How many blocks after this one have nothing more.
    fn run_of(&mut self, size: u8) -> Result<u32, DecodeError> {
        Ok((1 << size) + self.bits.take(size.into())? - 1)
    }

    fn ac_refine(&mut self, codes: &Codes, block: &mut [i16; 64]) -> Result<(), DecodeError> {
        let (first, last) = self.scan.band;
        let step = 1i16 << self.scan.bit;
        let mut at = first;
        while self.run == 0 && at <= last {
            let code = self.bits.code(codes)?;
            let (mut skip, size) = (code >> 4, code & 15);
            let mut fresh = 0;
            if size > 0 {
                fresh = if self.bits.take(1)? == 1 { step } else { -step };
            } else if skip != 15 {
                // This block counts too: what it has is refined below.
                self.run = self.run_of(skip)? + 1;
                break;
            }
            while at <= last {
                let place = &mut block[usize::from(ZIGZAG[at])];
                if *place != 0 {
                    refine(&mut self.bits, place, step)?;
                } else if skip == 0 {
                    *place = fresh;
                    at += 1;
                    break;
                } else {
                    skip -= 1;
                }
                at += 1;
            }
        }
        if self.run > 0 {
            for place in ZIGZAG.get(at..=last).unwrap_or_default() {
                let place = &mut block[usize::from(*place)];
                if *place != 0 {
                    refine(&mut self.bits, place, step)?;
                }
            }
            self.run -= 1;
        }
        Ok(())
    }
}

/// One more bit of a coefficient that is not zero.
fn refine(bits: &mut Bits, place: &mut i16, step: i16) -> Result<(), DecodeError> {
    if bits.take(1)? == 1 && *place & step == 0 {
        *place = place.wrapping_add(if *place > 0 { step } else { -step });
    }
    Ok(())
}

fn table(codes: Option<&Codes>) -> Result<&Codes, DecodeError> {
    codes.ok_or_else(|| corrupt("a Huffman table is missing"))
}
