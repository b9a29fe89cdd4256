//! Films that end the process, as one that takes all memory does.
//!
//! The chain is the only memory of what is to be done: without a note that survives, a worker
//! that such a film has ended would open it again as soon as it is back, and so for ever, and
//! answer nothing else. So it notes each film on disk before it opens it, and takes the note back
//! when that has ended in any way. The note is about the content, not about the request: the same
//! film under another request is known.
//!
//! Several films are open at once, and only one of them ended the process. Those that were noted
//! are opened alone the next time, so that nothing is blamed for another film; and last, so that
//! other requests are answered before one of them ends the process again.
//!
//! A film is decoded in a process of its own. Where that alone is ended, this one goes on, and the
//! note stays as if it had not: it may have been another film that used up the memory.

use std::{
    collections::BTreeSet,
    sync::{
        atomic::{AtomicUsize, Ordering},
        Arc, Mutex, PoisonError,
    },
};

use medchain_primitives::{Cid, FailureCode, RequestId};
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
    /// How many attempts go on at films of which nothing is known.
    unsuspected: Arc<AtomicUsize>,
    /// The noted films that this process has put off already.
    put_off: Arc<Mutex<BTreeSet<String>>>,
}

/// An attempt that may open a film, from its beginning on: noted films wait for it.
pub(super) struct Attempting(Arc<AtomicUsize>);

impl Drop for Attempting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A film that may be fetched, and opened in its turn.
pub(super) struct Admitted {
    fatalities: Fatalities,
    request: RequestId,
    cid: Cid,
    /// How many processes ended while it was open, or while they decoded it.
    before: u32,
    /// Whether the bond is lost without it.
    is_owed: bool,
    _attempting: Option<Attempting>,
}

/// Leave to open a film, which is noted meanwhile.
pub(super) struct Opening {
    admitted: Admitted,
    _place: Place,
}

/// What an opening holds.
enum Place {
    Shared { _room: OwnedRwLockReadGuard<()> },
    Alone { _room: OwnedRwLockWriteGuard<()> },
}

impl Fatalities {
    pub fn new(answers: Arc<dyn Answers>, metrics: Arc<PredictionMetrics>) -> Self {
        Self {
            answers,
            metrics,
            room: Arc::default(),
            unsuspected: Arc::default(),
            put_off: Arc::default(),
        }
    }

    /// An attempt has begun; which film it opens is not known yet.
    pub fn begin(&self) -> Attempting {
        self.unsuspected.fetch_add(1, Ordering::SeqCst);
        Attempting(self.unsuspected.clone())
    }

    /// Looks what is noted of a film, before it is fetched. `is_owed` where the worker has
    /// committed to an answer: then the film waits for no other request.
    ///
    /// # Errors
    /// A [`Problem`] that is reported at once, where it has ended too many processes; and a passing
    /// one, where it is to wait for other films.
    pub async fn admit(
        &self,
        attempting: Attempting,
        request: RequestId,
        cid: &Cid,
        is_owed: bool,
    ) -> Result<Admitted, Problem> {
        let before = self.answers.fatalities(cid).await.unwrap_or_else(|error| {
            warn!(request = request.0, "cannot read how often a film ended this worker: {error}");
            0
        });
        if before >= MOST {
            self.metrics.skipped(request);
            error!(
                request = request.0,
                %cid,
                ended = before,
                "this film has ended the worker, or the process that decodes, each time it was \
                 opened: it is skipped"
            );
            return Err(Problem::Content(
                FailureCode::Unavailable,
                format!("opening the film has ended a process of this worker {before} times"),
            ));
        }
        // Noted films do not wait for each other.
        let attempting = Some(attempting).filter(|_| before == 0);
        let admitted = Admitted {
            fatalities: self.clone(),
            request,
            cid: cid.clone(),
            before,
            is_owed,
            _attempting: attempting,
        };
        admitted.wait_for_others()?;
        Ok(admitted)
    }
}

impl Admitted {
    /// Whether it is the turn of this film. A noted one is put off at its first attempt in any case:
    /// right after a start, attempts at other films may not have begun.
    ///
    /// It does not wait here: attempts are limited in number, and others need the place.
    fn wait_for_others(&self) -> Result<(), Problem> {
        if self.before == 0 || self.is_owed {
            return Ok(());
        }
        let mut put_off = self.fatalities.put_off.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = put_off.insert(self.cid.to_string());
        match is_first || self.fatalities.unsuspected.load(Ordering::SeqCst) > 0 {
            true => Err(others_first()),
            false => Ok(()),
        }
    }

    /// Notes the film, which is about to be opened.
    ///
    /// # Errors
    /// A passing [`Problem`], where it is to wait for other films.
    pub async fn open(self) -> Result<Opening, Problem> {
        self.wait_for_others()?;
        let room = self.fatalities.room.clone();
        let place = if self.before == 0 {
            Place::Shared { _room: room.read_owned().await }
        } else {
            let alone = match self.is_owed {
                true => room.write_owned().await,
                false => room.try_write_owned().map_err(|_| others_first())?,
            };
            warn!(request = self.request.0, ended = self.before, "opening this film alone");
            Place::Alone { _room: alone }
        };
        // Without a disk there is no protection, but there are answers; `/health` says so.
        let noted = self.fatalities.answers.put_fatalities(&self.cid, self.before + 1).await;
        if let Err(error) = noted {
            warn!(request = self.request.0, "cannot note which film is open: {error}");
        }
        Ok(Opening { admitted: self, _place: place })
    }
}

impl Opening {
    /// The film has ended the process that decoded it: the note stays.
    pub fn blame(self, reason: &str) {
        let Admitted { request, cid, before, .. } = &self.admitted;
        warn!(request = request.0, %cid, ended = before + 1, "{reason}");
    }

    /// The film was opened, or was not, and this process is still there.
    pub async fn leave(self) {
        let Admitted { fatalities, request, cid, .. } = &self.admitted;
        if let Err(error) = fatalities.answers.remove_fatalities(cid).await {
            warn!(request = request.0, "cannot take back which film is open: {error}");
        }
    }
}

fn others_first() -> Problem {
    Problem::Passing(
        "this film was open when a process of the worker ended: it is opened when no other film is"
            .to_owned(),
    )
}
