//! Any decoded image to 8-bit grey, in integers.

use image::DynamicImage;

/// The greys of `image`, row after row.
pub(super) fn pixels(image: &DynamicImage) -> Vec<u8> {
    match image {
        DynamicImage::ImageLuma8(grey) => grey.as_raw().clone(),
        DynamicImage::ImageLumaA8(grey) => {
            let pixels = grey.pixels().map(|p| p.0);
            pixels.map(|[l, a]| over_black(l, a)).collect()
        }
        DynamicImage::ImageRgb8(rgb) => rgb.pixels().map(|p| luma(p.0)).collect(),
        DynamicImage::ImageRgba8(rgba) => {
            let pixels = rgba.pixels().map(|p| p.0);
            pixels.map(|[r, g, b, a]| over_black(luma([r, g, b]), a)).collect()
        }
        DynamicImage::ImageLuma16(grey) => grey.pixels().map(|p| narrow(p.0[0])).collect(),
        DynamicImage::ImageLumaA16(grey) => {
            let pixels = grey.pixels().map(|p| p.0.map(narrow));
            pixels.map(|[l, a]| over_black(l, a)).collect()
        }
        DynamicImage::ImageRgb16(rgb) => rgb.pixels().map(|p| luma(p.0.map(narrow))).collect(),
        DynamicImage::ImageRgba16(rgba) => {
            let pixels = rgba.pixels().map(|p| p.0.map(narrow));
            pixels.map(|[r, g, b, a]| over_black(luma([r, g, b]), a)).collect()
        }
        // Float images, which come from no PNG or JPEG.
        other => {
            let rgba = other.to_rgba16();
            let pixels = rgba.pixels().map(|p| p.0.map(narrow));
            pixels.map(|[r, g, b, a]| over_black(luma([r, g, b]), a)).collect()
        }
    }
}

/// The weights of ITU-R BT.601, in thousandths, rounded half up.
pub(super) fn luma([r, g, b]: [u8; 3]) -> u8 {
    let sum = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b) + 500;
    (sum / 1000) as u8
}

/// 16 bit to 8 bit, rounded: 65535 becomes 255.
fn narrow(value: u16) -> u8 {
    ((u32::from(value) * 255 + 32_767) / 65_535) as u8
}

/// A pixel laid over black.
fn over_black(grey: u8, alpha: u8) -> u8 {
    ((u32::from(grey) * u32::from(alpha) + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extremes_and_the_middle_are_kept() {
        assert_eq!(luma([255, 255, 255]), 255);
        assert_eq!(luma([0, 0, 0]), 0);
        assert_eq!(luma([255, 0, 0]), 76);
        assert_eq!(narrow(65_535), 255);
        assert_eq!(narrow(0x8080), 128);
        assert_eq!(narrow(128), 0);
        assert_eq!(narrow(129), 1);
        assert_eq!(over_black(200, 255), 200);
        assert_eq!(over_black(200, 0), 0);
    }

    #[test]
    fn grey_colours_keep_their_grey() {
        for v in 0..=255u8 {
            assert_eq!(luma([v, v, v]), v);
            assert_eq!(narrow(u16::from(v) * 257), v);
        }
    }
}
