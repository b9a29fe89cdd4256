//! Convolutions in products of bytes, for AVX-512 with VNNI.
//!
//! [`Winograd`] takes what its transform is exact for, [`Direct`] the rest. Here is what both
//! need: the inner loop, and rounding.
#![cfg(target_arch = "x86_64")]
#![allow(unsafe_code)]
#![allow(unsafe_op_in_unsafe_fn, reason = "such a function says once what it needs")]

mod direct;
mod winograd;

use core::arch::x86_64::*;
use core::ops::Range;

use super::finish::Place;
use super::memory::Aligned;
use super::split::Piece;
use crate::Parameters;

pub(super) use direct::Direct;
pub(super) use winograd::Winograd;

/// Output channels that are computed together: two registers.
const BLOCK: usize = 32;
/// Pixels, or pairs of them, that are computed together: with two registers each, they
/// leave four of the 32.
const TILE: usize = 14;
/// Bytes that one instruction multiplies and adds for one output.
const GROUP: usize = 4;
/// About what fits into the second-level cache beside the weights of a block.
const CACHE: usize = 512 * 1024;
/// How far weights are fetched ahead, in bytes. Those of a deep layer come from the third-level
/// cache: from less far ahead, the loop was measured to wait for them.
const AHEAD: usize = 8192;

/// Sums of a tile, from the start of a cache line on.
#[repr(align(64))]
struct Sums([[i32; BLOCK]; TILE]);

impl Sums {
    fn zeros() -> Self {
        Self([[0; BLOCK]; TILE])
    }

    /// Those of one pixel.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn at(&self, pixel: usize) -> Pixel {
        halves(&self.0[pixel])
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn put(&mut self, pixel: usize, [a, b]: Pixel) {
        let to = self.0[pixel].as_mut_ptr();
        // SAFETY: a pixel has as many bytes as two registers.
        unsafe {
            _mm512_storeu_si512(to.cast(), a);
            _mm512_storeu_si512(to.add(BLOCK / 2).cast(), b);
        }
    }
}

/// The sums of one pixel.
type Pixel = [__m512i; 2];

/// Activations of a tile.
type Activations = [[u8; BLOCK]; TILE];

/// What turns the sums of a block, which come doubled, into activations.
struct Block {
    biases: [i32; BLOCK],
    shifts: [i32; BLOCK],
}

/// The same, ready for use.
struct Rounding {
    biases: Pixel,
    shifts: Pixel,
    /// A little less than half of what a shift takes away: with one more where the result is odd,
    /// ties go to the even number.
    below_half: Pixel,
    limit: __m256i,
}

impl Rounding {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn new(biases: &[i32; BLOCK], shifts: &[i32; BLOCK], limit: u8) -> Self {
        let one = _mm512_set1_epi32(1);
        let shifts = halves(shifts);
        let below_half = shifts.map(|shifts| {
            _mm512_sub_epi32(_mm512_sllv_epi32(one, _mm512_sub_epi32(shifts, one)), one)
        });
        let limit = _mm256_set1_epi8(limit.cast_signed());
        Self { biases: halves(biases), shifts, below_half, limit }
    }

    /// Half of [`Self::activations`].
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn half<const HALF: usize>(&self, sums: Pixel) -> __m128i {
        let shifts = self.shifts[HALF];
        let sums = _mm512_add_epi32(sums[HALF], self.biases[HALF]);
        let odd = _mm512_and_si512(_mm512_srav_epi32(sums, shifts), _mm512_set1_epi32(1));
        let sums = _mm512_add_epi32(_mm512_add_epi32(sums, self.below_half[HALF]), odd);
        let rounded = _mm512_srav_epi32(sums, shifts);
        // What is above 255 becomes 255.
        _mm512_cvtusepi32_epi8(_mm512_max_epi32(rounded, _mm512_setzero_si512()))
    }

    /// [`crate::activation`] of a pixel's sums, which are scaled by two and lack the biases.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn activations(&self, sums: Pixel) -> [u8; BLOCK] {
        let (a, b) = (self.half::<0>(sums), self.half::<1>(sums));
        let both = _mm256_min_epu8(_mm256_set_m128i(b, a), self.limit);
        let mut out = [0; BLOCK];
        // SAFETY: there is room for 32 bytes.
        unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), both) };
        out
    }
}

/// The blocks of all channels.
fn blocks(parameters: &Parameters) -> Vec<Block> {
    let numbers = parameters.biases.chunks(BLOCK).zip(parameters.shifts.chunks(BLOCK));
    numbers
        .map(|(biases, shifts)| {
            let mut block = Block { biases: [0; BLOCK], shifts: [1; BLOCK] };
            for (to, from) in block.biases.iter_mut().zip(biases) {
                *to = from << 1;
            }
            for (to, from) in block.shifts.iter_mut().zip(shifts) {
                *to = i32::from(from + 1);
            }
            block
        })
        .collect()
}

/// The blocks that a piece is made of.
fn blocks_of(piece: &Piece) -> Range<usize> {
    piece.channels.start / BLOCK..piece.channels.end.div_ceil(BLOCK)
}

/// What [`multiply`] reads.
#[derive(Clone, Copy)]
struct Job {
    /// The first pixel's first byte.
    values: *const u8,
    /// Bytes from one segment to the next.
    row: usize,
    /// Segments that are multiplied: rows of the window.
    segments: usize,
    /// Groups of a segment.
    groups: usize,
    /// `[segment][group][output][byte]`
    weights: *const i8,
}

