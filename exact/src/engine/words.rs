//! Convolutions in products of 16 bits.
//!
//! Winograd's transforms of squares ([`Transform`], for rows and then for columns) turn a
//! convolution into products of matrices, one for each number of a transformed square:
//!
//! ```text
//! input ─ with_border ─ transform ─> values[product][group][register][tile][channel]
//! for some blocks of output channels:
//!     for each product:  sums[block][group][product][tile][output] = values · weights
//!     for each tile:     four or sixteen outputs from its sums, rounded, pooled, written
//! ```
//!
//! A tile is a square of outputs, a group as many tiles as the registers hold sums of. A
//! group's values lie together, a register's width of channels of one tile beside that of
//! the next: they are read in one stream, and each at a fixed distance from the first. One
//! product's weights for one block of outputs stay in the first-level cache while all tiles
//! of a piece pass; the sums of a few blocks stay in the second-level cache until they are
//! read.
#![allow(unsafe_code)]
#![allow(unsafe_op_in_unsafe_fn, reason = "such a function says once what it needs")]

mod multiply;
mod outputs;

use core::marker::PhantomData;

use multiply::multiply_group;

use super::border::with_border;
use super::finish::Place;
#[cfg(target_arch = "aarch64")]
use super::lanes::Neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use super::lanes::Simd128;
#[cfg(target_arch = "x86_64")]
use super::lanes::{Avx2, Sse2};
use super::lanes::{Lanes, Portable, Work};
use super::memory::{Aligned, Scratch};
use super::split::Piece;
use super::transform::{Four, Transform, Two};
use super::{Convolution, Instructions, Shape};
use crate::Parameters;

/// Tiles for which weights are at best fetched once: with fewer, the processor waits for
/// weights more than it multiplies.
const TOGETHER: usize = 48;
/// Bytes of sums that are kept until they become outputs.
const SUMS: usize = 640 * 1024;
/// Numbers of a cache line of words. Planes are further apart than a multiple of a page by
/// so many, or their lines would compete for the same places in a cache.
const APART: usize = 32;

/// The better one of the two transforms.
pub(super) fn convolution(
    shape: &Shape,
    parameters: &Parameters,
    largest_input: u8,
    instructions: Instructions,
) -> Box<dyn Convolution> {
    match instructions {
        #[cfg(target_arch = "x86_64")]
        Instructions::Sse2 => choose::<Sse2>(shape, parameters, largest_input),
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 => choose::<Avx2>(shape, parameters, largest_input),
        #[cfg(target_arch = "aarch64")]
        Instructions::Neon => choose::<Neon>(shape, parameters, largest_input),
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Instructions::Simd128 => choose::<Simd128>(shape, parameters, largest_input),
        _ => choose::<Portable>(shape, parameters, largest_input),
    }
}

fn choose<L: Lanes>(
    shape: &Shape,
    parameters: &Parameters,
    largest_input: u8,
) -> Box<dyn Convolution> {
    // A square of 4 × 4 outputs has 9/16 of the products of four squares of 2 × 2, and
    // 9/4 of their weights. A small image has too few tiles to make up for these.
    let many = shape.size.div_ceil(4).pow(2) >= TOGETHER;
    let sum = largest_sum(shape, parameters, largest_input);
    if many && sum <= <Four as Transform<4, 6>>::largest_sum() {
        Box::new(Winograd::<L, Four, 4, 6>::new(shape, parameters))
    } else {
        Box::new(Winograd::<L, Two, 2, 4>::new(shape, parameters))
    }
}

/// What no output exceeds in either direction, before its bias is added.
fn largest_sum(shape: &Shape, parameters: &Parameters, largest_input: u8) -> i64 {
    let rows = parameters.weights.chunks(9 * shape.inputs);
    let weights = rows.map(|row| {
        let signed = row.iter().map(|weight| i64::from(*weight));
        let (up, down) = signed.fold((0, 0), |(up, down), w| (up + w.max(0), down - w.min(0)));
        up.max(down)
    });
    weights.max().unwrap_or(0) * i64::from(largest_input.max(shape.border))
}

/// A convolution by [`Transform`] `T` in registers `L`.
struct Winograd<L, T, const OUT: usize, const IN: usize> {
    shape: Shape,
    /// `[block][product][pair of channels][output][2]`
    weights: Aligned<i16>,
    /// Four times each bias, because outputs come four times as large.
    biases: Vec<i32>,
    /// Each shift and the two bits of that.
    shifts: Vec<i32>,
    kind: PhantomData<(L, T)>,
}

