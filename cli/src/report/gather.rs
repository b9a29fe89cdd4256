//! What a report says, read from the chain and, for a reader, opened.

use std::path::Path;

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{
        Model as ChainModel, Record as ChainRecord, RecordStatus, RequestStatus, Verdict, View,
    },
    crypto::ContentKey,
    H256,
};
use medchain_primitives::{
    Cid, ModelId, RecordId, RecordKind, VerdictStatus, MAX_CLASSES, MAX_QUORUM,
};
use medchain_report::{Block, Card, Class, Film, Hash, Model, Outcome, Record, Report, Request};

use super::{choice::Chosen, Choice};
use crate::{
    context::Context,
    files,
    inference::{self, name_of, Opened, Validity},
    models::{self, ModelFiles, MAX_TEXT_BYTES},
    records::{self, Content},
};

// What the chain stores of a verdict has room on the page.
const _: () = assert!(MAX_CLASSES as usize <= medchain_report::MAX_CLASSES);
const _: () = assert!(MAX_QUORUM as usize <= medchain_report::MAX_WORKERS);

/// What a report is to be about.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The record.
    pub record: RecordId,
    /// The verdict or request.
    pub choice: Choice,
    /// The block as of which a verdict is, or is no longer, provisional and open to challenge.
    pub as_of: u32,
    /// The folder with the model card.
    pub model_folder: Option<&'a Path>,
}

/// What a report says, and the film.
pub struct Gathered {
    /// The words and numbers.
    pub report: Report,
    /// The film; none where it was not opened.
    pub film: Option<Film>,
}

/// A film that was opened, and its key.
pub struct Opening {
    film: Film,
    key: ContentKey,
}

impl Opening {
    /// Fetches and decrypts a record's film with the signer's key.
    pub async fn new(context: &Context, view: &View, record: &ChainRecord) -> Result<Self> {
        let opened = records::open(context, view, record).await?;
        let image = medchain_vision::decode(&opened.bytes)
            .with_context(|| format!("record {} is not an image", record.id))?;
        let film = Film::new(image.width(), image.height(), image.pixels().to_vec())?;
        Ok(Self { film, key: opened.key })
    }
}

/// Reads what a report says in the state of a block.
///
/// Without an opening, a verdict stays sealed.
pub async fn gather(
    context: &Context,
    view: &View,
    wanted: Wanted<'_>,
    opening: Option<Opening>,
) -> Result<Gathered> {
    let Wanted { record: id, choice, as_of, model_folder } = wanted;
    let genesis = context.chain().await?.genesis_hash();
    let record = records::find(view, id).await?;
    if record.kind != RecordKind::ChestXray {
        bail!("record {id} is no chest X-ray, and a report is about one");
    }
    let chosen = choice.find(view, &record).await?;
    let model = match &chosen {
        Some(chosen) => Some(models::registered(view, chosen.model).await?),
        None => None,
    };
    let key = opening.as_ref().map(|opening| &opening.key);
    let outcome = outcome(view, (genesis, as_of), chosen.as_ref(), (key, model.as_ref())).await?;
    let shown = match &model {
        Some(model) => Some(describe(context, model, model_folder).await),
        None => None,
    };
    let report = Report {
        genesis: Hash(genesis.0),
        block: Block {
            number: view.number(),
            hash: Hash(view.hash().0),
            time: view.timestamp().await?,
        },
        record: of_record(&record)?,
        outcome,
        model: shown,
        request: request(view, chosen.as_ref()).await?,
        salt: key.map_or(Hash([0; 32]), |key| medchain_report::salt(key.as_bytes())),
    };
    Ok(Gathered { report, film: opening.map(|opening| opening.film) })
}

fn of_record(record: &ChainRecord) -> Result<Record> {
    let document = records::document(record)?;
    Ok(Record {
        id: record.id.0,
        patient: record.patient.to_string(),
        patient_name: None,
        author: record.author.to_string(),
        added_at: record.added_at,
        cid: document.cid.to_string(),
        digest: Hash(document.digest.0),
        superseded_by: match record.status {
            RecordStatus::Superseded { by } => Some(by.0),
            RecordStatus::Active | RecordStatus::Erased => None,
        },
    })
}

async fn request(view: &View, chosen: Option<&Chosen>) -> Result<Option<Request>> {
    let Some(chosen) = chosen else { return Ok(None) };
    let id = chosen.request;
    let request = view.request(id).await?.with_context(|| format!("there is no request {id}"))?;
    let workers = match &chosen.verdict {
        Some(verdict) => verdict.workers.clone(),
        None => {
            let committee = view.committee(id).await?;
            let members = committee.map(|committee| committee.members).unwrap_or_default();
            members.iter().map(|member| member.worker).collect()
        }
    };
    Ok(Some(Request {
        id: id.0,
        requester: request.requester.to_string(),
        workers: workers.iter().map(ToString::to_string).collect(),
        reached_at: chosen.verdict.as_ref().map(|verdict| verdict.reached_at),
        receipt: chosen.verdict.as_ref().map(|verdict| Hash(verdict.receipt.0)),
    }))
}

async fn outcome(
    view: &View,
    (genesis, as_of): (H256, u32),
    chosen: Option<&Chosen>,
    (key, model): (Option<&ContentKey>, Option<&ChainModel>),
) -> Result<Outcome> {
    let Some(chosen) = chosen else { return Ok(Outcome::NotOrdered) };
    if let Some(verdict) = &chosen.verdict {
        return Ok(of_verdict(genesis, verdict, as_of, (key, model)));
    }
    let id = chosen.request;
    let request = view.request(id).await?.with_context(|| format!("there is no request {id}"))?;
    let (status, until) = (request.status, request.deadline);
    let state = inference::state(status).to_owned();
    Ok(match (status, inference::ended(id, status)) {
        (_, Some(reason)) => Outcome::Ended { how: state, reason },
        (RequestStatus::Disputed, None) => Outcome::Disputed { until },
        (_, None) => Outcome::Pending { step: state, until },
    })
}

