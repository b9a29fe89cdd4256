//! Rows of an input with what lies beyond their ends.

use super::Shape;

/// The pixel at (`y`, `x`) of an input, both counted with a border of one pixel; `None`
/// beyond the edge.
#[inline(always)]
pub(super) fn pixel<'a>(input: &'a [u8], shape: &Shape, y: usize, x: usize) -> Option<&'a [u8]> {
    let Shape { size, inputs, .. } = *shape;
    let inside = 1..=size;
    if !inside.contains(&y) || !inside.contains(&x) {
        return None;
    }
    let start = ((y - 1) * size + (x - 1)) * inputs;
    input.get(start..start + inputs)
}
