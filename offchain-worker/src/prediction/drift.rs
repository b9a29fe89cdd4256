//! The drift alarm: whether the answers of this worker are spread over the classes as they
//! were on films that are known. Counting and judging alone, without IO.
//!
//! # What is compared
//! Of each batch of films, how often each label was the answer, and how many films were
//! uncertain. The other side are the same counts on known films: on the test split of the
//! model's card, or on an operator's own films.
//!
//! # How
//! Each class is compared by itself, by Fisher's exact test of two shares ([`fisher`]). The
//! chance of the batch is the smallest of these chances, times the number of classes (a
//! union bound). The alarm sounds where that is less than one in [`Rules::odds`]. Reasons for
//! this, and against a chi-squared test over all classes:
//!
//! - The bound holds for every size of the batch and for rare classes. The chi-squared
//!   distribution is no approximation where a class has fewer than five films, which is
//!   just where a class that has disappeared or come up would show.
//! - The known films are a sample too. 492 films give a share to two points (one standard
//!   error); a test that takes it for the truth sounds too often.
//! - A film counts twice, by its label and by its certainty. A union bound holds whatever
//!   the two have to do with each other, which the card does not say.
//! - It names the class, which is where an operator begins to look.
//!
//! So films that come, independently of each other, from where the known ones came from
//! sound the alarm in at most one batch of [`Rules::odds`], on average over samples of known
//! films. Several films of one patient are not independent, and a week is not a year: expect
//! it more often there (sixfold, if every film came twice).
//!
//! # What is shown
//! Whoever reads a figure before and after a film, and knows from the chain that this
//! worker answered in between, would learn the diagnosis of one patient. So nothing of a
//! batch shows before it is complete, no film is in two batches, and [`Finding`] has shares
//! in steps of [`GRAIN`] films: "none" may be two, "all" may be all but two.

use std::{collections::BTreeMap, str::FromStr};

use serde::Deserialize;

pub mod fisher;

use fisher::Share;

/// The fewest films of a batch, of which an operator may ask.
pub const FEWEST: u32 = 50;
/// The fewest films that answers are compared with.
const FEWEST_KNOWN: u64 = 100;
/// Shares are shown in steps of this many films.
pub const GRAIN: u64 = 5;
/// The class of films whose answer is below the model's threshold, beside those of labels.
pub const UNCERTAIN: &str = "uncertain";

/// The numbers that an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many films make a batch.
    pub films: u32,
    /// Of how many batches without drift at most one sounds the alarm.
    pub odds: u32,
    /// Whether the worker declines new requests once the alarm has sounded.
    pub is_stopping: bool,
}

/// What the answer to one film was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Called {
    /// The most probable class.
    pub label: u8,
    /// Whether its probability is below the model's threshold.
    pub is_uncertain: bool,
}

/// How often each answer was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// By label, in the order of the model's labels.
    called: Vec<u64>,
    /// Of all of these, how many were uncertain.
    uncertain: u64,
}

impl Tally {
    /// None yet, of a model with so many labels.
    fn empty(labels: usize) -> Self {
        Self { called: vec![0; labels], uncertain: 0 }
    }

    fn add(&mut self, called: Called) {
        if let Some(count) = self.called.get_mut(usize::from(called.label)) {
            *count += 1;
            self.uncertain += u64::from(called.is_uncertain);
        }
    }

    /// How many films these are.
    pub fn films(&self) -> u64 {
        self.called.iter().sum()
    }

    /// How many films each class has: the labels in their order, then [`UNCERTAIN`].
    fn classes(&self) -> impl Iterator<Item = Share> + '_ {
        let films = self.films();
        let counts = self.called.iter().copied().chain([self.uncertain]);
        counts.map(move |count| Share { count, films })
    }

    /// The share of each class, as in [`class_names`].
    pub fn shares(&self) -> Vec<f64> {
        self.classes().map(Share::value).collect()
    }

    /// The shares in steps of [`GRAIN`] films.
    fn coarse_shares(&self) -> Vec<f64> {
        let coarse = |Share { count, films }| {
            let count = (count + GRAIN / 2) / GRAIN * GRAIN;
            Share { count: count.min(films), films }.value()
        };
        self.classes().map(coarse).collect()
    }
}

/// The classes that are compared: the labels in their order, then [`UNCERTAIN`].
pub fn class_names(labels: &[String]) -> impl Iterator<Item = &str> {
    labels.iter().map(String::as_str).chain([UNCERTAIN])
}

/// Counts the answers of one model.
#[derive(Clone, Debug)]
pub struct Watch {
    rules: Rules,
    expected: Option<Tally>,
    batch: Tally,
}

impl Watch {
    /// Counts for a model with so many labels. Where nothing is expected of it, the shares
    /// are found and not judged.
    pub fn new(rules: Rules, labels: usize, expected: Option<Tally>) -> Self {
        Self { rules, expected, batch: Tally::empty(labels) }
    }

    /// Counts one film. What is found, where it completes a batch; the next begins then.
    pub fn count(&mut self, called: Called) -> Option<Finding> {
        self.batch.add(called);
        if self.batch.films() < u64::from(self.rules.films) {
            return None;
        }
        let labels = self.batch.called.len();
        let batch = std::mem::replace(&mut self.batch, Tally::empty(labels));
        Some(Finding::of(&batch, self.expected.as_ref(), self.rules.odds))
    }
}

