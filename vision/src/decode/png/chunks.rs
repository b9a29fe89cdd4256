//! The chunks of a PNG, for what its decoder does not say.

/// One chunk that is wholly there.
pub(crate) struct Chunk<'a> {
    /// Four letters.
    pub(crate) kind: [u8; 4],
    /// Without length, letters and checksum.
    pub(crate) body: &'a [u8],
    /// With all of them.
    pub(crate) whole: &'a [u8],
}

/// The chunks up to the end of the image or of the file.
pub(crate) fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let mut at = super::SIGNATURE.len();
    let mut ended = false;
    std::iter::from_fn(move || {
        let head: &[u8; 8] = bytes.get(at..)?.first_chunk().filter(|_| !ended)?;
        let [a, b, c, d, kind @ ..] = *head;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
        let end = length.checked_add(12)?.checked_add(at)?;
        let whole = bytes.get(at..end)?;
        at = end;
        ended = kind == *b"IEND";
        Some(Chunk { kind, body: &whole[8..8 + length], whole })
    })
}
