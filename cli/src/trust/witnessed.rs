//! What two nodes vouch for, compared with what one of them tells.

use std::time::{Duration, Instant};

use anyhow::{anyhow, Error, Result};
use medchain_client::{
    chain::{Committee, CustodianGroup, Record, Request, View},
    AccountId32,
};
use medchain_primitives::RecordId;

use crate::context::Context;

/// How long a draw or a record is waited for until both nodes call its block final.
const LIMIT: Duration = Duration::from_secs(120);
/// How often is looked.
const PAUSE: Duration = Duration::from_secs(1);

/// The state that two nodes vouch for, if somebody named a second one.
pub async fn witnessed(context: &Context) -> Result<Option<View>> {
    let Some(second) = context.second_chain().await? else { return Ok(None) };
    Ok(Some(context.chain().await?.witnessed(second).await?))
}

/// Checks that the custodians that a node tells, and their keys, are those that two nodes vouch
/// for.
pub async fn ensure_custodians(
    context: &Context,
    patient: &AccountId32,
    told: Option<&CustodianGroup>,
) -> Result<()> {
    let Some(view) = witnessed(context).await? else { return Ok(()) };
    match is_group(told, view.custodians_of(patient).await?.as_ref()) {
        true => Ok(()),
        false => Err(differs(&format!("what the node tells of the custodians of {patient}"))),
    }
}

/// Checks that a record is the one that two nodes vouch for: the key of another one would be
/// sealed in its place. One that was just added, as by the line before in a batch, is waited for.
pub async fn ensure_record(context: &Context, told: &Record) -> Result<()> {
    ensure(context, Sought::Record(told)).await
}

/// Checks that an account has an envelope for a record, as the node tells; `proven` is what two
/// nodes vouch for.
pub async fn ensure_reader(
    proven: Option<&View>,
    record: RecordId,
    account: &AccountId32,
) -> Result<()> {
    let Some(view) = proven else { return Ok(()) };
    match view.envelope(record, account).await? {
        Some(_) => Ok(()),
        None => Err(differs(&format!("that {account} can open record {record}"))),
    }
}

/// Waits until both nodes vouch for a request, its record, and the workers that it has chosen.
pub async fn ensure_drawn(
    context: &Context,
    request: &Request,
    record: &Record,
    told: &Committee,
) -> Result<()> {
    ensure(context, Sought::Draw(request, record, told)).await
}

