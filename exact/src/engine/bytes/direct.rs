//! Without a transform.
#![allow(unsafe_code)]

use core::arch::x86_64::*;

use super::{
    blocks, blocks_of, multiply_tile, packed, put, Activations, Block, Job, Rounding, BLOCK, CACHE,
    GROUP, TILE,
};
use crate::engine::border::with_border;
use crate::engine::finish::Place;
use crate::engine::memory::{Aligned, Scratch};
use crate::engine::split::Piece;
use crate::engine::{Convolution, Shape};
use crate::Parameters;

/// A convolution without a transform.
pub(in super::super) struct Direct {
    shape: Shape,
    weights: Aligned<i8>,
    blocks: Vec<Block>,
}

impl Direct {
    pub(in super::super) fn new(shape: &Shape, parameters: &Parameters) -> Self {
        let bytes = 3 * shape.inputs;
        let weights = packed(shape.outputs, 3, bytes, |output, row, byte| {
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
        let mut done: Activations = [[0; BLOCK]; TILE];
        for number in blocks_of(piece) {
            let block = &self.blocks[number];
            let rounding = Rounding::new(&block.biases, &block.shifts, limit);
            let weights = &self.weights[number * weights_of_block..][..weights_of_block];
            for y in 0..rows {
                for first in (0..size).step_by(TILE) {
                    let tile = TILE.min(size - first);
                    let values = &values[y * row + first * inputs..]
                        [..2 * row + (tile - 1) * inputs + groups * GROUP];
                    let (values, weights) = (values.as_ptr(), weights.as_ptr());
                    let job = Job { values, row, segments: 3, groups, weights };
                    // SAFETY: values and weights were cut to what is read.
                    unsafe {
                        multiply_tile(tile, job, inputs, None, |pixel, sums| {
                            let [a, b] = sums;
                            let sums = [_mm512_slli_epi32::<1>(a), _mm512_slli_epi32::<1>(b)];
                            done[pixel] = rounding.activations(sums);
                        });
                    }
                    for (x, done) in (first..).zip(done.iter().take(tile)) {
                        put(&mut place, pool, y, x, number * BLOCK, done);
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
