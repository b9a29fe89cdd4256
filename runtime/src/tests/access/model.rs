//! An independent model of access control.
//!
//! It shares no code with the pallets, the contract and the runtime. It has one patient, whose
//! policy is the reference contract or none.

mod policy;
mod versions;
mod workers;

use std::collections::{BTreeMap, BTreeSet};

use medchain_primitives::{Action, Role};
use sp_keyring::Sr25519Keyring as Who;

pub use self::{policy::Policy, versions::SHARES_PERIOD, workers::Seat};

/// The owner of the records.
pub const PATIENT: Who = Who::Bob;

/// The runtime's `AccessPeriod` in blocks.
pub const ACCESS_PERIOD: u32 = 100;
/// The runtime's `EmergencyPeriod` in blocks.
pub const EMERGENCY_PERIOD: u32 = 2_400;
/// The runtime's `ReviewPeriod` in blocks.
pub const REVIEW_PERIOD: u32 = 100_800;
/// The runtime's `EthicsPeriod` in blocks.
pub const ETHICS_PERIOD: u32 = 201_600;
/// For how many blocks after the end of a grant the chain logs its shares.
pub const LATE_PERIOD: u32 = 16;
/// The runtime's `MaxOpenEmergencies`.
pub const MAX_EMERGENCIES: usize = 3;
/// The runtime's `MaxEmergencyRecords`.
pub const MAX_RECORDS: usize = 32;
/// The runtime's `MaxRejections`.
pub const MAX_REJECTIONS: u32 = 2;

/// An attempt that an account can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Add a record to the file, whose key is shared among the custodians or not.
    Append(bool),
    /// Replace a record by a new version.
    Amend(usize),
    /// Share a record's key with another reader.
    Share(usize),
    /// Request access to view a record, with the key of the current request if there is one.
    View(usize),
    /// Request access to view a record with a new key.
    Renew(usize),
    /// Make a version the newest again that the newest one replaced.
    Restore(usize),
    /// Take back the shares of a version that was replaced.
    Withdraw(usize),
    /// Erase a record.
    Erase(usize),
    /// Choose all custodians with this threshold, or none with 0.
    Choose(u8),
    /// Share a record's key among the custodians.
    Entrust(usize),
    /// Deliver a share to an account with access.
    Deliver(usize, Who),
    /// Break the glass over the patient.
    Break,
    /// Request a record in one's emergency, with a new key.
    Request(usize),
    /// Review the emergency at this index.
    Review(usize, bool),
    /// Remove an account's access to a record.
    Take(usize, Who),
    /// Set the reference policy, or none.
    SetPolicy(bool),
    /// Say that nobody may do anything, whatever the default policy is.
    AllowNobody,
    /// Allow or forbid emergency access.
    SetEmergency(bool),
    /// Ask custodians for the key that the worker in this place waits for.
    Work(usize),
    /// Seal the key to the worker in this place.
    Seal(usize),
    /// End an account's access to a record that is over.
    Expire(usize, Who),
    /// Retire as a custodian.
    Retire,
    /// Register as a custodian again.
    Register,
    /// Decline the patient as a custodian, or no more.
    Decline(bool),
}

/// The status of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The newest version.
    Active,
    /// Replaced by a newer version.
    Superseded,
    /// Erased.
    Erased,
}

/// A record, as far as access goes.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its status.
    pub status: Status,
    /// The account that added it.
    pub author: Who,
    /// The block in which it was added.
    pub added_at: u32,
    /// The version that replaced it, if one did.
    pub replaced_by: Option<usize>,
    /// The number of custodians who open its key together, if they keep it.
    pub threshold: Option<u8>,
    /// The account that shared its key among them.
    pub dealer: Option<Who>,
}

/// What access is based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The policy's yes.
    Policy,
    /// The emergency at this index.
    Emergency(usize),
    /// The worker's place at this index.
    Draw(usize),
}

