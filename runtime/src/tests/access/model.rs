//! An independent model of access control.
//!
//! It shares no code with the pallet, the contract and the runtime. It has one patient, whose
//! policy is the reference contract or none.

use std::collections::{BTreeMap, BTreeSet};

use medchain_primitives::{Action, Role};
use sp_keyring::Sr25519Keyring as Who;

/// The owner of the records.
pub const PATIENT: Who = Who::Bob;

/// The runtime's `AccessPeriod` in blocks.
pub const ACCESS_PERIOD: u32 = 100;
/// The runtime's `EmergencyPeriod` in blocks.
pub const EMERGENCY_PERIOD: u32 = 2_400;

/// An attempt that an account can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Add a record to the file.
    Append,
    /// Replace a record by a new version.
    Amend(usize),
    /// Share a record's key with another reader.
    Share(usize),
    /// Request access to view a record.
    View(usize),
    /// Erase a record.
    Erase(usize),
    /// Split a record's key among the custodians.
    Entrust(usize),
    /// Deliver a share to an account with access.
    Deliver(usize, Who),
    /// Break the glass over a record.
    Break(usize),
    /// Review the emergency at this index.
    Review(usize, bool),
    /// Remove an account's access to a record.
    Take(usize, Who),
    /// Set the reference policy, or none.
    SetPolicy(bool),
    /// Allow or forbid emergency access.
    SetEmergency(bool),
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
    /// Whether custodians keep its key.
    pub entrusted: bool,
}

/// A grant in the policy contract.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// Bit i for the action with the index i.
    pub actions: u8,
    /// The last block, if there is one.
    pub until: Option<u32>,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// An account's access to a record.
#[derive(Clone, Debug)]
pub struct Access {
    /// The last block.
    pub until: u32,
    /// The emergency, if it is break-glass access.
    pub emergency: Option<usize>,
    /// The custodians that have delivered a share.
    pub delivered: BTreeSet<Who>,
}

/// An emergency in which the glass was broken.
#[derive(Clone, Copy, Debug)]
pub struct Emergency {
    /// The record.
    pub record: usize,
    /// The account that broke the glass.
    pub by: Who,
    /// Whether it was reviewed.
    pub reviewed: bool,
}

/// The state on which access depends.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The current block.
    pub now: u32,
    /// Whether the patient's policy is the contract; otherwise there is none.
    pub has_policy: bool,
    /// The contract's grants.
    pub grants: BTreeMap<Who, Grant>,
    /// The roles that a registrar gave.
    pub roles: BTreeSet<(Who, Role)>,
    /// Emergency contacts.
    pub contacts: BTreeSet<Who>,
    /// Guardians.
    pub guardians: BTreeSet<Who>,
    /// The patient's custodians.
    pub custodians: Vec<Who>,
    /// Whether emergency access is forbidden.
    pub opted_out: bool,
    /// The records.
    pub records: Vec<Record>,
    /// The current access, by record and account.
    pub access: BTreeMap<(usize, Who), Access>,
    /// The emergencies.
    pub emergencies: Vec<Emergency>,
}

impl Model {
    /// Returns whether the policy allows it. The patient is always allowed.
    pub fn policy(&self, who: Who, action: Action) -> bool {
        who == PATIENT
            || self.has_policy
                && self.grants.get(&who).is_some_and(|grant| {
                    !grant.revoked
                        && grant.until.is_none_or(|until| self.now <= until)
                        && grant.actions & (1 << action as u8) != 0
                })
    }

    fn there(&self, record: usize) -> Option<&Record> {
        self.records.get(record).filter(|found| found.status != Status::Erased)
    }

    fn live(&self, record: usize, who: Who) -> Option<&Access> {
        self.access.get(&(record, who)).filter(|access| self.now <= access.until)
    }

    /// Returns whether `who` may do this now.
    pub fn may(&self, who: Who, deed: Deed) -> bool {
        let patient = who == PATIENT;
        match deed {
            Deed::Append => {
                (patient || self.roles.contains(&(who, Role::LabTechnician)))
                    && self.policy(who, Action::Append)
            }
            Deed::Amend(id) => {
                self.records.get(id).is_some_and(|record| record.status == Status::Active)
                    && self.policy(who, Action::Amend)
            }
            Deed::Share(id) => self.there(id).is_some() && self.policy(who, Action::Share),
            Deed::View(id) => self.there(id).is_some() && self.policy(who, Action::View),
            Deed::Erase(id) => patient && self.there(id).is_some(),
            Deed::Entrust(id) => patient && self.there(id).is_some() && !self.custodians.is_empty(),
            Deed::Deliver(id, subject) => {
                self.there(id).is_some_and(|record| record.entrusted)
                    && self.custodians.contains(&who)
                    && self.roles.contains(&(who, Role::Custodian))
                    && self.live(id, subject).is_some_and(|access| {
                        !access.delivered.contains(&who)
                            && (access.emergency.is_some() || self.policy(subject, Action::View))
                    })
            }
            Deed::Break(id) => {
                !patient
                    && !self.opted_out
                    && self.there(id).is_some_and(|record| record.entrusted)
                    && self.live(id, who).is_none_or(|access| access.emergency.is_none())
                    && (self.contacts.contains(&who)
                        || self.roles.contains(&(who, Role::Clinician))
                        || self.policy(who, Action::Emergency))
                    && self.emergencies.iter().filter(|one| one.by == who && !one.reviewed).count()
                        < 3
            }
            Deed::Review(place, _) => self.emergencies.get(place).is_some_and(|emergency| {
                !emergency.reviewed
                    && who != emergency.by
                    && (patient || self.guardians.contains(&who))
            }),
            // Also for an erased record, to which no account has access.
            Deed::Take(id, subject) => {
                (patient || who == subject) && self.access.contains_key(&(id, subject))
            }
            Deed::SetPolicy(_) | Deed::SetEmergency(_) => patient,
        }
    }

