//! What was made of the newest blocks, so that many questions about one of them cost what one costs.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// The values of the last few keys, such as the hashes of blocks: what a block is never changes, so
/// nothing that is made of it gets old.
pub struct Recent<K, V> {
    most: usize,
    kept: Mutex<VecDeque<(K, V)>>,
}

impl<K: PartialEq, V: Clone> Recent<K, V> {
    /// Room for `most` values.
    pub fn new(most: usize) -> Self {
        Self { most, kept: Mutex::default() }
    }

    /// The value that was kept of a key.
    pub fn find(&self, key: &K) -> Option<V> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(of, _)| of == key).map(|(_, value)| value.clone())
    }

    /// Keeps a value, and forgets the oldest where there is no room.
    pub fn keep(&self, key: K, value: V) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|(of, _)| *of == key) {
            // Two have asked at once.
            return;
        }
        kept.push_back((key, value));
        while kept.len() > self.most {
            kept.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_few_are_kept_and_the_oldest_is_forgotten() {
        let recent = Recent::new(2);
        assert_eq!(recent.find(&1), None);
        for key in [1, 1, 2] {
            recent.keep(key, key * 10);
        }
        assert_eq!((recent.find(&1), recent.find(&2)), (Some(10), Some(20)));
        recent.keep(3, 30);
        assert_eq!([1, 2, 3].map(|key| recent.find(&key)), [None, Some(20), Some(30)]);
    }
}
