//! A chain, stores, keys, disks and a model in memory, which a test can break. Several
//! workers can stand on one chain.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use medchain_client::{
    chain::{
        AnswerSalt, Arithmetic, ChainEvent, Dispute, FailureCause, Finality, Model, ModelStatus,
        RequestStatus, SealedAnswer, SlashReason, Step, UNIT,
    },
    crypto::{answer_commitment, answer_salt, ContentKey, VerdictName},
    custody::ReplyKey,
    AccountId32,
};
use medchain_primitives::{
    Cid, FilmCommitments, ModelId, Output, PreprocessingId, RecordId, RequestId,
};
use tokio::sync::watch;

use super::{
    jobs::{Answer, Phase},
    ports::{KeptFilm, StoreError},
};
use crate::shared::{
    outcome::Outcome,
    ports::SubmitError,
    testing::{produce_blocks, Pool, BLOCK_CALLS},
};

mod desk;
mod disputes;
mod model;

pub use desk::Desk;
pub use disputes::Verdict;
pub use model::{Liar, Lie};

/// The model that every request is for.
pub const MODEL: ModelId = ModelId(0);
const GENESIS: [u8; 32] = [9; 32];
const LIFETIME: u32 = 10_000;

/// Where a service can be halted, to be killed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    ListRead,
    ConsentAsked,
    Fetched,
    Opened,
    Predicted,
    Traced,
    Remembered,
    NonceRead,
    Signed,
    InPool,
    InBlock,
}

/// A request on the chain.
#[derive(Clone)]
pub struct Asked {
    pub status: RequestStatus,
    pub deadline: u32,
    pub commitments: FilmCommitments,
    /// The workers that were chosen, also after the request is closed.
    pub members: BTreeMap<AccountId32, Step>,
    pub quorum: u8,
    /// Whether the requester named the only one.
    pub named: bool,
    /// The members that have no envelope.
    pub without_key: BTreeSet<AccountId32>,
    /// What custodians were asked for and have delivered, where they keep the key: the reply key
    /// and the number of shares, of which two are needed.
    pub custody: Option<BTreeMap<AccountId32, (ReplyKey, usize)>>,
    /// Who is drawn, where nobody has been.
    pub to_draw: BTreeSet<AccountId32>,
    /// Its verdict, once it has one.
    pub verdict: Option<Verdict>,
}

/// The chain's state at one block.
#[derive(Clone, Default)]
pub struct BlockState {
    pub requests: BTreeMap<RequestId, Asked>,
    pub nonces: BTreeMap<AccountId32, u64>,
    pub disputes: BTreeMap<RequestId, Dispute>,
}

/// Everything that the tests look at and change.
#[derive(Default)]
pub struct State {
    /// The state that the next block is made from.
    pub now: BlockState,
    /// The state of every block up to the newest one, by number.
    history: Vec<BlockState>,
    /// How many of the newest blocks are not final.
    pub unfinal: u32,
    events: Vec<(u32, ChainEvent)>,
    /// The blocks whose events a worker has read.
    pub events_read: Vec<u32>,
    /// Every answer that a block accepted, in order.
    pub answers: Vec<(AccountId32, RequestId, Answer)>,
    /// Calls that failed on chain.
    pub failed: usize,
    pub pools: BTreeMap<AccountId32, Pool<(RequestId, Answer)>>,
    /// The answers that each worker remembers.
    pub disks: BTreeMap<AccountId32, BTreeMap<RequestId, SealedAnswer>>,
    /// The films that each worker keeps.
    pub films: BTreeMap<AccountId32, BTreeMap<RequestId, KeptFilm>>,
    /// How many processes of each worker a film has ended, by its CID.
    pub fatalities: BTreeMap<(AccountId32, String), u32>,
    /// The most films that have been noted at a time.
    pub most_noted: usize,
    /// The requests for the film of an earlier request, under a record of their own.
    same_film: BTreeMap<RequestId, RequestId>,
    /// Players that the world plays.
    liars: BTreeMap<(RequestId, AccountId32), Arc<Liar>>,
    /// Whether the model is the small exact network.
    pub is_exact: bool,
    pub content: BTreeMap<String, Result<Vec<u8>, StoreError>>,
    pub models: BTreeMap<ModelId, Model>,
    pub networks: BTreeMap<ModelId, medchain_client::chain::Network>,
    pub no_envelope: BTreeSet<RequestId>,
    pub erased: BTreeSet<RequestId>,
    /// Whether no worker can be drawn.
    pub is_suspended: bool,
    /// The workers that can be drawn otherwise.
    pub candidates: BTreeSet<AccountId32>,
    pub no_consent: bool,
    /// Whether a second node vouches for nothing yet.
    pub is_unproven: bool,
    /// As `no_consent`, but only where calls are executed.
    pub no_consent_at_submission: bool,
    pub no_disk: bool,
    pub is_down: bool,
    pub panics: usize,
    /// What the model answers, in place of what it would.
    pub says: Option<Output>,
    pub predictions_run: usize,
    /// The attempts that may have opened a film, in this order.
    pub attempts: Vec<RequestId>,
    /// The films that were decoded, in this order.
    pub decoded: Vec<Vec<u8>>,
    pub stop_at: Option<Stage>,
    pub reached: bool,
}

