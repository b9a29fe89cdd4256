//! What the chain stores, with everything decoded.

use medchain_disputes::{Game, Side};
use medchain_primitives::{
    Arithmetic, ChangeId, Cid, Document, InstitutionId, ModelId, ModelStatus, Output,
    PreprocessingId, Receipt, RecordContent, RecordId, RecordKind, RecordStatus, Relation,
    RequestId, RequestStatus, Role, SealedAnswer, Step, VerdictStatus,
};

use crate::{contract::Decoded, AccountId32, H256};

/// The balance of an account, in the chain's smallest unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// What can be spent, as far as nothing is frozen.
    pub free: u128,
    /// What is held as deposits, bonds and fees.
    pub reserved: u128,
    /// How much cannot be spent now, of `free` and `reserved` together.
    pub frozen: u128,
}

impl Balance {
    /// What can be spent while the account keeps `minimum`.
    pub fn spendable(&self, minimum: u128) -> u128 {
        self.free.saturating_sub(self.frozen.saturating_sub(self.reserved).max(minimum))
    }
}

/// A registered patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// The account.
    pub account: AccountId32,
    /// The encrypted profile, if one is stored.
    pub profile: Option<Document>,
    /// Rises with every envelope that is removed from a reader.
    pub key_epoch: u32,
    /// The deposit held from the patient.
    pub deposit: u128,
}

/// An institution, whose registrar appoints providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Institution {
    /// Its number.
    pub id: InstitutionId,
    /// Its name.
    pub name: String,
    /// The account that appoints and dismisses its providers.
    pub registrar: AccountId32,
}

/// An account that was given a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The account.
    pub account: AccountId32,
    /// The role.
    pub role: Role,
    /// The institution that gave it.
    pub institution: InstitutionId,
    /// The last block of the term.
    pub until: u32,
    /// Whether the account has the role now.
    pub in_force: bool,
}

/// An archive of logs, of which nothing is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogArchive {
    /// The account that runs it.
    pub account: AccountId32,
    /// The CID of its newest index.
    pub cid: Cid,
    /// The block in which the index was named.
    pub at: u32,
    /// The deposit held from the account.
    pub deposit: u128,
}

/// A default policy that was announced and is not in force yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingPolicy {
    /// The policy; `None` denies everything.
    pub policy: Option<AccountId32>,
    /// The first block in which it can be enacted.
    pub enactable_at: u32,
}

/// A motion that members of a body can vote on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMotion {
    /// The hash of its call.
    pub hash: H256,
    /// Its number.
    pub index: u32,
    /// How many members must vote for it.
    pub threshold: u32,
    /// The members who voted for it.
    pub ayes: Vec<AccountId32>,
    /// The members who voted against it.
    pub nays: Vec<AccountId32>,
    /// The last block in which members can vote.
    pub end: u32,
    /// The name of its call, such as `Emr.announce_default_policy`.
    pub call: String,
    /// The arguments of its call, by name; `None` where the metadata cannot tell them.
    pub arguments: Option<Decoded>,
}

/// A call that root will make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub id: ChangeId,
    /// The name of the call, such as `System.authorize_upgrade`.
    pub call: String,
    /// The arguments of the call, by name; `None` where the metadata cannot tell them.
    pub arguments: Option<Decoded>,
    /// The first block in which it can be enacted.
    pub enactable_at: u32,
    /// The last block in which it can be enacted.
    pub expires_at: u32,
}

/// A medical record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub id: RecordId,
    /// The patient.
    pub patient: AccountId32,
    /// The account that added it.
    pub author: AccountId32,
    /// Where the encrypted bytes are; once it is erased, only the hash of that.
    pub content: RecordContent,
    /// What the document is.
    pub kind: RecordKind,
    /// The version before this one.
    pub previous: Option<RecordId>,
    /// The block in which it was added.
    pub added_at: u32,
    /// Its status.
    pub status: RecordStatus,
    /// The deposit held from the author.
    pub deposit: u128,
}

impl Record {
    /// The CID of the encrypted bytes; none of an erased record.
    pub fn cid(&self) -> Option<&Cid> {
        self.content.document().map(|document| &document.cid)
    }

    /// Whether it is not erased, and has the content of this CID.
    pub fn has(&self, cid: &Cid) -> bool {
        self.cid() == Some(cid)
    }
}

/// An account that is related to a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relative {
    /// The relative's account.
    pub account: AccountId32,
    /// How they are related.
    pub relation: Relation,
}

