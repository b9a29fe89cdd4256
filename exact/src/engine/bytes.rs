//! Convolutions in products of bytes, for AVX-512 with VNNI.
//!
//! [`Winograd`] is F(2, 3) along rows: two neighbouring outputs from four products where
//! the direct way needs six. With inputs d0 to d3 and weights g0 to g2,
//!
//! ```text
//! m0 = (d0 - d2) 2 g0                 2 y0 = m0 + m1 + m2
//! m1 = (d1 + d2) (g0 + g1 + g2)       2 y1 = m1 - m2 - m3
//! m2 = (d2 - d1) (g0 - g1 + g2)
//! m3 = (d1 - d3) 2 g2
//! ```
//!
//! Differences are stored plus 128, so that they are unsigned; what that adds to the sums
//! depends on the weights alone and is taken off with the bias. All of it is exact where
//! activations are at most 127 and the four sums of weights are signed bytes.
//! [`Direct`] takes what is not.
#![cfg(target_arch = "x86_64")]
#![allow(unsafe_code)]
#![allow(unsafe_op_in_unsafe_fn, reason = "such a function says once what it needs")]

use super::border::with_border;
use super::finish::Place;
use super::memory::{Aligned, Scratch};
use super::split::Piece;
use super::{Convolution, Shape};
use crate::Parameters;
use core::arch::x86_64::*;
use core::ops::Range;

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
/// What makes a difference of activations unsigned.
const LIFT: u8 = 128;

/// Channels that are transformed together: one register.
const LANES: usize = 64;

/// Some channels; those that there are not are zero.
#[inline(always)]
fn lanes(channels: &[u8]) -> [u8; LANES] {
    match channels.try_into() {
        Ok(all) => all,
        Err(_) => {
            let mut some = [0; LANES];
            some[..channels.len()].copy_from_slice(channels);
            some
        }
    }
}

/// The four transformed inputs of a pair of outputs.
#[inline(always)]
fn spread(d0: [u8; LANES], d1: [u8; LANES], d2: [u8; LANES], d3: [u8; LANES]) -> [[u8; LANES]; 4] {
    let mut m = [[0; LANES]; 4];
    for c in 0..LANES {
        m[0][c] = d0[c].wrapping_sub(d2[c]).wrapping_add(LIFT);
        m[1][c] = d1[c].wrapping_add(d2[c]);
        m[2][c] = d2[c].wrapping_sub(d1[c]).wrapping_add(LIFT);
        m[3][c] = d1[c].wrapping_sub(d3[c]).wrapping_add(LIFT);
    }
    m
}

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

/// F(2, 3) along rows.
pub(super) struct Winograd {
    shape: Shape,
    /// For each of the four products, as [`packed`].
    weights: [Aligned<i8>; 4],
    blocks: Vec<Block>,
    /// What is added to the second of two outputs instead of the block's biases.
    second: Vec<[i32; BLOCK]>,
}

