//! Convolutions in products of 16 bits, for everything but AVX-512 with VNNI.
//!
//! Winograd's F(2 × 2, 3 × 3): four outputs from 16 products where the direct way needs
//! 36. With `B`, `G` and `A` as in [`super::bytes`], for rows and for columns, sums come out
//! four times as large. Transformed inputs are at most 4 · 255 and transformed weights at
//! most 9 · 128, so both are exact in 16 bits; sums of products may wrap in 32 bits, and
//! the outputs, which fit, are right nevertheless.
#![allow(unsafe_code)]
#![allow(unsafe_op_in_unsafe_fn, reason = "such a function says once what it needs")]

use std::ops::Range;

use super::finish::{blocks, Block, Place};
#[cfg(target_arch = "x86_64")]
use super::lanes::{Avx2, Sse2};
use super::lanes::{Lanes, Portable};
use super::padded::pixel;
use super::{Convolution, Instructions, Shape};
use crate::Parameters;

/// Output channels that are computed together.
const BLOCK: usize = 16;
/// The most tiles of 2 × 2 outputs that are computed together.
const TILES: usize = 6;
/// Products of a tile.
const PRODUCTS: usize = 16;
/// About what fits into the second-level cache beside the weights of a block.
const CACHE: usize = 512 * 1024;

/// Channels that are transformed together.
const LANES: usize = 16;

/// `B` of the rows and the columns of a square.
#[inline(always)]
fn spread_square(d: &[[[u8; LANES]; 4]; 4]) -> [[[i16; LANES]; 4]; 4] {
    let mut half = [[[0; LANES]; 4]; 4];
    for column in 0..4 {
        let [up, row1, row2, down] = [&d[0][column], &d[1][column], &d[2][column], &d[3][column]];
        for c in 0..LANES {
            let wide =
                (i16::from(up[c]), i16::from(row1[c]), i16::from(row2[c]), i16::from(down[c]));
            half[0][column][c] = wide.0 - wide.2;
            half[1][column][c] = wide.1 + wide.2;
            half[2][column][c] = wide.2 - wide.1;
            half[3][column][c] = wide.1 - wide.3;
        }
    }
    let mut out = [[[0; LANES]; 4]; 4];
    for (out, half) in out.iter_mut().zip(&half) {
        for c in 0..LANES {
            out[0][c] = half[0][c] - half[2][c];
            out[1][c] = half[1][c] + half[2][c];
            out[2][c] = half[2][c] - half[1][c];
            out[3][c] = half[1][c] - half[3][c];
        }
    }
    out
}

/// One product of some tiles, for one block.
type Sums = [[i32; BLOCK]; TILES];

/// F(2 × 2, 3 × 3).
pub(super) struct Winograd {
    shape: Shape,
    /// `[block][product][pair of channels][output][2]`
    weights: Vec<i16>,
    blocks: Vec<Block<BLOCK>>,
    instructions: Instructions,
}

/// `G` of three weights, doubled.
fn spread([a, b, c]: [i16; 3]) -> [i16; 4] {
    [2 * a, a + b + c, a - b + c, 2 * c]
}

impl Winograd {
    pub(super) fn new(shape: &Shape, parameters: &Parameters, instructions: Instructions) -> Self {
        let (inputs, outputs, pairs) = (shape.inputs, shape.outputs, shape.inputs.div_ceil(2));
        let count = outputs.div_ceil(BLOCK);
        let mut weights = vec![0i16; count * PRODUCTS * pairs * BLOCK * 2];
        for output in 0..outputs {
            for channel in 0..inputs {
                let g = |row: usize, column: usize| {
                    let place = ((output * 3 + row) * 3 + column) * inputs + channel;
                    i16::from(parameters.weights[place])
                };
                let columns = [0, 1, 2].map(|row| spread([0, 1, 2].map(|column| g(row, column))));
                for column in 0..4 {
                    let down = spread(columns.map(|row| row[column]));
                    for (row, weight) in down.into_iter().enumerate() {
                        let product = row * 4 + column;
                        let (block, lane) = (output / BLOCK, output % BLOCK);
                        let pair = (block * PRODUCTS + product) * pairs + channel / 2;
                        weights[(pair * BLOCK + lane) * 2 + channel % 2] = weight;
                    }
                }
            }
        }
        Self { shape: *shape, weights, blocks: blocks(parameters, 2), instructions }
    }

