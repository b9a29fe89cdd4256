//! Memory that starts with a cache line, and memory that a thread uses again.
//!
//! A load of 64 bytes that is not aligned touches two lines. And memory that is new for each
//! piece of work has to be cleared each time, in a cache that has better uses.

use core::cell::RefCell;
use core::ops::{Deref, DerefMut};

/// Bytes of a cache line.
const LINE: usize = 64;

/// Numbers from the start of a cache line on.
pub(super) struct Aligned<T> {
    memory: Vec<T>,
    start: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// So many zeros.
    pub(super) fn zeros(count: usize) -> Self {
        let spare = LINE / size_of::<T>();
        let memory = vec![T::default(); count + spare];
        let start = memory.as_ptr().align_offset(LINE).min(spare);
        Self { memory, start }
    }

    /// At least so many, of any value, when they were used before.
    pub(super) fn at_least(&mut self, count: usize) -> &mut [T] {
        if self.len() < count {
            *self = Self::zeros(count);
        }
        &mut self[..count]
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let end = self.memory.len() - (LINE / size_of::<T>() - self.start);
        &self.memory[self.start..end]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        let end = self.memory.len() - (LINE / size_of::<T>() - self.start);
        &mut self.memory[self.start..end]
    }
}

/// What a kernel needs while it works.
pub(super) struct Scratch {
    /// The input with its border.
    pub(super) padded: Aligned<u8>,
    /// The transformed input in bytes.
    #[cfg(target_arch = "x86_64")]
    pub(super) bytes: Aligned<u8>,
    /// The transformed input in words.
    pub(super) words: Aligned<i16>,
    /// Sums of products.
    pub(super) sums: Aligned<i32>,
}

impl Scratch {
    /// Lends this thread's. It must not be asked for again within `work`.
    pub(super) fn with<R>(work: impl FnOnce(&mut Self) -> R) -> R {
        thread_local! {
            static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch {
                padded: Aligned::zeros(0),
                #[cfg(target_arch = "x86_64")]
                bytes: Aligned::zeros(0),
                words: Aligned::zeros(0),
                sums: Aligned::zeros(0),
            });
        }
        SCRATCH.with_borrow_mut(work)
    }
}