impl Basis {
    /// The emergency, if it is break-glass access.
    fn emergency(self) -> Option<usize> {
        match self {
            Basis::Emergency(place) => Some(place),
            Basis::Policy | Basis::Draw(_) => None,
        }
    }
}

/// An account's access to a record.
#[derive(Clone, Debug)]
pub struct Access {
    /// The last block.
    pub until: u32,
    /// What it is based on.
    pub basis: Basis,
    /// The custodians that have delivered a share.
    pub delivered: BTreeSet<Who>,
}

/// Access that ended: shares that were under way are logged and not stored.
#[derive(Clone, Debug)]
pub struct Late {
    /// The last block in which they are.
    pub until: u32,
    /// The emergency that it was based on, if it was.
    pub emergency: Option<usize>,
    /// The custodians whose share was in a block.
    pub came: BTreeSet<Who>,
}

/// Where an emergency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has reviewed it.
    Open,
    /// A guardian accepted it.
    Endorsed,
    /// It was accepted, and access goes on.
    Accepted,
    /// This account rejected it, and it takes a place until the review would have ended.
    Rejected(Who),
    /// Nobody reviewed it in time.
    Escalated,
    /// It is gone.
    Closed,
}

/// An emergency in which the glass was broken.
#[derive(Clone, Debug)]
pub struct Emergency {
    /// The account that broke the glass.
    pub by: Who,
    /// The last block in which it opens records.
    pub until: u32,
    /// The last block of its stage.
    pub deadline: u32,
    /// The records that were requested.
    pub requested: BTreeSet<usize>,
    /// Those to which the patient ended the access.
    pub barred: BTreeSet<usize>,
    /// The number of shares that came.
    pub shares: u32,
    /// Its stage.
    pub stage: Stage,
}

/// The state on which access depends.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The current block.
    pub now: u32,
    /// Whether the patient's policy is the contract; otherwise there is none.
    pub has_policy: bool,
    /// What the contract knows of the patient.
    pub contract: Policy,
    /// The roles that a registrar gave.
    pub roles: BTreeSet<(Who, Role)>,
    /// Emergency contacts.
    pub contacts: BTreeSet<Who>,
    /// Guardians.
    pub guardians: BTreeSet<Who>,
    /// The custodians that registered, whom the patient chooses together.
    pub custodians: Vec<Who>,
    /// Those of them that retired.
    pub retired: BTreeSet<Who>,
    /// Those of them that decline the patient.
    pub declined: BTreeSet<Who>,
    /// The threshold with which the patient chose them, or 0.
    pub threshold: u8,
    /// Whether emergency access is forbidden.
    pub opted_out: bool,
    /// The records.
    pub records: Vec<Record>,
    /// The envelopes, by record and reader.
    pub envelopes: BTreeSet<(usize, Who)>,
    /// The places of workers.
    pub seats: Vec<Seat>,
    /// The current access, by record and account.
    pub access: BTreeMap<(usize, Who), Access>,
    /// The access that ended lately and was not granted again.
    pub late: BTreeMap<(usize, Who), Late>,
    /// The emergencies.
    pub emergencies: Vec<Emergency>,
    /// The number of rejections of each account.
    pub rejections: BTreeMap<Who, u32>,
}

impl Model {
    /// Returns whether the policy allows it. The patient is always allowed.
    pub fn policy(&self, who: Who, action: Action) -> bool {
        let granted = self.contract.granted(who, self.now);
        who == PATIENT || self.has_policy && granted & (1 << action as u8) != 0
    }

    /// Returns whether `who` may act in an emergency: nobody whom the patient revoked may.
    fn in_emergency(&self, who: Who) -> bool {
        let vetoed = self.has_policy && self.contract.vetoes(who);
        !vetoed
            && !self.opted_out
            && (self.contacts.contains(&who)
                || self.roles.contains(&(who, Role::Clinician))
                || self.policy(who, Action::Emergency))
    }

