//! The attributes that stay, because the picture is shown with them.
//!
//! A list of what stays, not of what goes: the standard gains attributes every year, and
//! whatever this program does not know is taken out.

use crate::decode::dicom::dataset::Tag;

/// What an attribute may hold; anything else is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Whole numbers of 16 bits, at most so many.
    Numbers(usize),
    /// Decimal numbers as text.
    Decimals,
    /// Some of these words.
    Words(&'static [&'static str]),
    /// The UID of a class, which is the standard's.
    Class,
    /// A UID that gets a new value.
    NewUid,
}

use Content::{Class, Decimals, NewUid, Numbers, Words};

/// An attribute that stays.
pub(super) struct Kept {
    pub(super) tag: Tag,
    pub(super) representation: &'static [u8; 2],
    pub(super) content: Content,
}

const fn kept(
    group: u16,
    element: u16,
    representation: &'static [u8; 2],
    content: Content,
) -> Kept {
    Kept { tag: Tag(group, element), representation, content }
}

const YES_NO: Content = Words(&["YES", "NO"]);
const SIDES: &[&str] = &["A", "P", "L", "R", "H", "F", "U", "B"];

/// Of the data set, besides pixels and lookup tables.
pub(super) const ATTRIBUTES: &[Kept] = &[
    kept(0x0008, 0x0008, b"CS", Words(&["ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY"])),
    kept(0x0008, 0x0016, b"UI", Class),
    kept(0x0008, 0x0018, b"UI", NewUid),
    kept(0x0008, 0x0060, b"CS", Words(&["CR", "DX", "RG", "RF", "XA", "OT", "SC", "XC", "CT"])),
    kept(0x0018, 0x0015, b"CS", Words(&["CHEST", "LUNG", "THORAX", "RIB"])),
    kept(
        0x0018,
        0x5101,
        b"CS",
        Words(&["AP", "PA", "LL", "RL", "RLD", "LLD", "RLO", "LLO", "LAT", "LATERAL"]),
    ),
    kept(0x0018, 0x1164, b"DS", Decimals),
    kept(0x0020, 0x000d, b"UI", NewUid),
    kept(0x0020, 0x000e, b"UI", NewUid),
    kept(0x0020, 0x0020, b"CS", Words(SIDES)),
    kept(0x0020, 0x0060, b"CS", Words(SIDES)),
    kept(0x0020, 0x0062, b"CS", Words(SIDES)),
    kept(0x0028, 0x0002, b"US", Numbers(1)),
    kept(
        0x0028,
        0x0004,
        b"CS",
        Words(&[
            "MONOCHROME1",
            "MONOCHROME2",
            "RGB",
            "YBR_FULL",
            "YBR_FULL_422",
            "YBR_ICT",
            "YBR_RCT",
        ]),
    ),
    kept(0x0028, 0x0006, b"US", Numbers(1)),
    kept(0x0028, 0x0008, b"IS", Decimals),
    kept(0x0028, 0x0010, b"US", Numbers(1)),
    kept(0x0028, 0x0011, b"US", Numbers(1)),
    kept(0x0028, 0x0030, b"DS", Decimals),
    kept(0x0028, 0x0034, b"IS", Decimals),
    kept(0x0028, 0x0100, b"US", Numbers(1)),
    kept(0x0028, 0x0101, b"US", Numbers(1)),
    kept(0x0028, 0x0102, b"US", Numbers(1)),
    kept(0x0028, 0x0103, b"US", Numbers(1)),
    kept(0x0028, 0x0120, b"US", Numbers(1)),
    kept(0x0028, 0x0301, b"CS", YES_NO),
    kept(0x0028, 0x0302, b"CS", YES_NO),
    kept(0x0028, 0x1040, b"CS", Words(&["LIN", "LOG", "DISP"])),
    kept(0x0028, 0x1041, b"SS", Numbers(1)),
    kept(0x0028, 0x1050, b"DS", Decimals),
    kept(0x0028, 0x1051, b"DS", Decimals),
    kept(0x0028, 0x1052, b"DS", Decimals),
    kept(0x0028, 0x1053, b"DS", Decimals),
    kept(0x0028, 0x1056, b"CS", Words(&["LINEAR", "LINEAR_EXACT", "SIGMOID"])),
    kept(0x0028, 0x2110, b"CS", Words(&["00", "01"])),
    kept(0x2050, 0x0020, b"CS", Words(&["IDENTITY", "INVERSE"])),
];

