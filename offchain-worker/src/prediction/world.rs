//! A chain, stores, keys, disks and a model in memory, which a test can break. Several
//! workers can stand on one chain.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt;
use medchain_client::{
    chain::{
        AnswerSalt, ChainEvent, FailureCause, Finality, Model, RequestStatus, SealedAnswer,
        SlashReason, Step, WorkerStatus, UNIT,
    },
    crypto::{answer_commitment, answer_salt, ContentKey, VerdictName},
    AccountId32,
};
use medchain_primitives::{
    Cid, ContentDigest, FilmCommitments, ModelId, Output, Receipt, RecordId, RequestId, SealedKey,
};
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::{
    jobs::{Answer, Job, JobId, Phase},
    ports::{
        Answers, Cipher, CipherError, Opened, PredictionChain, Predictor, PredictorError,
        Readiness, Registered, Registration, Store, StoreError, WorkList,
    },
};
use crate::shared::{
    outcome::Outcome,
    ports::{Chain, ChainError, Head, Heads, SubmitError, Tip},
    testing::{check_up, produce_blocks, Pool, BLOCK, BLOCK_CALLS},
};

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
}

/// The chain's state at one block.
#[derive(Clone, Default)]
pub struct BlockState {
    pub requests: BTreeMap<RequestId, Asked>,
    pub nonces: BTreeMap<AccountId32, u64>,
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
    /// Every answer that a block accepted, in order.
    pub answers: Vec<(AccountId32, RequestId, Answer)>,
    /// Calls that failed on chain.
    pub failed: usize,
    pub pools: BTreeMap<AccountId32, Pool<(RequestId, Answer)>>,
    /// What each worker remembers.
    pub disks: BTreeMap<AccountId32, BTreeMap<RequestId, SealedAnswer>>,
    pub content: BTreeMap<String, Result<Vec<u8>, StoreError>>,
    pub models: BTreeMap<ModelId, Model>,
    pub no_envelope: BTreeSet<RequestId>,
    pub no_consent: bool,
    /// As `no_consent`, but only where calls are executed.
    pub no_consent_at_submission: bool,
    pub no_disk: bool,
    pub is_down: bool,
    pub panics: usize,
    pub predictions_run: usize,
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
    vec![grey; 224 * 224]
}

fn output() -> Output {
    Output::quantise(&[0.1, 0.2, 0.7]).unwrap()
}

fn record(id: RequestId) -> RecordId {
    RecordId(id.0 + 100)
}

fn cid(id: RequestId) -> Cid {
    medchain_client::store::cid_of(&id.0.to_le_bytes())
}

