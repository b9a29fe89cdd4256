//! What one worker has of the world in memory: every port.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, MutexGuard},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt;
use medchain_client::{
    chain::{
        AccessGrant, AnswerSalt, Basis, ChainEvent, Custody, Dispute, Finality, Model, Network,
        Record, SealedAnswer, Step, VerdictStatus, WorkerStatus,
    },
    crypto::{decrypt, digest, encrypt, ContentKey},
    custody::{DealingId, EphemeralKey, ReplyKey, VerifiedDealing, WrappedKey},
    AccountId32,
};
use medchain_exact::Levels;
use medchain_primitives::{
    Cid, ContentDigest, EncryptionKey, ModelId, Output, RecordContent, RecordId, RecordKind,
    RecordStatus, RequestId, SealedKey,
};
use zeroize::Zeroizing;

use super::{
    account, cid, delivered, key_phase,
    model::{exact, Exact},
    output, phase, record, salt, square, Asked, BlockState, Stage, State, Verdict, World, GENESIS,
    LIFETIME, MODEL, THRESHOLD,
};
use crate::{
    prediction::{
        jobs::{Answer, Job, JobId, Phase, Round},
        ports::{
            Answers, Candidates, Cipher, CipherError, Delivered, Drawable, Film, KeptFilm, Looked,
            Needed, Numbers, Opened, PredictionChain, Predictor, PredictorError, Readiness,
            Registered, Registration, Registry, Shares, Store, StoreError, Undrawn, WorkList,
        },
    },
    shared::{
        outcome::Outcome,
        ports::{Chain, ChainError, Heads, SubmitError, Tip},
        testing::{check_up, BLOCK},
    },
};

/// What one worker has of the world.
pub struct Desk {
    pub(super) world: Arc<World>,
    pub(super) account: AccountId32,
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

