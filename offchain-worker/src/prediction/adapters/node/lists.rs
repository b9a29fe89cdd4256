//! The work lists of the newest blocks.

use std::{future::Future, sync::Arc};

use medchain_client::{chain::Recent, H256};
use tokio::sync::Mutex;

use crate::prediction::{jobs::JobId, ports::WorkList};

/// Of how many blocks the work list is kept: a final block was the newest one some blocks before.
const LISTS: usize = 8;

/// What is kept of them. A list of hundreds of requests is the dearest of all that a worker asks.
pub(super) struct Lists {
    kept: Recent<H256, Arc<WorkList>>,
    reading: Mutex<()>,
}

impl Lists {
    /// Nothing is kept yet.
    pub fn new() -> Self {
        Self { kept: Recent::new(LISTS), reading: Mutex::default() }
    }

    /// The list at a block, which `read` reads where nobody has.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn at<E>(
        &self,
        block: H256,
        read: impl Future<Output = Result<WorkList, E>>,
    ) -> Result<Arc<WorkList>, E> {
        if let Some(list) = self.kept.find(&block) {
            return Ok(list);
        }
        // Where a block is final at once, both watchers come with it at the same time.
        let _reading = self.reading.lock().await;
        if let Some(list) = self.kept.find(&block) {
            return Ok(list);
        }
        let list = Arc::new(read.await?);
        self.kept.keep(block, list.clone());
        Ok(list)
    }

    /// Whether the list at a block is known, and has this job.
    pub fn have(&self, block: &H256, job: JobId) -> bool {
        let list = self.kept.find(block);
        list.is_some_and(|list| list.jobs.iter().any(|one| one.id() == job))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use medchain_client::AccountId32;
    use medchain_primitives::{ModelId, RecordId, RequestId};

    use super::*;
    use crate::prediction::jobs::{Job, Phase};

    const BLOCK: H256 = H256([1; 32]);

    fn list() -> WorkList {
        let job = Job {
            request: RequestId(1),
            phase: Phase::Answer,
            record: RecordId(2),
            patient: AccountId32([3; 32]),
            model: ModelId(0),
            quorum: 1,
            named: true,
            deadline: 9,
            commitment: None,
            shows_answer: false,
        };
        WorkList { jobs: vec![job], ..WorkList::new(7) }
    }

    #[tokio::test]
    async fn two_that_come_at_once_read_once() {
        let (lists, reads) = (Lists::new(), AtomicUsize::new(0));
        let read = async || {
            reads.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(list())
        };
        let (one, other) = tokio::join!(lists.at(BLOCK, read()), lists.at(BLOCK, read()));
        assert_eq!((one.unwrap(), other.unwrap()), (Arc::new(list()), Arc::new(list())));
        assert_eq!(reads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_list_that_was_not_read_is_not_kept() {
        let lists = Lists::new();
        assert_eq!(lists.at(BLOCK, async { Err("no node") }).await, Err("no node"));
        let read = lists.at(BLOCK, async { Ok::<_, Infallible>(list()) }).await.unwrap();
        assert_eq!(*read, list());
    }

    #[tokio::test]
    async fn only_the_list_of_the_same_block_says_what_is_asked_there() {
        let lists = Lists::new();
        let job = list().jobs[0].id();
        assert!(!lists.have(&BLOCK, job));
        lists.at(BLOCK, async { Ok::<_, Infallible>(list()) }).await.unwrap();
        assert!(lists.have(&BLOCK, job));
        assert!(!lists.have(&BLOCK, JobId { phase: Phase::Reveal, ..job }));
        assert!(!lists.have(&H256([2; 32]), job), "another block may say something else");
    }
}
