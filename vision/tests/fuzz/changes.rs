//! What is done to a file.

use proptest::prelude::*;

/// What is done to a file.
#[derive(Clone, Debug)]
pub enum Change {
    Set(usize, u8),
    Number(usize, u32, bool),
    Cut(usize),
    Repeat(usize, usize, usize),
    Remove(usize, usize),
}

impl Change {
    /// Does it.
    pub fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len().max(1);
        match *self {
            Self::Set(at, value) => {
                if let Some(byte) = bytes.get_mut(at % length) {
                    *byte = value;
                }
            }
            Self::Number(at, value, big) => {
                let four = if big { value.to_be_bytes() } else { value.to_le_bytes() };
                let at = at % length;
                if let Some(place) = bytes.get_mut(at..at + 4) {
                    place.copy_from_slice(&four);
                }
            }
            Self::Cut(at) => bytes.truncate(at % length),
            Self::Repeat(from, to, size) => {
                let (from, to) = (from % length, to % length);
                let part = bytes[from..(from + size).min(bytes.len())].to_vec();
                bytes.splice(to..to, part);
            }
            Self::Remove(at, size) => {
                let at = at % length;
                bytes.drain(at.min(bytes.len())..(at + size).min(bytes.len()));
            }
        }
    }
}

/// Most of what matters stands at the beginning.
fn at() -> impl Strategy<Value = usize> {
    prop_oneof![0..64usize, 0..1200usize, any::<usize>()]
}

/// Any of them.
pub fn change() -> impl Strategy<Value = Change> {
    let number = prop_oneof![
        any::<u32>(),
        0..70_000u32,
        (0..32u32).prop_map(|bit| (1u64 << bit) as u32),
        (0..16u32).prop_map(|less| u32::MAX - less),
    ];
    prop_oneof![
        4 => (at(), any::<u8>()).prop_map(|(at, value)| Change::Set(at, value)),
        3 => (at(), number, any::<bool>())
            .prop_map(|(at, value, big)| Change::Number(at, value, big)),
        1 => at().prop_map(Change::Cut),
        1 => (at(), at(), 0..300usize).prop_map(|(from, to, size)| Change::Repeat(from, to, size)),
        1 => (at(), 0..300usize).prop_map(|(at, size)| Change::Remove(at, size)),
    ]
}