    fn there(&self, record: usize) -> Option<&Record> {
        self.records.get(record).filter(|found| found.status != Status::Erased)
    }

    /// Whether custodians keep the key of a record.
    fn kept(&self, record: usize) -> bool {
        self.there(record).is_some_and(|record| record.threshold.is_some())
    }

    /// What an account's access to a record is based on.
    fn basis_of(&self, id: usize, who: Who) -> Option<Basis> {
        self.access.get(&(id, who)).map(|access| access.basis)
    }

    fn has_role(&self, custodian: Who) -> bool {
        self.roles.contains(&(custodian, Role::Custodian))
    }

    /// Whether an account has registered as a custodian, and not retired.
    fn is_custodian(&self, who: Who) -> bool {
        self.custodians.contains(&who) && !self.retired.contains(&who)
    }

    /// Whether all custodians keep new keys for the patient. What they keep, they deliver anyway.
    fn all_keep(&self) -> bool {
        self.custodians.iter().all(|who| {
            self.has_role(*who) && self.is_custodian(*who) && !self.declined.contains(who)
        })
    }

    /// Whether a key can be shared among the custodians now.
    fn can_share(&self) -> bool {
        self.threshold > 0 && self.all_keep()
    }

    /// The newest emergency of an account.
    fn emergency_of(&self, who: Who) -> Option<usize> {
        let newest = self.emergencies.iter().rposition(|one| one.by == who)?;
        (self.emergencies[newest].stage != Stage::Closed).then_some(newest)
    }

    /// The emergency in which an account requests records now.
    fn running(&self, who: Who) -> Option<&Emergency> {
        self.emergency_of(who).map(|place| &self.emergencies[place]).filter(|one| {
            matches!(one.stage, Stage::Open | Stage::Endorsed) && self.now <= one.until
        })
    }

    /// Whether too many emergencies of an account were rejected, or one that is not closed.
    fn is_kept_out(&self, who: Who) -> bool {
        self.rejections.get(&who).is_some_and(|count| *count >= MAX_REJECTIONS)
            || self.is_rejected(who)
    }

    /// Whether an emergency of an account was rejected, and is not closed.
    fn is_rejected(&self, who: Who) -> bool {
        let rejected = |one: &Emergency| matches!(one.stage, Stage::Rejected(_));
        self.emergencies.iter().any(|one| one.by == who && rejected(one))
    }

    /// Returns whether a share of `who` comes to an account whose access is there, or was lately.
    fn comes(&self, who: Who, id: usize, subject: Who) -> bool {
        let (there, late) = (self.access.get(&(id, subject)), self.late.get(&(id, subject)));
        let first = match (there, late) {
            (Some(access), _) => !access.delivered.contains(&who),
            (None, Some(late)) => self.now <= late.until && !late.came.contains(&who),
            (None, None) => false,
        };
        self.kept(id) && self.custodians.contains(&who) && who != subject && first
    }

