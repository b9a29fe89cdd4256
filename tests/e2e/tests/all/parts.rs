//! Parts of a test, which share what they run on.
//!
//! A node compiles the runtime when it starts, which costs more than most parts do. Each part
//! says in its own words what failed, and its name is the one that a test of its own would have.

use std::panic::{catch_unwind, AssertUnwindSafe};

/// A part, with its name.
pub type Part<'a, T> = (&'a str, fn(&T));

/// Runs parts one after another, and says at the end which of them failed: a failure keeps none
/// of the others from being run.
pub fn run<T>(shared: &T, parts: &[Part<T>]) {
    let mut failed = Vec::new();
    for (number, (name, part)) in (1..).zip(parts) {
        eprintln!("part {number} of {}: {name}", parts.len());
        if catch_unwind(AssertUnwindSafe(|| part(shared))).is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "failed: {}", failed.join(", "));
}

/// As [`run`], with functions that are their own names: `in_turn!(world, one, another)`.
macro_rules! in_turn {
    ($shared:expr, $($part:path),+ $(,)?) => {
        $crate::parts::run(&$shared, &[$((stringify!($part), $part)),+])
    };
}
pub(crate) use in_turn;
