//! One attempt at one job. To get the key: ask custodians, or recover it from what they
//! delivered. To answer: consent → fetch → verify → open → decode → compare →
//! predict → seal → remember. To show an answer: remember, or all of that again. To make a move
//! in a dispute: remember, or open what was kept → every layer again. It holds nothing that has
//! to survive: after any interruption the next attempt starts from the chain.

use std::sync::Arc;

use medchain_client::{chain::AnswerSalt, crypto::VerdictName, AccountId32};
use medchain_disputes::Move;
use medchain_primitives::{FailureCode, ModelId, RequestId};
use tokio::sync::OwnedSemaphorePermit;
use tracing::{info, warn};

use super::{
    defence::{self, Defences},
    fatal::{Admitted, Fatalities, Opening},
    film::Encrypted,
    inference::{self, Computed, Stages},
    pool::Pool,
    setup::Ports,
    shelf::Shelf,
};
use crate::{
    prediction::{
        drift::Called,
        jobs::{Answer, Job, Phase, Problem, Round},
        ports::{Film, KeptFilm, Readiness, ServedModel, Shares, StoreError},
    },
    shared::{health::Health, ports::ChainError},
};

/// What an attempt needs.
#[derive(Clone)]
pub(super) struct Pipeline {
    /// The outside world.
    pub ports: Ports,
    /// The threads that open films, and mostly wait for the processes that decode them.
    pub openers: Pool,
    /// The threads that compute: they open no films, and wait for no process.
    pub predictors: Pool,
    /// Room for fetched files.
    pub shelf: Shelf,
    /// What the last disputes needed.
    pub defences: Defences,
    /// Notes which films are open.
    pub fatalities: Fatalities,
    /// The largest content that is fetched, in bytes.
    pub max_content: u64,
    /// Learns whether the store answers.
    pub health: Arc<Health>,
}

/// A film that is open, in a place of the threads that predict.
struct OpenFilm {
    opening: Opening,
    _place: Option<OwnedSemaphorePermit>,
}

impl OpenFilm {
    async fn leave(self) {
        self.opening.leave().await;
    }
}

/// How an attempt ended.
pub(super) struct Attempt {
    /// The answer, or why there is none.
    pub result: Result<Answer, Problem>,
    /// How long its parts took.
    pub stages: Stages,
    /// What the drift alarm counts: the model and what it answered.
    pub called: Option<(ModelId, Called)>,
}

impl Pipeline {
    /// Attempts a job once.
    pub async fn attempt(&self, job: &Job) -> Attempt {
        let mut stages = Stages::default();
        let mut called = None;
        let result = match job.phase {
            Phase::Answer => self.answer(job, &mut stages).await.map(|(answer, label)| {
                called = Some((job.model, label));
                answer
            }),
            Phase::Reveal => self.reveal(job, &mut stages).await,
            Phase::Dispute(round) => self.defend(job, round).await,
            Phase::Ask | Phase::Collect => self.key(job).await,
            // Whoever wants it submits it.
            Phase::Draw => Err(Problem::NotAsked),
        };
        Attempt { result, stages, called }
    }

    /// The next step towards the key of a record that nobody seals to this worker.
    async fn key(&self, job: &Job) -> Result<Answer, Problem> {
        let genesis = self.ports.chain.genesis();
        match (self.ports.chain.shares(job).await?, job.phase) {
            (Shares::NotAwaited, _) => Err(Problem::NotAsked),
            (Shares::Refused(reason), _) => Err(Problem::NoConsent(reason)),
            (Shares::Gone(reason), _) => Err(Problem::Gone(reason)),
            (Shares::NotAsked, Phase::Ask) => {
                Ok(Answer::Ask(self.ports.cipher.reply(&genesis, job.request)))
            }
            (Shares::NotAsked, _) | (_, Phase::Ask) => Err(Problem::NotAsked),
            (Shares::Missing { delivered, threshold }, _) => Err(Problem::NoShares(format!(
                "custodians have delivered {delivered} of the {threshold} shares that the key needs"
            ))),
            (Shares::Delivered(delivered), _) => {
                let (cipher, request) = (self.ports.cipher.clone(), job.request);
                let recover = move || cipher.recover(&genesis, request, &delivered);
                let sealed = self.openers.run(recover).await?;
                // The chain has verified the shares; but a dealer can wrap what is no key.
                let sealed = sealed.map_err(|error| Problem::NoShares(error.to_string()))?;
                Ok(Answer::Keep(sealed))
            }
        }
    }

    async fn answer(&self, job: &Job, stages: &mut Stages) -> Result<(Answer, Called), Problem> {
        let computed = self.compute(job, stages).await?;
        self.remember(job, &computed).await?;
        let (me, salt) = (self.ports.chain.account(), self.salt(job));
        Ok((Answer::first(job, &me, computed.sealed, &salt), computed.called))
    }

