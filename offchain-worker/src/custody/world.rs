//! A chain and a key in memory, which a test can break.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use medchain_client::{
    chain::{Custodian, Custody, Finality},
    custody::{
        CustodianKey, DealingId, Delivery, DeliveryProof, EncryptedShare, EphemeralKey,
        VerifiedDealing, WrappedKey,
    },
    AccountId32,
};
use medchain_primitives::RecordId;
use tokio::{sync::watch, time::timeout};

use super::{
    deliveries::{Grant, GrantId, Grants},
    ports::{Appointment, CustodyChain, Keeper, NoShare},
};
use crate::shared::{
    outcome::Outcome,
    ports::{Chain, ChainError, Heads, SubmitError, Tip},
    testing::{check_up, heads_of, produce_blocks, Pool, BLOCK, BLOCK_CALLS},
};

/// The account of the custodian that is tested.
pub const ME: AccountId32 = AccountId32([1; 32]);
/// How many of the newest blocks are not final.
const UNFINAL: u32 = 2;

const INCLUSION_TIMEOUT: Duration = Duration::from_millis(400);

/// Where a custodian can be halted, to be killed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    ListRead,
    Asked,
    NonceRead,
    Signed,
    InPool,
    InBlock,
}

/// The chain's state at one block.
#[derive(Clone, Default)]
pub struct BlockState {
    pub grants: BTreeMap<GrantId, Grant>,
    pub nonce: u64,
}

/// Everything that the tests look at and change.
pub struct State {
    /// The state of every block up to the newest one, by number.
    history: Vec<BlockState>,
    finalised: u32,
    /// The state that the next block is made from.
    pub now: BlockState,
    pub pool: Pool<(GrantId, Delivery)>,
    /// The calls of each block that is not final: block, nonce, grant and share.
    calls: Vec<(u32, u64, GrantId, Delivery)>,
    /// The pool does not take calls again that a fork has removed from a block.
    pub pool_forgets: bool,
    /// Every share that a block accepted; blocks that a fork removed are counted.
    pub taken: Vec<(GrantId, Delivery)>,
    /// Calls that failed on chain, which costs a fee.
    pub failed: usize,
    /// Shares that were in a block although access was refused.
    pub exposed: usize,
    /// How often a share was encrypted.
    pub encrypted: usize,
    /// Subjects that the policy refuses.
    pub refused: BTreeSet<AccountId32>,
    /// As `refused`, but only where calls are executed.
    pub refused_at_execution: BTreeSet<AccountId32>,
    pub cannot_open: bool,
    pub panics: usize,
    pub appointment: Appointment,
    pub is_down: bool,
    /// The second node does not answer.
    pub witness_is_away: bool,
    /// Subjects whose grants the node has invented: the second one knows none.
    pub invented: BTreeSet<AccountId32>,
    /// No block becomes final any more.
    pub finality_stalls: bool,
    /// From the first share on, no block becomes final any more.
    pub stalls_at_share: bool,
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
        let state = State {
            history: vec![BlockState::default()],
            finalised: 0,
            now: BlockState::default(),
            pool: Pool::default(),
            calls: Vec::new(),
            pool_forgets: false,
            taken: Vec::new(),
            failed: 0,
            exposed: 0,
            encrypted: 0,
            refused: BTreeSet::new(),
            refused_at_execution: BTreeSet::new(),
            cannot_open: false,
            panics: 0,
            appointment: Appointment {
                is_custodian: true,
                registered: Some(registered(1)),
                free: u128::MAX,
            },
            is_down: false,
            witness_is_away: false,
            invented: BTreeSet::new(),
            finality_stalls: false,
            stalls_at_share: false,
            stop_at: None,
            reached: false,
        };
        let world = Arc::new(Self { state: Mutex::new(state), blocks });
        produce_blocks(&world, Self::produce);
        world
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Access for `subject`, until `period` blocks from now, to a record with this many
    /// custodians and threshold 1.
    pub fn grant(&self, subject: u8, custodians: u8, period: u32) -> GrantId {
        self.request(subject, [subject; 32], custodians, period)
    }

    /// As [`World::grant`], with this reply key. It replaces what the subject has.
    pub fn request(&self, subject: u8, reply: [u8; 32], custodians: u8, period: u32) -> GrantId {
        let mut state = self.state();
        let granted_at = state.best() + 1;
        let subject = subject_of(subject);
        let id = GrantId { record: RecordId(7), subject, granted_at, reply };
        let grant = Grant {
            id,
            until: granted_at + period,
            is_emergency: false,
            custody: Some(Arc::new(custody(1, custodians))),
            delivered: BTreeSet::new(),
        };
        state.now.grants.retain(|other, _| other.subject != subject);
        state.now.grants.insert(id, grant);
        id
    }

