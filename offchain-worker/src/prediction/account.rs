//! Whether the account can answer requests.

use medchain_client::chain::WorkerStatus;
use medchain_primitives::EncryptionKey;

use super::ports::Registration;
use crate::shared::account::lacks_funds;

/// What keeps an account from answering any request, if anything.
pub fn obstacle(registration: &Registration) -> Option<String> {
    if registration.worker.is_none() {
        return Some(
            "is not registered as a worker: register it with \
             `medchain worker register --model NUMBER --key FILE`, which holds a bond"
                .to_owned(),
        );
    }
    lacks_funds(registration.free, "answer requests")
}

/// That the published encryption key is not the one that follows from the key file, if it is
/// not: then no envelope opens, and every request would fail.
pub fn wrong_key(published: Option<EncryptionKey>, own: EncryptionKey) -> Option<String> {
    let published = published.filter(|published| *published != own)?;
    Some(format!(
        "has published the encryption key 0x{}, but this key file has 0x{}, which opens nothing \
         that is sealed to the published one: use the key file that it belongs to, or replace it \
         with `medchain key publish --replace --key FILE`; what was sealed to it stays sealed to \
         it",
        hex::encode(published.0),
        hex::encode(own.0)
    ))
}

/// What keeps an account from being chosen for new requests, if anything. Those for which it
/// was chosen are still to be answered: it would lose bond otherwise.
pub fn limitation(registration: &Registration) -> Option<String> {
    match registration.worker.as_ref()?.status {
        WorkerStatus::Active => None,
        WorkerStatus::Suspended => Some(
            "is suspended, because it lost a part of its bond: it is not chosen for requests \
             before `medchain worker top-up --key FILE` completes the bond"
                .to_owned(),
        ),
        WorkerStatus::Leaving { until } => Some(format!(
            "is leaving: it is not chosen for requests any more, and gets its bond back with \
             `medchain worker withdraw --key FILE` after block {until}; keep this worker \
             running until it has no requests and `medchain_worker_films_kept` is 0, a day after \
             its last verdict: until then, whoever can dispute an answer that it does not defend \
             takes its whole bond"
        )),
    }
}

/// What an operator has to do something about, if anything. To leave is the operator's own
/// decision.
pub fn problem(registration: &Registration) -> Option<String> {
    let suspended = || is_suspended(registration).then(|| limitation(registration)).flatten();
    obstacle(registration).or_else(suspended)
}

/// Whether the worker has lost a part of its bond, and not completed it.
pub fn is_suspended(registration: &Registration) -> bool {
    registration.worker.as_ref().is_some_and(|worker| worker.status == WorkerStatus::Suspended)
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::UNIT;
    use medchain_primitives::ModelId;

    use super::*;
    use crate::prediction::ports::Registered;

    fn with(status: WorkerStatus, free: u128) -> Registration {
        let worker = Registered { models: [ModelId(0)].into(), status };
        Registration { worker: Some(worker), free }
    }

    #[test]
    fn an_account_that_cannot_answer_is_told_why() {
        let says = |text: Option<String>, part: &str| text.is_some_and(|text| text.contains(part));
        let active = with(WorkerStatus::Active, UNIT);
        assert_eq!((obstacle(&active), limitation(&active), problem(&active)), (None, None, None));
        let stranger = Registration { worker: None, free: UNIT };
        assert!(says(obstacle(&stranger), "not registered"));
        assert!(says(problem(&stranger), "not registered"));
        let poor = with(WorkerStatus::Active, 0);
        assert!(says(obstacle(&poor), "0 MEDC"));
    }

    #[test]
    fn a_worker_with_another_key_than_the_published_one_is_told_both() {
        let (own, other) = (EncryptionKey([1; 32]), EncryptionKey([2; 32]));
        assert_eq!(wrong_key(Some(own), own), None);
        // It can still open what was sealed to it before.
        assert_eq!(wrong_key(None, own), None);
        let said = wrong_key(Some(other), own).unwrap();
        for part in ["0x0101", "0x0202", "--replace", "stays sealed"] {
            assert!(said.contains(part), "{said}");
        }
        assert!(!said.contains('\n'), "{said}");
    }

    #[test]
    fn a_worker_that_is_not_chosen_still_starts() {
        let says = |text: Option<String>, part: &str| text.is_some_and(|text| text.contains(part));
        let suspended = with(WorkerStatus::Suspended, UNIT);
        assert_eq!(obstacle(&suspended), None);
        assert!(says(limitation(&suspended), "top-up"));
        assert!(says(problem(&suspended), "suspended"));
        assert!(is_suspended(&suspended) && !is_suspended(&with(WorkerStatus::Active, UNIT)));
        let leaving = with(WorkerStatus::Leaving { until: 77 }, UNIT);
        assert_eq!((obstacle(&leaving), problem(&leaving)), (None, None));
        assert!(says(limitation(&leaving), "after block 77"));
        assert!(says(limitation(&leaving), "`medchain_worker_films_kept` is 0"));
    }
}