    /// The dispute about a request, if this worker plays in it and may still be asked to.
    fn playing<'a>(
        &self,
        state: &State,
        disputes: &'a BTreeMap<RequestId, Dispute>,
        id: RequestId,
    ) -> Option<&'a Dispute> {
        let dispute = disputes.get(&id)?;
        dispute.side_of(&self.account)?;
        (!state.erased.contains(&id)).then_some(dispute)
    }

    fn needed_at(&self, state: &State, block: u32, request: RequestId) -> Needed {
        let is_erased = state.erased.contains(&request);
        match state.at(block).requests.get(&request) {
            None => Needed::Everything,
            Some(asked) if asked.status.is_open() && is_erased => Needed::Answer,
            Some(asked) if asked.status.is_open() => Needed::Everything,
            Some(asked) => match &asked.verdict {
                Some(Verdict { workers, until, status, .. })
                    if workers.contains(&self.account)
                        && *status != VerdictStatus::Annulled
                        && block <= *until
                        && !is_erased =>
                {
                    Needed::Film { until: *until }
                }
                _ => Needed::Nothing,
            },
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
            Some((Ok(block), (world, news, block + 1)))
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
            let mut list = WorkList::new(block);
            // No event, no change.
            let told = state.events.iter().filter(|(at, _)| *at <= block).count();
            list.trace[..8].copy_from_slice(&(told as u64).to_le_bytes());
            let BlockState { requests, disputes, .. } = state.at(block);
            for (id, asked) in requests {
                let Some(step) = asked.members.get(&self.account) else { continue };
                if asked.status.is_open() {
                    list.models.insert(MODEL);
                }
                let dispute = self.playing(&state, &disputes, id);
                list.disputes.extend(dispute.map(|dispute| dispute.request));
                let asks = dispute.and_then(|dispute| Round::asked(dispute, &self.account));
                let key = key_phase(&asked, &self.account);
                match phase(asked.status, step).or(asks.map(Phase::Dispute)).or(key) {
                    Some(phase) => list.jobs.push(Job {
                        request: id,
                        phase,
                        record: record(id),
                        patient: AccountId32([7; 32]),
                        model: MODEL,
                        quorum: asked.quorum,
                        named: asked.named,
                        deadline: asked.deadline,
                        commitment: match step {
                            Step::Committed(commitment) => Some(*commitment),
                            _ => None,
                        },
                        shows_answer: dispute.is_some_and(|dispute| dispute.game.shows_answer()),
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
            state.attempts.push(job.request);
            if state.no_consent {
                return Ok(Readiness::Refused("the patient revoked the grant".into()));
            }
            if state.is_unproven {
                return Ok(Readiness::Unproven("it is not final yet".into()));
            }
            Readiness::Ready(film(&mut state, job.request, &self.account))
        };
        self.pass(Stage::ConsentAsked).await;
        Ok(ready)
    }

    async fn shares(&self, job: &Job) -> Result<Shares, ChainError> {
        self.check_up()?;
        let shares = {
            let mut state = self.state();
            if state.no_consent {
                return Ok(Shares::Refused("the patient revoked the grant".into()));
            }
            let asked = state.asked(job.request);
            match (key_phase(asked, &self.account), delivered(asked, &self.account)) {
                (None, _) => Shares::NotAwaited,
                (Some(Phase::Ask), _) => Shares::NotAsked,
                (Some(_), delivered) if delivered < THRESHOLD => {
                    Shares::Missing { delivered, threshold: THRESHOLD as u8 }
                }
                (Some(_), _) => {
                    let custody = asked.custody.as_ref().unwrap();
                    Shares::Delivered(Box::new(served(job, custody[&self.account].0)))
                }
            }
        };
        self.pass(Stage::ConsentAsked).await;
        Ok(shares)
    }

    async fn events(&self, block: u32) -> Result<Vec<ChainEvent>, ChainError> {
        self.check_up()?;
        let mut state = self.state();
        state.events_read.push(block);
        let of = state.events.iter().filter(|(at, _)| *at == block);
        Ok(of.map(|(_, event)| event.clone()).collect())
    }

    async fn undrawn(
        &self,
        models: &BTreeSet<ModelId>,
        age: u32,
        before: Option<Looked>,
    ) -> Result<(Looked, Vec<Undrawn>), ChainError> {
        self.check_up()?;
        let state = self.state();
        let until = state.block() + LIFETIME - age;
        let drawing = state.now.requests.iter();
        let drawing =
            drawing.filter(|(_, asked)| !asked.to_draw.is_empty() && models.contains(&MODEL));
        let undrawn = drawing.map(|(id, asked)| Undrawn {
            request: *id,
            model: MODEL,
            quorum: asked.quorum,
            since: asked.deadline - LIFETIME,
            until: asked.deadline,
        });
        // As a node: each once.
        let known = before.map_or(0, |before| before.until);
        let of_age = undrawn.filter(|one| known < one.until && one.until <= until).collect();
        Ok((Looked { until, period: LIFETIME }, of_age))
    }

    async fn candidates(&self, models: &BTreeSet<ModelId>) -> Result<Candidates, ChainError> {
        self.check_up()?;
        let state = self.state();
        let all = if state.is_suspended { BTreeSet::new() } else { state.candidates.clone() };
        Ok(models.iter().map(|model| (*model, all.clone())).collect())
    }

    async fn drawable(
        &self,
        requests: &[RequestId],
    ) -> Result<BTreeMap<RequestId, Drawable>, ChainError> {
        self.check_up()?;
        let mut state = self.state();
        let mut open = requests.to_vec();
        open.retain(|id| !state.asked(*id).to_draw.is_empty());
        let mut how = |id: RequestId| match state.asked(id).custody {
            Some(_) => Drawable::Now,
            None => Drawable::NotEntrusted,
        };
        Ok(open.into_iter().map(|id| (id, how(id))).collect())
    }

    async fn settled(&self, job: JobId) -> Result<Option<Outcome>, ChainError> {
        self.check_up()?;
        let mut state = self.state();
        let block = state.block();
        if let Phase::Draw = job.phase {
            let is_drawn = state.asked(job.request).to_draw.is_empty();
            return Ok(is_drawn.then_some(Outcome::ClosedElsewhere));
        }
        if let Phase::Dispute(round) = job.phase {
            let dispute = self.playing(&state, &state.now.disputes, job.request);
            let same = dispute.filter(|dispute| Round::of(dispute) == round);
            return Ok(match same.map(|dispute| Round::asked(dispute, &self.account)) {
                Some(Some(_)) => None,
                Some(None) => Some(Outcome::Included { block }),
                None => Some(Outcome::ClosedElsewhere),
            });
        }
        let asked = state.asked(job.request);
        let Some(step) = asked.members.get(&self.account) else {
            return Ok(Some(Outcome::ClosedElsewhere));
        };
        let is_done = match job.phase {
            Phase::Ask => delivered_or_asked(asked, &self.account),
            Phase::Collect => !asked.without_key.contains(&self.account),
            Phase::Answer => matches!(step, Step::Committed(_) | Step::Revealed(_)),
            _ => matches!(step, Step::Revealed(_)),
        };
        let asks = phase(asked.status, step).or_else(|| key_phase(asked, &self.account));
        Ok(match asks == Some(job.phase) {
            true => None,
            false if is_done => Some(Outcome::Included { block }),
            false => Some(Outcome::ClosedElsewhere),
        })
    }

    async fn film(&self, record: RecordId) -> Result<Option<Film>, ChainError> {
        self.check_up()?;
        let mut state = self.state();
        let id = RequestId(record.0 - super::record(RequestId(0)).0);
        Ok((!state.erased.contains(&id)).then(|| film(&mut state, id, &self.account)))
    }

    async fn dispute(&self, request: RequestId) -> Result<Option<Dispute>, ChainError> {
        self.check_up()?;
        let state = self.state();
        Ok(state.at(state.block()).disputes.remove(&request))
    }

    async fn unproven(&self, _: &Job, _: &Dispute) -> Result<Option<String>, ChainError> {
        self.check_up()?;
        Ok(self.state().is_unproven.then(|| "it is not final yet".into()))
    }

    async fn needed(&self, request: RequestId) -> Result<Needed, ChainError> {
        self.check_up()?;
        let state = self.state();
        let needed = |finality| self.needed_at(&state, state.newest(finality), request);
        Ok(needed(Finality::Finalised).or(needed(Finality::Best)))
    }

    async fn registration(&self) -> Result<Registration, ChainError> {
        self.check_up()?;
        let status = match self.state().is_suspended {
            true => WorkerStatus::Suspended,
            false => WorkerStatus::Active,
        };
        let worker = Registered { models: [MODEL].into(), status };
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
impl Registry for Desk {
    async fn network(&self, id: ModelId) -> Result<Option<Network>, ChainError> {
        Ok(self.state().networks.get(&id).cloned())
    }

    async fn model_of(&self, request: RequestId) -> Result<Option<ModelId>, ChainError> {
        Ok(self.state().now.requests.contains_key(&request).then_some(MODEL))
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
        digest(file)
    }

    fn open(
        &self,
        envelope: &SealedKey,
        patient: &AccountId32,
        cid: &Cid,
        file: &[u8],
    ) -> Result<Opened, CipherError> {
        self.pass_blocking(Stage::Opened);
        let id = envelope.encapsulated_key[0];
        assert_eq!(*cid, super::cid(RequestId(id.into())), "the envelope is for another film");
        let key = ContentKey::from_bytes([id; 32]);
        match file {
            // What was kept, and not uploaded.
            [b'M', b'C', b'X', b'2', ..] => {
                let image = decrypt(&key, &patient.0, file)
                    .map_err(|error| CipherError::File(error.to_string()))?;
                Ok(Opened { key, image })
            }
            b"locked" => Err(CipherError::File("the key does not fit".into())),
            _ => Ok(Opened { key, image: Zeroizing::new(file.to_vec()) }),
        }
    }

    fn lock(
        &self,
        key: &ContentKey,
        patient: &AccountId32,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CipherError> {
        Ok(encrypt(key, &patient.0, plaintext).unwrap())
    }

    fn salt(&self, genesis: &[u8; 32], request: RequestId) -> AnswerSalt {
        assert_eq!(*genesis, GENESIS);
        salt(&self.account, request)
    }

    fn reply(&self, genesis: &[u8; 32], request: RequestId) -> ReplyKey {
        ReplyKey(self.salt(genesis, request).0)
    }

    fn recover(
        &self,
        genesis: &[u8; 32],
        request: RequestId,
        delivered: &Delivered,
    ) -> Result<SealedKey, CipherError> {
        match delivered.grant.reply == self.reply(genesis, request) {
            true => Ok(envelope(request)),
            false => Err(CipherError::Shares("they are for another request".into())),
        }
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

    async fn fatalities(&self, cid: &Cid) -> io::Result<u32> {
        self.check_disk()?;
        let state = self.state();
        Ok(state.fatalities.get(&(self.account, cid.to_string())).copied().unwrap_or_default())
    }

    async fn put_fatalities(&self, cid: &Cid, count: u32) -> io::Result<()> {
        self.check_disk()?;
        let mut state = self.state();
        state.fatalities.insert((self.account, cid.to_string()), count);
        state.most_noted = state.most_noted.max(state.fatalities.len());
        Ok(())
    }

    async fn remove_fatalities(&self, cid: &Cid) -> io::Result<()> {
        self.check_disk()?;
        self.state().fatalities.remove(&(self.account, cid.to_string()));
        Ok(())
    }

    async fn prune_fatalities(&self) -> io::Result<()> {
        self.check_disk()
    }

    async fn put_film(&self, request: RequestId, film: &KeptFilm) -> io::Result<()> {
        self.check_disk()?;
        self.state().films.entry(self.account).or_default().insert(request, film.clone());
        Ok(())
    }

    async fn film(&self, request: RequestId) -> io::Result<Option<KeptFilm>> {
        self.check_disk()?;
        Ok(self.world.kept(&self.account, request))
    }

    async fn remove_film(&self, request: RequestId) -> io::Result<()> {
        self.check_disk()?;
        self.state().films.entry(self.account).or_default().remove(&request);
        Ok(())
    }

    async fn requests(&self) -> io::Result<BTreeSet<RequestId>> {
        self.check_disk()?;
        let state = self.state();
        let answers = state.disks.get(&self.account).into_iter().flat_map(BTreeMap::keys);
        let films = state.films.get(&self.account).into_iter().flat_map(BTreeMap::keys);
        Ok(answers.chain(films).copied().collect())
    }

    async fn films(&self) -> io::Result<BTreeSet<RequestId>> {
        self.check_disk()?;
        let state = self.state();
        let films = state.films.get(&self.account).into_iter().flat_map(BTreeMap::keys);
        Ok(films.copied().collect())
    }

    async fn probe(&self) -> io::Result<()> {
        self.check_disk()
    }
}

impl Predictor for Desk {
    fn square(&self, image: &[u8]) -> Result<Zeroizing<Vec<u8>>, PredictorError> {
        self.state().decoded.push(image.to_vec());
        match image {
            b"text" => Err(PredictorError::NotAnImage("this is text".into())),
            b"poison" => end_process(),
            b"glutton" => Err(PredictorError::Ended("it needs more memory".into())),
            b"bomb" => Err(PredictorError::TooLarge("30000 x 30000".into())),
            _ => Ok(Zeroizing::new(square(image))),
        }
    }

    fn input(&self, _: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, PredictorError> {
        Ok(None)
    }

    fn predict(&self, square: &[u8]) -> Result<Output, PredictorError> {
        let (is_exact, says) = {
            let mut state = self.state();
            state.predictions_run += 1;
            if state.panics > 0 {
                state.panics -= 1;
                drop(state);
                panic!("a defect in the model");
            }
            (state.is_exact, state.says.clone())
        };
        self.pass_blocking(Stage::Predicted);
        let honest = || if is_exact { exact().output(square) } else { output() };
        Ok(says.unwrap_or_else(honest))
    }

    fn is_disputable(&self) -> bool {
        self.state().is_exact
    }

    fn levels(&self, square: &[u8]) -> Result<Levels, PredictorError> {
        self.pass_blocking(Stage::Traced);
        Ok(exact().levels(square))
    }

    fn numbers(&self) -> Option<Numbers<'_>> {
        let Exact { network, weights, .. } = exact();
        Some(Numbers { network, weights })
    }
}

fn delivered_or_asked(asked: &Asked, worker: &AccountId32) -> bool {
    asked.custody.as_ref().is_some_and(|custody| custody.contains_key(worker))
}

/// What custodians have delivered to this reply key. Only that is looked at.
fn served(job: &Job, reply: ReplyKey) -> Delivered {
    let record = Record {
        id: job.record,
        patient: job.patient,
        author: job.patient,
        content: RecordContent::kept(cid(job.request), ContentDigest([0; 32])),
        kind: RecordKind::ChestXray,
        previous: None,
        added_at: 0,
        status: RecordStatus::Active,
        deposit: 0,
    };
    let custody = Custody {
        threshold: THRESHOLD as u8,
        custodians: Vec::new(),
        dealing: VerifiedDealing {
            id: DealingId([0; 32]),
            ephemeral: EphemeralKey([0; 32]),
            shares: Default::default(),
            wrapped: WrappedKey([0; 48]),
        },
        dealer: job.patient,
        deposit: 0,
        grants: 1,
    };
    let grant = AccessGrant {
        record: job.record,
        subject: account(1),
        basis: Basis::Draw { request: job.request },
        reply,
        granted_at: 0,
        until: job.deadline,
        deliveries: Vec::new(),
        deposit: 0,
        fees: 0,
    };
    Delivered { record, custody, grant }
}

fn envelope(id: RequestId) -> SealedKey {
    let byte = id.0 as u8;
    SealedKey::new(&EncryptionKey([byte; 32]), [byte; 32], [byte; 48])
}

fn film(state: &mut State, id: RequestId, worker: &AccountId32) -> Film {
    let id = state.same_film.get(&id).copied().unwrap_or(id);
    let promised: &[u8] = match state.content.get(&cid(id).to_string()) {
        Some(Ok(content)) if content != b"exchanged" => content,
        _ => b"what was uploaded",
    };
    let digest = digest(promised);
    let has_one = !state.no_envelope.contains(&id) && !state.asked(id).without_key.contains(worker);
    Film {
        cid: cid(id),
        digest,
        envelope: has_one.then(|| envelope(id)),
        commitments: state.asked(id).commitments,
    }
}

/// As the kernel does where memory is short: no handler runs, nothing is finished.
fn end_process() -> ! {
    let me = std::process::id().to_string();
    let _ = std::process::Command::new("kill").args(["-9", &me]).status();
    std::process::abort()
}