    /// Tiles of a row.
    fn tiles(&self) -> usize {
        self.shape.size.div_ceil(2)
    }

    /// The transformed input, `[product][tile][channel]`; an odd number of channels is
    /// filled up with a zero.
    #[inline(always)]
    fn transform(&self, input: &[u8], rows: &Range<usize>) -> Vec<i16> {
        let (inputs, across) = (self.shape.inputs, self.tiles());
        let even = inputs.next_multiple_of(2);
        let border = vec![self.shape.border; inputs];
        let tiles = rows.len().div_ceil(2) * across;
        let mut out = vec![0i16; PRODUCTS * tiles * even];
        let plane = tiles * even;
        for tile in 0..tiles {
            let (y, x) = (rows.start + 2 * (tile / across), 2 * (tile % across));
            let mut seen: [[&[u8]; 4]; 4] = [[&border; 4]; 4];
            for (down, row) in seen.iter_mut().enumerate() {
                for (right, seen) in row.iter_mut().enumerate() {
                    if let Some(inside) = pixel(input, &self.shape, y + down, x + right) {
                        *seen = inside;
                    }
                }
            }
            for first in (0..inputs).step_by(LANES) {
                let count = LANES.min(inputs - first);
                // Copies of a size that the compiler knows: it then needs no proof that
                // what is written is not what is read.
                let mut d = [[[0u8; LANES]; 4]; 4];
                for (row, seen) in d.iter_mut().zip(&seen) {
                    for (d, seen) in row.iter_mut().zip(seen) {
                        let seen = &seen[first..first + count];
                        if let Ok(seen) = <&[u8; LANES]>::try_from(seen) {
                            *d = *seen;
                        } else {
                            d[..count].copy_from_slice(seen);
                        }
                    }
                }
                for (product, values) in spread_square(&d).as_flattened().iter().enumerate() {
                    let to = product * plane + tile * even + first;
                    out[to..to + count].copy_from_slice(&values[..count]);
                }
            }
        }
        out
    }

    #[inline(always)]
    fn compute<L: Lanes, const T: usize, const N: usize>(
        &self,
        input: &[u8],
        rows: Range<usize>,
        out: &mut [u8],
    ) {
        let Shape { size, inputs, outputs, limit, pool, .. } = self.shape;
        let (across, pairs) = (self.tiles(), inputs.div_ceil(2));
        let tiles = rows.len().div_ceil(2) * across;
        let values = self.transform(input, &rows);
        let plane = tiles * pairs * 2;
        let weights_of_product = pairs * BLOCK * 2;
        let mut place = Place { out, outputs, width: size, pool };
        // `[group of tiles][product]`
        let mut sums: Vec<[Sums; PRODUCTS]> =
            vec![[[[0; BLOCK]; TILES]; PRODUCTS]; tiles.div_ceil(T)];
        for (number, block) in self.blocks.iter().enumerate() {
            // Weights of one product stay in the first-level cache while all tiles pass.
            for product in 0..PRODUCTS {
                let weights = &self.weights[(number * PRODUCTS + product) * weights_of_product..]
                    [..weights_of_product];
                for (group, sums) in sums.iter_mut().enumerate() {
                    let first = group * T;
                    let together = T.min(tiles - first);
                    let values =
                        &values[product * plane + first * pairs * 2..][..together * pairs * 2];
                    let sums = &mut sums[product];
                    // SAFETY: both were cut to what is read.
                    unsafe {
                        if together == T {
                            multiply::<L, T, N>(values, weights, pairs, sums);
                        } else {
                            for (values, sums) in
                                values.chunks_exact(pairs * 2).zip(sums.chunks_exact_mut(1))
                            {
                                multiply::<L, 1, N>(values, weights, pairs, sums);
                            }
                        }
                    }
                }
            }
            for (group, sums) in sums.iter().enumerate() {
                let first = group * T;
                let together = T.min(tiles - first);
                for tile in 0..together {
                    let (y, x) = (2 * ((first + tile) / across), 2 * ((first + tile) % across));
                    let quad = Self::outputs_of(sums, tile, block, i32::from(limit));
                    for (corner, values) in quad.iter().enumerate() {
                        let (y, x) = (y + corner / 2, x + corner % 2);
                        if y < rows.len() && x < size {
                            place.put(y, x, number * BLOCK, values);
                        }
                    }
                }
            }
        }
    }

