//! From a film to a sealed answer, on blocking threads: first it is opened, then predicted on.

use std::{sync::Arc, time::Duration};

use medchain_client::{chain::SealedAnswer, crypto::VerdictName};

use super::film::{Encrypted, Film};
use crate::{
    prediction::{
        drift::Called,
        jobs::Problem,
        ports::{KeptFilm, ServedModel},
    },
    shared::ports::Clock,
};

/// Encrypted content to predict on.
pub(super) struct Task {
    /// The model.
    pub model: ServedModel,
    /// Measures the stages.
    pub clock: Arc<dyn Clock>,
    /// The content.
    pub film: Encrypted,
    /// The verdict that the output is sealed for.
    pub name: VerdictName,
}

/// The same in plaintext, which waits for its turn: no file any more, but what the model sees.
pub(super) struct Opened {
    model: ServedModel,
    clock: Arc<dyn Clock>,
    film: Film,
    kept: Option<KeptFilm>,
    name: VerdictName,
    stages: Stages,
}

/// How long the parts of an attempt took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stages {
    /// Fetching and checking every hash.
    pub fetch_verify: Duration,
    /// Opening the envelope, decrypting, decoding the image and comparing its square.
    pub decrypt_decode: Duration,
    /// The model.
    pub infer: Duration,
}

/// The sealed output of a task.
pub(super) struct Computed {
    /// How long its parts took.
    pub stages: Stages,
    /// The output.
    pub sealed: SealedAnswer,
    /// What to keep of the film, where the answer can be disputed.
    pub kept: Option<KeptFilm>,
    /// What the drift alarm counts.
    pub called: Called,
}

impl Task {
    /// Verifies, decrypts and decodes.
    pub fn open(self) -> Result<Box<Opened>, Problem> {
        let Self { model, clock, film: encrypted, name } = self;
        let started = clock.now();
        encrypted.verify()?;
        let digested = clock.now();
        let film = encrypted.open(&*model.predictor)?;
        let stages = Stages {
            fetch_verify: digested.saturating_sub(started),
            decrypt_decode: clock.now().saturating_sub(digested),
            infer: Duration::ZERO,
        };
        let is_disputable = model.predictor.is_disputable();
        let kept = is_disputable.then(|| encrypted.keep(&film)).transpose()?;
        // In one place: nothing copies the key on the way to another thread.
        Ok(Box::new(Opened { model, clock, film, kept, name, stages }))
    }
}

impl Opened {
    /// Predicts and seals.
    pub fn predict(mut self: Box<Self>) -> Result<Computed, Problem> {
        let ServedModel { entry, predictor, .. } = &self.model;
        let started = self.clock.now();
        let output = predictor.predict(self.film.seen())?;
        let infer = self.clock.now().saturating_sub(started);
        // The chain cannot look into a sealed answer: whoever opens it must find an output.
        output.check(entry.labels.len()).map_err(|error| {
            Problem::Passing(format!("the output is not a prediction: {error:?}"))
        })?;
        let called = Called { label: output.label, is_uncertain: entry.is_uncertain(&output) };
        let sealed = self.film.key.verdict_key(&self.name).seal(&output);
        let stages = Stages { infer, ..self.stages };
        Ok(Computed { stages, sealed, kept: self.kept.take(), called })
    }
}
