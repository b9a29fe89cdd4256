//! From a film to a sealed answer, on a blocking thread.

use std::{sync::Arc, time::Duration};

use medchain_client::{chain::SealedAnswer, crypto::VerdictName};

use super::film::Encrypted;
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
    /// The output.
    pub sealed: SealedAnswer,
    /// What to keep of the film, where the answer can be disputed.
    pub kept: Option<KeptFilm>,
    /// What the drift alarm counts.
    pub called: Called,
}

impl Task {
    /// Predicts and seals. `stages` learns how long the parts took.
    pub fn run(&self, stages: &mut Stages) -> Result<Computed, Problem> {
        let started = self.clock.now();
        self.film.verify()?;
        let digested = self.clock.now();
        stages.fetch_verify = digested.saturating_sub(started);
        let ServedModel { entry, predictor, .. } = &self.model;
        let film = self.film.open(&**predictor)?;
        let decoded = self.clock.now();
        stages.decrypt_decode = decoded.saturating_sub(digested);
        let output = predictor.predict(&film.image, &film.square)?;
        stages.infer = self.clock.now().saturating_sub(decoded);
        // The chain cannot look into a sealed answer: whoever opens it must find an output.
        output.check(entry.labels.len()).map_err(|error| {
            Problem::Passing(format!("the output is not a prediction: {error:?}"))
        })?;
        let kept = predictor.is_disputable().then(|| self.film.keep(&film)).transpose()?;
        let called = Called { label: output.label, is_uncertain: entry.is_uncertain(&output) };
        Ok(Computed { sealed: film.key.verdict_key(&self.name).seal(&output), kept, called })
    }
}