    /// Returns whether `who` may do this now.
    pub fn may(&self, who: Who, deed: Deed) -> bool {
        let patient = who == PATIENT;
        match deed {
            Deed::Append(shared) => {
                (patient || self.roles.contains(&(who, Role::LabTechnician)))
                    && self.policy(who, Action::Append)
                    && (!shared || self.can_share())
            }
            Deed::Amend(id) => {
                self.records.get(id).is_some_and(|record| record.status == Status::Active)
                    && self.policy(who, Action::Amend)
            }
            Deed::Share(id) => self.there(id).is_some() && self.policy(who, Action::Share),
            // The key of a drawn worker's request is not for another.
            Deed::View(id) => {
                let drawn = matches!(self.basis_of(id, who), Some(Basis::Draw(_)));
                self.there(id).is_some() && self.policy(who, Action::View) && !drawn
            }
            Deed::Renew(id) => {
                let emergency = matches!(self.basis_of(id, who), Some(Basis::Emergency(_)));
                self.there(id).is_some() && self.policy(who, Action::View) && !emergency
            }
            Deed::Restore(id) => self.may_restore(who, id),
            Deed::Withdraw(id) => self.may_withdraw(who, id),
            Deed::Erase(id) => patient && self.there(id).is_some(),
            Deed::Choose(0) => patient,
            Deed::Choose(threshold) => {
                patient && usize::from(threshold) <= self.custodians.len() && self.all_keep()
            }
            Deed::Entrust(id) => patient && self.there(id).is_some() && self.can_share(),
            Deed::Deliver(id, subject) => {
                self.comes(who, id, subject)
                    && self.has_role(who)
                    && self.basis_of(id, subject).is_some_and(|basis| match basis {
                        Basis::Emergency(place) => {
                            let accepted = self.emergencies[place].stage == Stage::Accepted;
                            self.in_emergency(subject) && (accepted || !self.is_rejected(subject))
                        }
                        Basis::Policy => self.policy(subject, Action::View),
                        Basis::Draw(place) => {
                            self.waits(place).is_some() && self.policy(subject, Action::Infer)
                        }
                    })
            }
            Deed::Break => {
                let open = self
                    .emergencies
                    .iter()
                    .filter(|one| one.by == who && one.stage != Stage::Closed)
                    .count();
                !patient
                    && !self.is_kept_out(who)
                    && (self.threshold == 0 || !self.custodians.contains(&who))
                    && self.in_emergency(who)
                    && self.running(who).is_none()
                    && open < MAX_EMERGENCIES
            }
            Deed::Request(id) => {
                self.kept(id)
                    && !self.custodians.contains(&who)
                    && self.in_emergency(who)
                    && !self.is_kept_out(who)
                    && self.running(who).is_some_and(|one| {
                        !one.barred.contains(&id)
                            && (one.requested.contains(&id) || one.requested.len() < MAX_RECORDS)
                    })
            }
            Deed::Review(place, accepted) => self.emergencies.get(place).is_some_and(|one| {
                let guardian = self.guardians.contains(&who);
                who != one.by
                    && match one.stage {
                        Stage::Open => patient || guardian,
                        // Once is enough, but a guardian can still say no.
                        Stage::Endorsed => patient || guardian && !accepted,
                        Stage::Escalated => patient,
                        // What somebody else rejected.
                        Stage::Rejected(by) => patient && accepted && by != who,
                        Stage::Accepted | Stage::Closed => false,
                    }
            }),
            // Also for an erased record, to which no account has access.
            Deed::Take(id, subject) => {
                let has = self.access.contains_key(&(id, subject))
                    || self.envelopes.contains(&(id, subject));
                (patient || who == subject) && has
                    || patient
                        && self.emergency_of(subject).is_some_and(|place| {
                            let one = &self.emergencies[place];
                            one.requested.contains(&id) && !one.barred.contains(&id)
                        })
            }
            Deed::SetPolicy(_) | Deed::AllowNobody | Deed::SetEmergency(_) => patient,
            Deed::Work(place) => self.may_work(who, place),
            Deed::Seal(place) => self.may_seal(who, place),
            Deed::Expire(id, subject) => {
                self.access.get(&(id, subject)).is_some_and(|access| self.is_lost(access))
            }
            Deed::Retire => self.is_custodian(who),
            Deed::Register => self.has_role(who) && self.retired.contains(&who),
            Deed::Decline(true) => self.is_custodian(who) && !self.declined.contains(&who),
            Deed::Decline(false) => self.declined.contains(&who),
        }
    }

