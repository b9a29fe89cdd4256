//! Films that end the process, as one that takes all memory does.
//!
//! The chain is the only memory of what is to be done: without a note that survives, a worker
//! that such a film has ended would open it again as soon as it is back, and so for ever, and
//! answer nothing else. So it notes each film on disk before it opens it, and takes the note back
//! when that has ended in any way.
//!
//! Several films are open at once, and only one of them ended the process. Those that were noted
//! are opened alone the next time. So nothing is blamed for another film.

use std::sync::Arc;

use medchain_primitives::{FailureCode, RequestId};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tracing::{error, warn};

use crate::prediction::{jobs::Problem, metrics::PredictionMetrics, ports::Answers};

/// How many processes a film may end. With the first it can have been another film, or somebody
/// who killed the process.
const MOST: u32 = 3;

/// Notes which films are open.
#[derive(Clone)]
pub(super) struct Fatalities {
    answers: Arc<dyn Answers>,
    metrics: Arc<PredictionMetrics>,
    /// Shared by the films that nothing is known of. One that has been noted has it alone.
    room: Arc<RwLock<()>>,
}

/// Leave to open a film, which is noted meanwhile.
pub(super) struct Opening {
    fatalities: Fatalities,
    request: RequestId,
    _place: Place,
}

/// What an opening holds.
enum Place {
    Shared { _room: OwnedRwLockReadGuard<()> },
    Alone { _room: OwnedRwLockWriteGuard<()> },
}

impl Fatalities {
    pub fn new(answers: Arc<dyn Answers>, metrics: Arc<PredictionMetrics>) -> Self {
        Self { answers, metrics, room: Arc::default() }
    }

    /// Notes a film that is about to be opened.
    ///
    /// # Errors
    /// A [`Problem`] that is reported at once, where it has ended too many processes.
    pub async fn enter(&self, request: RequestId) -> Result<Opening, Problem> {
        let before = self.answers.fatalities(request).await.unwrap_or_else(|error| {
            warn!(request = request.0, "cannot read how often a film ended this worker: {error}");
            0
        });
        if before >= MOST {
            self.metrics.skipped(request);
            error!(
                request = request.0,
                ended = before,
                "this film has ended the worker each time it was opened: it is skipped"
            );
            return Err(Problem::Content(
                FailureCode::Unavailable,
                format!("opening the film has ended this worker {before} times"),
            ));
        }
        let place = if before == 0 {
            Place::Shared { _room: self.room.clone().read_owned().await }
        } else {
            warn!(request = request.0, ended = before, "opening this film alone");
            Place::Alone { _room: self.room.clone().write_owned().await }
        };
        // Without a disk there is no protection, but there are answers; `/health` says so.
        if let Err(error) = self.answers.put_fatalities(request, before + 1).await {
            warn!(request = request.0, "cannot note which film is open: {error}");
        }
        Ok(Opening { fatalities: self.clone(), request, _place: place })
    }
}

impl Opening {
    /// The film was opened, or was not, and this process is still there.
    pub async fn leave(self) {
        if let Err(error) = self.fatalities.answers.remove_fatalities(self.request).await {
            warn!(request = self.request.0, "cannot take back which film is open: {error}");
        }
    }
}