    /// Remembers an answer before it, or the commitment to it, exists anywhere: so it can be
    /// shown and defended even if the film cannot be opened any more. An answer that could not
    /// be defended is not given: it would cost the whole bond.
    async fn remember(&self, job: &Job, computed: &Computed) -> Result<(), Problem> {
        if let Some(film) = &computed.kept {
            self.keep(job.request, film).await.map_err(Problem::Passing)?;
        }
        if !job.is_shown_at_once()
            && let Err(error) = self.ports.answers.put(job.request, &computed.sealed).await
        {
            warn!(request = job.request.0, "cannot remember the answer: {error}");
        }
        Ok(())
    }

    /// Keeps a film until nobody can dispute the answer.
    async fn keep(&self, request: RequestId, film: &KeptFilm) -> Result<(), String> {
        let kept = self.ports.answers.put_film(request, film).await.map_err(|error| {
            format!(
                "cannot keep the film, without which the answer cannot be defended if it is \
                 disputed: {error}; make room in the state folder"
            )
        });
        match &kept {
            Ok(()) => self.health.disk_written(),
            Err(reason) => self.health.disk_failed(reason),
        }
        kept
    }

    /// As [`Self::keep`], where there is no way back.
    async fn keep_if_possible(&self, request: RequestId, film: &KeptFilm) {
        if let Err(reason) = self.keep(request, film).await {
            warn!(request = request.0, "{reason}");
        }
    }

    async fn reveal(&self, job: &Job, stages: &mut Stages) -> Result<Answer, Problem> {
        let me = self.ports.chain.account();
        let remembered = self.ports.answers.get(job.request).await.unwrap_or_else(|error| {
            warn!(request = job.request.0, "cannot read the answer: {error}");
            None
        });
        let remembered =
            remembered.and_then(|sealed| Answer::reveal(job, &me, sealed, self.salt(job)));
        if let Some(answer) = remembered {
            return Ok(answer);
        }
        let Computed { sealed, kept, .. } = self.compute(job, stages).await?;
        if let Some(film) = &kept {
            self.keep_if_possible(job.request, film).await;
        }
        Answer::reveal(job, &me, sealed, self.salt(job)).ok_or_else(|| {
            Problem::Passing("the answer is not the one that was committed to".to_owned())
        })
    }

    fn salt(&self, job: &Job) -> AnswerSalt {
        self.ports.cipher.salt(&self.ports.chain.genesis(), job.request)
    }

    /// The sealed output for a job's request.
    async fn compute(&self, job: &Job, stages: &mut Stages) -> Result<Computed, Problem> {
        let model = self.model(job.model)?;
        let attempting = self.fatalities.begin();
        let film = match self.ports.chain.readiness(job).await? {
            Readiness::Refused(reason) => return Err(Problem::NoConsent(reason)),
            Readiness::Gone(reason) => return Err(Problem::Gone(reason)),
            Readiness::Unproven(reason) => return Err(Problem::Unproven(reason)),
            Readiness::Ready(film) => film,
        };
        let is_owed = job.phase != Phase::Answer;
        let admitted = self.fatalities.admit(attempting, job.request, &film.cid, is_owed).await?;
        let started = self.ports.clock.now();
        let film = self.fetch(film, job.patient).await?;
        let fetched = self.ports.clock.now().saturating_sub(started);
        let task = inference::Task {
            model: model.clone(),
            clock: self.ports.clock.clone(),
            film,
            name: VerdictName {
                genesis: self.ports.chain.genesis(),
                record: job.record,
                model: job.model,
                request: job.request,
            },
        };
        let (opened, open) = self.open_film(admitted, || task.open()).await?;
        let predicted = self.predictors.run(|| opened.predict()).await;
        open.leave().await;
        let mut computed = predicted??;
        computed.stages.fetch_verify += fetched;
        *stages = computed.stages;
        Ok(computed)
    }

    /// Runs what opens a film of unknown content, which may end the process, or the one that
    /// decodes. Where it succeeds the film stays open until that is left.
    async fn open_film<T: Send + 'static>(
        &self,
        admitted: Admitted,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<(T, OpenFilm), Problem> {
        // Whatever ends the process, only films that the threads take next are noted then.
        let place = self.predictors.place().await;
        let open = OpenFilm { opening: admitted.open().await?, _place: place };
        match self.openers.run(work).await.unwrap_or_else(Err) {
            Ok(opened) => Ok((opened, open)),
            Err(Problem::Ended(reason)) => {
                open.opening.blame(&reason);
                Err(Problem::Ended(reason))
            }
            Err(problem) => {
                open.leave().await;
                Err(problem)
            }
        }
    }

