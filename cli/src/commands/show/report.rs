//! What `medchain show` says of a record.

use std::fmt;

use medchain_client::{
    chain::{Committee, Custody, Request, RequestStatus},
    AccountId32,
};
use medchain_primitives::{ModelId, RecordId, RequestId};
use serde::Serialize;

use crate::{
    inference::{self, VerdictReport},
    output,
    records::RecordSummary,
};

/// A record with its versions, readers and verdicts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShowReport {
    /// The record itself.
    #[serde(flatten)]
    pub record: RecordSummary,
    /// Its patient.
    pub patient: AccountId32,
    /// The deposit held for it, in plancks.
    pub deposit: String,
    /// Its versions including itself, oldest first.
    pub versions: Vec<RecordId>,
    /// The accounts that can open it with an envelope of their own.
    pub envelopes: Vec<AccountId32>,
    /// The custodians, who hand its key to readers; none where nobody keeps it.
    pub custody: Option<CustodyReport>,
    /// The newest verdict of each model on it.
    pub verdicts: Vec<VerdictReport>,
    /// The requests that are not over.
    pub open_requests: Vec<RequestReport>,
    /// The block that was read.
    pub block_number: u32,
}

/// Who keeps a record's key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CustodyReport {
    /// The custodians.
    pub custodians: Vec<AccountId32>,
    /// How many of them together open the key.
    pub threshold: u32,
    /// How many accounts they hand it to now.
    pub grants: u32,
}

impl From<Custody> for CustodyReport {
    fn from(custody: Custody) -> Self {
        Self {
            custodians: custody.accounts(),
            threshold: custody.threshold.into(),
            grants: custody.grants,
        }
    }
}

/// An open request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestReport {
    /// The request's number.
    pub request_id: RequestId,
    /// The requested model.
    pub model_id: ModelId,
    /// How many workers must give the same answer.
    pub quorum: u8,
    /// How far it is.
    pub status: &'static str,
    /// The workers that were drawn or named.
    pub workers: Vec<MemberReport>,
    /// How many workers it has lost.
    pub lost: u32,
    /// How many workers have asked custodians for the key.
    pub asking_custodians: u32,
    /// The block in which it was made.
    pub opened: u32,
    /// The last block in which it can leave this status as intended.
    pub deadline: u32,
    #[serde(skip)]
    state: RequestStatus,
}

impl RequestReport {
    /// Describes a request. So many of its workers have `asked` custodians for the key.
    pub(super) fn new(request: &Request, committee: Option<Committee>, asked: usize) -> Self {
        let committee =
            committee.map(|committee| (committee.members, committee.lost)).unwrap_or_default();
        let (members, lost) = committee;
        Self {
            request_id: request.id,
            model_id: request.model,
            quorum: request.quorum,
            status: inference::state(request.status),
            workers: members
                .iter()
                .map(|member| MemberReport {
                    worker: member.worker,
                    step: inference::step(&member.step),
                })
                .collect(),
            lost: u32::try_from(lost.len()).unwrap_or(u32::MAX),
            asking_custodians: u32::try_from(asked).unwrap_or(u32::MAX),
            opened: request.opened,
            deadline: request.deadline,
            state: request.status,
        }
    }
}

/// A worker of an open request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemberReport {
    /// The worker.
    pub worker: AccountId32,
    /// How far it is.
    pub step: &'static str,
}

impl fmt::Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = &self.record;
        writeln!(f, "record      {} ({})", record.record_id, record.kind)?;
        writeln!(f, "status      {}", record.status)?;
        writeln!(f, "patient     {}", self.patient)?;
        writeln!(f, "author      {}", record.author)?;
        writeln!(f, "added       in block {}", record.added_at)?;
        if let (Some(cid), Some(digest)) = (&record.cid, &record.digest) {
            writeln!(f, "CID         {cid}")?;
            writeln!(f, "SHA-256     {digest}")?;
        } else {
            writeln!(f, "CID         not known to the chain any more; its hash is")?;
            writeln!(f, "            {}", record.cid_hash)?;
        }
        if self.versions.len() > 1 {
            let versions: Vec<String> = self.versions.iter().map(ToString::to_string).collect();
            writeln!(f, "versions    {}", versions.join(" → "))?;
        }
        match (self.envelopes.is_empty(), &self.custody) {
            (true, None) => writeln!(f, "envelopes   none: nobody can open it")?,
            (true, Some(_)) => writeln!(f, "envelopes   none: it opens with its custodians alone")?,
            (false, _) => {}
        }
        for reader in &self.envelopes {
            writeln!(f, "envelope    {reader}")?;
        }
        if let Some(custody) = &self.custody {
            self.show_custody(f, custody)?;
        }
        for request in &self.open_requests {
            self.show_request(f, request)?;
        }
        for verdict in &self.verdicts {
            writeln!(f, "verdict     {verdict}")?;
        }
        if self.verdicts.iter().any(|verdict| verdict.opened.is_some()) {
            writeln!(f, "Not for clinical use.")?;
        }
        Ok(())
    }
}

impl ShowReport {
    fn show_custody(&self, f: &mut fmt::Formatter<'_>, custody: &CustodyReport) -> fmt::Result {
        let CustodyReport { custodians, threshold, grants } = custody;
        for custodian in custodians {
            writeln!(f, "custodian   {custodian}")?;
        }
        let (all, record) = (custodians.len(), self.record.record_id);
        writeln!(
            f,
            "            {threshold} of these {all} hand the key to readers whom the policy \
             allows, with: medchain request-access {record}"
        )?;
        if *grants > 0 {
            writeln!(f, "            now to {}", output::counted(*grants, "account"))?;
        }
        Ok(())
    }