impl Winograd {
    /// `None` where it would not be exact.
    pub(super) fn new(shape: &Shape, parameters: &Parameters, largest_input: u8) -> Option<Self> {
        if largest_input.max(shape.border) > 127 || !shape.inputs.is_multiple_of(GROUP) {
            return None;
        }
        let (inputs, outputs) = (shape.inputs, shape.outputs);
        let transformed = |product: usize, output: usize, row: usize, channel: usize| -> i16 {
            let g = |column: usize| {
                let place = ((output * 3 + row) * 3 + column) * inputs + channel;
                i16::from(parameters.weights[place])
            };
            match product {
                0 => 2 * g(0),
                1 => g(0) + g(1) + g(2),
                2 => g(0) - g(1) + g(2),
                _ => 2 * g(2),
            }
        };
        let every = |mut test: Box<dyn FnMut(usize, i16) -> bool + '_>| {
            (0..4).all(|product| {
                (0..outputs).all(|output| {
                    (0..3).all(|row| {
                        (0..inputs).all(|c| test(output, transformed(product, output, row, c)))
                    })
                })
            })
        };
        if !every(Box::new(|_, weight| i8::try_from(weight).is_ok())) {
            return None;
        }
        let weights = [0, 1, 2, 3].map(|product| {
            packed(outputs, inputs, |output, row, c| transformed(product, output, row, c) as i8)
        });
        let lifted = |product: usize, output: usize| -> i32 {
            let rows = (0..3).flat_map(|row| (0..inputs).map(move |c| (row, c)));
            let sum: i32 =
                rows.map(|(row, c)| i32::from(transformed(product, output, row, c))).sum();
            i32::from(LIFT) * sum
        };
        let mut blocks = blocks(parameters);
        let mut second = Vec::with_capacity(blocks.len());
        for (number, block) in blocks.iter_mut().enumerate() {
            let mut other = block.biases;
            let lanes = block.biases.iter_mut().zip(&mut other).enumerate();
            for (lane, (first, second)) in lanes.take(outputs - number * BLOCK) {
                let output = number * BLOCK + lane;
                *first -= lifted(0, output) + lifted(2, output);
                *second += lifted(2, output) + lifted(3, output);
            }
            second.push(other);
        }
        Some(Self { shape: *shape, weights, blocks, second })
    }

    fn pairs(&self) -> usize {
        self.shape.size.div_ceil(2)
    }

    /// The four transformed inputs, each `[row][pair][channel]`, of an input with a border.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn transform(&self, padded: &[u8], products: [&mut [u8]; 4]) {
        let (inputs, pairs) = (self.shape.inputs, self.pairs());
        let [v0, v1, v2, v3] = products;
        let cells = v0
            .chunks_exact_mut(inputs)
            .zip(v1.chunks_exact_mut(inputs))
            .zip(v2.chunks_exact_mut(inputs))
            .zip(v3.chunks_exact_mut(inputs));
        for (number, (((v0, v1), v2), v3)) in cells.enumerate() {
            let (y, x) = (number / pairs, 2 * (number % pairs));
            let d = &padded[(y * (2 * pairs + 2) + x) * inputs..][..4 * inputs];
            let (left, right) = d.split_at(2 * inputs);
            let ((d0, d1), (d2, d3)) = (left.split_at(inputs), right.split_at(inputs));
            // In pieces of a size that the compiler knows: it then needs no proof that
            // what is written is not what is read.
            let pieces = d0.chunks(LANES).zip(d1.chunks(LANES)).zip(d2.chunks(LANES));
            let pieces = pieces.zip(d3.chunks(LANES)).zip(v0.chunks_mut(LANES));
            let pieces = pieces.zip(v1.chunks_mut(LANES)).zip(v2.chunks_mut(LANES));
            for (piece, v3) in pieces.zip(v3.chunks_mut(LANES)) {
                let ((((((d0, d1), d2), d3), v0), v1), v2) = piece;
                let [m0, m1, m2, m3] = spread(lanes(d0), lanes(d1), lanes(d2), lanes(d3));
                v0.copy_from_slice(&m0[..v0.len()]);
                v1.copy_from_slice(&m1[..v1.len()]);
                v2.copy_from_slice(&m2[..v2.len()]);
                v3.copy_from_slice(&m3[..v3.len()]);
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn run(&self, input: &[u8], piece: &Piece, out: &mut [u8], scratch: &mut Scratch) {
        let Shape { size, inputs, limit, pool, .. } = self.shape;
        let (pairs, rows) = (self.pairs(), piece.rows.len());
        let padded_size = [rows + 2, 2 * pairs + 2, inputs];
        let padded = scratch.padded.at_least(padded_size.iter().product());
        with_border(input, &self.shape, piece.rows.start, padded_size, padded);
        let plane = (rows + 2) * pairs * inputs;
        let values = scratch.bytes.at_least(4 * plane);
        let (first_half, second_half) = values.split_at_mut(2 * plane);
        let (v0, v1) = first_half.split_at_mut(plane);
        let (v2, v3) = second_half.split_at_mut(plane);
        self.transform(padded, [v0, v1, v2, v3]);
        let mut place = Place::new(out, piece, size, pool);
        let cells = rows * pairs;
        let weights_of_product = 3 * inputs * BLOCK;
        let limit = _mm512_set1_epi32(i32::from(limit));
        let mut sums = [(); 4].map(|()| Sums::zeros());
        for number in blocks_of(piece) {
            let (block, second) = (&self.blocks[number], &self.second[number]);
            let from = number * BLOCK;
            for first in (0..cells).step_by(TILE) {
                let pixels = TILE.min(cells - first);
                let products = values.chunks_exact(plane).zip(&self.weights).zip(&mut sums);
                for ((values, weights), sums) in products {
                    let weights = &weights[number * weights_of_product..][..weights_of_product];
                    let values = &values[first * inputs..][..(2 * pairs + pixels) * inputs];
                    let job = Job {
                        values: values.as_ptr(),
                        row: pairs * inputs,
                        segments: 3,
                        groups: inputs / GROUP,
                        weights: weights.as_ptr(),
                    };
                    // SAFETY: values and weights were cut to what is read.
                    unsafe { multiply_tile(pixels, job, inputs, sums) };
                }
                let [m0, m1, m2, m3] = &sums;
                for cell in 0..pixels {
                    let place_of_cell = first + cell;
                    let (y, x) = (place_of_cell / pairs, 2 * (place_of_cell % pairs));
                    for part in 0..2 {
                        let m = [m0, m1, m2, m3].map(|m| &m.0[cell]);
                        let (m1, m2) = (half(m[1], part), half(m[2], part));
                        let left = _mm512_add_epi32(half(m[0], part), _mm512_add_epi32(m1, m2));
                        let left = _mm512_add_epi32(left, half(&block.biases, part));
                        let right = _mm512_sub_epi32(_mm512_sub_epi32(m1, m2), half(m[3], part));
                        let right = _mm512_add_epi32(right, half(second, part));
                        let shifts = half(&block.shifts, part);
                        let left = activations(left, shifts, limit);
                        let right = activations(right, shifts, limit);
                        let from = from + part * (BLOCK / 2);
                        if pool {
                            let larger = narrow(_mm512_max_epi32(left, right));
                            put(&mut place, pool, y, x, from, &larger);
                        } else {
                            put(&mut place, pool, y, x, from, &narrow(left));
                            if x + 1 < size {
                                put(&mut place, pool, y, x + 1, from, &narrow(right));
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Convolution for Winograd {
    fn compute(&self, input: &[u8], piece: &Piece, out: &mut [u8]) {
        // SAFETY: an engine is only made for instructions that the processor has.
        Scratch::with(|scratch| unsafe { self.run(input, piece, out, scratch) });
    }

    fn unit(&self) -> [usize; 2] {
        [1, BLOCK]
    }

    fn band(&self) -> usize {
        (CACHE / (4 * self.pairs() * self.shape.inputs)).saturating_sub(2).max(2)
    }
}

/// Without a transform.
pub(super) struct Direct {
    shape: Shape,
    weights: Aligned<i8>,
    blocks: Vec<Block>,
}

impl Direct {
    pub(super) fn new(shape: &Shape, parameters: &Parameters) -> Self {
        let bytes = 3 * shape.inputs;
        let weights = packed(shape.outputs, bytes, |output, row, byte| {
            parameters.weights[(output * 3 + row) * bytes + byte]
        });
        // Doubled, because a block takes no sums that are not scaled.
        Self { shape: *shape, weights, blocks: blocks(parameters) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn run(&self, input: &[u8], piece: &Piece, out: &mut [u8], scratch: &mut Scratch) {
        let Shape { size, inputs, limit, pool, .. } = self.shape;
        let groups = (3 * inputs).div_ceil(GROUP);
        let row = (size + 2) * inputs;
        let rows = piece.rows.len();
        let padded_size = [rows + 2, size + 2, inputs];
        // With what the last group reads beyond, which is multiplied with zeros.
        let values = scratch.padded.at_least(padded_size.iter().product::<usize>() + GROUP);
        with_border(input, &self.shape, piece.rows.start, padded_size, values);
        let mut place = Place::new(out, piece, size, pool);
        let weights_of_block = 3 * groups * GROUP * BLOCK;
        let limit = _mm512_set1_epi32(i32::from(limit));
        let mut sums = Sums::zeros();
        for number in blocks_of(piece) {
            let block = &self.blocks[number];
            let weights = &self.weights[number * weights_of_block..][..weights_of_block];
            for y in 0..rows {
                for first in (0..size).step_by(TILE) {
                    let tile = TILE.min(size - first);
                    let values = &values[y * row + first * inputs..]
                        [..2 * row + (tile - 1) * inputs + groups * GROUP];
                    let (values, weights) = (values.as_ptr(), weights.as_ptr());
                    let job = Job { values, row, segments: 3, groups, weights };
                    // SAFETY: values and weights were cut to what is read.
                    unsafe { multiply_tile(tile, job, inputs, &mut sums) };
                    for (x, sums) in sums.0.iter().take(tile).enumerate() {
                        for part in 0..2 {
                            let sum = _mm512_slli_epi32::<1>(half(sums, part));
                            let sum = _mm512_add_epi32(sum, half(&block.biases, part));
                            let values = activations(sum, half(&block.shifts, part), limit);
                            let from = number * BLOCK + part * (BLOCK / 2);
                            put(&mut place, pool, y, first + x, from, &narrow(values));
                        }
                    }
                }
            }
        }
    }
}

impl Convolution for Direct {
    fn compute(&self, input: &[u8], piece: &Piece, out: &mut [u8]) {
        // SAFETY: an engine is only made for instructions that the processor has.
        Scratch::with(|scratch| unsafe { self.run(input, piece, out, scratch) });
    }

    fn unit(&self) -> [usize; 2] {
        [1, BLOCK]
    }

    fn band(&self) -> usize {
        (CACHE / ((self.shape.size + 2) * self.shape.inputs)).saturating_sub(2).clamp(2, 32)
    }
}