impl State {
    pub fn block(&self) -> u32 {
        self.history.len() as u32
    }

    fn newest(&self, finality: Finality) -> u32 {
        match finality {
            Finality::Best => self.block(),
            Finality::Finalised => self.block().saturating_sub(self.unfinal),
        }
    }

    fn at(&self, block: u32) -> BlockState {
        let index = (block as usize).checked_sub(1);
        index.and_then(|index| self.history.get(index)).cloned().unwrap_or_default()
    }

    pub fn asked(&mut self, id: RequestId) -> &mut Asked {
        self.now.requests.get_mut(&id).unwrap()
    }

    fn tell(&mut self, event: ChainEvent) {
        // It is in the block that is made next.
        self.events.push((self.block() + 1, event));
    }
}

pub struct World {
    state: Mutex<State>,
    blocks: watch::Sender<u32>,
}

/// The account of worker `number`.
pub fn account(number: u8) -> AccountId32 {
    AccountId32([number; 32])
}

fn key(id: RequestId) -> ContentKey {
    ContentKey::from_bytes([id.0 as u8; 32])
}

fn salt(worker: &AccountId32, request: RequestId) -> AnswerSalt {
    answer_salt(&worker.0, &GENESIS, request)
}

fn square(image: &[u8]) -> Vec<u8> {
    let grey = image.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    let line: Vec<u8> = (0..=250).map(|place: u8| grey.wrapping_add(place)).collect();
    line.iter().copied().cycle().take(224 * 224).collect()
}

fn output() -> Output {
    Output::quantise(&[0.1, 0.2, 0.7]).unwrap()
}

/// The model on the chain.
pub fn entry() -> Model {
    Model {
        id: MODEL,
        name: "test".to_owned(),
        version: "1".to_owned(),
        cid: medchain_client::store::cid_of(b""),
        sha256: [0; 32],
        card: None,
        labels: ["covid", "ignore", "normal"].map(String::from).to_vec(),
        preprocessing: PreprocessingId::truncate_from(b"mc-area-224-v1".to_vec()),
        arithmetic: Arithmetic::Float,
        min_quorum: 1,
        confidence_threshold_ppm: 500_000,
        fee: UNIT,
        status: ModelStatus::Active,
    }
}

fn record(id: RequestId) -> RecordId {
    RecordId(id.0 + 100)
}

/// The CID of a request's film.
pub fn cid(id: RequestId) -> Cid {
    medchain_client::store::cid_of(&id.0.to_le_bytes())
}

fn name(id: RequestId) -> VerdictName {
    VerdictName { genesis: GENESIS, record: record(id), model: MODEL, request: id }
}

/// What an honest worker answers.
pub fn sealed(id: RequestId) -> SealedAnswer {
    key(id).verdict_key(&name(id)).seal(&output())
}

impl World {
    /// A world that makes its own blocks.
    pub fn start() -> Arc<Self> {
        let (blocks, _) = watch::channel(0);
        let world = Arc::new(Self { state: Mutex::default(), blocks });
        produce_blocks(&world, Self::produce);
        world
    }

    /// A world, and worker 1 in it.
    pub fn with_worker() -> (Arc<Self>, Arc<Desk>) {
        let world = Self::start();
        let desk = world.worker(1);
        (world, desk)
    }

