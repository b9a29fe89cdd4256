//! Many films at once take no more memory than there is room for.

use std::sync::Mutex;

use async_trait::async_trait;
use medchain_primitives::Cid;

use super::*;
use crate::prediction::ports::StoreError;

/// Two slow stores as one, which notes how many bytes it holds.
struct Slow {
    desk: Arc<Desk>,
    /// Now, and at most ever.
    held: Mutex<(u64, u64)>,
}

#[async_trait]
impl Store for Slow {
    async fn get(&self, cid: &Cid, limit: u64) -> Result<Vec<u8>, StoreError> {
        let bytes = limit * self.copies();
        {
            let mut held = self.held.lock().unwrap();
            held.0 += bytes;
            held.1 = held.1.max(held.0);
        }
        sleep(BLOCK).await;
        self.held.lock().unwrap().0 -= bytes;
        Store::get(&*self.desk, cid, limit).await
    }

    fn copies(&self) -> u64 {
        2
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_films_from_two_slow_stores_wait_for_room() {
    let world = World::start();
    let ids: Vec<RequestId> = (0..60u8).map(|n| world.upload(&[n])).collect();
    let desk = world.worker(1);
    let many = Settings { rules: Rules { max_running: 60, ..settings().rules }, ..settings() };
    let store = Arc::new(Slow { desk: desk.clone(), held: Mutex::default() });
    let models = BTreeMap::from([(MODEL, served(&desk, None))]);
    let service = start_storing(&desk, many, models, desk.clone(), store.clone());
    until("all are answered", || world.all_closed()).await;
    for id in ids {
        assert!(matches!(world.answers_to(id)[..], [Answer::Sealed(_)]), "request {}", id.0);
    }
    let (now, most) = *store.held.lock().unwrap();
    assert_eq!(now, 0);
    assert!(
        (1..=many.shelf()).contains(&most),
        "{most} bytes, and there is room for {}",
        many.shelf()
    );
    service.kill().await;
}
