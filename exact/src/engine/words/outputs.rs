//! From sums of products to activations.
#![allow(unsafe_code)]
#![allow(unsafe_op_in_unsafe_fn, reason = "such a function says once what it needs")]

use super::Winograd;
use crate::engine::finish::Place;
use crate::engine::lanes::Lanes;
use crate::engine::transform::Transform;
use crate::engine::Shape;

impl<L: Lanes, T: Transform<OUT, IN>, const OUT: usize, const IN: usize> Winograd<L, T, OUT, IN> {
    /// Rounds one block's sums, pools them, and writes them.
    #[inline(always)]
    pub(super) fn finish(
        &self,
        sums: &[i32],
        block: usize,
        tiles: usize,
        rows: usize,
        place: &mut Place,
    ) {
        let Shape { size, limit, pool, .. } = self.shape;
        let across = self.across();
        let biases = &self.biases[block * Self::BLOCK..][..Self::BLOCK];
        let shifts = &self.shifts[block * Self::BLOCK..][..Self::BLOCK];
        let groups = sums.chunks_exact(Self::PRODUCTS * Self::GROUP);
        let fold = if pool { 2 } else { 1 };
        for (group, sums) in groups.enumerate() {
            let first = group * L::TILES;
            for tile in first..tiles.min(first + L::TILES) {
                let (top, left) = ((tile / across) * OUT, (tile % across) * OUT);
                // No closure here: it would be compiled without the instructions.
                let mut halves = [[[L::all(0); OUT]; OUT]; 2];
                for (half, out) in halves.iter_mut().enumerate() {
                    let lane = half * L::WIDTH;
                    // SAFETY: a group has a block's sums for each tile and product.
                    unsafe {
                        let from = sums.as_ptr().add((tile - first) * Self::BLOCK + lane);
                        let bias = L::load(biases.as_ptr().add(lane));
                        let shifts = L::load(shifts.as_ptr().add(lane));
                        *out = Self::outputs(from, bias, shifts, i32::from(limit), pool);
                    }
                }
                let [one, two] = halves;
                for y in 0..OUT / fold {
                    for x in 0..OUT / fold {
                        if top + y * fold < rows && left + x * fold < size {
                            let (one, two) = (one[y][x], two[y][x]);
                            let (y, x) = (top / fold + y, left / fold + x);
                            let to = place.at(y, x, block * Self::BLOCK, Self::BLOCK);
                            write(one, two, to);
                        }
                    }
                }
            }
        }
    }

    /// The activations of a tile, for one register of channels. Where they are pooled, they
    /// are in the first half of rows and columns.
    ///
    /// # Safety
    /// From `sums` on there are as many sums as there are products, each a group apart.
    #[inline(always)]
    unsafe fn outputs(
        sums: *const i32,
        bias: L,
        shifts: L,
        limit: i32,
        pool: bool,
    ) -> [[L; OUT]; OUT] {
        let mut half = [[bias; OUT]; IN];
        for (y, half) in half.iter_mut().enumerate() {
            let mut m = [bias; IN];
            for (x, m) in m.iter_mut().enumerate() {
                *m = L::load(sums.add((y * IN + x) * Self::GROUP));
            }
            *half = T::outputs(m);
        }
        let mut out = [[bias; OUT]; OUT];
        for x in 0..OUT {
            let mut column = [bias; IN];
            for (y, column) in column.iter_mut().enumerate() {
                *column = half[y][x];
            }
            for (y, sum) in T::outputs(column).into_iter().enumerate() {
                let sum = if T::INVERSE == 1 { sum } else { sum.times(T::INVERSE) };
                // Of what it is too large by, four is left.
                out[y][x] = sum.shr(T::BITS[y] + T::BITS[x] - 2) + bias;
            }
        }
        if pool {
            // A larger sum never gives a smaller activation: the largest one is enough.
            for y in 0..OUT / 2 {
                for x in 0..OUT / 2 {
                    let up = out[2 * y][2 * x].max(out[2 * y][2 * x + 1]);
                    let down = out[2 * y + 1][2 * x].max(out[2 * y + 1][2 * x + 1]);
                    out[y][x] = up.max(down).activations(shifts, limit);
                }
            }
        } else {
            for row in &mut out {
                for sum in row {
                    *sum = sum.activations(shifts, limit);
                }
            }
        }
        out
    }
}

/// Writes a block of activations, or as many of them as there are channels.
#[inline(always)]
fn write<L: Lanes>(one: L, two: L, to: &mut [u8]) {
    if to.len() == 2 * L::WIDTH {
        // SAFETY: this is the room that is needed.
        unsafe { L::narrow(one, two, to.as_mut_ptr()) }
    } else {
        let mut all = [0; 16];
        // SAFETY: no register has more than eight sums.
        unsafe { L::narrow(one, two, all.as_mut_ptr()) }
        to.copy_from_slice(&all[..to.len()]);
    }
}
