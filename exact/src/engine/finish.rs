//! Where activations go.

use super::split::Piece;

/// Rows of an output after pooling, with some of its channels.
pub(super) struct Place<'a> {
    /// What the rows become.
    out: &'a mut [u8],
    /// The first of the channels.
    first: usize,
    /// How many channels there are.
    channels: usize,
    /// Pixels of a row.
    width: usize,
}

impl<'a> Place<'a> {
    /// `size` is that of a row before pooling.
    pub(super) fn new(out: &'a mut [u8], piece: &Piece, size: usize, pool: bool) -> Self {
        let (first, channels) = (piece.channels.start, piece.channels.len());
        Self { out, first, channels, width: if pool { size / 2 } else { size } }
    }

    /// The room for one pixel's channels, `count` of them from channel `from` on, or as many
    /// as there are, perhaps none. `y` counts from the first of these rows.
    #[inline(always)]
    pub(super) fn at(&mut self, y: usize, x: usize, from: usize, count: usize) -> &mut [u8] {
        let from = (from - self.first).min(self.channels);
        let to = (from + count).min(self.channels);
        let start = (y * self.width + x) * self.channels;
        &mut self.out[start + from..start + to]
    }
}