/// What the state that two nodes vouch for must have.
#[derive(Clone, Copy)]
enum Sought<'a> {
    Record(&'a Record),
    Draw(&'a Request, &'a Record, &'a Committee),
}

/// Waits until both nodes vouch for something.
async fn ensure(context: &Context, sought: Sought<'_>) -> Result<()> {
    let started = Instant::now();
    let mut step = None;
    loop {
        let Some(view) = witnessed(context).await? else { return Ok(()) };
        let (found, what) = match sought {
            Sought::Record(told) => {
                let proven = view.record(told.id).await?;
                (is_this_record(told, proven.as_ref()), format!("record {}", told.id))
            }
            Sought::Draw(request, record, told) => {
                let proven = (
                    view.request(request.id).await?,
                    view.record(record.id).await?,
                    view.committee(request.id).await?,
                );
                // One that is not so may be newer: workers are drawn in several blocks.
                let is_so = is_draw((request, record, told), &proven);
                (is_so.then_some(true), format!("request {}", request.id))
            }
        };
        match found {
            Some(true) => return Ok(()),
            None if started.elapsed() < LIMIT => {}
            Some(false) | None => return Err(differs(&format!("what the node tells of {what}"))),
        }
        step.get_or_insert_with(|| {
            context.progress.step(format!("Waiting until both nodes call {what} final"))
        });
        tokio::time::sleep(PAUSE).await;
    }
}

/// The newest states of both nodes, for what a node computes: it has no proof, so that both are
/// asked.
pub struct Both(Vec<View>);

impl Both {
    /// That of the node alone, if nobody named a second one.
    pub async fn of(context: &Context, view: &View) -> Result<Self> {
        let mut all = vec![view.clone()];
        if let Some(second) = context.second_chain().await? {
            all.push(second.best().await?);
        }
        Ok(Self(all))
    }

    /// Each of them.
    pub fn each(&self) -> impl Iterator<Item = &View> {
        self.0.iter()
    }
}

/// Whether two nodes vouch for these custodians, their keys and the threshold.
fn is_group(told: Option<&CustodianGroup>, proven: Option<&CustodianGroup>) -> bool {
    match (told, proven) {
        (Some(told), Some(proven)) => {
            told.members == proven.members && told.threshold == proven.threshold
        }
        (None, None) => true,
        _ => false,
    }
}

/// As [`is_record`]; nothing where there is no such record, or not yet.
fn is_this_record(told: &Record, proven: Option<&Record>) -> Option<bool> {
    proven.map(|proven| is_record(told, Some(proven)))
}

/// Whether two nodes vouch for a record of this patient and author with this content.
fn is_record(told: &Record, proven: Option<&Record>) -> bool {
    proven.is_some_and(|proven| {
        told.patient == proven.patient
            && told.author == proven.author
            && told.content == proven.content
    })
}

/// What two nodes vouch for of a request: itself, its record, its workers.
type Proven = (Option<Request>, Option<Record>, Option<Committee>);

/// Whether two nodes vouch for this request about this record, and for each of its workers.
///
/// How far these are does not matter: it is newer than the block that both call final.
fn is_draw(
    (request, record, told): (&Request, &Record, &Committee),
    (found, of, committee): &Proven,
) -> bool {
    let is_request = found.as_ref().is_some_and(|found| found.record == request.record);
    let is_drawn = |worker: &AccountId32| {
        committee.as_ref().is_some_and(|committee| committee.step_of(worker).is_some())
    };
    is_request
        && request.record == record.id
        && is_record(record, of.as_ref())
        && told.members.iter().all(|member| is_drawn(&member.worker))
}

fn differs(what: &str) -> Error {
    anyhow!(
        "{what} is not so in the last block that both nodes call final: if it has just changed, \
         try again in a minute; else the first node lies. Nothing was sealed"
    )
}

#[cfg(test)]
mod tests {
    use medchain_client::{
        chain::{Member, RecordStatus, RequestStatus, Step},
        custody::CustodianKey,
        store,
    };
    use medchain_primitives::{ContentDigest, ModelId, RecordContent, RecordKind, RequestId};

    use super::*;

    fn account(number: u8) -> AccountId32 {
        AccountId32([number; 32])
    }

    fn record(content: &[u8]) -> Record {
        Record {
            id: RecordId(9),
            patient: account(1),
            author: account(2),
            content: RecordContent::kept(store::cid_of(content), ContentDigest([3; 32])),
            kind: RecordKind::ChestXray,
            previous: None,
            added_at: 7,
            status: RecordStatus::Active,
            deposit: 0,
        }
    }

    fn committee(workers: &[u8]) -> Committee {
        let member = |worker: &u8| Member { worker: account(*worker), step: Step::Chosen };
        Committee {
            members: workers.iter().map(member).collect(),
            named: false,
            waits_for_seed: false,
            lost: Vec::new(),
        }
    }

    #[test]
    fn a_false_key_of_a_custodian_stops() {
        let group = |key: u8, threshold| CustodianGroup {
            members: vec![(account(5), CustodianKey([key; 32]))],
            threshold,
            deposit: u128::from(key),
        };
        let told = group(1, 1);
        assert!(is_group(Some(&told), Some(&CustodianGroup { deposit: 9, ..group(1, 1) })));
        assert!(is_group(None, None));
        for proven in [None, Some(group(2, 1)), Some(group(1, 2))] {
            assert!(!is_group(Some(&told), proven.as_ref()), "{proven:?}");
        }
        assert!(!is_group(None, Some(&told)), "the custodians must not be left out either");
    }

    #[test]
    fn another_record_in_the_place_of_one_stops() {
        let told = record(b"film");
        let superseded = RecordStatus::Superseded { by: RecordId(10) };
        assert!(is_record(&told, Some(&Record { status: superseded, ..record(b"film") })));
        assert!(!is_record(&told, Some(&record(b"another film"))));
        assert!(!is_record(&told, Some(&Record { patient: account(3), ..record(b"film") })));
        assert!(!is_record(&told, None));
        // One that is not there yet is waited for, and another one is not.
        assert_eq!(is_this_record(&told, None), None);
        assert_eq!(is_this_record(&told, Some(&record(b"another film"))), Some(false));
        assert_eq!(is_this_record(&told, Some(&record(b"film"))), Some(true));
    }

    #[test]
    fn a_worker_that_nobody_drew_stops() {
        let request = Request {
            id: RequestId(4),
            record: RecordId(9),
            patient: account(1),
            model: ModelId(0),
            requester: account(2),
            fee: 1,
            quorum: 1,
            opened: 5,
            deadline: 50,
            status: RequestStatus::Sealing,
        };
        let (film, told) = (record(b"film"), committee(&[7]));
        let proven =
            |workers: &[u8]| (Some(request.clone()), Some(film.clone()), Some(committee(workers)));
        let is_so = |found: Proven| is_draw((&request, &film, &told), &found);
        assert!(is_so(proven(&[7, 8])));
        assert!(!is_so(proven(&[8])));
        assert!(!is_so((None, Some(film.clone()), Some(committee(&[7])))));
        assert!(!is_so((Some(request.clone()), None, Some(committee(&[7])))));
        assert!(!is_so((Some(request.clone()), Some(film.clone()), None)));
        let other = Request { record: RecordId(8), ..request.clone() };
        assert!(!is_so((Some(other), Some(film.clone()), Some(committee(&[7])))));
    }
}
