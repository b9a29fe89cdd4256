//! Exact area resampling in integers.
//!
//! Source and target pixels are laid over each other on a line of
//! `side × size` units, where a source pixel has `size` units and a target
//! pixel `side`. All overlaps are whole numbers, so the weighted sums are
//! exact and the only rounding is the last one. It works in both directions:
//! a target pixel smaller than a source pixel takes its grey.

use crate::GreyImage;

/// The centre square of `image`, resampled to `size` × `size` greys.
pub(super) fn resample_square(image: &GreyImage, size: u32) -> Vec<u8> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let side = width.min(height);
    let (left, top) = ((width - side) / 2, (height - side) / 2);
    let size = size as usize;
    let mut sums = vec![0u64; size * size];
    let mut across = vec![0u64; size];
    let rows = image.pixels().chunks(width).skip(top).take(side);
    for (y, row) in rows.enumerate() {
        let row = row.get(left..left + side).unwrap_or_default();
        across.fill(0);
        for (x, grey) in row.iter().enumerate() {
            overlaps(x, side, size, |target, weight| {
                across[target] += weight * u64::from(*grey);
            });
        }
        overlaps(y, side, size, |target, weight| {
            let sums = &mut sums[target * size..(target + 1) * size];
            for (sum, value) in sums.iter_mut().zip(&across) {
                *sum += weight * value;
            }
        });
    }
    let total = (side * side) as u64;
    sums.iter().map(|sum| ((2 * sum + total) / (2 * total)) as u8).collect()
}

/// Calls `add` with every target pixel that source pixel `source` overlaps,
/// and by how many units.
fn overlaps(source: usize, side: usize, size: usize, mut add: impl FnMut(usize, u64)) {
    let (start, end) = (source * size, (source + 1) * size);
    let mut at = start;
    while at < end {
        let target = at / side;
        let next = ((target + 1) * side).min(end);
        add(target, (next - at) as u64);
        at = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, height: u32, pixels: &[u8]) -> GreyImage {
        GreyImage::new(width, height, pixels.to_vec()).unwrap()
    }

    #[test]
    fn the_same_size_is_the_same_image() {
        let pixels: Vec<u8> = (0..=255).collect();
        assert_eq!(resample_square(&grey(16, 16, &pixels), 16), pixels);
    }

    #[test]
    fn halving_averages_and_rounds_half_up() {
        let image = grey(2, 2, &[0, 0, 1, 1]);
        assert_eq!(resample_square(&image, 1), [1]);
        let image = grey(2, 2, &[0, 0, 0, 1]);
        assert_eq!(resample_square(&image, 1), [0]);
    }

    #[test]
    fn thirds_are_shared_between_neighbours() {
        // Three pixels to two: each target has one pixel and a half.
        let row = [0, 90, 240];
        let image = grey(3, 3, &[row, row, row].concat());
        assert_eq!(resample_square(&image, 2), [30, 190, 30, 190]);
    }

    #[test]
    fn enlarging_repeats() {
        let image = grey(2, 2, &[10, 20, 30, 40]);
        let expected = [10, 10, 20, 20, 10, 10, 20, 20, 30, 30, 40, 40, 30, 30, 40, 40];
        assert_eq!(resample_square(&image, 4), expected);
    }

    #[test]
    fn the_middle_of_the_longer_side_is_taken() {
        assert_eq!(resample_square(&grey(4, 1, &[1, 2, 3, 4]), 1), [2]);
        assert_eq!(resample_square(&grey(1, 5, &[1, 2, 3, 4, 5]), 1), [3]);
    }

    #[test]
    fn white_stays_white_at_every_size() {
        for side in [1u32, 7, 223, 224, 225, 1000] {
            let image = grey(side, side, &vec![255; (side * side) as usize]);
            assert!(resample_square(&image, 224).iter().all(|v| *v == 255));
        }
    }
}