/// Multiplies `P` pixels that are `stride` bytes apart with one block of weights. Adds the sums to
/// those in `start` from pixel `first` on, or to nothing, and hands each pixel's to `end`.
///
/// # Safety
/// For each segment, `groups * GROUP` bytes from `values + segment * row + pixel * stride`
/// are readable, and `segments * groups * GROUP * BLOCK` weights.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn multiply<const P: usize>(
    job: Job,
    stride: usize,
    first: usize,
    start: Option<&Sums>,
    end: &mut impl FnMut(usize, Pixel),
) {
    let mut sums = [[_mm512_setzero_si512(); 2]; P];
    if let Some(start) = start {
        for (pixel, sums) in sums.iter_mut().enumerate() {
            *sums = start.at(first + pixel);
        }
    }
    let mut weights = job.weights;
    for segment in 0..job.segments {
        let mut values = job.values.add(segment * job.row);
        for _ in 0..job.groups {
            let first = _mm512_loadu_si512(weights.cast());
            let second = _mm512_loadu_si512(weights.add(64).cast());
            weights = weights.add(GROUP * BLOCK);
            // The processor does not fetch them early enough by itself.
            _mm_prefetch::<_MM_HINT_T0>(weights.wrapping_add(AHEAD));
            _mm_prefetch::<_MM_HINT_T0>(weights.wrapping_add(AHEAD + 64));
            for (pixel, [a, b]) in sums.iter_mut().enumerate() {
                let group = values.add(pixel * stride).cast::<i32>().read_unaligned();
                let group = _mm512_set1_epi32(group);
                *a = _mm512_dpbusd_epi32(*a, group, first);
                *b = _mm512_dpbusd_epi32(*b, group, second);
            }
            values = values.add(GROUP);
        }
    }
    for (pixel, sums) in sums.into_iter().enumerate() {
        end(first + pixel, sums);
    }
}

/// [`multiply`] with a stride that the compiler knows where it is a usual one.
///
/// # Safety
/// As for [`multiply`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn multiply_tile(
    pixels: usize,
    job: Job,
    stride: usize,
    start: Option<&Sums>,
    mut end: impl FnMut(usize, Pixel),
) {
    match (pixels, stride) {
        (TILE, 64) => multiply::<TILE>(job, 64, 0, start, &mut end),
        (TILE, 128) => multiply::<TILE>(job, 128, 0, start, &mut end),
        (TILE, 256) => multiply::<TILE>(job, 256, 0, start, &mut end),
        (TILE, 512) => multiply::<TILE>(job, 512, 0, start, &mut end),
        (TILE, _) => multiply::<TILE>(job, stride, 0, start, &mut end),
        (7, _) => multiply::<7>(job, stride, 0, start, &mut end),
        _ => {
            for pixel in 0..pixels {
                let job = Job { values: job.values.add(pixel * stride), ..job };
                multiply::<1>(job, stride, pixel, start, &mut end);
            }
        }
    }
}

/// The numbers of a block from memory.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn halves(block: &[i32; BLOCK]) -> Pixel {
    let from = block.as_ptr();
    // SAFETY: a block has as many bytes as two registers.
    unsafe {
        let second = from.add(BLOCK / 2);
        [_mm512_loadu_si512(from.cast()), _mm512_loadu_si512(second.cast())]
    }
}

/// Writes a block of one pixel. Where it is pooled, what the pixels before it in rows
/// and columns left is there already.
#[inline(always)]
fn put(place: &mut Place, pool: bool, y: usize, x: usize, from: usize, new: &[u8; BLOCK]) {
    if !pool {
        let to = place.at(y, x, from, BLOCK);
        match <&mut [u8; BLOCK]>::try_from(&mut *to) {
            Ok(to) => *to = *new,
            Err(_) => to.copy_from_slice(&new[..to.len()]),
        }
        return;
    }
    let to = place.at(y / 2, x / 2, from, BLOCK);
    match <&mut [u8; BLOCK]>::try_from(&mut *to) {
        // With a length that the compiler knows.
        Ok(to) => to.iter_mut().zip(new).for_each(|(to, new)| *to = (*to).max(*new)),
        Err(_) => to.iter_mut().zip(new).for_each(|(to, new)| *to = (*to).max(*new)),
    }
}

/// Weights in the order in which [`multiply`] reads them, all segments of a block together.
/// `at(output, segment, byte)` says what stands where; bytes beyond `bytes` and outputs beyond
/// `outputs` are zero.
fn packed(
    outputs: usize,
    segments: usize,
    bytes: usize,
    at: impl Fn(usize, usize, usize) -> i8,
) -> Aligned<i8> {
    let groups = bytes.div_ceil(GROUP);
    let of_output = segments * groups * GROUP;
    let mut weights = Aligned::zeros(outputs.next_multiple_of(BLOCK) * of_output);
    let mut places = weights.iter_mut();
    for block in (0..outputs).step_by(BLOCK) {
        for segment in 0..segments {
            for group in 0..groups {
                for output in block..block + BLOCK {
                    for byte in group * GROUP..(group + 1) * GROUP {
                        let inside = output < outputs && byte < bytes;
                        if let (Some(place), true) = (places.next(), inside) {
                            *place = at(output, segment, byte);
                        }
                    }
                }
            }
        }
    }
    weights
}