    /// Another custodian delivers its share.
    pub fn deliver_other(&self, id: &GrantId, number: u8) {
        self.state().now.grants.get_mut(id).unwrap().delivered.insert(number);
    }

    /// A fork removes every block that is not final. Finality continues with the blocks
    /// that come.
    pub fn reorganise(&self) {
        let mut state = self.state();
        state.finality_stalls = false;
        state.stalls_at_share = false;
        let last = state.finalised as usize;
        state.history.truncate(last + 1);
        state.now = state.history[last].clone();
        let calls = std::mem::take(&mut state.calls);
        for (block, nonce, id, delivery) in calls {
            if block as usize > last && !state.pool_forgets {
                state.pool.add_again(nonce, (id, delivery));
            }
        }
    }

    /// The numbers of the shares that the newest block has of a grant.
    pub fn delivered(&self, id: &GrantId) -> BTreeSet<u8> {
        let state = self.state();
        state.now.grants.get(id).map(|grant| grant.delivered.clone()).unwrap_or_default()
    }

    fn produce(&self) {
        let mut state = self.state();
        if state.is_down {
            return;
        }
        let block = state.best() + 1;
        for _ in 0..BLOCK_CALLS {
            let nonce = state.now.nonce;
            let Some(((id, delivery), news)) = state.pool.take(nonce) else {
                break;
            };
            state.now.nonce += 1;
            state.calls.push((block, nonce, id, delivery));
            let result = state.execute(block, &id, delivery);
            let _ = news.send(result.map(|()| block));
        }
        let made = state.now.clone();
        state.history.push(made);
        if !state.finality_stalls {
            state.finalised = state.finalised.max(block.saturating_sub(UNFINAL));
            self.blocks.send_replace(state.finalised);
        }
    }

    fn check_up(&self) -> Result<(), ChainError> {
        check_up(self.state().is_down)
    }

    fn check_both(&self) -> Result<(), ChainError> {
        self.check_up()?;
        match self.state().witness_is_away {
            true => Err(ChainError::Unreachable("the witness is away".into())),
            false => Ok(()),
        }
    }

    /// Halts for ever, if the test wants it at this stage.
    async fn pass(&self, stage: Stage) {
        let is_stop = {
            let mut state = self.state();
            let is_stop = state.stop_at == Some(stage);
            state.reached |= is_stop;
            is_stop
        };
        if is_stop {
            std::future::pending::<()>().await;
        }
    }
}

impl State {
    pub fn best(&self) -> u32 {
        self.history.len() as u32 - 1
    }

    /// As the call `deliver_share`, signed by the custodian.
    fn execute(&mut self, block: u32, id: &GrantId, delivery: Delivery) -> Result<(), SubmitError> {
        let is_refused =
            self.refused.union(&self.refused_at_execution).any(|one| *one == id.subject);
        let outcome = match self.now.grants.get_mut(id) {
            Some(grant) if grant.delivered.contains(&1) => Err(Outcome::ClosedElsewhere),
            Some(grant) if is_refused || block > grant.until => {
                self.now.grants.remove(id);
                self.exposed += 1;
                return Err(SubmitError::Refused(Outcome::Exposed { block }));
            }
            Some(grant) => {
                grant.delivered.insert(1);
                self.finality_stalls |= self.stalls_at_share;
                self.taken.push((*id, delivery));
                Ok(())
            }
            None => Err(Outcome::ClosedElsewhere),
        };
        self.failed += usize::from(outcome.is_err());
        outcome.map_err(SubmitError::Refused)
    }
}

#[async_trait]
impl Chain for World {
    fn account(&self) -> AccountId32 {
        ME
    }

    async fn heads(&self, finality: Finality) -> Result<Heads, ChainError> {
        assert_eq!(finality, Finality::Finalised, "a custodian acts on final blocks only");
        self.check_up()?;
        Ok(heads_of(&self.blocks))
    }

    async fn tip(&self) -> Result<Tip, ChainError> {
        self.check_up()?;
        let block = self.state().best();
        Ok(Tip { block, spec_version: 3, time: BLOCK * block })
    }

    async fn witness(&self) -> Result<(), ChainError> {
        self.check_both()
    }

