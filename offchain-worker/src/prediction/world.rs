//! A chain, a store, a key and a model in memory, which a test can break.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use medchain_client::{
    chain::{Finality, Model},
    AccountId32,
};
use medchain_primitives::{Cid, ContentDigest, ModelId, Output, RecordId, RequestId, SealedKey};
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::{
    jobs::{Answer, Job},
    ports::{
        Cipher, CipherError, OpenRequests, Predicted, PredictionChain, Predictor, PredictorError,
        Readiness, Registration, Store, StoreError,
    },
};
use crate::shared::{
    outcome::Outcome,
    ports::{Chain, ChainError, Heads, SubmitError, Tip},
    testing::{check_up, heads_of, produce_blocks, Pool, BLOCK, BLOCK_CALLS},
};

/// The model that every request is for.
pub const MODEL: ModelId = ModelId(0);
const LIFETIME: u32 = 10_000;

/// Where a service can be halted, to be killed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    ListRead,
    ConsentAsked,
    Fetched,
    Opened,
    Predicted,
    NonceRead,
    Signed,
    InPool,
    InBlock,
}

/// Everything that the tests look at and change.
#[derive(Default)]
pub struct State {
    pub block: u32,
    pub jobs: BTreeMap<RequestId, Job>,
    pub open: BTreeSet<RequestId>,
    /// Every answer that the chain accepted, in order.
    pub answers: Vec<(RequestId, Answer)>,
    /// Calls that failed on chain.
    pub failed: usize,
    pub nonce: u64,
    pub pool: Pool<(RequestId, Answer)>,
    pub content: BTreeMap<String, Result<Vec<u8>, StoreError>>,
    pub models: BTreeMap<ModelId, Model>,
    pub no_envelope: BTreeSet<RequestId>,
    pub no_consent: bool,
    /// As `no_consent`, but only where calls are executed.
    pub no_consent_at_submission: bool,
    pub is_down: bool,
    pub panics: usize,
    pub predictions_run: usize,
    pub stop_at: Option<Stage>,
    pub reached: bool,
}

pub struct World {
    state: Mutex<State>,
    blocks: watch::Sender<u32>,
}

