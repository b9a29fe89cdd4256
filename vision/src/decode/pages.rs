//! Whether a TIFF has pages beside the one that is decoded, which would be lost without a word.

/// How many directories are looked at: those of a damaged file may lead in circles.
const MOST: usize = 64;
/// How many entries a directory has at most: no writer makes more than a few dozen.
const MOST_ENTRIES: usize = 4096;
/// The tag that says what the picture of a directory is for.
const NEW_SUBFILE_TYPE: u64 = 254;
/// What it says of a smaller copy of a page, and of a mask over one.
const NO_PAGE: u64 = 0b101;
/// The tag of a picture's width, which each has.
const WIDTH: u64 = 256;

/// Whether there are further pages. Smaller copies and masks are none, and what cannot be read does
/// not count: it is behind the page that is decoded.
pub(super) fn are_several(bytes: &[u8]) -> bool {
    let tiff = Tiff {
        bytes,
        is_big_endian: bytes.starts_with(b"MM"),
        is_large: bytes.get(2..4).is_some_and(|version| version.contains(&b'+')),
    };
    let first = tiff.place(if tiff.is_large { 8 } else { 4 });
    let mut next = first.and_then(|at| tiff.directory(at)).and_then(|(_, next)| next);
    for _ in 0..MOST {
        let other = next.filter(|at| first != Some(*at));
        let Some((is_page, after)) = other.and_then(|at| tiff.directory(at)) else { return false };
        if is_page {
            return true;
        }
        next = after;
    }
    false
}

/// A file, and how it writes numbers.
struct Tiff<'a> {
    bytes: &'a [u8],
    is_big_endian: bool,
    /// Whether it is a BigTIFF, whose places take eight bytes.
    is_large: bool,
}

impl Tiff<'_> {
    fn number(&self, at: usize, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let add = |number: u64, byte: &u8| (number << 8) | u64::from(*byte);
        Some(match self.is_big_endian {
            true => bytes.iter().fold(0, add),
            false => bytes.iter().rev().fold(0, add),
        })
    }

    /// The place that is written at another one; none where that ends the list, or is not there.
    fn place(&self, at: usize) -> Option<usize> {
        let place = self.number(at, if self.is_large { 8 } else { 4 })?;
        usize::try_from(place).ok().filter(|place| (1..self.bytes.len()).contains(place))
    }

    /// Whether the directory at a place is that of a page, and where the next one is.
    fn directory(&self, at: usize) -> Option<(bool, Option<usize>)> {
        let (head, each, value) = if self.is_large { (8, 20, 12) } else { (2, 12, 8) };
        let count = usize::try_from(self.number(at, head)?).ok();
        let count = count.filter(|count| *count <= MOST_ENTRIES)?;
        let entries = at.checked_add(head)?;
        let end = entries.checked_add(count.checked_mul(each)?)?;
        if end > self.bytes.len() {
            return None;
        }
        let (mut has_width, mut what) = (false, 0);
        for entry in (entries..end).step_by(each) {
            match self.number(entry, 2)? {
                WIDTH => has_width = true,
                NEW_SUBFILE_TYPE => what = self.number(entry + value, 4)?,
                _ => {}
            }
        }
        Some((has_width && what & NO_PAGE == 0, self.place(end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Directories one behind the other, for what each of these says.
    fn file(is_big_endian: bool, is_large: bool, all: &[u32]) -> Vec<u8> {
        let number = |value: u64, size: usize| match is_big_endian {
            true => value.to_be_bytes()[8 - size..].to_vec(),
            false => value.to_le_bytes()[..size].to_vec(),
        };
        let place = if is_large { 8 } else { 4 };
        let mut bytes = if is_big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        bytes.extend(number(if is_large { 43 } else { 42 }, 2));
        if is_large {
            bytes.extend([number(8, 2), number(0, 2)].concat());
        }
        bytes.extend(number((bytes.len() + place) as u64, place));
        for (index, what) in all.iter().enumerate() {
            let is_last = index + 1 == all.len();
            bytes.extend(number(2, if is_large { 8 } else { 2 }));
            for (tag, value) in [(NEW_SUBFILE_TYPE, u64::from(*what)), (WIDTH, 9)] {
                bytes.extend([number(tag, 2), number(4, 2), number(1, place)].concat());
                bytes.extend(number(value, 4));
                bytes.resize(bytes.len() + place - 4, 0);
            }
            let next = if is_last { 0 } else { bytes.len() + place };
            bytes.extend(number(next as u64, place));
        }
        bytes
    }

    #[test]
    fn pages_are_counted_in_every_order_of_bytes() {
        for (is_big_endian, is_large) in
            [(false, false), (true, false), (false, true), (true, true)]
        {
            let several = |all: &[u32]| are_several(&file(is_big_endian, is_large, all));
            assert!(!several(&[0]) && !several(&[2]));
            // A smaller copy, and a mask.
            assert!(!several(&[0, 1, 4]));
            assert!(several(&[0, 0]) && several(&[2, 2]) && several(&[0, 1, 0]));
        }
    }

    #[test]
    fn what_is_damaged_behind_the_first_page_is_none() {
        let whole = file(false, false, &[0, 0]);
        for length in 0..whole.len() - 4 {
            assert!(!are_several(&whole[..length]), "{length}");
        }
        // The only directory follows itself.
        let mut circle = file(false, false, &[0]);
        let end = circle.len() - 4;
        circle[end..].copy_from_slice(&8u32.to_le_bytes());
        assert!(!are_several(&circle));
    }
}