    async fn fetch(&self, film: Film, patient: AccountId32) -> Result<Encrypted, Problem> {
        let Film { cid, digest, envelope, commitments } = film;
        let envelope = envelope.ok_or(Problem::NoEnvelope)?;
        // How large the file is shows when it is there.
        let most = self.max_content.saturating_mul(self.ports.store.copies());
        let mut place = self.shelf.take(most).await;
        // The store itself limits the time: it knows how many places it asks.
        let fetched = self.ports.store.get(&cid, self.max_content).await;
        self.report_store(&fetched);
        let file = fetched?;
        place.shrink(file.len());
        let cipher = self.ports.cipher.clone();
        Ok(Encrypted { cipher, envelope, patient, cid, commitments, digest, file, _place: place })
    }

    /// The move of this worker in a round of a dispute.
    async fn defend(&self, job: &Job, round: Round) -> Result<Answer, Problem> {
        // Read again: a move for a round that is over would only cost a fee.
        let me = self.ports.chain.account();
        let dispute = self.ports.chain.dispute(job.request).await?;
        let dispute = dispute.filter(|dispute| Round::asked(dispute, &me) == Some(round));
        let dispute = dispute.ok_or(Problem::NotAsked)?;
        let side = dispute.side_of(&me).ok_or(Problem::NotAsked)?;
        // A move shows numbers of the film to everybody.
        if let Some(reason) = self.ports.chain.unproven(job, &dispute).await? {
            return Err(Problem::Unproven(reason));
        }
        let task = Arc::new(defence::Task {
            predictor: self.model(job.model)?.predictor.clone(),
            cipher: self.ports.cipher.clone(),
            patient: job.patient,
            dispute,
            side,
            defences: self.defences.clone(),
        });
        let made = match self.move_at_hand(&task, job.request).await? {
            Some(made) => made,
            None => {
                // As when it answered, but without asking for consent: it was allowed to open
                // the film then, and the chain asks for its move whatever has changed since.
                info!(request = job.request.0, "opening the film again for the dispute");
                let film = self.ports.chain.film(job.record).await?;
                let gone = || Problem::Passing("the record has no film any more".to_owned());
                let film = film.ok_or_else(gone)?;
                let attempting = self.fatalities.begin();
                let admitted = self.fatalities.admit(attempting, job.request, &film.cid, true);
                let admitted = admitted.await?;
                let film = self.fetch(film, job.patient).await?;
                let opening = task.clone();
                let (film, open) = self.open_film(admitted, move || opening.keep(&film)).await?;
                // Before anybody sees a move: the patient may remove ciphertext and envelope.
                self.keep_if_possible(job.request, &film).await;
                let made = self.predictors.run(move || task.of_kept(film)).await;
                open.leave().await;
                made?.unwrap_or_else(|| Err(Problem::Passing("the film is damaged".to_owned())))?
            }
        };
        Ok(Answer::Move(Box::new(made)))
    }

    /// The move of a dispute, from what this worker has in its memory or on its disk.
    async fn move_at_hand(
        &self,
        task: &Arc<defence::Task>,
        request: RequestId,
    ) -> Result<Option<Move>, Problem> {
        let remembering = task.clone();
        let remembered =
            self.predictors.run(move || remembering.remembered()).await?.transpose()?;
        let kept = self.kept_film(request).await;
        if let Some((made, film)) = remembered {
            if kept.is_none() {
                // The disk may have room by now.
                self.keep_if_possible(request, &film).await;
            }
            return Ok(Some(made));
        }
        let Some(film) = kept else { return Ok(None) };
        let opening = task.clone();
        let made = self.predictors.run(move || opening.of_kept(film)).await?;
        if made.is_none() {
            warn!(request = request.0, "the film that was kept is damaged");
        }
        made.transpose()
    }

    async fn kept_film(&self, request: RequestId) -> Option<KeptFilm> {
        self.ports.answers.film(request).await.unwrap_or_else(|error| {
            warn!(request = request.0, "cannot read the film: {error}");
            None
        })
    }

    /// The model of a job. Another start of this worker may have it.
    fn model(&self, id: ModelId) -> Result<&ServedModel, Problem> {
        self.ports
            .models
            .get(&id)
            .ok_or_else(|| Problem::Passing(format!("this worker does not run model {id}")))
    }

    fn report_store(&self, fetched: &Result<Vec<u8>, StoreError>) {
        match fetched {
            Err(StoreError::Unreachable(reason)) => self.health.store_failed(reason),
            _ => self.health.store_answered(),
        }
    }
}

impl From<ChainError> for Problem {
    fn from(error: ChainError) -> Self {
        Self::Passing(error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::NotAvailable(_) | StoreError::Unreachable(_) => Self::NotAvailable(text),
            StoreError::Corrupt(_) => Self::Content(FailureCode::WrongHash, text),
            StoreError::TooLarge(_) => Self::Content(FailureCode::TooLarge, text),
        }
    }
}
