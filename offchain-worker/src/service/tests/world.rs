//! A chain, a store, a key and a model in memory, which a test can break.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt};
use medchain_primitives::{Cid, ContentDigest, ModelId, Output, RecordId, RequestId, SealedKey};
use tokio::{
    sync::{oneshot, watch},
    time::sleep,
};
use zeroize::Zeroizing;

use crate::{
    core::{Account, Answer, Outcome, Request, View},
    ports::{
        Case, Chain, ChainError, ChainModel, Cipher, CipherError, Model, ModelError, OpenRequests,
        Predicted, Registration, Standing, Store, StoreError, SubmitError, Tip,
    },
};

pub const BLOCK: Duration = Duration::from_millis(10);
/// How many calls fit in a block.
pub const BLOCK_CALLS: usize = 25;
const LIFETIME: u32 = 10_000;

/// Where a service can be made to stand still, to be killed there.
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

type News = oneshot::Sender<Result<u32, SubmitError>>;

/// Everything that the tests look at and change.
#[derive(Default)]
pub struct State {
    pub block: u32,
    pub requests: BTreeMap<RequestId, Request>,
    pub open: BTreeSet<RequestId>,
    /// Every answer that the chain took, in order.
    pub answers: Vec<(RequestId, Answer)>,
    /// Calls that failed on chain.
    pub failed: usize,
    pub nonce: u64,
    pub pool: BTreeMap<u64, (RequestId, Answer, News)>,
    pub largest_pool: usize,
    /// Nonces that the pool loses once.
    pub drops: BTreeSet<u64>,
    pub content: BTreeMap<String, Result<Vec<u8>, StoreError>>,
    pub models: BTreeMap<ModelId, ChainModel>,
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
    /// A world whose blocks come by themselves.
    pub fn start() -> Arc<Self> {
        let (blocks, _) = watch::channel(0);
        let world = Arc::new(Self { state: Mutex::default(), blocks });
        let producer = Arc::downgrade(&world);
        tokio::spawn(async move {
            while let Some(world) = producer.upgrade() {
                world.produce();
                drop(world);
                sleep(BLOCK).await;
            }
        });
        world
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A record with this content and a request for it.
    pub fn upload(&self, content: &[u8]) -> RequestId {
        let mut state = self.state();
        let id = RequestId(state.requests.len() as u64);
        let request = Request {
            id,
            record: RecordId(id.0 + 100),
            patient: [7; 32],
            model: super::MODEL,
            opened: Some(state.block),
            candidates: BTreeSet::new(),
            deadline: state.block + LIFETIME,
        };
        state.content.insert(cid(id).to_string(), Ok(content.to_vec()));
        state.requests.insert(id, request);
        state.open.insert(id);
        id
    }

    pub fn set_content(&self, id: RequestId, content: Result<Vec<u8>, StoreError>) {
        self.state().content.insert(cid(id).to_string(), content);
    }

    /// What the chain took for a request.
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
            let Some((id, answer, news)) = state.pool.remove(&nonce) else {
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
        match self.state().is_down {
            true => Err(ChainError::Unreachable("the node is down".into())),
            false => Ok(()),
        }
    }

    fn is_stop(&self, stage: Stage) -> bool {
        let mut state = self.state();
        let is_stop = state.stop_at == Some(stage);
        state.reached |= is_stop;
        is_stop
    }

    /// Stands still for ever, if this is where the test wants it.
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
    fn account(&self) -> Account {
        [1; 32]
    }

    async fn heads(
        &self,
        _: View,
    ) -> Result<BoxStream<'static, Result<(), ChainError>>, ChainError> {
        self.check_up()?;
        let blocks = self.blocks.subscribe();
        let heads = futures::stream::unfold(blocks, |mut blocks| async move {
            blocks.changed().await.ok()?;
            Some((Ok(()), blocks))
        });
        Ok(heads.boxed())
    }