    /// Applies an allowed deed.
    pub fn done(&mut self, who: Who, deed: Deed) {
        match deed {
            Deed::Append => self.add(),
            Deed::Amend(id) => {
                self.records[id].status = Status::Superseded;
                self.add();
            }
            Deed::Share(_) => {}
            Deed::View(id) => {
                if self.records[id].entrusted && self.live(id, who).is_none() {
                    let until = self.now + ACCESS_PERIOD;
                    let access = Access { until, emergency: None, delivered: BTreeSet::new() };
                    self.access.insert((id, who), access);
                }
            }
            Deed::Erase(id) => {
                self.end_access(|(record, _)| *record == id);
                self.records[id].status = Status::Erased;
                self.records[id].entrusted = false;
            }
            Deed::Entrust(id) => {
                self.end_access(|(record, _)| *record == id);
                self.records[id].entrusted = true;
            }
            Deed::Deliver(id, subject) => {
                if let Some(access) = self.access.get_mut(&(id, subject)) {
                    access.delivered.insert(who);
                }
            }
            Deed::Break(id) => {
                let emergency = Some(self.emergencies.len());
                let until = self.now + EMERGENCY_PERIOD;
                let access = Access { until, emergency, delivered: BTreeSet::new() };
                self.access.insert((id, who), access);
                self.emergencies.push(Emergency { record: id, by: who, reviewed: false });
            }
            Deed::Review(place, accepted) => {
                self.emergencies[place].reviewed = true;
                let Emergency { record, by, .. } = self.emergencies[place];
                let ends = self
                    .access
                    .get(&(record, by))
                    .is_some_and(|access| access.emergency == Some(place));
                if !accepted && ends {
                    self.access.remove(&(record, by));
                }
            }
            Deed::Take(id, subject) if who == subject => {
                self.access.remove(&(id, subject));
            }
            Deed::Take(id, subject) => self.end_access(|key| *key == (id, subject)),
            Deed::SetPolicy(has_one) => self.has_policy = has_one,
            Deed::SetEmergency(allowed) => self.opted_out = !allowed,
        }
    }

    /// Applies a refused deed: a refusal by the policy ends the access that it had granted.
    pub fn refused(&mut self, who: Who, deed: Deed) {
        let (id, subject) = match deed {
            Deed::View(id) => (id, who),
            // A custodian that may deliver, but is refused by the policy, ends the access.
            Deed::Deliver(id, subject)
                if self.there(id).is_some_and(|record| record.entrusted)
                    && self.custodians.contains(&who)
                    && self.roles.contains(&(who, Role::Custodian))
                    && self
                        .live(id, subject)
                        .is_some_and(|access| !access.delivered.contains(&who)) =>
            {
                (id, subject)
            }
            _ => return,
        };
        if self.records.get(id).is_none() {
            return;
        }
        let by_policy =
            self.access.get(&(id, subject)).is_some_and(|access| access.emergency.is_none());
        if by_policy && !self.policy(subject, Action::View) {
            self.access.remove(&(id, subject));
        }
    }

    /// Moves to a block and ends expired access.
    pub fn go_to(&mut self, block: u32) {
        self.now = block;
        let over: Vec<(usize, Who)> = self
            .access
            .iter()
            .filter(|(_, access)| access.until < block)
            .map(|(key, _)| *key)
            .collect();
        self.end_access(|key| over.contains(key));
    }

    /// Ends access, though not at the request of its subject.
    ///
    /// An emergency in which no share was delivered is closed too: in this model one share is
    /// enough to open a record.
    fn end_access(&mut self, which: impl Fn(&(usize, Who)) -> bool) {
        let emergencies = &mut self.emergencies;
        self.access.retain(|key, access| {
            let ends = which(key);
            if let (true, Some(place), true) = (ends, access.emergency, access.delivered.is_empty())
            {
                emergencies[place].reviewed = true;
            }
            !ends
        });
    }

    fn add(&mut self) {
        self.records.push(Record { status: Status::Active, entrusted: false });
    }
}
