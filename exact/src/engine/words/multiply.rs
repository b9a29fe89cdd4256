//! The inner loop: products of transformed inputs and weights.
#![allow(unsafe_code)]
#![allow(unsafe_op_in_unsafe_fn, reason = "such a function says once what it needs")]

use crate::engine::lanes::Lanes;

/// How far weights are fetched ahead, in words: a kilobyte. The processor does not fetch
/// them early enough by itself.
const AHEAD: usize = 512;

/// [`multiply`] for `tiles`, at most [`Lanes::TILES`], in a number that the compiler knows.
///
/// # Safety
/// As for [`multiply`].
#[inline(always)]
pub(super) unsafe fn multiply_group<L: Lanes>(
    tiles: usize,
    values: *const i16,
    weights: &[i16],
    sums: *mut i32,
) {
    match tiles {
        6 if L::TILES >= 6 => multiply::<L, 6>(values, weights, sums),
        4 if L::TILES == 4 => multiply::<L, 4>(values, weights, sums),
        2 => multiply::<L, 2>(values, weights, sums),
        _ => {
            for tile in 0..tiles {
                let (values, sums) =
                    (values.add(tile * 2 * L::WIDTH), sums.add(tile * 2 * L::WIDTH));
                multiply::<L, 1>(values, weights, sums);
            }
        }
    }
}

/// Multiplies the first `TILES` tiles of a group with one product's weights of a block.
///
/// # Safety
/// `values` are those of a group, from one of its tiles on, with as many channels as there
/// are weights for each output, and `sums` has room for a block for each tile.
#[inline(always)]
unsafe fn multiply<L: Lanes, const TILES: usize>(
    mut values: *const i16,
    weights: &[i16],
    sums: *mut i32,
) {
    let mut registers = [[L::all(0); 2]; TILES];
    // A register holds `WIDTH` pairs of channels; weights of a pair are two registers.
    for weights in weights.chunks(L::WIDTH * 4 * L::WIDTH) {
        let mut pairs = values;
        for weights in weights.chunks_exact(4 * L::WIDTH) {
            let first = L::words(weights.as_ptr());
            let second = L::words(weights.as_ptr().add(2 * L::WIDTH));
            L::prefetch(weights.as_ptr().wrapping_add(AHEAD));
            for (tile, [a, b]) in registers.iter_mut().enumerate() {
                let pair = L::pair(pairs.add(tile * 2 * L::WIDTH));
                *a = a.add_products(pair, first);
                *b = b.add_products(pair, second);
            }
            pairs = pairs.add(2);
        }
        values = values.add(L::TILES * 2 * L::WIDTH);
    }
    for (tile, [a, b]) in registers.into_iter().enumerate() {
        let to = sums.add(tile * 2 * L::WIDTH);
        a.store(to);
        b.store(to.add(L::WIDTH));
    }
}