    fn show_request(&self, f: &mut fmt::Formatter<'_>, request: &RequestReport) -> fmt::Result {
        let RequestReport { request_id, model_id, status, .. } = request;
        let blocks = self.block_number.saturating_sub(request.opened);
        writeln!(
            f,
            "waiting     request {request_id} for model {model_id}, of {}, {status}, since \
             block {} ({blocks} blocks), until block {}",
            output::counted(request.quorum, "worker"),
            request.opened,
            request.deadline
        )?;
        for member in &request.workers {
            writeln!(f, "worker      {} {}", member.worker, member.step)?;
        }
        if request.lost > 0 {
            writeln!(f, "replaced    {} of its workers", request.lost)?;
        }
        if request.state == RequestStatus::Disputed {
            writeln!(
                f,
                "            the answers differ, and two workers settle whose is right; see \
                 `medchain disputes {request_id}`"
            )?;
        }
        if request.asking_custodians > 0 {
            let asking = request.asking_custodians;
            writeln!(
                f,
                "            custodians are asked for the key, by {asking} of the workers"
            )?;
        }
        // It waits for somebody to draw workers or to seal the key to them.
        if matches!(request.state, RequestStatus::Drawing | RequestStatus::Sealing) {
            writeln!(
                f,
                "            continue it with: medchain infer {} --model {model_id}",
                self.record.record_id
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::{
        chain::{Member, Record, RecordStatus, Step},
        store::cid_of,
    };
    use medchain_primitives::{ContentDigest, RecordContent, RecordKind};

    use super::*;

    fn shown(status: RequestStatus, committee: Option<Committee>) -> String {
        report(status, committee, None).to_string()
    }

    fn report(
        status: RequestStatus,
        committee: Option<Committee>,
        custody: Option<CustodyReport>,
    ) -> ShowReport {
        let record = Record {
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
        let request = Request {
            id: RequestId(9),
            record: record.id,
            patient: record.patient,
            model: ModelId(4),
            requester: record.author,
            fee: 1,
            quorum: 2,
            opened: 10,
            deadline: 90,
            status,
        };
        ShowReport {
            record: RecordSummary::from(&record),
            patient: record.patient,
            deposit: "0".into(),
            versions: vec![record.id],
            envelopes: Vec::new(),
            custody,
            verdicts: Vec::new(),
            open_requests: vec![RequestReport::new(&request, committee, 0)],
            block_number: 15,
        }
    }

    #[test]
    fn custodians_are_a_way_to_open_a_record() {
        let text = shown(RequestStatus::Drawing, None);
        assert!(text.contains("nobody can open it"), "{text}");
        let custodians = vec![AccountId32([4; 32]), AccountId32([5; 32])];
        let custody = CustodyReport { custodians, threshold: 2, grants: 1 };
        let text = report(RequestStatus::Drawing, None, Some(custody)).to_string();
        let custodian = format!("custodian   {}", AccountId32([4; 32]));
        for words in [
            &custodian,
            "opens with its custodians",
            "2 of these 2",
            "medchain request-access 3",
            "to 1 account",
        ] {
            assert!(text.contains(words), "{text}");
        }
        assert!(!text.contains("nobody can open it"), "{text}");
    }

    #[test]
    fn a_request_that_stands_still_says_what_continues_it() {
        let text = shown(RequestStatus::Drawing, None);
        for words in ["request 9", "drawing", "5 blocks", "medchain infer 3 --model 4"] {
            assert!(text.contains(words), "{text}");
        }
    }

    #[test]
    fn a_request_whose_workers_ask_custodians_says_so() {
        let mut report = report(RequestStatus::Sealing, None, None);
        assert!(!report.to_string().contains("custodians are asked"), "{report}");
        report.open_requests[0].asking_custodians = 2;
        let text = report.to_string();
        assert!(text.contains("custodians are asked for the key, by 2 of the workers"), "{text}");
    }

    #[test]
    fn a_disputed_request_says_what_happens_and_where_to_look() {
        let text = shown(RequestStatus::Disputed, None);
        for words in ["disputed", "answers differ", "medchain disputes 9", "until block 90"] {
            assert!(text.contains(words), "{text}");
        }
        assert!(!text.contains("medchain infer"), "{text}");
    }

    #[test]
    fn an_erased_record_has_the_hash_of_its_cid_alone() {
        let mut report = report(RequestStatus::Drawing, None, None);
        assert!(report.to_string().contains(cid_of(b"film").as_str()));
        (report.record.cid, report.record.digest) = (None, None);
        let shown = report.to_string();
        assert!(shown.contains(&report.record.cid_hash), "{shown}");
        assert!(!shown.contains("SHA-256") && shown.contains("not known to the chain"), "{shown}");
    }

    #[test]
    fn a_request_in_work_shows_its_workers() {
        let worker = AccountId32([7; 32]);
        let members = vec![Member { worker, step: Step::Chosen }];
        let lost = vec![AccountId32([8; 32])];
        let committee = Committee { members, named: false, waits_for_seed: false, lost };
        let text = shown(RequestStatus::Committing, Some(committee));
        assert!(text.contains(&format!("worker      {worker} chosen")), "{text}");
        assert!(text.contains("replaced    1"), "{text}");
        assert!(!text.contains("medchain infer"), "{text}");
    }
}