/// Of an item of a lookup table.
pub(super) const LUT_ATTRIBUTES: &[Kept] =
    &[kept(0x0028, 0x3002, b"US", Numbers(3)), kept(0x0028, 0x3006, b"OW", Numbers(65_536))];

/// What objects must have (type 2), and may leave empty.
pub(super) const EMPTY: &[(Tag, &[u8; 2])] = &[
    (Tag(0x0008, 0x0020), b"DA"),
    (Tag(0x0008, 0x0030), b"TM"),
    (Tag(0x0008, 0x0050), b"SH"),
    (Tag(0x0008, 0x0090), b"PN"),
    (Tag(0x0010, 0x0010), b"PN"),
    (Tag(0x0010, 0x0020), b"LO"),
    (Tag(0x0010, 0x0030), b"DA"),
    (Tag(0x0010, 0x0040), b"CS"),
    (Tag(0x0020, 0x0010), b"SH"),
    (Tag(0x0020, 0x0011), b"IS"),
    (Tag(0x0020, 0x0013), b"IS"),
];

impl Kept {
    /// The value in little endian, or `None` where it is not of the kind that stays.
    pub(super) fn value(&self, bytes: &[u8], big: bool) -> Option<Vec<u8>> {
        match self.content {
            Numbers(most) => {
                let numbers = crate::decode::dicom::file::numbers(bytes, big).take(most);
                Some(numbers.flat_map(u16::to_le_bytes).collect())
            }
            Decimals => {
                let fits = |b: &u8| b.is_ascii_digit() || b"+-.eE\\ ".contains(b);
                let text = trimmed(bytes);
                // A short number, not somebody's.
                let is_short = text.split(|b| *b == b'\\').all(|part| part.len() <= 16);
                (text.iter().all(fits) && is_short && text.len() <= 128).then(|| text.to_vec())
            }
            Words(words) => {
                let text = std::str::from_utf8(trimmed(bytes)).ok()?;
                let some: Vec<&str> =
                    text.split('\\').map(str::trim).filter(|word| words.contains(word)).collect();
                (!some.is_empty()).then(|| some.join("\\").into_bytes())
            }
            Class => {
                let text = trimmed(bytes);
                let fits = |b: &u8| b.is_ascii_digit() || *b == b'.';
                let is_standard = text.starts_with(b"1.2.840.10008.") && text.len() <= 64;
                (is_standard && text.iter().all(fits)).then(|| text.to_vec())
            }
            // Written by whoever knows the new value.
            NewUid => None,
        }
    }
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let padding = |b: &u8| *b == 0 || *b == b' ';
    let start = bytes.iter().position(|b| !padding(b)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|b| !padding(b)).map_or(start, |at| at + 1);
    &bytes[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_stays_that_the_profile_takes_out() {
        for attribute in super::super::attributes() {
            let tag = Tag(attribute.group, attribute.element);
            for kept in ATTRIBUTES.iter().chain(LUT_ATTRIBUTES).filter(|kept| kept.tag == tag) {
                assert_eq!(kept.content, NewUid, "{}", attribute.name);
                assert_eq!(attribute.action, "U", "{}", attribute.name);
            }
        }
        assert!(ATTRIBUTES.is_sorted_by_key(|kept| kept.tag) || ATTRIBUTES.len() > 1);
    }

    #[test]
    fn values_of_another_kind_go() {
        let of = |group, element| {
            ATTRIBUTES.iter().find(|kept| kept.tag == Tag(group, element)).unwrap()
        };
        let body = of(0x0018, 0x0015);
        assert_eq!(body.value(b"CHEST ", false).unwrap(), b"CHEST");
        assert_eq!(body.value(b"MUSTER", false), None);
        let window = of(0x0028, 0x1050);
        assert_eq!(window.value(b"2048.0\\40", false).unwrap(), b"2048.0\\40");
        assert_eq!(window.value(b"Muster^Erika", false), None);
        assert_eq!(window.value(b"19640812196408121964", false), None);
        let kind = of(0x0008, 0x0008);
        assert_eq!(kind.value(b"DERIVED\\PRIMARY\\ERIKA", false).unwrap(), b"DERIVED\\PRIMARY");
        assert_eq!(of(0x0028, 0x0010).value(&[1, 2, 3, 4], true).unwrap(), [2, 1]);
        assert_eq!(of(0x0008, 0x0016).value(b"1.2.276.0.7230010.3", false), None);
    }
}