/// What a verdict says as of the block `now`.
fn of_verdict(
    genesis: H256,
    verdict: &Verdict,
    now: u32,
    (key, model): (Option<&ContentKey>, Option<&ChainModel>),
) -> Outcome {
    let validity = Validity::new(verdict, now);
    match validity.status {
        VerdictStatus::Annulled => return Outcome::Annulled,
        VerdictStatus::Withdrawn => return Outcome::Withdrawn,
        VerdictStatus::Standing | VerdictStatus::Challenged => {}
    }
    let Some(key) = key else { return Outcome::Sealed };
    let Ok(output) = key.verdict_key(&name_of(genesis, verdict)).open(&verdict.sealed) else {
        return Outcome::Unreadable;
    };
    let opened = Opened::new(&output, model);
    let class = |(label, probability)| Class { label, probability };
    Outcome::Verdict {
        label: opened.label,
        probabilities: opened.probabilities.0.into_iter().map(class).collect(),
        provisional_until: validity.provisional_until,
        challengeable_until: validity.challengeable_until,
        challenged: validity.status == VerdictStatus::Challenged,
    }
}

async fn describe(context: &Context, model: &ChainModel, folder: Option<&Path>) -> Model {
    let ModelId(id) = model.id;
    Model {
        id: id.into(),
        name: model.name.clone(),
        version: model.version.clone(),
        sha256: Hash(model.sha256),
        threshold: model.confidence_threshold_ppm,
        card: match &model.card {
            Some(cid) => numbers(context, cid, &model.labels, folder).await,
            None => None,
        },
    }
}

/// The numbers of a model's card, from this computer or the store. Whichever it is, it has the
/// CID on chain.
async fn numbers(
    context: &Context,
    cid: &Cid,
    labels: &[String],
    folder: Option<&Path>,
) -> Option<Card> {
    let local = ModelFiles::find(folder)
        .and_then(|found| files::read(&found.card, "the model card", MAX_TEXT_BYTES))
        .ok()
        .map(Content::new)
        .filter(|content| content.cid == *cid)
        .map(|content| content.bytes);
    let bytes = match local {
        Some(bytes) => bytes,
        None => records::fetch_content(context, cid, None, MAX_TEXT_BYTES)
            .await
            .inspect_err(|error| {
                let why = crate::output::causes(error);
                crate::output::tell!("warning: the report has no numbers of the model card: {why}");
            })
            .ok()?,
    };
    Card::read(&cid.to_string(), &String::from_utf8_lossy(&bytes), labels)
}

#[cfg(test)]
mod tests {
    use medchain_client::{store::cid_of, AccountId32};
    use medchain_primitives::{ContentDigest, Output, RecordContent};

    use super::*;
    use crate::inference::test_verdict;

    fn verdict(status: VerdictStatus, key: &ContentKey) -> Verdict {
        let mut verdict = test_verdict(status, &[7]);
        let output = Output::quantise(&[0.15, 0.05, 0.8]).unwrap();
        verdict.sealed = key.verdict_key(&name_of(H256([3; 32]), &verdict)).seal(&output);
        verdict
    }

    fn opened(status: VerdictStatus, key: Option<&ContentKey>, now: u32) -> Outcome {
        let verdict = verdict(status, &ContentKey::from_bytes([5; 32]));
        of_verdict(H256([3; 32]), &verdict, now, (key, None))
    }

    #[test]
    fn a_verdict_says_no_more_than_it_may() {
        use VerdictStatus::{Annulled, Challenged, Standing, Withdrawn};
        let (key, other) = (ContentKey::from_bytes([5; 32]), ContentKey::from_bytes([6; 32]));
        let Outcome::Verdict { label, probabilities, provisional_until, challenged, .. } =
            opened(Standing, Some(&key), 20)
        else {
            panic!("it does not open");
        };
        assert_eq!((label.as_str(), provisional_until, challenged), ("class 2", Some(20), false));
        assert_eq!(probabilities[2], Class { label: "class 2".into(), probability: 800_000 });
        let later = opened(Challenged, Some(&key), 21);
        assert!(matches!(
            later,
            Outcome::Verdict { provisional_until: None, challenged: true, .. }
        ));
        assert_eq!(opened(Standing, None, 20), Outcome::Sealed);
        assert_eq!(opened(Standing, Some(&other), 20), Outcome::Unreadable);
        for key in [None, Some(&key)] {
            assert_eq!(opened(Annulled, key, 20), Outcome::Annulled);
            assert_eq!(opened(Withdrawn, key, 20), Outcome::Withdrawn);
        }
    }

    #[test]
    fn a_replaced_version_says_so() {
        let mut record = ChainRecord {
            id: RecordId(3),
            patient: AccountId32([1; 32]),
            author: AccountId32([2; 32]),
            content: RecordContent::kept(cid_of(b"film"), ContentDigest([3; 32])),
            kind: RecordKind::ChestXray,
            previous: None,
            added_at: 1,
            status: RecordStatus::Active,
            deposit: 0,
        };
        assert_eq!(of_record(&record).unwrap().superseded_by, None);
        record.status = RecordStatus::Superseded { by: RecordId(8) };
        assert_eq!(of_record(&record).unwrap().superseded_by, Some(8));
        record.status = RecordStatus::Erased;
        record.content = RecordContent::Erased(cid_of(b"film").hashed());
        let refused = of_record(&record).unwrap_err().to_string();
        assert!(refused.contains("record 3 was erased"), "{refused}");
    }
}
