//! Picks the entries about one patient from the chain's blocks.

use std::collections::{BTreeMap, BTreeSet};

use medchain_primitives::{Basis, RecordId, RequestId};
use serde_json::Value;

use crate::{
    describe::{self, Said},
    words::{maybe, word},
    AccountId32, ChainEvent, Entry, Kind, LoggedBlock, PastEvent, PolicyEvent, H256,
};

/// What is known about a patient while the blocks are read in order.
#[derive(Clone, Debug)]
pub struct Gathering {
    patient: AccountId32,
    records: BTreeSet<RecordId>,
    /// The record and the requester of each request; none where it concerns another
    /// patient.
    requests: BTreeMap<RequestId, Option<(RecordId, AccountId32)>>,
    /// What an account's access to a record is based on, as far as the blocks tell.
    grants: BTreeMap<(RecordId, AccountId32), Basis>,
    /// The same of access that ended: shares that were under way come afterwards.
    ended: BTreeMap<(RecordId, AccountId32), Basis>,
    own_policy: Option<AccountId32>,
    default_policy: Option<AccountId32>,
    /// The contracts that have been the patient's policy.
    policies: BTreeSet<AccountId32>,
    /// What other contracts emitted about the patient.
    ///
    /// It counts once the patient chooses the contract: anybody can deploy one that
    /// emits whatever they like.
    held: BTreeMap<AccountId32, Vec<Entry>>,
    is_first_block: bool,
}

impl Gathering {
    /// Begins for a patient with these records.
    ///
    /// The policies are those after the first block that is taken.
    pub fn new(
        patient: AccountId32,
        records: impl IntoIterator<Item = RecordId>,
        own_policy: Option<AccountId32>,
        default_policy: Option<AccountId32>,
    ) -> Self {
        Self {
            patient,
            records: records.into_iter().collect(),
            requests: BTreeMap::new(),
            grants: BTreeMap::new(),
            ended: BTreeMap::new(),
            own_policy,
            default_policy,
            policies: BTreeSet::new(),
            held: BTreeMap::new(),
            is_first_block: true,
        }
    }

    /// The requests in the events of a block that were made before the first block: look up
    /// their patients before taking it.
    pub fn unknown_requests<F>(&self, events: &[PastEvent<F>]) -> Vec<RequestId> {
        let mut made = BTreeSet::new();
        let mut unknown = Vec::new();
        for event in events.iter().map(|event| &event.event) {
            if let Some((request, ..)) = request_made(event) {
                made.insert(request);
            } else if let Some(request) = only_request(event)
                && !made.contains(&request)
                && !self.requests.contains_key(&request)
                && !unknown.contains(&request)
            {
                unknown.push(request);
            }
        }
        unknown
    }

    /// Adds a request that was looked up.
    pub fn learn_request(
        &mut self,
        request: RequestId,
        record: RecordId,
        patient: &AccountId32,
        requester: &AccountId32,
    ) {
        let concerns = *patient == self.patient;
        self.requests.insert(request, concerns.then_some((record, *requester)));
    }

    /// The entries of the next block, by its height and its events, still without times.
    ///
    /// Where the patient chose a policy, these include what that contract emitted in
    /// earlier blocks.
    pub fn take<F>(&mut self, number: u32, events: &[PastEvent<F>]) -> Vec<Entry> {
        if std::mem::take(&mut self.is_first_block) {
            self.rewind_policies(events);
        }
        let mut signers = BTreeMap::new();
        for event in events {
            if let (Some(index), ChainEvent::FeePaid { who, .. }) = (event.extrinsic, &event.event)
            {
                signers.insert(index, *who);
            }
        }
        let mut entries = self.release_held();
        for (place, event) in events.iter().enumerate() {
            let signer = event.extrinsic.and_then(|index| signers.get(&index));
            let Some(said) = self.said(event, signer) else { continue };
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            let entry = entry((number, place), event.extrinsic, signer, said);
            match &event.event {
                ChainEvent::ContractEmitted { contract, .. }
                    if !self.policies.contains(contract) =>
                {
                    self.held.entry(*contract).or_default().push(entry);
                }
                _ => entries.push(entry),
            }
            entries.extend(self.release_held());
        }
        entries
    }

