//! Room for fetched files, which are limited by their bytes: with many jobs at once, files alone
//! could take more memory than the process may have, before any of them is noted as open.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room for so many bytes.
#[derive(Clone)]
pub(super) struct Shelf {
    /// A permit for each byte.
    bytes: Arc<Semaphore>,
    whole: u64,
}

/// A part of the room, until it is dropped.
pub(super) struct Place(Option<OwnedSemaphorePermit>);

impl Shelf {
    /// Room for `bytes` bytes.
    pub fn new(bytes: u64) -> Self {
        let permits = usize::try_from(bytes).unwrap_or(usize::MAX);
        let permits = permits.clamp(1, Semaphore::MAX_PERMITS);
        Self { bytes: Arc::new(Semaphore::new(permits)), whole: permits as u64 }
    }

    /// Waits for room for `bytes` bytes; for all that there is, where that is less.
    pub async fn take(&self, bytes: u64) -> Place {
        let bytes = u32::try_from(bytes.min(self.whole)).unwrap_or(u32::MAX);
        // Nobody closes the semaphore.
        Place(self.bytes.clone().acquire_many_owned(bytes).await.ok())
    }
}

impl Place {
    /// Gives back all but `bytes` bytes.
    pub fn shrink(&mut self, bytes: usize) {
        if let Some(place) = &mut self.0 {
            let surplus = place.num_permits().saturating_sub(bytes);
            drop(place.split(surplus));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn there_is_room_for_so_many_bytes_and_the_next_waits() {
        let shelf = Shelf::new(100);
        let mut one = shelf.take(60).now_or_never().unwrap();
        assert!(shelf.take(60).now_or_never().is_none());
        one.shrink(20);
        let other = shelf.take(80).now_or_never().unwrap();
        assert!(shelf.take(1).now_or_never().is_none());
        drop(one);
        assert!(shelf.take(20).now_or_never().is_some());
        drop(other);
        assert!(shelf.take(1_000).now_or_never().is_some(), "never more than there is");
        assert!(shelf.take(100).now_or_never().is_some(), "all of it came back");
    }
}
