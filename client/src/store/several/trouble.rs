//! Which stores hung or refused a moment ago: they are asked last for a while, or not at all.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::store::StoreError;

/// For how long that is remembered.
const REMEMBERED: Duration = Duration::from_secs(180);

/// When stores were in trouble, by their places.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble(Arc<Mutex<BTreeMap<usize, Instant>>>);

impl Trouble {
    /// Whether the store at this place was in trouble a moment ago.
    pub fn is_recent(&self, place: usize) -> bool {
        self.all().get(&place).is_some_and(|since| since.elapsed() < REMEMBERED)
    }

    /// The store at this place makes no progress.
    pub fn note(&self, place: usize) {
        self.all().insert(place, Instant::now());
    }

    /// The store at this place gave content, or did not.
    pub fn learn(&self, place: usize, error: Option<&StoreError>) {
        match error {
            Some(
                StoreError::Unreachable { .. }
                | StoreError::Timeout { .. }
                | StoreError::Refused { .. },
            ) => self.note(place),
            // What it says of one film says nothing about the store.
            Some(_) => {}
            None => _ = self.all().remove(&place),
        }
    }

    /// Notes the store at this place where it gave no answer, as one of its errors says.
    pub fn note_any<'a>(&self, place: usize, errors: impl IntoIterator<Item = &'a StoreError>) {
        let is_silence = |error: &StoreError| {
            matches!(error, StoreError::Unreachable { .. } | StoreError::Timeout { .. })
        };
        if errors.into_iter().any(is_silence) {
            self.note(place);
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<usize, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