    /// The entries of the next block of the patient's log, still without times.
    ///
    /// What the policy contract wrote into the log stands for its own events. That they concern
    /// the patient is proven, so each of them has an entry here.
    pub fn take_logged<F>(&mut self, block: &LoggedBlock, events: &[PastEvent<F>]) -> Vec<Entry> {
        if std::mem::take(&mut self.is_first_block) {
            self.rewind_policies(events);
        }
        // It changes without an entry in anybody's log.
        self.default_policy = block.default_policy;
        let mut entries = Vec::new();
        for (logged, event) in block.entries.iter().zip(events) {
            let signer = logged.signer.as_ref();
            let said = match &event.event {
                ChainEvent::PolicyNoted { patient, policy, entry } => {
                    describe::noted(patient, policy, entry)
                }
                other => match self.described(other) {
                    Some(said) => self.follow(other, said, signer),
                    None => describe::unknown(other, &logged.event),
                },
            };
            entries.push(entry((block.number, logged.index), logged.extrinsic, signer, said));
        }
        entries
    }

    /// What an event says, whomever it concerns, with what its request says.
    fn described<F>(&mut self, event: &ChainEvent<F>) -> Option<Said> {
        if let Some((request, record, patient, requester)) = request_made(event) {
            self.learn_request(request, record, patient, requester);
        }
        let mut said = describe::event(event)?;
        if said.patient.is_none() && said.record.is_none() {
            let request = said.request.and_then(|id| self.requests.get(&id).copied().flatten());
            if let Some((record, requester)) = request {
                (said.record, said.who) = (Some(record), said.who.or(Some(requester)));
            }
        }
        Some(said)
    }