/// A model that workers run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its number.
    pub id: ModelId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where the ONNX file is.
    pub cid: Cid,
    /// SHA-256 of the ONNX file.
    pub sha256: [u8; 32],
    /// Where the model card is.
    pub card: Option<Cid>,
    /// The classes, in the order of the output.
    pub labels: Vec<String>,
    /// The fixed steps from pixels to tensor.
    pub preprocessing: PreprocessingId,
    /// Whether two honest workers give the same bytes.
    pub arithmetic: Arithmetic,
    /// The fewest workers that a request must ask for.
    pub min_quorum: u8,
    /// Below this probability of its label, in parts per million, a
    /// verdict counts as uncertain.
    pub confidence_threshold_ppm: u32,
    /// The fee for one worker's answer.
    pub fee: u128,
    /// Whether it can be requested.
    pub status: ModelStatus,
}

impl Model {
    /// The name of the class that an output names.
    pub fn label_of(&self, output: &Output) -> &str {
        self.labels.get(usize::from(output.label)).map_or("unknown", String::as_str)
    }

    /// Whether an output is less certain than the model's threshold.
    pub fn is_uncertain(&self, output: &Output) -> bool {
        output.confidence().deconstruct() < self.confidence_threshold_ppm
    }
}

/// An account that runs models off chain, and what it has done so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// The account.
    pub account: AccountId32,
    /// The models that it runs.
    pub models: Vec<ModelId>,
    /// The bond held from it.
    pub bond: u128,
    /// Whether it can be drawn and named.
    pub status: WorkerStatus,
    /// The number of open requests for which it was chosen.
    pub assigned: u32,
    /// The number of its answers that became part of a verdict.
    pub answered: u32,
    /// The number of requests for which it reported a failure.
    pub declined: u32,
    /// The number of requests that it left alone, or did not finish.
    pub missed: u32,
    /// The number of disputes that it lost.
    pub lost: u32,
}

/// Whether a worker can be drawn.
pub type WorkerStatus = medchain_primitives::WorkerStatus<u32>;

/// A request to run a model on a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// The record.
    pub record: RecordId,
    /// The record's patient.
    pub patient: AccountId32,
    /// The model to run.
    pub model: ModelId,
    /// The account that made the request and pays.
    pub requester: AccountId32,
    /// The fee that each worker receives.
    pub fee: u128,
    /// The number of workers whose answers must be equal.
    pub quorum: u8,
    /// The block in which the request was made.
    pub opened: u32,
    /// The last block in which the present status can be left in the intended way.
    pub deadline: u32,
    /// Its status.
    pub status: RequestStatus,
}

/// What is read of a request that an older runtime may have stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRequest {
    /// Its number.
    pub id: RequestId,
    /// The record.
    pub record: RecordId,
    /// The record's patient.
    pub patient: AccountId32,
    /// The model to run.
    pub model: ModelId,
    /// The account that made the request and pays.
    pub requester: AccountId32,
}

/// The workers of an open request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee {
    /// Those that were drawn, or the one that was named.
    pub members: Vec<Member>,
    /// Whether the requester named the worker.
    pub named: bool,
    /// Whether the seed that draws the first workers is not there yet.
    pub waits_for_seed: bool,
    /// The workers that reported a failure or did not answer, and left.
    pub lost: Vec<AccountId32>,
}

impl Committee {
    /// How far a worker is, if it was chosen.
    pub fn step_of(&self, worker: &AccountId32) -> Option<&Step> {
        self.members.iter().find(|member| member.worker == *worker).map(|member| &member.step)
    }
}

/// A worker of an open request.
pub type Member = medchain_primitives::Member<AccountId32>;

/// The equal answers of all workers of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The request that this answers.
    pub request: RequestId,
    /// The record.
    pub record: RecordId,
    /// The model.
    pub model: ModelId,
    /// The workers that gave this answer.
    pub workers: Vec<AccountId32>,
    /// The label and the probabilities, for the readers of the record.
    pub sealed: SealedAnswer,
    /// What a replay must reproduce.
    pub receipt: Receipt,
    /// The block in which it was reached.
    pub reached_at: u32,
    /// The last block in which it can be challenged. Until then, the answer of a single worker
    /// is provisional.
    pub challengeable_until: u32,
    /// Whether it counts.
    pub status: VerdictStatus,
    /// The request whose verdict by the same model this one replaces.
    pub previous: Option<RequestId>,
}

/// An open dispute between two workers with different answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The request whose answers differ.
    pub request: RequestId,
    /// The two workers.
    pub players: [AccountId32; 2],
    /// How far they are.
    pub game: Game,
}

impl Dispute {
    /// Which of the two players an account is, if it is one.
    pub fn side_of(&self, who: &AccountId32) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| side.of(&self.players) == who)
    }
}