    async fn next_nonce(&self) -> Result<u64, ChainError> {
        self.check_up()?;
        let next = {
            let state = self.state();
            state.pool.next_nonce(state.now.nonce)
        };
        self.pass(Stage::NonceRead).await;
        Ok(next)
    }
}

#[async_trait]
impl CustodyChain for World {
    async fn grants(&self) -> Result<Grants, ChainError> {
        self.check_both()?;
        let list = {
            let state = self.state();
            let block = &state.history[state.finalised as usize];
            let grants = block.grants.values().cloned().collect();
            Grants { finalised: state.finalised, best: state.best(), grants }
        };
        self.pass(Stage::ListRead).await;
        Ok(list)
    }

    async fn settled(&self, id: &GrantId) -> Result<Option<Outcome>, ChainError> {
        self.check_both()?;
        let settled = {
            let state = self.state();
            if state.invented.contains(&id.subject) {
                return Err(ChainError::Failed("the nodes do not agree: no such grant".into()));
            }
            match state.now.grants.get(id) {
                None => Some(Outcome::ClosedElsewhere),
                Some(grant) if grant.delivered.contains(&1) => {
                    Some(Outcome::Included { block: state.best() })
                }
                Some(grant) if !grant.delivered.is_empty() => Some(Outcome::ClosedElsewhere),
                Some(grant) if state.best() >= grant.until => Some(Outcome::TooLate),
                Some(_) if state.refused.contains(&id.subject) => {
                    Some(Outcome::NoConsent("the patient revoked the grant".into()))
                }
                Some(_) if !state.appointment.is_custodian => {
                    Some(Outcome::Rejected("this account is no longer a custodian".into()))
                }
                Some(_) => None,
            }
        };
        self.pass(Stage::Asked).await;
        Ok(settled)
    }

    async fn appointment(&self) -> Result<Appointment, ChainError> {
        self.check_up()?;
        Ok(self.state().appointment)
    }

    async fn deliver(
        &self,
        id: &GrantId,
        delivery: &Delivery,
        nonce: u64,
    ) -> Result<u32, SubmitError> {
        self.pass(Stage::Signed).await;
        let result = {
            let mut state = self.state();
            if state.is_down {
                return Err(SubmitError::Lost("the node is down".into()));
            }
            let used = state.now.nonce;
            state.pool.add(used, nonce, (*id, *delivery))?
        };
        self.pass(Stage::InPool).await;
        let result = timeout(INCLUSION_TIMEOUT, result).await;
        self.pass(Stage::InBlock).await;
        match result {
            Ok(Ok(result)) => result,
            _ => Err(SubmitError::Lost("it took too long".into())),
        }
    }
}

impl Keeper for World {
    fn key(&self) -> CustodianKey {
        CustodianKey([1; 32])
    }

    /// The reply key, followed by the number of the share.
    fn encrypt(&self, me: &AccountId32, grant: &Grant) -> Result<Delivery, NoShare> {
        let is_defect = {
            let mut state = self.state();
            state.encrypted += 1;
            if state.cannot_open {
                return Err(NoShare("it is encrypted to another key".into()));
            }
            let is_defect = state.panics > 0;
            state.panics = state.panics.saturating_sub(1);
            is_defect
        };
        assert!(!is_defect, "a defect in the keeper");
        let number = grant.custody.as_ref().unwrap().number_of(me).unwrap();
        Ok(Delivery {
            ephemeral: EphemeralKey(grant.id.reply),
            share: EncryptedShare([number; 32]),
            proof: DeliveryProof([0; 96]),
        })
    }
}

/// The account with this number that is granted access, which is no custodian.
pub fn subject_of(number: u8) -> AccountId32 {
    let mut account = [number; 32];
    account[0] = 200;
    AccountId32(account)
}

/// A registration with this key.
pub fn registered(key: u8) -> Custodian {
    Custodian { account: ME, key: CustodianKey([key; 32]), bond: Some(1) }
}

/// A key that is shared among accounts with the numbers from 1.
pub fn custody(threshold: u8, custodians: u8) -> Custody {
    let accounts = 1..=custodians;
    Custody {
        threshold,
        custodians: accounts
            .map(|number| (AccountId32([number; 32]), CustodianKey([number; 32])))
            .collect(),
        dealing: VerifiedDealing {
            id: DealingId([0; 32]),
            ephemeral: EphemeralKey([0; 32]),
            shares: vec![EncryptedShare([0; 32]); custodians.into()].try_into().unwrap(),
            wrapped: WrappedKey([0; 48]),
        },
        dealer: AccountId32([99; 32]),
        deposit: 0,
        grants: 1,
    }
}