impl<L: Lanes, T: Transform<OUT, IN>, const OUT: usize, const IN: usize> Winograd<L, T, OUT, IN> {
    /// Output channels that are computed together: two registers of sums.
    const BLOCK: usize = 2 * L::WIDTH;
    /// Numbers of a transformed square.
    const PRODUCTS: usize = IN * IN;
    /// Sums of one product and one group.
    const GROUP: usize = L::TILES * Self::BLOCK;

    fn new(shape: &Shape, parameters: &Parameters) -> Self {
        let (inputs, outputs, pairs) = (shape.inputs, shape.outputs, shape.inputs.div_ceil(2));
        let padded = outputs.next_multiple_of(Self::BLOCK);
        let mut weights = Aligned::zeros(padded * Self::PRODUCTS * pairs * 2);
        for output in 0..outputs {
            let (block, lane) = (output / Self::BLOCK, output % Self::BLOCK);
            for channel in 0..inputs {
                let g = |row: usize, column: usize| {
                    let place = ((output * 3 + row) * 3 + column) * inputs + channel;
                    i16::from(parameters.weights[place])
                };
                let columns = [0, 1, 2].map(|row| T::weights([0, 1, 2].map(|x| g(row, x))));
                for column in 0..IN {
                    let down = T::weights(columns.map(|row| row[column]));
                    for (row, weight) in down.into_iter().enumerate() {
                        let product = row * IN + column;
                        let pair = (block * Self::PRODUCTS + product) * pairs + channel / 2;
                        weights[(pair * Self::BLOCK + lane) * 2 + channel % 2] = weight;
                    }
                }
            }
        }
        let filled = |numbers: Vec<i32>, with: i32| {
            numbers.into_iter().chain(std::iter::repeat(with)).take(padded).collect()
        };
        let biases = parameters.biases.iter().map(|bias| bias << 2).collect();
        let shifts = parameters.shifts.iter().map(|shift| i32::from(*shift) + 2).collect();
        let (biases, shifts) = (filled(biases, 0), filled(shifts, 2));
        Self { shape: *shape, weights, biases, shifts, kind: PhantomData }
    }

    /// Tiles of a row.
    fn across(&self) -> usize {
        self.shape.size.div_ceil(OUT)
    }

    /// Channels of a transformed input: whole registers, so that no end is a special case.
    fn channels(&self) -> usize {
        self.shape.inputs.next_multiple_of(2 * L::WIDTH)
    }
}

/// Some rows and channels of an output.
struct Job<'a, L, T, const OUT: usize, const IN: usize> {
    layer: &'a Winograd<L, T, OUT, IN>,
    input: &'a [u8],
    piece: &'a Piece,
    out: &'a mut [u8],
    scratch: &'a mut Scratch,
}

impl<L: Lanes, T: Transform<OUT, IN>, const OUT: usize, const IN: usize> Work
    for Job<'_, L, T, OUT, IN>
{
    #[inline(always)]
    fn run(self) {
        let Self { layer, input, piece, out, scratch } = self;
        let down = piece.rows.len().div_ceil(OUT);
        let tiles = down * layer.across();
        let channels = layer.channels();
        let plane = tiles.next_multiple_of(L::TILES) * channels + APART;
        let values = scratch.words.at_least(Winograd::<L, T, OUT, IN>::PRODUCTS * plane);

        let size = [down * OUT + 2, layer.across() * OUT + 2, channels];
        let padded = scratch.padded.at_least(size.iter().product());
        with_border(input, &layer.shape, piece.rows.start, size, padded);
        layer.transform(padded, down, plane, values);

        let of_block = tiles.div_ceil(L::TILES)
            * Winograd::<L, T, OUT, IN>::PRODUCTS
            * Winograd::<L, T, OUT, IN>::GROUP;
        let block = Winograd::<L, T, OUT, IN>::BLOCK;
        let last = piece.channels.end.div_ceil(block);
        let together = (SUMS / (4 * of_block)).max(1);
        let Shape { size, pool, .. } = layer.shape;
        let mut place = Place::new(out, piece, size, pool);
        for first in (piece.channels.start / block..last).step_by(together) {
            let blocks = first..last.min(first + together);
            let sums = scratch.sums.at_least(blocks.len() * of_block);
            layer.multiply(values, plane, tiles, blocks.start, sums, of_block);
            for (number, sums) in blocks.zip(sums.chunks_exact(of_block)) {
                layer.finish(sums, number, tiles, piece.rows.len(), &mut place);
            }
        }
    }
}

