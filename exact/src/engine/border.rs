//! Inputs with what lies beyond their edge.

use super::Shape;

/// Copies `down` rows of `across` pixels from an input that has a border, so that pixel
/// (0, 0) of it is the border's corner. The first row is `first`; what lies beyond the edge
/// is the border's value everywhere. A pixel of `to` has `channels` bytes, and those that
/// the input does not have are left as they are.
pub(super) fn with_border(
    input: &[u8],
    shape: &Shape,
    first: usize,
    [down, across, channels]: [usize; 3],
    to: &mut [u8],
) {
    let Shape { size, inputs, border, .. } = *shape;
    let row = across * channels;
    for (y, to) in (first..first + down).zip(to.chunks_exact_mut(row)) {
        if !(1..=size).contains(&y) {
            to.fill(border);
            continue;
        }
        let from = &input[(y - 1) * size * inputs..][..size * inputs];
        let (left, rest) = to.split_at_mut(channels);
        let (inside, right) = rest.split_at_mut(size * channels);
        left.fill(border);
        right.fill(border);
        if channels == inputs {
            inside.copy_from_slice(from);
        } else {
            for (to, from) in inside.chunks_exact_mut(channels).zip(from.chunks_exact(inputs)) {
                to[..inputs].copy_from_slice(from);
            }
        }
    }
}