    /// Applies an allowed deed.
    pub fn done(&mut self, who: Who, deed: Deed) {
        match deed {
            Deed::Append(shared) => self.add(who, shared.then_some(self.threshold)),
            Deed::Amend(id) => {
                self.replace(id, self.records.len());
                self.add(who, None);
            }
            Deed::Share(_) => {}
            Deed::View(id) => {
                if !self.access.contains_key(&(id, who)) {
                    self.view(id, who);
                }
            }
            Deed::Renew(id) => self.view(id, who),
            Deed::Restore(id) => self.restore(id),
            Deed::Withdraw(id) => self.withdraw(id),
            Deed::Erase(id) => {
                self.withdraw(id);
                self.envelopes.retain(|(record, _)| *record != id);
                self.records[id].status = Status::Erased;
            }
            Deed::Choose(threshold) => self.threshold = threshold,
            Deed::Entrust(id) => {
                self.forget(id);
                self.records[id].threshold = Some(self.threshold);
                self.records[id].dealer = Some(who);
            }
            Deed::Deliver(id, subject) => {
                if let Some(access) = self.access.get_mut(&(id, subject)) {
                    access.delivered.insert(who);
                    if let Some(place) = access.basis.emergency() {
                        self.emergencies[place].shares += 1;
                    }
                }
            }
            Deed::Break => self.emergencies.push(Emergency {
                by: who,
                until: self.now + EMERGENCY_PERIOD,
                deadline: self.now + REVIEW_PERIOD,
                requested: BTreeSet::new(),
                barred: BTreeSet::new(),
                shares: 0,
                stage: Stage::Open,
            }),
            Deed::Request(id) => {
                if let Some(place) = self.emergency_of(who) {
                    let one = &mut self.emergencies[place];
                    one.requested.insert(id);
                    one.stage = Stage::Open;
                    self.give(id, who, self.emergencies[place].until, Basis::Emergency(place));
                }
            }
            Deed::Review(place, accepted) => match (who == PATIENT, accepted) {
                (_, false) => self.reject(place, Stage::Rejected(who)),
                (true, true) => self.accept(place),
                (false, true) => self.emergencies[place].stage = Stage::Endorsed,
            },
            Deed::Take(id, subject) => {
                let asked = |place: &usize| self.emergencies[*place].requested.contains(&id);
                let emergency = match self.basis_of(id, subject) {
                    Some(basis) => basis.emergency(),
                    None => self.emergency_of(subject).filter(asked),
                };
                if let Some(place) = emergency.filter(|_| who == PATIENT) {
                    self.emergencies[place].barred.insert(id);
                }
                self.end(id, subject);
                self.envelopes.remove(&(id, subject));
            }
            Deed::SetPolicy(has_one) => self.has_policy = has_one,
            Deed::AllowNobody => self.has_policy = false,
            Deed::SetEmergency(allowed) => self.opted_out = !allowed,
            Deed::Work(place) => {
                let Seat { record, until, .. } = self.seats[place];
                self.give(record, who, until, Basis::Draw(place));
            }
            Deed::Seal(place) => self.seal(place),
            Deed::Expire(id, subject) => self.end(id, subject),
            Deed::Retire => {
                self.retired.insert(who);
            }
            Deed::Register => {
                self.retired.remove(&who);
            }
            Deed::Decline(true) => {
                self.declined.insert(who);
            }
            Deed::Decline(false) => {
                self.declined.remove(&who);
            }
        }
    }

