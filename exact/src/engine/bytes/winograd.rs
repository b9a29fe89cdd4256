//! F(2, 3) along rows: two neighbouring outputs from four products where
//! the direct way needs six. With inputs d0 to d3 and weights g0 to g2,
//!
//! ```text
//! m0 = (d0 - d2) 2 g0                 2 y0 = m0 + m1 + m2
//! m1 = (d1 + d2) (g0 + g1 + g2)       2 y1 = m1 - m2 - m3
//! m2 = (d2 - d1) (g0 - g1 + g2)
//! m3 = (d1 - d3) 2 g2
//! ```
//!
//! The last product is computed with `-2 g2`, so that both sums only have to be added up: from
//! `m1 + m2` and `m1 - m2` on, without leaving the registers.
//!
//! Differences are stored plus 128, so that they are unsigned; what that adds to the sums
//! depends on the weights alone and is taken off with the bias. All of it is exact where
//! activations are at most 127 and the four sums of weights are signed bytes.
//! [`super::Direct`] takes what is not.
#![allow(unsafe_code)]

use core::arch::x86_64::*;

use super::{
    blocks, blocks_of, multiply_tile, packed, put, Activations, Block, Job, Rounding, Sums, BLOCK,
    CACHE, GROUP, TILE,
};
use crate::engine::finish::Place;
use crate::engine::memory::{Aligned, Scratch};
use crate::engine::split::Piece;
use crate::engine::{Convolution, Shape};
use crate::Parameters;

/// What makes a difference of activations unsigned.
const LIFT: u8 = 128;

/// The products in the order in which they are computed.
const ORDER: [usize; 4] = [1, 2, 0, 3];

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

