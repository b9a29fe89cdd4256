//! The log of each patient, which nobody can shorten.
//!
//! *Invariant:* every event about one patient, of this pallet and of those that build on it, is
//! deposited here and nowhere else.

use codec::Encode;
use medchain_primitives::{log_topic, PolicyEntry};
use sp_runtime::traits::Zero;

use crate::{AccountIdOf, Config, Event, Logs, Pallet, Patients};

impl<T: Config> Pallet<T> {
    /// Deposits an event about a patient, and links it into the patient's log.
    ///
    /// It has the topic of the log, so that a reader finds it among the events of its block. A
    /// call that fails takes event and link back together.
    pub fn deposit_logged(patient: &AccountIdOf<T>, event: impl Into<T::RuntimeEvent>) {
        let now = frame_system::Pallet::<T>::block_number();
        // There are no events in the first block, so there is nothing to link.
        if now.is_zero() {
            return;
        }
        let event = event.into();
        Logs::<T>::mutate(patient, |log| {
            *log = Some(log.unwrap_or_default().after(now, &event.encode()));
        });
        let mut topic = T::Hash::default();
        let bytes = log_topic(patient);
        topic.as_mut().iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        frame_system::Pallet::<T>::deposit_event_indexed(&[topic], event);
    }

    /// Writes into a patient's log what `policy` changed. Returns whether it was written.
    ///
    /// It is not if `policy` is not the one in force: anybody can deploy a contract that claims
    /// anything.
    pub fn note(policy: &AccountIdOf<T>, patient: &AccountIdOf<T>, entry: PolicyEntry) -> bool {
        if !Patients::<T>::contains_key(patient)
            || Self::policy_of(patient).as_ref() != Some(policy)
        {
            return false;
        }
        let (whose, policy) = (patient.clone(), policy.clone());
        Self::deposit_logged(patient, Event::<T>::PolicyNoted { patient: whose, policy, entry });
        true
    }
}