    /// Applies a refused deed: a refusal by the policy ends the access that it had granted, and a
    /// share that comes in vain was in a block.
    pub fn refused(&mut self, who: Who, deed: Deed) {
        match deed {
            Deed::View(id) | Deed::Renew(id) => {
                let by_policy = self.basis_of(id, who) == Some(Basis::Policy);
                if by_policy && !self.policy(who, Action::View) {
                    self.end(id, who);
                }
            }
            Deed::Deliver(id, subject) if self.comes(who, id, subject) => {
                if !self.has_role(who) && self.access.contains_key(&(id, subject)) {
                    // It says nothing about the access, and could come again.
                    return;
                }
                // A share that comes while there is access is refused with it.
                self.end(id, subject);
                if let Some(late) = self.late.get_mut(&(id, subject)) {
                    late.came.insert(who);
                    if let Some(place) = late.emergency {
                        self.emergencies[place].shares += 1;
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether the ethics committee can judge an emergency so.
    pub fn may_judge(&self, place: usize, accepted: bool) -> bool {
        self.emergencies.get(place).is_some_and(|one| match one.stage {
            Stage::Escalated => true,
            Stage::Rejected(_) => accepted,
            _ => false,
        })
    }

    /// The ethics committee judges an emergency.
    pub fn judge(&mut self, place: usize, accepted: bool) {
        if accepted {
            self.accept(place);
        } else {
            self.reject(place, Stage::Closed);
        }
    }

    /// Moves to a block, ends expired access and moves emergencies on.
    pub fn go_to(&mut self, block: u32) {
        self.now = block;
        let over: Vec<(usize, Who)> = self
            .access
            .iter()
            .filter(|(_, access)| access.until < block)
            .map(|(key, _)| *key)
            .collect();
        for (id, who) in over {
            self.end(id, who);
        }
        for one in self.emergencies.iter_mut().filter(|one| one.deadline < block) {
            match one.stage {
                Stage::Open if !one.requested.is_empty() => {
                    one.stage = Stage::Escalated;
                    one.deadline = block + ETHICS_PERIOD;
                }
                _ => one.stage = Stage::Closed,
            }
        }
    }

    fn accept(&mut self, place: usize) {
        let one = &mut self.emergencies[place];
        if matches!(one.stage, Stage::Rejected(_))
            && let Some(count) = self.rejections.get_mut(&one.by)
        {
            *count -= 1;
            if *count == 0 {
                self.rejections.remove(&one.by);
            }
        }
        one.stage = if self.now <= one.until { Stage::Accepted } else { Stage::Closed };
        one.deadline = one.until;
    }

    fn reject(&mut self, place: usize, stage: Stage) {
        let opened: Vec<(usize, Who)> = self
            .access
            .iter()
            .filter(|(_, access)| access.basis == Basis::Emergency(place))
            .map(|(key, _)| *key)
            .collect();
        for (id, who) in opened {
            self.end(id, who);
        }
        let one = &mut self.emergencies[place];
        one.stage = stage;
        one.deadline = one.deadline.max(self.now + ETHICS_PERIOD);
        *self.rejections.entry(one.by).or_default() += 1;
    }

    /// The policy allows an account to view a record.
    fn view(&mut self, id: usize, who: Who) {
        if self.kept(id) {
            self.give(id, who, self.now + ACCESS_PERIOD, Basis::Policy);
        }
    }

    /// Gives access again. Shares of what it replaces are for another key.
    fn give(&mut self, id: usize, who: Who, until: u32, basis: Basis) {
        let access = Access { until, basis, delivered: BTreeSet::new() };
        self.access.insert((id, who), access);
        self.late.remove(&(id, who));
    }

    fn end(&mut self, id: usize, who: Who) {
        if let Some(Access { basis, delivered, .. }) = self.access.remove(&(id, who)) {
            let (until, emergency) = (self.now + LATE_PERIOD, basis.emergency());
            self.late.insert((id, who), Late { until, emergency, came: delivered });
        }
    }

    /// Ends all access to a record whose key is shared again or no more.
    fn forget(&mut self, id: usize) {
        self.access.retain(|(record, _), _| *record != id);
        self.late.retain(|(record, _), _| *record != id);
    }

    /// Adds a record. What others add comes with an envelope for the patient.
    fn add(&mut self, author: Who, threshold: Option<u8>) {
        if author != PATIENT {
            self.envelopes.insert((self.records.len(), PATIENT));
        }
        self.records.push(Record {
            status: Status::Active,
            author,
            added_at: self.now,
            replaced_by: None,
            threshold,
            dealer: threshold.map(|_| author),
        });
    }
}
