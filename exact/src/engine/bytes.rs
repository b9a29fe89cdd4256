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
/// How far weights are fetched ahead, in bytes.
const AHEAD: usize = 512;

/// Sums of a tile, from the start of a cache line on.
#[repr(align(64))]
struct Sums([[i32; BLOCK]; TILE]);

impl Sums {
    fn zeros() -> Self {
        Self([[0; BLOCK]; TILE])
    }
}

/// What turns the sums of a block, which come doubled, into activations.
struct Block {
    biases: [i32; BLOCK],
    shifts: [i32; BLOCK],
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

/// Multiplies `P` pixels that are `stride` bytes apart with one block of weights.
///
/// # Safety
/// For each segment, `groups * GROUP` bytes from `values + segment * row + pixel * stride`
/// are readable, and `segments * groups * GROUP * BLOCK` weights.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn multiply<const P: usize>(job: Job, stride: usize, out: &mut [[i32; BLOCK]]) {
    let mut sums = [[_mm512_setzero_si512(); 2]; P];
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
    for (out, [a, b]) in out.iter_mut().zip(sums) {
        let to = out.as_mut_ptr();
        _mm512_storeu_si512(to.cast(), a);
        _mm512_storeu_si512(to.add(16).cast(), b);
    }
}

/// [`multiply`] with a stride that the compiler knows where it is a usual one.
///
/// # Safety
/// As for [`multiply`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn multiply_tile(pixels: usize, job: Job, stride: usize, out: &mut Sums) {
    match (pixels, stride) {
        (TILE, 64) => multiply::<TILE>(job, 64, &mut out.0),
        (TILE, 128) => multiply::<TILE>(job, 128, &mut out.0),
        (TILE, 256) => multiply::<TILE>(job, 256, &mut out.0),
        (TILE, 512) => multiply::<TILE>(job, 512, &mut out.0),
        (TILE, _) => multiply::<TILE>(job, stride, &mut out.0),
        (7, _) => multiply::<7>(job, stride, &mut out.0),
        _ => {
            for (pixel, out) in out.0.iter_mut().enumerate().take(pixels) {
                let job = Job { values: job.values.add(pixel * stride), ..job };
                multiply::<1>(job, stride, std::slice::from_mut(out));
            }
        }
    }
}

/// [`crate::activation`] of half a block's sums, which are scaled by two.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn activations(sums: __m512i, shifts: __m512i, limit: __m512i) -> __m512i {
    let one = _mm512_set1_epi32(1);
    let below_half = _mm512_sub_epi32(_mm512_sllv_epi32(one, _mm512_sub_epi32(shifts, one)), one);
    let odd = _mm512_and_si512(_mm512_srav_epi32(sums, shifts), one);
    let rounded = _mm512_add_epi32(_mm512_add_epi32(sums, below_half), odd);
    let rounded = _mm512_srav_epi32(rounded, shifts);
    _mm512_min_epi32(_mm512_max_epi32(rounded, _mm512_setzero_si512()), limit)
}

/// Half a block from memory.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn half(block: &[i32; BLOCK], number: usize) -> __m512i {
    let (halves, _) = block.as_chunks::<{ BLOCK / 2 }>();
    // SAFETY: half a block has as many bytes as a register.
    unsafe { _mm512_loadu_si512(halves[number].as_ptr().cast()) }
}

/// Half a block of activations as bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn narrow(values: __m512i) -> [u8; BLOCK / 2] {
    let mut out = [0; BLOCK / 2];
    // SAFETY: there is room for 16 bytes.
    unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), _mm512_cvtepi32_epi8(values)) };
    out
}

/// Writes half a block of one pixel. Where it is pooled, what the pixels before it in rows
/// and columns left is there already.
#[inline(always)]
fn put(place: &mut Place, pool: bool, y: usize, x: usize, from: usize, new: &[u8; BLOCK / 2]) {
    if !pool {
        let to = place.at(y, x, from, BLOCK / 2);
        match <&mut [u8; BLOCK / 2]>::try_from(&mut *to) {
            Ok(to) => *to = *new,
            Err(_) => to.copy_from_slice(&new[..to.len()]),
        }
        return;
    }
    let to = place.at(y / 2, x / 2, from, BLOCK / 2);
    match <&mut [u8; BLOCK / 2]>::try_from(&mut *to) {
        // With a length that the compiler knows.
        Ok(to) => to.iter_mut().zip(new).for_each(|(to, new)| *to = (*to).max(*new)),
        Err(_) => to.iter_mut().zip(new).for_each(|(to, new)| *to = (*to).max(*new)),
    }
}

/// Weights in the order in which [`multiply`] reads them. `at(output, segment, byte)`
/// says what stands where; bytes beyond `bytes` and outputs beyond `outputs` are zero.
fn packed(outputs: usize, bytes: usize, at: impl Fn(usize, usize, usize) -> i8) -> Aligned<i8> {
    let groups = bytes.div_ceil(GROUP);
    let mut weights = Aligned::zeros(outputs.next_multiple_of(BLOCK) * 3 * groups * GROUP);
    let mut places = weights.iter_mut();
    for block in (0..outputs).step_by(BLOCK) {
        for segment in 0..3 {
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