    /// The entries held back for the policy that counts now.
    fn release_held(&mut self) -> Vec<Entry> {
        match self.policy() {
            Some(policy) if self.policies.insert(policy) => {
                self.held.remove(&policy).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// Restores the policies from before the first block.
    fn rewind_policies<F>(&mut self, events: &[PastEvent<F>]) {
        for event in events.iter().rev() {
            match &event.event {
                ChainEvent::PolicySet { patient, old, .. } if *patient == self.patient => {
                    self.own_policy = *old;
                }
                ChainEvent::DefaultPolicySet { old, .. } => self.default_policy = *old,
                _ => {}
            }
        }
    }

    /// The policy in force; none for a patient who allows nobody, whose own account stands for
    /// that.
    fn policy(&self) -> Option<AccountId32> {
        self.own_policy.or(self.default_policy).filter(|policy| *policy != self.patient)
    }

    /// What an event says, if it concerns the patient.
    fn said<F>(&mut self, event: &PastEvent<F>, signer: Option<&AccountId32>) -> Option<Said> {
        match &event.event {
            ChainEvent::ContractEmitted { contract, topics, data } => {
                return self.contract_said(contract, topics, data, signer);
            }
            ChainEvent::DefaultPolicySet { old, new } => {
                self.default_policy = *new;
                // It changes nothing for patients who chose a policy.
                let who = signer.copied();
                let said = || Said { who, ..describe::default_policy(old.as_ref(), new.as_ref()) };
                return self.own_policy.is_none().then(said);
            }
            _ => {}
        }
        let said = self.described(&event.event)?;
        let concerns = match (&said.patient, &said.record) {
            (Some(patient), _) => *patient == self.patient,
            (None, Some(record)) => self.records.contains(record),
            (None, None) => false,
        };
        concerns.then(|| self.follow(&event.event, said, signer))
    }

    /// Remembers what later events need, and adds what earlier ones said.
    fn follow<F>(
        &mut self,
        event: &ChainEvent<F>,
        said: Said,
        signer: Option<&AccountId32>,
    ) -> Said {
        match event {
            ChainEvent::PolicySet { new, .. } => {
                self.own_policy = *new;
                said
            }
            ChainEvent::RecordAdded { record, .. } | ChainEvent::RecordAmended { record, .. } => {
                self.records.insert(*record);
                said
            }
            // The event does not name the account that did it.
            ChainEvent::RecordEntrusted { .. }
            | ChainEvent::RecordByCaretaker { .. }
            | ChainEvent::ProfileByCaretaker { .. } => Said { who: signer.copied(), ..said },
            ChainEvent::AccessGranted { record, subject, purpose, until, .. } => {
                if until.is_some() {
                    let basis = self.grants.entry((*record, *subject));
                    let basis = basis.or_insert(Basis::Policy { purpose: *purpose });
                    // A grant in an emergency stays one; of another, the purpose is replaced.
                    if let Basis::Policy { purpose: stated } = basis {
                        *stated = *purpose;
                    }
                }
                said.with("policy", maybe(self.policy().as_ref()))
            }
            ChainEvent::AccessDenied { .. } => said.with("policy", maybe(self.policy().as_ref())),
            ChainEvent::EmergencyAccess { record, subject, emergency, .. } => {
                self.grants.insert((*record, *subject), Basis::Emergency { emergency: *emergency });
                said
            }
            ChainEvent::WorkerAccess { request, record, worker, .. } => {
                self.grants.insert((*record, *worker), Basis::Draw { request: *request });
                said
            }
            ChainEvent::ShareDelivered { record, subject, .. } => {
                based_on(said, self.grants.get(&(*record, *subject)).copied())
            }
            ChainEvent::AccessEnded { record, subject, .. } => {
                let basis = self.grants.remove(&(*record, *subject));
                if let Some(basis) = basis {
                    self.ended.insert((*record, *subject), basis);
                }
                based_on(said, basis)
            }
            ChainEvent::ShareExposed { record, subject, .. } => {
                // A custodian without the role exposes a share of access that still runs.
                let key = (*record, *subject);
                based_on(said, self.grants.get(&key).or_else(|| self.ended.get(&key)).copied())
            }
            _ => said,
        }
    }

    /// What a contract emitted: events of the reference contract about the patient, and
    /// any other event of the policy in force.
    fn contract_said(
        &self,
        contract: &AccountId32,
        topics: &[H256],
        data: &[u8],
        signer: Option<&AccountId32>,
    ) -> Option<Said> {
        if let Some(event) = PolicyEvent::read(topics, data) {
            return (*event.patient() == self.patient)
                .then(|| describe::policy(contract, &event))
                .map(|said| said.with("in_force", self.policy().as_ref() == Some(contract)));
        }
        if self.policy().as_ref() != Some(contract) {
            return None;
        }
        let named = topics.iter().any(|topic| topic.0 == self.patient.0)
            || data.windows(32).any(|bytes| bytes == self.patient.0)
            || signer == Some(&self.patient);
        // Most events of a shared contract are about others.
        let is_own = self.own_policy.as_ref() == Some(contract);
        (named || is_own).then(|| describe::raw(contract, topics, data, named))
    }
}

/// An entry without its time, at this block and index.
fn entry(
    (block_number, event_index): (u32, u32),
    extrinsic_index: Option<u32>,
    signer: Option<&AccountId32>,
    said: Said,
) -> Entry {
    Entry {
        block_number,
        event_index,
        time: String::new(),
        extrinsic_index,
        signer: signer.map(ToString::to_string),
        kind: said.kind,
        who: said.who.map(|who| who.to_string()),
        record_id: said.record,
        details: said.details,
    }
}

/// What an event says about a new request.
fn request_made<F>(
    event: &ChainEvent<F>,
) -> Option<(RequestId, RecordId, &AccountId32, &AccountId32)> {
    match event {
        ChainEvent::InferenceRequested { request, record, patient, requester, .. } => {
            Some((*request, *record, patient, requester))
        }
        _ => None,
    }
}

/// The request of an event that names neither patient nor record.
fn only_request<F>(event: &ChainEvent<F>) -> Option<RequestId> {
    let said = describe::event(event)?;
    said.request.filter(|_| said.patient.is_none() && said.record.is_none())
}

fn based_on(said: Said, basis: Option<Basis>) -> Said {
    match basis {
        None => said,
        Some(Basis::Policy { purpose }) => said.with("purpose", word(purpose)),
        Some(Basis::Emergency { emergency }) => said.with("emergency_id", emergency.0),
        Some(Basis::Draw { request }) => said.with("request_id", request.0),
    }
}

impl Entry {
    /// Sets the time of the entry's block.
    pub fn at(self, time: String) -> Self {
        Self { time, ..self }
    }

    /// Whether it is certainly about this patient: a contract's own events may be about
    /// another.
    pub fn is_about_the_patient(&self) -> bool {
        let names = self.details.get("names_patient").and_then(Value::as_bool);
        self.kind != Kind::PolicyEvent || names == Some(true)
    }
}