/// Writes as many channels as there are.
#[inline(always)]
fn put_lanes(to: &mut [u8], all: &[u8; LANES]) {
    match <&mut [u8; LANES]>::try_from(&mut *to) {
        // With a length that the compiler knows.
        Ok(to) => *to = *all,
        Err(_) => to.copy_from_slice(&all[..to.len()]),
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

/// F(2, 3) along rows.
pub(in super::super) struct Winograd {
    shape: Shape,
    /// Of each block, those of the products in their [`ORDER`], as [`packed`].
    weights: Aligned<i8>,
    blocks: Vec<Block>,
    /// What is added to the second of two outputs instead of the block's biases.
    second: Vec<[i32; BLOCK]>,
}

impl Winograd {
    /// `None` where it would not be exact.
    pub(in super::super) fn new(
        shape: &Shape,
        parameters: &Parameters,
        largest_input: u8,
    ) -> Option<Self> {
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
                _ => -2 * g(2),
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
        let weights = packed(outputs, 3 * ORDER.len(), inputs, |output, segment, c| {
            transformed(ORDER[segment / 3], output, segment % 3, c) as i8
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
                *second += lifted(2, output) - lifted(3, output);
            }
            second.push(other);
        }
        Some(Self { shape: *shape, weights, blocks, second })
    }

    fn pairs(&self) -> usize {
        self.shape.size.div_ceil(2)
    }

    /// The four transformed inputs, each `[row][pair][channel]`, of rows of the input from the one
    /// before `first` on. `beyond` is a pixel beyond the edge.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn transform(&self, input: &[u8], first: usize, beyond: &[u8], products: [&mut [u8]; 4]) {
        let Shape { size, inputs, .. } = self.shape;
        let pairs = self.pairs();
        let [v0, v1, v2, v3] = products;
        let cells = v0
            .chunks_exact_mut(inputs)
            .zip(v1.chunks_exact_mut(inputs))
            .zip(v2.chunks_exact_mut(inputs))
            .zip(v3.chunks_exact_mut(inputs));
        let (mut y, mut pair) = (first, 0);
        for (((v0, v1), v2), v3) in cells {
            // Both count from one, as if the edge were there.
            let (x, within) = (2 * pair, (1..=size).contains(&y));
            let [d0, d1, d2, d3] = if within && x >= 1 && x + 3 <= size {
                let pixels = &input[((y - 1) * size + x - 1) * inputs..][..4 * inputs];
                let (left, right) = pixels.split_at(2 * inputs);
                let ((d0, d1), (d2, d3)) = (left.split_at(inputs), right.split_at(inputs));
                [d0, d1, d2, d3]
            } else {
                [x, x + 1, x + 2, x + 3].map(|x| match within && (1..=size).contains(&x) {
                    true => &input[((y - 1) * size + x - 1) * inputs..][..inputs],
                    false => beyond,
                })
            };
            // In pieces of a size that the compiler knows: it then needs no proof that
            // what is written is not what is read.
            let pieces = d0.chunks(LANES).zip(d1.chunks(LANES)).zip(d2.chunks(LANES));
            let pieces = pieces.zip(d3.chunks(LANES)).zip(v0.chunks_mut(LANES));
            let pieces = pieces.zip(v1.chunks_mut(LANES)).zip(v2.chunks_mut(LANES));
            for (piece, v3) in pieces.zip(v3.chunks_mut(LANES)) {
                let ((((((d0, d1), d2), d3), v0), v1), v2) = piece;
                let [m0, m1, m2, m3] = spread(lanes(d0), lanes(d1), lanes(d2), lanes(d3));
                for (to, m) in [(v0, m0), (v1, m1), (v2, m2), (v3, m3)] {
                    put_lanes(to, &m);
                }
            }
            pair += 1;
            if pair == pairs {
                (y, pair) = (y + 1, 0);
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn run(&self, input: &[u8], piece: &Piece, out: &mut [u8], scratch: &mut Scratch) {
        let Shape { size, inputs, border, limit, pool, .. } = self.shape;
        let (pairs, rows) = (self.pairs(), piece.rows.len());
        let beyond = scratch.padded.at_least(inputs);
        beyond.fill(border);
        let plane = (rows + 2) * pairs * inputs;
        let values = scratch.bytes.at_least(4 * plane);
        let (first_half, second_half) = values.split_at_mut(2 * plane);
        let (v0, v1) = first_half.split_at_mut(plane);
        let (v2, v3) = second_half.split_at_mut(plane);
        self.transform(input, piece.rows.start, beyond, [v0, v1, v2, v3]);
        let mut place = Place::new(out, piece, size, pool);
        let cells = rows * pairs;
        let weights_of_product = 3 * inputs * BLOCK;
        let (mut sums, mut differences) = (Sums::zeros(), Sums::zeros());
        let (mut left, mut right): (Activations, Activations) =
            ([[0; BLOCK]; TILE], [[0; BLOCK]; TILE]);
        for number in blocks_of(piece) {
            let block = &self.blocks[number];
            let of_left = Rounding::new(&block.biases, &block.shifts, limit);
            let of_right = Rounding::new(&self.second[number], &block.shifts, limit);
            for first in (0..cells).step_by(TILE) {
                let pixels = TILE.min(cells - first);
                let job = |turn: usize| {
                    let product = ORDER[turn];
                    let weights = (ORDER.len() * number + turn) * weights_of_product;
                    let weights = &self.weights[weights..][..weights_of_product];
                    let values = &values[product * plane + first * inputs..];
                    let values = &values[..(2 * pairs + pixels) * inputs];
                    Job {
                        values: values.as_ptr(),
                        row: pairs * inputs,
                        segments: 3,
                        groups: inputs / GROUP,
                        weights: weights.as_ptr(),
                    }
                };
                // SAFETY: values and weights were cut to what is read.
                unsafe {
                    multiply_tile(pixels, job(0), inputs, None, |cell, m1| sums.put(cell, m1));
                    multiply_tile(pixels, job(1), inputs, None, |cell, m2| {
                        let ([a, b], [c, d]) = (sums.at(cell), m2);
                        sums.put(cell, [_mm512_add_epi32(a, c), _mm512_add_epi32(b, d)]);
                        differences.put(cell, [_mm512_sub_epi32(a, c), _mm512_sub_epi32(b, d)]);
                    });
                    multiply_tile(pixels, job(2), inputs, Some(&sums), |cell, sums| {
                        left[cell] = of_left.activations(sums);
                    });
                    multiply_tile(pixels, job(3), inputs, Some(&differences), |cell, sums| {
                        right[cell] = of_right.activations(sums);
                    });
                }
                let (mut y, mut x) = (first / pairs, 2 * (first % pairs));
                let from = number * BLOCK;
                for (left, right) in left.iter().zip(&right).take(pixels) {
                    if pool {
                        let mut larger = *left;
                        larger.iter_mut().zip(right).for_each(|(l, r)| *l = (*l).max(*r));
                        put(&mut place, pool, y, x, from, &larger);
                    } else {
                        put(&mut place, pool, y, x, from, left);
                        if x + 1 < size {
                            put(&mut place, pool, y, x + 1, from, right);
                        }
                    }
                    x += 2;
                    if x >= 2 * pairs {
                        (y, x) = (y + 1, 0);
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
