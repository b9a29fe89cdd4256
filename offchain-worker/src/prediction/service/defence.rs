//! The moves of a dispute: from what the network gives for a film, layer by layer.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use medchain_client::{
    chain::{Dispute, SealedAnswer, VerdictRoot},
    crypto::{ContentKey, VerdictKey},
    AccountId32,
};
use medchain_disputes::{Move, Player, Side, Spec, Trace};
use medchain_exact::softmax;
use medchain_primitives::{FilmCommitments, RequestId};
use tracing::warn;
use zeroize::Zeroize;

use super::film::{kept, Encrypted};
use crate::prediction::{
    jobs::Problem,
    ports::{Cipher, KeptFilm, Numbers, Predictor},
};

/// How many disputes are remembered, so that not every round computes everything again. Each
/// takes some megabytes.
const REMEMBERED: usize = 4;

/// Everything that this worker computed on the way to an answer, and the secret of its record.
pub(super) struct Defence {
    trace: Trace,
    root: VerdictRoot,
    /// The film, for a disk that did not take it.
    film: KeptFilm,
}

impl Drop for Defence {
    fn drop(&mut self) {
        self.root.0.zeroize();
    }
}

/// The last defences, the newest at the end.
#[derive(Clone, Default)]
pub(super) struct Defences(Arc<Mutex<Remembered>>);

type Remembered = VecDeque<(Spec, Arc<Defence>)>;

impl Defences {
    /// The defence in a dispute. Another fork may know the request as something else.
    fn get(&self, spec: &Spec) -> Option<Arc<Defence>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.iter().find(|(of, _)| same_film(of, spec));
        found.map(|(_, defence)| defence.clone())
    }

    /// Forgets what a dispute needed that is over.
    pub fn forget(&self, request: RequestId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(of, _)| of.request != request);
    }

    fn put(&self, spec: &Spec, defence: Arc<Defence>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(of, _)| !same_film(of, spec));
        all.push_back((spec.clone(), defence));
        while all.len() > REMEMBERED {
            all.pop_front();
        }
    }
}

/// Whether two disputes are about the same computation.
fn same_film(one: &Spec, other: &Spec) -> bool {
    one.name() == other.name() && one.network == other.network && committed(one) == committed(other)
}

fn committed(spec: &Spec) -> FilmCommitments {
    FilmCommitments { input_root: spec.input_root, verdicts: spec.verdicts }
}

/// A move that is to be made.
pub(super) struct Task {
    /// The model.
    pub predictor: Arc<dyn Predictor>,
    /// Opens the film.
    pub cipher: Arc<dyn Cipher>,
    /// The patient whose film it is.
    pub patient: AccountId32,
    /// The dispute.
    pub dispute: Dispute,
    /// Which of the players this worker is.
    pub side: Side,
    /// Where defences are remembered.
    pub defences: Defences,
}

impl Task {
    /// What the film is committed to, by the dispute.
    pub fn commitments(&self) -> FilmCommitments {
        committed(&self.dispute.game.spec)
    }

    /// The move, if this worker remembers what it computed, with the film.
    pub fn remembered(&self) -> Option<Result<(Move, KeptFilm), Problem>> {
        let defence = self.defences.get(&self.dispute.game.spec)?;
        Some(self.next(&defence).map(|made| (made, defence.film.clone())))
    }

    /// The move, from the film that was kept; `None` where it is not that film.
    pub fn of_kept(&self, film: KeptFilm) -> Option<Result<Move, Problem>> {
        let (key, square) = kept(&*self.cipher, &self.patient, &film, &self.commitments())?;
        Some(self.compute(&key, &square, film))
    }

    /// What to keep of the film as it is stored.
    pub fn keep(&self, film: &Encrypted) -> Result<KeptFilm, Problem> {
        film.verify()?;
        film.keep(&film.open(&*self.predictor)?)
    }

    fn compute(&self, key: &ContentKey, square: &[u8], film: KeptFilm) -> Result<Move, Problem> {
        let spec = &self.dispute.game.spec;
        let levels = self.predictor.levels(square)?;
        let root = key.verdict_root();
        let trace =
            Trace::new(&spec.network, square, &levels, key.input_salt(), &root, &spec.name())
                .ok_or_else(|| passing("the model is not the network that is registered"))?;
        let answer = softmax(&levels.logits, spec.network.scale)
            .map(|output| VerdictKey::new(&root, &spec.name()).seal(&output));
        self.compare(answer.ok().as_ref());
        let defence = Arc::new(Defence { trace, root, film });
        self.defences.put(spec, defence.clone());
        self.next(&defence)
    }

    /// Says where the answer that this worker gave is not what it computes now.
    fn compare(&self, computed: Option<&SealedAnswer>) {
        if computed != Some(self.side.of(&self.dispute.game.spec.answers)) {
            warn!(
                request = self.dispute.request.0,
                "this worker's answer is not what the model gives now: it will lose the dispute"
            );
        }
    }

    fn next(&self, defence: &Defence) -> Result<Move, Problem> {
        let numbers = self.predictor.numbers();
        let Numbers { network, weights } =
            numbers.ok_or_else(|| passing("the model is a network of floats"))?;
        Player { network, weights, trace: &defence.trace, root: &defence.root }
            .next(&self.dispute.game, self.side)
            .ok_or_else(|| passing("nothing that this worker has computed fits the dispute"))
    }
}

fn passing(why: &str) -> Problem {
    Problem::Passing(why.to_owned())
}