impl<L: Lanes, T: Transform<OUT, IN>, const OUT: usize, const IN: usize> Winograd<L, T, OUT, IN> {
    /// `[row][column][channel]` with a border to `[product][group][register][tile][channel]`,
    /// for `down` rows of tiles. Products are `plane` apart.
    #[inline(always)]
    fn transform(&self, padded: &[u8], down: usize, plane: usize, values: &mut [i16]) {
        let (across, channels) = (self.across(), self.channels());
        let row = (across * OUT + 2) * channels;
        let (tiles, register) = (down * across, 2 * L::WIDTH);
        assert!(plane >= tiles.next_multiple_of(L::TILES) * channels);
        assert!(padded.len() >= (down * OUT + 2) * row && values.len() >= Self::PRODUCTS * plane);
        for tile in 0..tiles {
            let corner = (tile / across) * OUT * row + (tile % across) * OUT * channels;
            let (group, tile) = (tile / L::TILES, tile % L::TILES);
            let place = group * L::TILES * channels + tile * register;
            for channel in (0..channels).step_by(register) {
                // SAFETY: the tile with its border is inside `padded`, and its place in each
                // plane inside `values`, both of which have the sizes asserted above.
                unsafe {
                    let from = padded.as_ptr().add(corner + channel);
                    let to = values.as_mut_ptr().add(place + channel * L::TILES);
                    let nothing = L::widen(from);
                    let mut half = [[nothing; IN]; IN];
                    for column in 0..IN {
                        let mut d = [nothing; IN];
                        for (y, d) in d.iter_mut().enumerate() {
                            *d = L::widen(from.add(y * row + column * channels));
                        }
                        for (half, d) in half.iter_mut().zip(T::inputs(d)) {
                            half[column] = d;
                        }
                    }
                    for (y, half) in half.into_iter().enumerate() {
                        for (x, value) in T::inputs(half).into_iter().enumerate() {
                            L::store_words(value, to.add((y * IN + x) * plane));
                        }
                    }
                }
            }
        }
    }

    /// Multiplies all tiles with some blocks of weights, from block `first` on.
    #[inline(always)]
    fn multiply(
        &self,
        values: &[i16],
        plane: usize,
        tiles: usize,
        first: usize,
        sums: &mut [i32],
        of_block: usize,
    ) {
        let (channels, pairs) = (self.channels(), self.shape.inputs.div_ceil(2));
        let of_product = pairs * Self::BLOCK * 2;
        for product in 0..Self::PRODUCTS {
            let values = &values[product * plane..][..plane];
            for (number, sums) in sums.chunks_exact_mut(of_block).enumerate() {
                let number = (first + number) * Self::PRODUCTS + product;
                let weights = &self.weights[number * of_product..][..of_product];
                let groups = sums.chunks_exact_mut(Self::PRODUCTS * Self::GROUP);
                let values = values.chunks_exact(L::TILES * channels);
                for (group, (values, sums)) in values.zip(groups).enumerate() {
                    let sums = &mut sums[product * Self::GROUP..][..Self::GROUP];
                    let tiles = L::TILES.min(tiles - group * L::TILES);
                    // SAFETY: values, weights and sums were cut to what is used.
                    unsafe {
                        multiply_group::<L>(tiles, values.as_ptr(), weights, sums.as_mut_ptr());
                    }
                }
            }
        }
    }
}

impl<L: Lanes, T: Transform<OUT, IN>, const OUT: usize, const IN: usize> Convolution
    for Winograd<L, T, OUT, IN>
{
    fn compute(&self, input: &[u8], piece: &Piece, out: &mut [u8]) {
        Scratch::with(|scratch| L::compiled(Job { layer: self, input, piece, out, scratch }));
    }

    fn unit(&self) -> [usize; 2] {
        [OUT, Self::BLOCK]
    }

    fn band(&self) -> usize {
        OUT * TOGETHER.div_ceil(self.across())
    }
}
