//! Since when the oldest of several things goes on. How many there are says little: under steady load
//! there is always one.

use std::{collections::BTreeMap, time::SystemTime};

/// Things that go on, with their beginnings.
#[derive(Clone, Debug)]
pub(crate) struct Oldest<K>(BTreeMap<K, SystemTime>);

impl<K> Default for Oldest<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Oldest<K> {
    /// One goes on from now, unless it does already.
    pub fn begin(&mut self, key: K) {
        self.0.entry(key).or_insert_with(SystemTime::now);
    }

    /// One has ended.
    pub fn end(&mut self, key: &K) {
        self.0.remove(key);
    }

    /// Just these go on.
    pub fn keep(&mut self, keys: impl IntoIterator<Item = K>) {
        let mut before = std::mem::take(&mut self.0);
        for key in keys {
            let since = before.remove(&key).unwrap_or_else(SystemTime::now);
            self.0.insert(key, since);
        }
    }

    /// When the oldest began; none where nothing goes on.
    pub fn since(&self) -> Option<SystemTime> {
        self.0.values().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::{thread::sleep, time::Duration};

    use super::*;

    #[test]
    fn the_oldest_that_goes_on_counts() {
        let mut all = Oldest::default();
        assert_eq!(all.since(), None);
        all.begin(1);
        let first = all.since();
        sleep(Duration::from_millis(2));
        all.begin(2);
        all.begin(1);
        assert_eq!(all.since(), first, "it began before");
        all.end(&1);
        let second = all.since();
        assert!(second > first);
        sleep(Duration::from_millis(2));
        all.keep([2, 3]);
        assert_eq!(all.since(), second);
        all.keep([3]);
        assert!(all.since() > second);
        all.keep([]);
        assert_eq!(all.since(), None);
    }
}
