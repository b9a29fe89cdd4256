//! What a report says.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{text, Hash};

/// The most classes that a model may have.
pub const MAX_CLASSES: usize = 8;
/// The most workers that give one verdict.
pub const MAX_WORKERS: usize = 7;
/// The most measures of a model's card that the page has room for.
pub const MAX_MEASURES: usize = 6;

/// Why values do not fit a page.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there are {found} {what}, and the page has room for {room}")]
pub struct ValuesError {
    what: &'static str,
    found: usize,
    room: usize,
}

/// Everything that the page says in words and numbers.
///
/// Texts may come from anybody: the page shows them on one line, shortened where they are long,
/// and with a mark for characters that its font lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The hash of the chain's genesis block.
    pub genesis: Hash,
    /// The block whose state is reported; its time is the document's date.
    pub block: Block,
    /// The record.
    pub record: Record,
    /// What came of the request, if there was one.
    pub outcome: Outcome,
    /// The model; none where no prediction was ordered.
    pub model: Option<Model>,
    /// The request; none where no prediction was ordered.
    pub request: Option<Request>,
    /// Keeps whoever has the code alone from guessing the printed values: [`crate::salt`], or
    /// zeros where the record was not opened.
    pub salt: Hash,
}

/// A block of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The block's number.
    pub number: u32,
    /// The block's hash.
    pub hash: Hash,
    /// The block's time, in milliseconds since 1970.
    pub time: u64,
}

/// The record that a report is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The record's number.
    pub id: u64,
    /// The patient's account.
    pub patient: String,
    /// The patient's name, where the caller wants it on the page. The chain does not know it.
    pub patient_name: Option<String>,
    /// The account that added the record.
    pub author: String,
    /// The block in which it was added.
    pub added_at: u32,
    /// The CID of the encrypted film.
    pub cid: String,
    /// SHA-256 of the encrypted film.
    pub digest: Hash,
    /// The newer version that replaces it.
    pub superseded_by: Option<u64>,
}

/// A registered model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The model's number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its file.
    pub sha256: Hash,
    /// Below this probability of its label, in parts per million, an answer is uncertain.
    pub threshold: u32,
    /// What its card says of it, where the card can be had.
    pub card: Option<Card>,
}

/// The main numbers of a model card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The CID of the card's file.
    pub cid: String,
    /// What the numbers were measured on, such as `internal test, 492 films`.
    pub measured_on: String,
    /// The numbers.
    pub measures: Vec<Measure>,
}

/// A number of a model card, as the card writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// What was measured, such as `recall covid`.
    pub name: String,
    /// The value, such as `0.901`.
    pub value: String,
    /// Its 95 % interval, such as `0.844 to 0.950`.
    pub interval: Option<String>,
}

/// A request for a prediction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The request's number.
    pub id: u64,
    /// The account that asked.
    pub requester: String,
    /// The workers that gave the answer or, while there is none, that are to give it.
    pub workers: Vec<String>,
    /// The block in which the verdict was reached.
    pub reached_at: Option<u32>,
    /// The verdict's receipt.
    pub receipt: Option<Hash>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// A verdict that counts.
    Verdict {
        /// The most probable class.
        label: String,
        /// The probability of every class, in the model's order.
        probabilities: Vec<Class>,
        /// The last block in which it is provisional: the answer of one worker.
        provisional_until: Option<u32>,
        /// The last block in which a worker with another answer can challenge it.
        challengeable_until: Option<u32>,
        /// Whether another worker disputes it.
        challenged: bool,
    },
    /// A verdict that the record's key does not open.
    Unreadable,
    /// A verdict that was not opened for this report.
    Sealed,
    /// A verdict that was shown to be wrong.
    Annulled,
    /// A verdict whose dispute the patient ended before it was settled.
    Withdrawn,
    /// A request that is not answered yet.
    Pending {
        /// How far it is, as one word.
        step: String,
        /// The last block in which it can leave this step as intended.
        until: u32,
    },
    /// A request whose workers' answers differ.
    Disputed {
        /// The last block in which the next move can be made.
        until: u32,
    },
    /// A request that ended without a verdict.
    Ended {
        /// How, as one word: `failed`, `cancelled` or `expired`.
        how: String,
        /// Why, as a sentence.
        reason: String,
    },
    /// Nobody has ordered a prediction.
    NotOrdered,
}

/// A class and its probability.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// The class.
    pub label: String,
    /// Its probability, in parts per million.
    pub probability: u32,
}

impl Report {
    /// Whether the verdict is below the model's threshold; none where there is no verdict.
    ///
    /// Without the threshold, or without its label's probability, no verdict is certain.
    pub fn is_uncertain(&self) -> Option<bool> {
        let Outcome::Verdict { label, probabilities, .. } = &self.outcome else { return None };
        let found = probabilities.iter().find(|class| class.label == *label);
        let known = found.zip(self.model.as_ref());
        Some(known.is_none_or(|(class, model)| class.probability < model.threshold))
    }

    /// The report with every text on one line and no longer than the page can show.
    ///
    /// # Errors
    /// Where there are more classes, workers or measures than there is room for.
    pub(crate) fn bounded(&self) -> Result<Self, ValuesError> {
        let mut all = self.clone();
        let Self { record, outcome, model, request, .. } = &mut all;
        for text in [&mut record.patient, &mut record.author, &mut record.cid] {
            text::bound(text);
        }
        record.patient_name.iter_mut().for_each(text::bound);
        match outcome {
            Outcome::Verdict { label, probabilities, .. } => {
                fits("classes", probabilities.len(), MAX_CLASSES)?;
                text::bound(label);
                probabilities.iter_mut().for_each(|class| text::bound(&mut class.label));
            }
            Outcome::Pending { step, .. } => text::bound(step),
            Outcome::Ended { how, reason } => {
                text::bound(how);
                text::bound(reason);
            }
            Outcome::Unreadable
            | Outcome::Sealed
            | Outcome::Annulled
            | Outcome::Withdrawn
            | Outcome::Disputed { .. }
            | Outcome::NotOrdered => {}
        }
        if let Some(model) = model {
            text::bound(&mut model.name);
            text::bound(&mut model.version);
            if let Some(card) = &mut model.card {
                fits("measures", card.measures.len(), MAX_MEASURES)?;
                text::bound(&mut card.cid);
                text::bound(&mut card.measured_on);
                for measure in &mut card.measures {
                    text::bound(&mut measure.name);
                    text::bound(&mut measure.value);
                    measure.interval.iter_mut().for_each(text::bound);
                }
            }
        }
        if let Some(request) = request {
            fits("workers", request.workers.len(), MAX_WORKERS)?;
            text::bound(&mut request.requester);
            request.workers.iter_mut().for_each(text::bound);
        }
        Ok(all)
    }
}

fn fits(what: &'static str, found: usize, room: usize) -> Result<(), ValuesError> {
    if found > room {
        return Err(ValuesError { what, found, room });
    }
    Ok(())
}
