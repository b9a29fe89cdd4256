//! The locks of publications, which a command may hold many of.

use std::{
    collections::HashMap,
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use anyhow::{Context as _, Result};

/// How often a lock is tried that another command holds.
const PAUSE: Duration = Duration::from_millis(200);

/// The locks that one command holds. Several publications may share one, because there are few:
/// within the command that is no reason to wait.
#[derive(Debug, Default)]
pub struct Locks(Mutex<HashMap<PathBuf, Weak<File>>>);

impl Locks {
    /// Waits until no other command has this lock.
    pub(super) async fn take(&self, path: &Path) -> Result<Arc<File>> {
        loop {
            if let Some(lock) = self.try_take(path)? {
                return Ok(lock);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn try_take(&self, path: &Path) -> Result<Option<Arc<File>>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = held.get(path).and_then(Weak::upgrade) {
            return Ok(Some(lock));
        }
        let lock = File::create(path).with_context(|| format!("cannot open {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            // Waiting would not end.
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
        let lock = Arc::new(lock);
        held.insert(path.to_owned(), Arc::downgrade(&lock));
        Ok(Some(lock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lock_that_cannot_be_had_is_an_error_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let locks = Locks::default();
        for path in [folder.path().join("none/ab"), folder.path().to_owned()] {
            let taken = tokio::time::timeout(Duration::from_secs(10), locks.take(&path)).await;
            let error = format!("{:#}", taken.expect("nobody waits").unwrap_err());
            let named = error.contains(&path.display().to_string());
            assert!(named && error.contains("cannot open"), "{error}");
        }
    }

    #[test]
    fn one_command_shares_a_lock_and_another_waits_until_all_of_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ab");
        let (one, other) = (Locks::default(), Locks::default());
        let first = one.try_take(&path).unwrap().unwrap();
        let second = one.try_take(&path).unwrap().unwrap();
        assert!(other.try_take(&path).unwrap().is_none());
        drop(first);
        assert!(other.try_take(&path).unwrap().is_none());
        drop(second);
        assert!(other.try_take(&path).unwrap().is_some());
    }
}
