//! Who may do what, as a small program that shares nothing with the pallet, the
//! contract or the adapter. It knows one patient, whose policy is the reference
//! contract or none.

use std::collections::{BTreeMap, BTreeSet};

use medchain_primitives::{Action, Role};
use sp_keyring::Sr25519Keyring as Who;

/// Whose records they are.
pub const PATIENT: Who = Who::Bob;

/// How long access lasts, as the runtime has it.
pub const ACCESS_PERIOD: u32 = 100;
/// The same after the glass was broken.
pub const EMERGENCY_PERIOD: u32 = 2_400;

/// What somebody may want to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Add a record to the file.
    Append,
    /// Replace a record by a new version.
    Amend(usize),
    /// Hand a record's key on.
    Share(usize),
    /// Ask to view a record, and be granted.
    View(usize),
    /// Erase a record.
    Erase(usize),
    /// Split a record's key among the custodians.
    Entrust(usize),
    /// Hand a share over to who was granted access.
    Deliver(usize, Who),
    /// Break the glass.
    Break(usize),
    /// Review the emergency of this place in the list.
    Review(usize, bool),
    /// Take access to a record from somebody.
    Take(usize, Who),
    /// Choose the policy.
    SetPolicy(bool),
    /// Say whether the glass may be broken.
    SetEmergency(bool),
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The newest version.
    Active,
    /// Replaced.
    Superseded,
    /// Erased.
    Erased,
}

/// A record, as far as access goes.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where it stands.
    pub status: Status,
    /// Whether custodians keep its key.
    pub entrusted: bool,
}

/// A grant of the contract.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// Bit i for the action with the index i.
    pub actions: u8,
    /// The last block.
    pub until: Option<u32>,
    /// Whether it was taken back.
    pub revoked: bool,
}

/// What somebody was granted on a record.
#[derive(Clone, Debug)]
pub struct Access {
    /// The last block.
    pub until: u32,
    /// Whether by breaking the glass.
    pub emergency: Option<usize>,
    /// Who has handed a share over.
    pub delivered: BTreeSet<Who>,
}

/// A glass that was broken: the record, by whom, and whether it was reviewed.
#[derive(Clone, Copy, Debug)]
pub struct Emergency {
    /// The record.
    pub record: usize,
    /// By whom.
    pub by: Who,
    /// Whether somebody reviewed it.
    pub reviewed: bool,
}

/// Everything that access depends on.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The block.
    pub now: u32,
    /// Whether the patient's policy is the contract; otherwise there is none.
    pub has_policy: bool,
    /// The contract's grants.
    pub grants: BTreeMap<Who, Grant>,
    /// What the registrar said.
    pub roles: BTreeSet<(Who, Role)>,
    /// Emergency contacts.
    pub contacts: BTreeSet<Who>,
    /// Guardians.
    pub guardians: BTreeSet<Who>,
    /// The patient's custodians.
    pub custodians: Vec<Who>,
    /// Whether nobody may break the glass.
    pub opted_out: bool,
    /// The records.
    pub records: Vec<Record>,
    /// What is granted.
    pub access: BTreeMap<(usize, Who), Access>,
    /// The emergencies.
    pub emergencies: Vec<Emergency>,
}

impl Model {
    /// Whether the policy says yes; the patient is not asked about.
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

    /// Whether `who` may do this now.
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
            // Also of an erased record, of which nobody has anything.
            Deed::Take(id, subject) => {
                (patient || who == subject) && self.access.contains_key(&(id, subject))
            }
            Deed::SetPolicy(_) | Deed::SetEmergency(_) => patient,
        }
    }

    /// What follows when it was done.
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

    /// What follows when it was refused: a no ends what the policy had granted.
    pub fn refused(&mut self, who: Who, deed: Deed) {
        let (id, subject) = match deed {
            Deed::View(id) => (id, who),
            // Whoever may deliver, and is told no by the policy, ends the grant.
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

    /// Time passes, and blocks end what is over.
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

    /// Access ends, and not by its subject's doing: an emergency in which no key was
    /// handed over is closed with it. One custodian is enough in this model.
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
