//! Whatever stands in a file, decoding and cleaning it ends, without a panic, and within the
//! memory that is promised.
//!
//! `make fuzz` tries a million files. There is a test for each family of decoders, and they
//! run side by side.

mod changes;
mod memory;
mod seeds;

use medchain_vision::{decode, deidentify, MAX_DECODE_BYTES};
use proptest::{prelude::*, test_runner::TestRunner};

use changes::change;
use memory::peak;

/// Decodes and cleans, within the promised memory.
fn try_both(bytes: &[u8]) {
    let (decoded, most) = peak(|| decode(bytes));
    assert!(most <= MAX_DECODE_BYTES, "{most} bytes to decode a file of {}", bytes.len());
    let (cleaned, most) = peak(|| deidentify(bytes));
    // The greys before and after, and the cleaned file.
    assert!(most <= MAX_DECODE_BYTES * 3 / 2, "{most} bytes to clean a file");
    match (decoded, cleaned) {
        (Ok(image), Ok(cleaned)) => assert_eq!(decode(&cleaned.bytes), Ok(image)),
        (Err(error), Err(_)) => assert!(!error.to_string().contains('\n')),
        // What cannot be cleaned without a change of its greys is refused.
        (Ok(_), Err(_)) => {}
        (Err(error), Ok(_)) => panic!("cleaned what does not decode: {error}"),
    }
}

/// `PROPTEST_CASES`, or a number that takes seconds.
fn cases() -> ProptestConfig {
    let few = if std::env::var_os("PROPTEST_CASES").is_some() { None } else { Some(400) };
    let usual = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    ProptestConfig { cases: few.unwrap_or(usual.cases), ..usual }
}

/// Changes these files in many ways, and tries each.
fn try_changed(seeds: &[Vec<u8>]) {
    assert!(!seeds.is_empty());
    let changes = prop::collection::vec(change(), 1..6);
    let strategy = (any::<prop::sample::Index>(), changes);
    let tried = TestRunner::new(cases()).run(&strategy, |(which, changes)| {
        let mut bytes = which.get(seeds).clone();
        changes.iter().for_each(|change| change.apply(&mut bytes));
        try_both(&bytes);
        Ok(())
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}

#[test]
fn changed_png_is_read_or_refused() {
    try_changed(&seeds::files(|name| name.ends_with(".png")));
}

#[test]
fn changed_jpeg_is_read_or_refused() {
    try_changed(&seeds::files(|name| name.ends_with(".jpg")));
}

#[test]
fn changed_images_out_of_dicom_are_read_or_refused() {
    let jpeg_2000 = seeds::files(|name| name.ends_with(".jp2"));
    try_changed(&[seeds::frames(), jpeg_2000].concat());
}

#[test]
fn changed_plain_dicom_is_read_or_refused() {
    try_changed(&seeds::files(|name| name.ends_with(".dcm") && !seeds::is_compressed_dicom(name)));
}

#[test]
fn changed_compressed_dicom_is_read_or_refused() {
    try_changed(&seeds::files(seeds::is_compressed_dicom));
}

#[test]
fn changed_tiff_is_read_or_refused() {
    try_changed(&seeds::files(|name| name.ends_with(".tif")));
}

#[test]
fn changed_bmp_webp_and_pnm_are_read_or_refused() {
    let ends = [".bmp", ".webp", ".pgm", ".ppm"];
    try_changed(&seeds::files(|name| ends.iter().any(|end| name.ends_with(end))));
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn random_bytes_are_refused(
        start in prop::sample::select(vec![
            &b""[..], b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xd8\xff\xf7", b"II*\0", b"MM\0*", b"BM",
            b"RIFF\0\0\0\0WEBP", b"\x08\0\x05\0CS", b"\x08\0\0\0", b"\xff\x4f\xff\x51", b"P5 ",
            b"\0\0\0\x0cjP  \r\n\x87\n",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        try_both(&[start, &rest].concat());
    }
}

#[test]
fn what_is_changed_is_small_and_mostly_read() {
    let all = [seeds::files(|_| true), seeds::frames()].concat();
    assert!(all.len() > 50);
    let read: Vec<_> = all.iter().filter_map(|seed| decode(seed).ok()).collect();
    assert!(read.iter().all(|film| film.pixels().len() < 1000));
    // Several frames, a window that shows nothing and lossy JPEG 2000, which are refused late.
    assert!(all.len() - read.len() < 8);
}

/// A WebP with a lossy picture and transparency, changed; what is said of it, and what that takes.
fn refused_webp(change: impl FnOnce(&mut Vec<u8>)) -> (String, u64) {
    let mut bytes = seeds::files(|name| name == "four-channels.webp").remove(0);
    change(&mut bytes);
    let (refused, most) = peak(|| decode(&bytes));
    (refused.unwrap_err().to_string(), most)
}

/// The planes of the largest frame are 384 MiB by themselves: the decoder made room for them, and
/// then saw that the picture is another.
#[test]
fn a_frame_of_another_size_than_the_webp_takes_nothing() {
    let (error, most) = refused_webp(|bytes| {
        let part = bytes.windows(4).position(|name| name == b"VP8 ").unwrap();
        bytes[part + 14..part + 18].copy_from_slice(&[0xff; 4]);
    });
    assert!(error.contains("another size"), "{error}");
    assert!(most < 1 << 20, "{most}");
}

#[test]
fn exif_that_promises_more_than_the_file_has_takes_nothing() {
    let (error, most) = refused_webp(|bytes| {
        bytes.extend(b"EXIF");
        bytes.extend(0xffff_fff0_u32.to_le_bytes());
    });
    assert!(error.contains("WebP"), "{error}");
    assert!(most < 1 << 20, "{most}");
}

/// A header that promises the most pixels, with data that keep the promise.
#[test]
fn the_largest_sixteen_bit_png_takes_what_its_greys_take() {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 8000, 8000);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Sixteen);
    encoder.set_compression(png::Compression::Fastest);
    let mut writer = encoder.write_header().unwrap();
    let mut stream = writer.stream_writer().unwrap();
    let row = [0x80; 8 * 8000];
    for _ in 0..8000 {
        std::io::Write::write_all(&mut stream, &row).unwrap();
    }
    stream.finish().unwrap();
    drop(writer);
    let (image, most) = peak(|| decode(&bytes));
    assert_eq!(image.unwrap().pixels().len(), 64_000_000);
    println!("{} MiB for 64 megapixels of 16-bit RGBA", most >> 20);
    assert!(most < 160 << 20, "{most}");
}