impl World {
    /// A world that makes its own blocks.
    pub fn start() -> Arc<Self> {
        let (blocks, _) = watch::channel(0);
        let world = Arc::new(Self { state: Mutex::default(), blocks });
        produce_blocks(&world, Self::produce);
        world
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A record with this content and a request for it.
    pub fn upload(&self, content: &[u8]) -> RequestId {
        let mut state = self.state();
        let id = RequestId(state.jobs.len() as u64);
        let job = Job {
            id,
            record: RecordId(id.0 + 100),
            patient: AccountId32([7; 32]),
            model: MODEL,
            opened: state.block,
            candidates: BTreeSet::new(),
            deadline: state.block + LIFETIME,
        };
        state.content.insert(cid(id).to_string(), Ok(content.to_vec()));
        state.jobs.insert(id, job);
        state.open.insert(id);
        id
    }

    pub fn set_content(&self, id: RequestId, content: Result<Vec<u8>, StoreError>) {
        self.state().content.insert(cid(id).to_string(), content);
    }

    /// The answers that the chain accepted for a request.
    pub fn answers_to(&self, id: RequestId) -> Vec<Answer> {
        let state = self.state();
        state.answers.iter().filter(|(of, _)| *of == id).map(|(_, answer)| answer.clone()).collect()
    }

    fn produce(&self) {
        let mut state = self.state();
        if state.is_down {
            return;
        }
        state.block += 1;
        for _ in 0..BLOCK_CALLS {
            let nonce = state.nonce;
            let Some(((id, answer), news)) = state.pool.take(nonce) else {
                break;
            };
            state.nonce += 1;
            let result = execute(&mut state, id, answer);
            if result.is_err() {
                state.failed += 1;
            }
            let _ = news.send(result);
        }
        self.blocks.send_replace(state.block);
    }

    fn check_up(&self) -> Result<(), ChainError> {
        check_up(self.state().is_down)
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

fn execute(state: &mut State, id: RequestId, answer: Answer) -> Result<u32, SubmitError> {
    if !state.open.contains(&id) {
        return Err(SubmitError::Refused(Outcome::ClosedElsewhere));
    }
    if state.no_consent || state.no_consent_at_submission {
        return Err(SubmitError::Refused(Outcome::NoConsent("Emr.GrantRevoked".into())));
    }
    state.open.remove(&id);
    state.answers.push((id, answer));
    Ok(state.block)
}

fn cid(id: RequestId) -> Cid {
    medchain_client::store::cid_of(&id.0.to_le_bytes())
}

#[async_trait]
impl Chain for World {
    fn account(&self) -> AccountId32 {
        AccountId32([1; 32])
    }

    async fn heads(&self, _: Finality) -> Result<Heads, ChainError> {
        self.check_up()?;
        Ok(heads_of(&self.blocks))
    }

    async fn tip(&self) -> Result<Tip, ChainError> {
        self.check_up()?;
        let block = self.state().block;
        Ok(Tip { block, spec_version: 1, time: BLOCK * block })
    }

    async fn next_nonce(&self) -> Result<u64, ChainError> {
        self.check_up()?;
        let next = {
            let state = self.state();
            state.pool.next_nonce(state.nonce)
        };
        self.pass(Stage::NonceRead).await;
        Ok(next)
    }
}

#[async_trait]
impl PredictionChain for World {
    // Blocks are final at once, as on a development chain.
    async fn open_requests(&self, _: Finality) -> Result<OpenRequests, ChainError> {
        self.check_up()?;
        let open = {
            let state = self.state();
            let jobs = state.open.iter().map(|id| state.jobs[id].clone()).collect();
            OpenRequests { block: state.block, jobs }
        };
        self.pass(Stage::ListRead).await;
        Ok(open)
    }

    async fn readiness(&self, job: &Job) -> Result<Readiness, ChainError> {
        self.check_up()?;
        let ready = {
            let state = self.state();
            if state.no_consent {
                return Ok(Readiness::Refused("the patient revoked the grant".into()));
            }
            let promised: &[u8] = match state.content.get(&cid(job.id).to_string()) {
                Some(Ok(content)) if content != b"exchanged" => content,
                _ => b"what was uploaded",
            };
            let envelope = !state.no_envelope.contains(&job.id);
            Readiness::Ready {
                cid: cid(job.id),
                digest: medchain_client::crypto::digest(promised),
                envelope: envelope.then_some(SealedKey([0; 80])),
            }
        };
        self.pass(Stage::ConsentAsked).await;
        Ok(ready)
    }

    async fn settled(&self, id: RequestId) -> Result<Option<Outcome>, ChainError> {
        self.check_up()?;
        let state = self.state();
        Ok(match state.answers.iter().any(|(of, _)| *of == id) {
            _ if state.open.contains(&id) => None,
            true => Some(Outcome::Included { block: state.block }),
            false => Some(Outcome::ClosedElsewhere),
        })
    }

    async fn registration(&self) -> Result<Registration, ChainError> {
        self.check_up()?;
        Ok(Registration { models: Some([MODEL].into()), free: u128::MAX })
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
            let used = state.nonce;
            state.pool.add(used, nonce, (id, answer.clone()))?
        };
        self.pass(Stage::InPool).await;
        let result = result.await.unwrap_or_else(|_| Err(SubmitError::Lost("gone".into())));
        self.pass(Stage::InBlock).await;
        result
    }
}

#[async_trait]
impl Store for World {
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

impl Cipher for World {
    fn digest(&self, file: &[u8]) -> ContentDigest {
        medchain_client::crypto::digest(file)
    }

    fn open(
        &self,
        _: &SealedKey,
        _: &AccountId32,
        file: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        self.pass_blocking(Stage::Opened);
        match file {
            b"locked" => Err(CipherError::File("the key does not fit".into())),
            _ => Ok(Zeroizing::new(file.to_vec())),
        }
    }
}

impl Predictor for World {
    fn predict(&self, image: &[u8]) -> Result<Predicted, PredictorError> {
        match image {
            b"text" => return Err(PredictorError::NotAnImage("this is text".into())),
            b"bomb" => return Err(PredictorError::TooLarge("30000 x 30000".into())),
            _ => {}
        }
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
        Ok(Predicted {
            output: Output::quantise(&[0.1, 0.2, 0.7]).unwrap(),
            decode: Duration::from_millis(1),
            infer: Duration::from_millis(2),
        })
    }
}