    // Blocks are final at once, as on a development chain.
    async fn open_requests(&self, _: View) -> Result<OpenRequests, ChainError> {
        self.check_up()?;
        let open = {
            let state = self.state();
            let requests = state.open.iter().map(|id| state.requests[id].clone()).collect();
            OpenRequests { block: state.block, requests }
        };
        self.pass(Stage::ListRead).await;
        Ok(open)
    }

    async fn case(&self, request: &Request) -> Result<Case, ChainError> {
        self.check_up()?;
        let case = {
            let state = self.state();
            if state.no_consent {
                return Ok(Case::Refused("the patient took the grant back".into()));
            }
            let promised: &[u8] = match state.content.get(&cid(request.id).to_string()) {
                Some(Ok(content)) if content != b"exchanged" => content,
                _ => b"what was uploaded",
            };
            let envelope = !state.no_envelope.contains(&request.id);
            Case::Ready {
                cid: cid(request.id),
                digest: medchain_client::crypto::digest(promised),
                envelope: envelope.then_some(SealedKey([0; 80])),
            }
        };
        self.pass(Stage::ConsentAsked).await;
        Ok(case)
    }

    async fn standing(&self, id: RequestId) -> Result<Standing, ChainError> {
        self.check_up()?;
        let state = self.state();
        Ok(match state.answers.iter().any(|(of, _)| *of == id) {
            _ if state.open.contains(&id) => Standing::Open,
            true => Standing::Ours { at: state.block },
            false => Standing::Closed,
        })
    }

    async fn registration(&self) -> Result<Registration, ChainError> {
        self.check_up()?;
        Ok(Registration { models: Some([super::MODEL].into()), free: u128::MAX })
    }

    async fn tip(&self) -> Result<Tip, ChainError> {
        self.check_up()?;
        let block = self.state().block;
        Ok(Tip { block, spec_version: 1, time: BLOCK * block })
    }

    async fn model(&self, id: ModelId) -> Result<Option<ChainModel>, ChainError> {
        Ok(self.state().models.get(&id).cloned())
    }

    async fn next_nonce(&self) -> Result<u64, ChainError> {
        self.check_up()?;
        let next = {
            let state = self.state();
            (state.nonce..).find(|nonce| !state.pool.contains_key(nonce)).unwrap()
        };
        self.pass(Stage::NonceRead).await;
        Ok(next)
    }

    async fn submit(&self, id: RequestId, answer: &Answer, nonce: u64) -> Result<u32, SubmitError> {
        self.pass(Stage::Signed).await;
        let (news, result) = oneshot::channel();
        {
            let mut state = self.state();
            if state.is_down {
                return Err(SubmitError::Lost("the node is down".into()));
            }
            if nonce < state.nonce || state.pool.contains_key(&nonce) {
                return Err(SubmitError::Lost("the nonce is used".into()));
            }
            if state.drops.remove(&nonce) {
                return Err(SubmitError::Lost("the pool dropped it".into()));
            }
            state.pool.insert(nonce, (id, answer.clone(), news));
            state.largest_pool = state.largest_pool.max(state.pool.len());
        }
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

    fn describe(&self) -> String {
        "memory".into()
    }
}

impl Cipher for World {
    fn digest(&self, file: &[u8]) -> ContentDigest {
        medchain_client::crypto::digest(file)
    }

    fn open(
        &self,
        _: &SealedKey,
        _: &Account,
        file: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        self.pass_blocking(Stage::Opened);
        match file {
            b"locked" => Err(CipherError::File("the key does not fit".into())),
            _ => Ok(Zeroizing::new(file.to_vec())),
        }
    }
}

impl Model for World {
    fn predict(&self, image: &[u8]) -> Result<Predicted, ModelError> {
        match image {
            b"text" => return Err(ModelError::NotAnImage("this is text".into())),
            b"bomb" => return Err(ModelError::TooLarge("30000 x 30000".into())),
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