    /// The four outputs of a tile.
    #[inline(always)]
    fn outputs_of(
        sums: &[Sums; PRODUCTS],
        tile: usize,
        block: &Block<BLOCK>,
        limit: i32,
    ) -> [[u8; BLOCK]; 4] {
        // Along the rows, then along the columns.
        let mut halves = [[[0i32; BLOCK]; 2]; 4];
        for (half, row) in halves.iter_mut().zip(sums.chunks_exact(4)) {
            for lane in 0..BLOCK {
                let (b, c) = (row[1][tile][lane], row[2][tile][lane]);
                half[0][lane] = row[0][tile][lane].wrapping_add(b).wrapping_add(c);
                half[1][lane] = b.wrapping_sub(c).wrapping_sub(row[3][tile][lane]);
            }
        }
        let mut quad = [[0u8; BLOCK]; 4];
        for column in 0..2 {
            let (mut up, mut down) = ([0i32; BLOCK], [0i32; BLOCK]);
            for lane in 0..BLOCK {
                let (b, c) = (halves[1][column][lane], halves[2][column][lane]);
                let bias = block.biases[lane];
                up[lane] =
                    halves[0][column][lane].wrapping_add(b).wrapping_add(c).wrapping_add(bias);
                down[lane] =
                    b.wrapping_sub(c).wrapping_sub(halves[3][column][lane]).wrapping_add(bias);
            }
            quad[column] = block.activations(&up, limit);
            quad[2 + column] = block.activations(&down, limit);
        }
        quad
    }
}

/// Multiplies `T` tiles with one product's weights of a block, in `N` registers each.
///
/// # Safety
/// `values` has `T * pairs * 2` numbers, `weights` has `pairs * BLOCK * 2`, and `out` room
/// for `T` tiles.
#[inline(always)]
unsafe fn multiply<L: Lanes, const T: usize, const N: usize>(
    values: &[i16],
    weights: &[i16],
    pairs: usize,
    out: &mut [[i32; BLOCK]],
) {
    let mut sums = [[L::zero(); N]; T];
    let (values, mut weights) = (values.as_ptr(), weights.as_ptr());
    for pair in 0..pairs {
        let mut registers = [L::weights(weights); N];
        for (n, register) in registers.iter_mut().enumerate() {
            *register = L::weights(weights.add(n * L::WIDTH * 2));
        }
        weights = weights.add(BLOCK * 2);
        for (tile, sums) in sums.iter_mut().enumerate() {
            let both = L::pair(values.add((tile * pairs + pair) * 2));
            for (sum, register) in sums.iter_mut().zip(registers) {
                *sum = sum.add_products(both, register);
            }
        }
    }
    for (out, sums) in out.iter_mut().zip(sums) {
        for (n, sum) in sums.into_iter().enumerate() {
            sum.store(out.as_mut_ptr().add(n * L::WIDTH));
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn compute_avx2(layer: &Winograd, input: &[u8], rows: Range<usize>, out: &mut [u8]) {
    layer.compute::<Avx2, 6, 2>(input, rows, out);
}

impl Convolution for Winograd {
    fn rows(&self, input: &[u8], rows: Range<usize>, out: &mut [u8]) {
        match self.instructions {
            #[cfg(target_arch = "x86_64")]
            Instructions::Sse2 => self.compute::<Sse2, 2, 4>(input, rows, out),
            // SAFETY: an engine is only made for instructions that the processor has.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { compute_avx2(self, input, rows, out) },
            _ => self.compute::<Portable, 2, 2>(input, rows, out),
        }
    }

    fn band(&self) -> usize {
        let row = PRODUCTS * self.tiles() * self.shape.inputs.next_multiple_of(2) * 2;
        (2 * (CACHE / row)).max(2)
    }
}