/// What an honest worker answers.
pub fn sealed(id: RequestId) -> SealedAnswer {
    let name = VerdictName { genesis: GENESIS, record: record(id), model: MODEL, request: id };
    key(id).verdict_key(&name).seal(&output())
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

    /// A record with this content and a request for it, of these workers, which have the key.
    pub fn ask(&self, content: &[u8], workers: &[u8]) -> RequestId {
        let mut state = self.state();
        let id = RequestId(state.now.requests.len() as u64);
        let asked = Asked {
            status: RequestStatus::Committing,
            deadline: state.block() + LIFETIME,
            commitments: key(id).commitments(&square(content)).unwrap(),
            members: workers.iter().map(|number| (account(*number), Step::Chosen)).collect(),
            quorum: workers.len() as u8,
        };
        state.content.insert(cid(id).to_string(), Ok(content.to_vec()));
        state.now.requests.insert(id, asked);
        id
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
        let worker = account(number);
        let commitment = answer_commitment(id, &worker.0, &sealed(id), &salt(&worker, id));
        execute(&mut self.state(), &worker, id, Answer::Commitment(commitment)).unwrap();
    }

    /// The same worker shows it.
    pub fn reveal_as(&self, number: u8, id: RequestId) {
        let worker = account(number);
        let answer = Answer::Reveal { sealed: sealed(id), salt: salt(&worker, id) };
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
    let asked = state.asked(id);
    let Some(step) = asked.members.get(worker).cloned().filter(|_| asked.status.is_open()) else {
        return Err(Outcome::ClosedElsewhere);
    };
    if is_late {
        return Err(Outcome::TooLate);
    }
    let asks = match (asked.status, &step) {
        (RequestStatus::Committing, Step::Chosen) => Phase::Answer,
        (RequestStatus::Revealing, Step::Committed(_)) => Phase::Reveal,
        _ => return Err(Outcome::ClosedElsewhere),
    };
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
        (Phase::Answer, _, _) if no_consent => {
            return Err(Outcome::NoConsent("Emr.GrantRevoked".into()));
        }
        (Phase::Answer, Answer::Sealed(sealed), _) if asked.quorum == 1 => {
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
    if asked.status.is_open() && all(|step| matches!(step, Step::Revealed(_))) {
        asked.status = RequestStatus::Answered;
        events.push(ChainEvent::VerdictReached {
            request: id,
            record: record(id),
            model: MODEL,
            workers: asked.members.keys().copied().collect(),
            sealed: sealed(id),
            receipt: Receipt([0; 32]),
            provisional_until: None,
        });
    }
    events.into_iter().for_each(|event| state.tell(event));
    state.answers.push((*worker, id, answer));
    Ok(())
}

/// What one worker has of the world.
pub struct Desk {
    world: Arc<World>,
    account: AccountId32,
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.world.state()
    }

    fn check_up(&self) -> Result<(), ChainError> {
        check_up(self.state().is_down)
    }

    fn check_disk(&self) -> io::Result<()> {
        match self.state().no_disk {
            true => Err(io::Error::other("the disk is full")),
            false => Ok(()),
        }
    }

    fn is_stop(&self, stage: Stage) -> bool {
        let mut state = self.state();
        let is_stop = state.stop_at == Some(stage);
        state.reached |= is_stop;
        is_stop
    }

    /// Halts for ever, if the test wants it at this stage.
    async fn pass(&self, stage: Stage) {
        if self.is_stop(stage) {
            std::future::pending::<()>().await;
        }
    }

    /// The same on a blocking thread, until the test has killed the service.
    fn pass_blocking(&self, stage: Stage) {
        while self.is_stop(stage) {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

#[async_trait]
impl Chain for Desk {
    fn account(&self) -> AccountId32 {
        self.account
    }

    async fn heads(&self, finality: Finality) -> Result<Heads, ChainError> {
        self.check_up()?;
        // As the client does, it begins with the newest block, and leaves none out.
        let next = self.state().newest(finality);
        let start = (self.world.clone(), self.world.blocks.subscribe(), next);
        let heads = futures::stream::unfold(start, move |(world, mut news, block)| async move {
            while world.state().newest(finality) < block {
                news.changed().await.ok()?;
            }
            let events = {
                let state = world.state();
                let of = state.events.iter().filter(|(at, _)| *at == block);
                of.map(|(_, event)| event.clone()).collect()
            };
            Some((Ok(Head { block, events }), (world, news, block + 1)))
        });
        Ok(heads.boxed())
    }

    async fn tip(&self) -> Result<Tip, ChainError> {
        self.check_up()?;
        let block = self.state().block();
        Ok(Tip { block, spec_version: 1, time: BLOCK * block })
    }

    async fn next_nonce(&self) -> Result<u64, ChainError> {
        self.check_up()?;
        let next = {
            let mut state = self.state();
            let used = state.now.nonces.get(&self.account).copied().unwrap_or_default();
            state.pools.entry(self.account).or_default().next_nonce(used)
        };
        self.pass(Stage::NonceRead).await;
        Ok(next)
    }
}

fn phase(status: RequestStatus, step: &Step) -> Option<Phase> {
    match (status, step) {
        (RequestStatus::Committing, Step::Chosen) => Some(Phase::Answer),
        (RequestStatus::Revealing, Step::Committed(_)) => Some(Phase::Reveal),
        _ => None,
    }
}

#[async_trait]
impl PredictionChain for Desk {
    fn genesis(&self) -> [u8; 32] {
        GENESIS
    }

    async fn work_list(&self, finality: Finality) -> Result<WorkList, ChainError> {
        self.check_up()?;
        let list = {
            let state = self.state();
            let block = state.newest(finality);
            let mut list = WorkList { block, jobs: Vec::new(), idle: BTreeSet::new() };
            for (id, asked) in state.at(block).requests {
                let Some(step) = asked.members.get(&self.account) else { continue };
                match phase(asked.status, step) {
                    Some(phase) => list.jobs.push(Job {
                        request: id,
                        phase,
                        record: record(id),
                        patient: AccountId32([7; 32]),
                        model: MODEL,
                        quorum: asked.quorum,
                        deadline: asked.deadline,
                        commitment: match step {
                            Step::Committed(commitment) => Some(*commitment),
                            _ => None,
                        },
                    }),
                    None if asked.status.is_open() => _ = list.idle.insert(id),
                    None => {}
                }
            }
            list
        };
        self.pass(Stage::ListRead).await;
        Ok(list)
    }

    async fn readiness(&self, job: &Job) -> Result<Readiness, ChainError> {
        self.check_up()?;
        let ready = {
            let mut state = self.state();
            if state.no_consent {
                return Ok(Readiness::Refused("the patient revoked the grant".into()));
            }
            let id = job.request;
            let promised: &[u8] = match state.content.get(&cid(id).to_string()) {
                Some(Ok(content)) if content != b"exchanged" => content,
                _ => b"what was uploaded",
            };
            let digest = medchain_client::crypto::digest(promised);
            let envelope = !state.no_envelope.contains(&id);
            Readiness::Ready {
                cid: cid(id),
                digest,
                envelope: envelope.then_some(SealedKey([id.0 as u8; 80])),
                commitments: state.asked(id).commitments,
            }
        };
        self.pass(Stage::ConsentAsked).await;
        Ok(ready)
    }

    async fn settled(&self, job: JobId) -> Result<Option<Outcome>, ChainError> {
        self.check_up()?;
        let mut state = self.state();
        let block = state.block();
        let asked = state.asked(job.request);
        let Some(step) = asked.members.get(&self.account) else {
            return Ok(Some(Outcome::ClosedElsewhere));
        };
        let is_done = match job.phase {
            Phase::Answer => matches!(step, Step::Committed(_) | Step::Revealed(_)),
            Phase::Reveal => matches!(step, Step::Revealed(_)),
        };
        Ok(match phase(asked.status, step) == Some(job.phase) {
            true => None,
            false if is_done => Some(Outcome::Included { block }),
            false => Some(Outcome::ClosedElsewhere),
        })
    }

    async fn is_closed(&self, request: RequestId) -> Result<bool, ChainError> {
        self.check_up()?;
        let state = self.state();
        let last = state.at(state.newest(Finality::Finalised));
        Ok(last.requests.get(&request).is_some_and(|asked| !asked.status.is_open()))
    }

    async fn registration(&self) -> Result<Registration, ChainError> {
        self.check_up()?;
        let worker = Registered { models: [MODEL].into(), status: WorkerStatus::Active };
        Ok(Registration { worker: Some(worker), free: u128::MAX })
    }

    async fn model(&self, id: ModelId) -> Result<Option<Model>, ChainError> {
        Ok(self.state().models.get(&id).cloned())
    }

    async fn submit(&self, id: RequestId, answer: &Answer, nonce: u64) -> Result<u32, SubmitError> {
        self.pass(Stage::Signed).await;
        let result = {
            let mut state = self.state();
            if state.is_down {
                return Err(SubmitError::Lost("the node is down".into()));
            }
            let used = state.now.nonces.get(&self.account).copied().unwrap_or_default();
            let pool = state.pools.entry(self.account).or_default();
            pool.add(used, nonce, (id, answer.clone()))?
        };
        self.pass(Stage::InPool).await;
        let result = result.await.unwrap_or_else(|_| Err(SubmitError::Lost("gone".into())));
        self.pass(Stage::InBlock).await;
        result
    }
}

#[async_trait]
impl Store for Desk {
    async fn get(&self, cid: &Cid, limit: u64) -> Result<Vec<u8>, StoreError> {
        let content = self.state().content.get(cid.as_str()).cloned();
        self.pass(Stage::Fetched).await;
        let content = content.unwrap_or(Err(StoreError::NotAvailable("not there".into())))?;
        match content.len() as u64 > limit {
            true => Err(StoreError::TooLarge("over the limit".into())),
            false => Ok(content),
        }
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Cipher for Desk {
    fn digest(&self, file: &[u8]) -> ContentDigest {
        medchain_client::crypto::digest(file)
    }

    fn open(
        &self,
        envelope: &SealedKey,
        _: &AccountId32,
        file: &[u8],
    ) -> Result<Opened, CipherError> {
        self.pass_blocking(Stage::Opened);
        match file {
            b"locked" => Err(CipherError::File("the key does not fit".into())),
            _ => Ok(Opened {
                key: ContentKey::from_bytes([envelope.0[0]; 32]),
                image: Zeroizing::new(file.to_vec()),
            }),
        }
    }

    fn salt(&self, genesis: &[u8; 32], request: RequestId) -> AnswerSalt {
        assert_eq!(*genesis, GENESIS);
        salt(&self.account, request)
    }
}

#[async_trait]
impl Answers for Desk {
    async fn put(&self, request: RequestId, sealed: &SealedAnswer) -> io::Result<()> {
        self.check_disk()?;
        self.state().disks.entry(self.account).or_default().insert(request, sealed.clone());
        self.pass(Stage::Remembered).await;
        Ok(())
    }

    async fn get(&self, request: RequestId) -> io::Result<Option<SealedAnswer>> {
        self.check_disk()?;
        let state = self.state();
        Ok(state.disks.get(&self.account).and_then(|disk| disk.get(&request)).cloned())
    }

    async fn remove(&self, request: RequestId) -> io::Result<()> {
        self.check_disk()?;
        self.state().disks.entry(self.account).or_default().remove(&request);
        Ok(())
    }

    async fn requests(&self) -> io::Result<Vec<RequestId>> {
        self.check_disk()?;
        let state = self.state();
        let disk = state.disks.get(&self.account);
        Ok(disk.map(|disk| disk.keys().copied().collect()).unwrap_or_default())
    }
}

impl Predictor for Desk {
    fn square(&self, image: &[u8]) -> Result<Zeroizing<Vec<u8>>, PredictorError> {
        match image {
            b"text" => Err(PredictorError::NotAnImage("this is text".into())),
            b"bomb" => Err(PredictorError::TooLarge("30000 x 30000".into())),
            _ => Ok(Zeroizing::new(square(image))),
        }
    }

    fn predict(&self, _: &[u8], _: &[u8]) -> Result<Output, PredictorError> {
        {
            let mut state = self.state();
            state.predictions_run += 1;
            if state.panics > 0 {
                state.panics -= 1;
                drop(state);
                panic!("a defect in the model");
            }
        }
        self.pass_blocking(Stage::Predicted);
        Ok(output())
    }
}
