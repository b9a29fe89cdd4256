//! Writes the greys of an image file, as the network's first step sees them, as an 8-bit PNG.
//!
//! `greys IN OUT.png`. Training reads what DICOM and other formats hold through this, so that
//! there is one decoder of each (`docs/adr/0030-hospital-files.md`).

use image::{codecs::png::PngEncoder, ExtendedColorType, ImageEncoder};
use medchain_vision::decode;

type Anything = Box<dyn std::error::Error>;

fn main() -> Result<(), Anything> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to] = arguments.as_slice() else { return Err("usage: greys IN OUT.png".into()) };
    let image = decode(&std::fs::read(from)?)?;
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(
        image.pixels(),
        image.width(),
        image.height(),
        ExtendedColorType::L8,
    )?;
    std::fs::write(to, png)?;
    Ok(())
}