/// What a complete batch says.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How many films it had.
    pub films: u64,
    /// The share of each class, as in [`class_names`], in steps of [`GRAIN`] films.
    pub seen: Vec<f64>,
    /// How it compares; `None` where nothing is expected.
    pub judgement: Option<Judgement>,
}

/// How the shares of a batch compare with the expected ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The expected share of each class.
    pub expected: Vec<f64>,
    /// The class that is least likely to be as it is without drift.
    pub class: usize,
    /// The largest difference between a share that is shown and the expected one.
    pub distance: f64,
    /// Without drift, a batch as unlikely as this one comes up with at most this chance.
    pub chance: f64,
    /// Whether that is so rare that the alarm sounds.
    pub is_alarm: bool,
}

impl Finding {
    fn of(batch: &Tally, expected: Option<&Tally>, odds: u32) -> Self {
        let seen = batch.coarse_shares();
        let judgement = expected.map(|expected| Judgement::of(batch, &seen, expected, odds));
        Self { films: batch.films(), seen, judgement }
    }

    /// Whether the alarm sounds.
    pub fn is_alarm(&self) -> bool {
        self.judgement.as_ref().is_some_and(|judgement| judgement.is_alarm)
    }

    /// How the class that differs most differs, for people: `covid 45.0 % instead of 28.5 %`.
    pub fn difference(&self, labels: &[String]) -> Option<String> {
        let Judgement { class, expected, .. } = self.judgement.as_ref()?;
        let name = class_names(labels).nth(*class)?;
        let percent = |shares: &[f64]| shares.get(*class).map(|share| share * 100.0);
        let (seen, expected) = (percent(&self.seen)?, percent(expected)?);
        Some(format!("{name} {seen:.1} % instead of {expected:.1} %"))
    }
}

impl Judgement {
    fn of(batch: &Tally, seen: &[f64], expected: &Tally, odds: u32) -> Self {
        let pairs = batch.classes().zip(expected.classes());
        let chances = pairs.map(|(seen, known)| fisher::chance(seen, known)).enumerate();
        let (class, least) =
            chances.min_by(|(_, one), (_, other)| one.total_cmp(other)).unwrap_or((0, 1.0));
        let chance = (least * seen.len() as f64).min(1.0);
        let expected = expected.shares();
        let differences = seen.iter().zip(&expected).map(|(seen, known)| (seen - known).abs());
        let distance = differences.fold(0.0, f64::max);
        Self { class, distance, chance, is_alarm: chance * f64::from(odds) < 1.0, expected }
    }

    /// The chance as it is shown: the next larger power of ten, and no less than one in 10^9.
    /// More digits would say more about single films than anybody needs.
    pub fn coarse_chance(&self) -> f64 {
        10f64.powi(self.chance.log10().ceil().clamp(-9.0, 0.0) as i32)
    }
}

/// How often each answer was given on films that are known, by name: each label, and
/// [`UNCERTAIN`], which counts films that have been counted by their label already.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, u32>")]
pub struct Known {
    called: BTreeMap<String, u32>,
    uncertain: u32,
}

/// Why counts cannot be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnownError {
    /// It is not a list of names and numbers.
    #[error("write LABEL=FILMS for each label and uncertain=FILMS, separated by commas")]
    Malformed,
    /// It does not say how many films were uncertain.
    #[error("it must say how many of the films were `uncertain`")]
    UncertainMissing,
    /// More films were uncertain than there are.
    #[error("the labels count fewer films than are `uncertain`")]
    UncertainTooLarge,
    /// There are too few films.
    #[error("the labels must count at least {} films together", FEWEST_KNOWN)]
    TooFewFilms,
}

impl TryFrom<BTreeMap<String, u32>> for Known {
    type Error = KnownError;

    fn try_from(mut called: BTreeMap<String, u32>) -> Result<Self, KnownError> {
        let uncertain = called.remove(UNCERTAIN).ok_or(KnownError::UncertainMissing)?;
        let films: u64 = called.values().copied().map(u64::from).sum();
        match films {
            ..FEWEST_KNOWN => Err(KnownError::TooFewFilms),
            _ if films < u64::from(uncertain) => Err(KnownError::UncertainTooLarge),
            _ => Ok(Self { called, uncertain }),
        }
    }
}

impl FromStr for Known {
    type Err = KnownError;

    fn from_str(text: &str) -> Result<Self, KnownError> {
        let mut counts = BTreeMap::new();
        for part in text.split(',') {
            let (name, count) = part.split_once('=').ok_or(KnownError::Malformed)?;
            let count = count.trim().parse().map_err(|_| KnownError::Malformed)?;
            if counts.insert(name.trim().to_owned(), count).is_some() {
                return Err(KnownError::Malformed);
            }
        }
        Self::try_from(counts)
    }
}

impl Known {
    /// The same counts in the order of a model's labels; `None` where it has others.
    pub fn tally(&self, labels: &[String]) -> Option<Tally> {
        let called = labels.iter().map(|label| self.called.get(label).copied().map(u64::from));
        let called: Vec<u64> = called.collect::<Option<_>>()?;
        (called.len() == self.called.len())
            .then(|| Tally { called, uncertain: self.uncertain.into() })
    }

    /// The names of the labels, for people.
    pub fn labels(&self) -> String {
        self.called.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests;