    /// What worker `number` has of the world.
    pub fn worker(self: &Arc<Self>, number: u8) -> Arc<Desk> {
        Arc::new(Desk { world: self.clone(), account: account(number) })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A record with this content and a request for it, of worker 1 alone.
    pub fn upload(&self, content: &[u8]) -> RequestId {
        self.ask(content, &[1])
    }

    /// A record with this content and a request for it, of these workers, which have the key: named,
    /// where it is one.
    pub fn ask(&self, content: &[u8], workers: &[u8]) -> RequestId {
        let mut state = self.state();
        let id = RequestId(state.now.requests.len() as u64);
        let asked = Asked {
            status: RequestStatus::Committing,
            deadline: state.block() + LIFETIME,
            commitments: key(id).commitments(&square(content)).unwrap(),
            members: workers.iter().map(|number| (account(*number), Step::Chosen)).collect(),
            quorum: workers.len() as u8,
            named: workers.len() == 1,
            without_key: BTreeSet::new(),
            custody: None,
            to_draw: BTreeSet::new(),
            verdict: None,
        };
        state.content.insert(cid(id).to_string(), Ok(content.to_vec()));
        state.now.requests.insert(id, asked);
        id
    }

    /// Another record with the film of a request, and a request for it, of worker 1 alone.
    pub fn upload_again(&self, film: RequestId) -> RequestId {
        let id = RequestId(self.state().now.requests.len() as u64);
        self.state().same_film.insert(id, film);
        self.upload(b"not looked at")
    }

    /// As [`World::ask`]; but the workers were drawn, and their uploader is gone. Custodians keep the
    /// key.
    pub fn ask_unsealed(&self, content: &[u8], workers: &[u8]) -> RequestId {
        let id = self.ask(content, workers);
        let mut state = self.state();
        let asked = state.asked(id);
        asked.status = RequestStatus::Sealing;
        asked.named = false;
        asked.without_key = asked.members.keys().copied().collect();
        asked.custody = Some(BTreeMap::new());
        id
    }

    /// As [`World::ask_unsealed`], of workers that nobody has drawn.
    pub fn ask_undrawn(&self, content: &[u8], workers: &[u8]) -> RequestId {
        let id = self.ask_unsealed(content, workers);
        let mut state = self.state();
        let asked = state.asked(id);
        asked.status = RequestStatus::Drawing;
        asked.to_draw = std::mem::take(&mut asked.members).into_keys().collect();
        let to_draw = asked.to_draw.clone();
        state.candidates.extend(to_draw);
        id
    }

    /// The reply key with which worker `number` has asked custodians.
    pub fn asked_custodians(&self, number: u8, id: RequestId) -> Option<ReplyKey> {
        let mut state = self.state();
        let custody = state.asked(id).custody.as_ref()?;
        custody.get(&account(number)).map(|(reply, _)| *reply)
    }

    /// A custodian delivers its share to worker `number`.
    pub fn deliver_share(&self, number: u8, id: RequestId) {
        let mut state = self.state();
        let custody = state.asked(id).custody.as_mut().unwrap();
        custody.get_mut(&account(number)).unwrap().1 += 1;
    }

    /// The uploader seals the key to all workers.
    pub fn seal_as_uploader(&self, id: RequestId) {
        let mut state = self.state();
        let asked = state.asked(id);
        asked.without_key.clear();
        asked.status = RequestStatus::Committing;
    }

    pub fn set_content(&self, id: RequestId, content: Result<Vec<u8>, StoreError>) {
        self.state().content.insert(cid(id).to_string(), content);
    }

    /// The answers that the chain accepted for a request.
    pub fn answers_to(&self, id: RequestId) -> Vec<Answer> {
        let state = self.state();
        let of = state.answers.iter().filter(|(_, of, _)| *of == id);
        of.map(|(.., answer)| answer.clone()).collect()
    }

    pub fn all_closed(&self) -> bool {
        self.state().now.requests.values().all(|asked| !asked.status.is_open())
    }

    pub fn status(&self, id: RequestId) -> RequestStatus {
        self.state().asked(id).status
    }

    /// How far worker `number` is with a request.
    pub fn step(&self, number: u8, id: RequestId) -> Option<Step> {
        self.state().asked(id).members.get(&account(number)).cloned()
    }

    pub fn has_committed(&self, number: u8, id: RequestId) -> bool {
        matches!(self.step(number, id), Some(Step::Committed(_)))
    }

    pub fn has_revealed(&self, number: u8, id: RequestId) -> bool {
        matches!(self.step(number, id), Some(Step::Revealed(_)))
    }

    /// Another worker, which the test plays, commits to the honest answer.
    pub fn commit_as(&self, number: u8, id: RequestId) {
        self.commit(number, id, &sealed(id));
    }

    /// The same worker shows it.
    pub fn reveal_as(&self, number: u8, id: RequestId) {
        self.reveal(number, id, sealed(id));
    }

    fn commit(&self, number: u8, id: RequestId, sealed: &SealedAnswer) {
        let worker = account(number);
        let commitment = answer_commitment(id, &worker.0, sealed, &salt(&worker, id));
        execute(&mut self.state(), &worker, id, Answer::Commitment(commitment)).unwrap();
    }

    fn reveal(&self, number: u8, id: RequestId, sealed: SealedAnswer) {
        let worker = account(number);
        let answer = Answer::Reveal { sealed, salt: salt(&worker, id) };
        execute(&mut self.state(), &worker, id, answer).unwrap();
    }

    /// The requester cancels.
    pub fn cancel(&self, id: RequestId) {
        let mut state = self.state();
        state.asked(id).status = RequestStatus::Cancelled;
        state.tell(ChainEvent::RequestCancelled { request: id });
    }

    /// The deadline passes without an answer of worker `number`.
    pub fn miss(&self, number: u8, id: RequestId) {
        let mut state = self.state();
        let worker = account(number);
        let asked = state.asked(id);
        asked.members.remove(&worker);
        asked.status = RequestStatus::Failed { cause: FailureCause::NotAnswered };
        let (reason, amount) = (SlashReason::Absent, UNIT);
        state.tell(ChainEvent::WorkerMissed { request: id, worker });
        state.tell(ChainEvent::WorkerSlashed { worker, request: id, reason, amount });
        state.tell(ChainEvent::InferenceFailed {
            request: id,
            record: record(id),
            cause: FailureCause::NotAnswered,
        });
    }

    /// A fork in which `change` is so replaces every block that is not final.
    pub fn fork(&self, change: impl Fn(&mut BlockState)) {
        let mut state = self.state();
        let last = state.newest(Finality::Finalised) as usize;
        state.history.iter_mut().skip(last).for_each(&change);
        change(&mut state.now);
    }

    fn produce(&self) {
        let mut state = self.state();
        if state.is_down {
            return;
        }
        let workers: Vec<AccountId32> = state.pools.keys().copied().collect();
        for worker in workers {
            for _ in 0..BLOCK_CALLS {
                let nonce = state.now.nonces.get(&worker).copied().unwrap_or_default();
                let taken = state.pools.get_mut(&worker).and_then(|pool| pool.take(nonce));
                let Some(((id, answer), news)) = taken else {
                    break;
                };
                state.now.nonces.insert(worker, nonce + 1);
                let block = state.block() + 1;
                let result = execute(&mut state, &worker, id, answer);
                state.failed += usize::from(result.is_err());
                let _ = news.send(result.map(|()| block).map_err(SubmitError::Refused));
            }
        }
        disputes::let_liars_play(&mut state);
        disputes::time_out(&mut state);
        let made = state.now.clone();
        state.history.push(made);
        self.blocks.send_replace(state.block());
    }
}

/// As the calls of pallet-inference.
fn execute(
    state: &mut State,
    worker: &AccountId32,
    id: RequestId,
    answer: Answer,
) -> Result<(), Outcome> {
    let no_consent = state.no_consent || state.no_consent_at_submission;
    let is_late = state.block() >= state.asked(id).deadline;
    if let Answer::Move(made) = &answer {
        disputes::play(state, worker, id, (**made).clone(), is_late)?;
        state.answers.push((*worker, id, answer));
        return Ok(());
    }
    if let Answer::Draw { .. } = answer {
        let asked = state.asked(id);
        if asked.status != RequestStatus::Drawing {
            return Err(Outcome::ClosedElsewhere);
        }
        let drawn = std::mem::take(&mut asked.to_draw);
        asked.members = drawn.into_iter().map(|member| (member, Step::Chosen)).collect();
        asked.status = RequestStatus::Sealing;
        state.answers.push((*worker, id, answer));
        return Ok(());
    }
    let asked = state.asked(id);
    let Some(step) = asked.members.get(worker).cloned().filter(|_| asked.status.is_open()) else {
        return Err(Outcome::ClosedElsewhere);
    };
    if is_late {
        return Err(Outcome::TooLate);
    }
    let asks = phase(asked.status, &step).or_else(|| key_phase(asked, worker));
    let asks = asks.ok_or(Outcome::ClosedElsewhere)?;
    let mut events = vec![];
    match (asks, &answer, step) {
        (Phase::Answer, Answer::Failure(code), _) => {
            let (record, worker) = (record(id), *worker);
            let cause = FailureCause::Reported(*code);
            asked.members.remove(&worker);
            asked.status = RequestStatus::Failed { cause };
            events.push(ChainEvent::FailureReported { request: id, record, worker, code: *code });
            events.push(ChainEvent::InferenceFailed { request: id, record, cause });
        }
        (Phase::Answer | Phase::Ask, _, _) if no_consent => {
            return Err(Outcome::NoConsent("Emr.GrantRevoked".into()));
        }
        (Phase::Ask, Answer::Ask(reply), _) => {
            let custody = asked.custody.as_mut().ok_or(Outcome::ClosedElsewhere)?;
            custody.insert(*worker, (*reply, 0));
        }
        (Phase::Collect, Answer::Keep(_), _) if delivered(asked, worker) >= THRESHOLD => {
            asked.without_key.remove(worker);
            if asked.without_key.is_empty() {
                asked.status = RequestStatus::Committing;
            }
        }
        (Phase::Answer, Answer::Sealed(sealed), _) if asked.named && asked.quorum == 1 => {
            asked.members.insert(*worker, Step::Revealed(sealed.clone()));
        }
        (Phase::Answer, Answer::Commitment(commitment), _) => {
            asked.members.insert(*worker, Step::Committed(*commitment));
        }
        (Phase::Reveal, Answer::Reveal { sealed, salt }, Step::Committed(commitment))
            if answer_commitment(id, &worker.0, sealed, salt) == commitment =>
        {
            asked.members.insert(*worker, Step::Revealed(sealed.clone()));
        }
        _ => return Err(Outcome::Rejected("this call is not allowed".into())),
    }
    let all = |is: fn(&Step) -> bool| !asked.members.is_empty() && asked.members.values().all(is);
    if asked.status == RequestStatus::Committing && all(|step| matches!(step, Step::Committed(_))) {
        asked.status = RequestStatus::Revealing;
        events.push(ChainEvent::RevealStarted { request: id, deadline: asked.deadline });
    }
    let all_shown = asked.status.is_open() && all(|step| matches!(step, Step::Revealed(_)));
    events.into_iter().for_each(|event| state.tell(event));
    if all_shown {
        disputes::compare(state, id);
    }
    state.answers.push((*worker, id, answer));
    Ok(())
}

/// How many shares a key needs.
const THRESHOLD: usize = 2;

/// How many shares custodians have delivered to a worker.
fn delivered(asked: &Asked, worker: &AccountId32) -> usize {
    let custody = asked.custody.as_ref();
    custody.and_then(|custody| custody.get(worker)).map_or(0, |(_, shares)| *shares)
}

/// What a request asks of a drawn worker without the key.
fn key_phase(asked: &Asked, worker: &AccountId32) -> Option<Phase> {
    let custody = asked.custody.as_ref()?;
    let waits = asked.status == RequestStatus::Sealing
        && asked.members.get(worker) == Some(&Step::Chosen)
        && asked.without_key.contains(worker);
    let is_asked = custody.contains_key(worker);
    waits.then_some(if is_asked { Phase::Collect } else { Phase::Ask })
}

/// What a request asks of a worker that has come so far with it, beside a move in a dispute.
fn phase(status: RequestStatus, step: &Step) -> Option<Phase> {
    match (status, step) {
        (RequestStatus::Committing, Step::Chosen) => Some(Phase::Answer),
        (RequestStatus::Revealing, Step::Committed(_)) => Some(Phase::Reveal),
        _ => None,
    }
}
