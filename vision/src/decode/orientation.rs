//! Which way is up: EXIF tag 0x0112, as viewers apply it.

use image::metadata::Orientation;

use super::GreyImage;

/// The image as every viewer shows it.
pub(super) fn upright(image: GreyImage, orientation: Orientation) -> GreyImage {
    if orientation == Orientation::NoTransforms {
        return image;
    }
    let (width, height) = (image.width as usize, image.height as usize);
    let number = orientation.to_exif();
    let (across, down) = if number >= 5 { (height, width) } else { (width, height) };
    let mut pixels = Vec::with_capacity(image.pixels.len());
    for y in 0..down {
        for x in 0..across {
            let (column, row) = match number {
                2 => (width - 1 - x, y),
                3 => (width - 1 - x, height - 1 - y),
                4 => (x, height - 1 - y),
                5 => (y, x),
                6 => (y, height - 1 - x),
                7 => (width - 1 - y, height - 1 - x),
                8 => (width - 1 - y, x),
                _ => (x, y),
            };
            pixels.push(image.pixels[row * width + column]);
        }
    }
    GreyImage { width: across as u32, height: down as u32, pixels }
}

/// The orientation of an EXIF block, which begins with its byte order.
///
/// A block that is broken says nothing, as viewers have it.
pub(crate) fn of_exif(exif: &[u8]) -> Orientation {
    Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms)
}

/// The smallest EXIF block that says `orientation`, as a scanner would write it.
pub(crate) fn exif(orientation: Orientation) -> Vec<u8> {
    let mut block = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    block.push(orientation.to_exif());
    block.extend([0; 6]);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_orientation_puts_the_picture_upright() {
        // Where the upright picture `1 2 3 / 4 5 6` has its pixels in the file.
        let stored: [(u8, u32, [u8; 6]); 8] = [
            (1, 3, [1, 2, 3, 4, 5, 6]),
            (2, 3, [3, 2, 1, 6, 5, 4]),
            (3, 3, [6, 5, 4, 3, 2, 1]),
            (4, 3, [4, 5, 6, 1, 2, 3]),
            (5, 2, [1, 4, 2, 5, 3, 6]),
            (6, 2, [3, 6, 2, 5, 1, 4]),
            (7, 2, [6, 3, 5, 2, 4, 1]),
            (8, 2, [4, 1, 5, 2, 6, 3]),
        ];
        for (number, width, pixels) in stored {
            let image = GreyImage::new(width, 6 / width, pixels.to_vec()).unwrap();
            let orientation = Orientation::from_exif(number).unwrap();
            let found = upright(image, orientation);
            assert_eq!((found.width, found.height), (3, 2), "{number}");
            assert_eq!(found.pixels, [1, 2, 3, 4, 5, 6], "{number}");
            assert_eq!(of_exif(&exif(orientation)), orientation);
        }
        assert_eq!(of_exif(b"nothing"), Orientation::NoTransforms);
    }
}
