//! The attributes that the Basic Profile names (PS3.15, table E.1-1).

use std::sync::LazyLock;

use crate::decode::dicom::dataset::Tag;

const TABLE: &str = include_str!("profile.txt");

/// An attribute that says or may say who the patient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Group.
    pub group: u16,
    /// Element.
    pub element: u16,
    /// What the Basic Profile does with it: `X`, `Z`, `D`, `U`, or several with slashes.
    pub action: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// All attributes of the table, by tag.
pub fn attributes() -> impl Iterator<Item = Attribute> {
    TABLE.lines().filter_map(|line| {
        let (tag, rest) = line.split_once(' ')?;
        let (group, element) = tag.split_once(',')?;
        let (action, name) = rest.trim_start().split_once(' ')?;
        let number = |text| u16::from_str_radix(text, 16).ok();
        let (group, element) = (number(group)?, number(element)?);
        Some(Attribute { group, element, action, name: name.trim() })
    })
}

/// The table, read once: a file has dozens of attributes that are not kept.
static BY_TAG: LazyLock<Vec<Attribute>> = LazyLock::new(|| attributes().collect());

/// What an attribute that is taken out is called.
pub(super) fn name(tag: Tag) -> String {
    let Tag(group, element) = tag;
    match group {
        _ if group % 2 == 1 => format!("private attributes of group {group:04X}"),
        0x5000..=0x50ff => "Curve Data".into(),
        0x6000..=0x60ff => "Overlay Data".into(),
        _ => BY_TAG
            .binary_search_by_key(&(group, element), |found| (found.group, found.element))
            .ok()
            .and_then(|at| BY_TAG.get(at))
            .map_or_else(|| format!("({group:04X},{element:04X})"), |found| found.name.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_to_its_last_line() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        let all: Vec<_> = attributes().collect();
        assert_eq!(all.len(), lines);
        assert!(all.len() > 640);
        assert!(all.is_sorted_by_key(|a| (a.group, a.element)));
        for a in &all {
            assert!(a.action.split('/').all(|part| ["X", "Z", "D", "U", "U*"].contains(&part)));
        }
        assert_eq!(name(Tag(0x0010, 0x0010)), "Patient's Name");
        assert_eq!(name(Tag(0x0009, 0x1001)), "private attributes of group 0009");
        assert_eq!(name(Tag(0x0018, 0x1405)), "(0018,1405)");
    }
}
