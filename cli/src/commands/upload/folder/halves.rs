//! Sending several things at once, where one that is refused keeps all of them from the chain.

use std::collections::{BTreeMap, BTreeSet};

/// How sending several things at once ended.
pub(super) enum Sent<T> {
    /// All is said of them.
    Over,
    /// One of them is refused, and so are the others with it.
    Refused(Vec<T>),
    /// All is said of them, and nothing else has prospects.
    Stopped,
}

/// Sends things together; where one is refused, each half of them, until it stands alone. Returns
/// what was not sent after a stop.
pub(super) async fn by_halves<T>(
    things: Vec<T>,
    mut send: impl AsyncFnMut(Vec<T>) -> Sent<T>,
) -> Vec<T> {
    let mut waiting = vec![things];
    while let Some(mut next) = waiting.pop() {
        if next.is_empty() {
            continue;
        }
        match send(next).await {
            Sent::Over => {}
            Sent::Refused(refused) => {
                next = refused;
                let second = next.split_off(next.len() / 2);
                waiting.extend([second, next]);
            }
            Sent::Stopped => return waiting.into_iter().rev().flatten().collect(),
        }
    }
    Vec::new()
}

/// Why something would be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct No {
    /// The reason.
    pub(super) why: String,
    /// Whether that is certain, and not that nobody could be asked.
    pub(super) is_certain: bool,
}

/// Leaves out what a question refuses, which is asked once about each key that is not among the
/// `fresh` ones. Also returns what is left out. A refusal by the chain costs a fee, and a question
/// nothing.
pub(super) async fn allowed<T, K: Copy + Ord>(
    things: Vec<T>,
    key: impl Fn(&T) -> K,
    fresh: &mut BTreeSet<K>,
    mut ask: impl AsyncFnMut(K) -> Result<(), No>,
) -> (Vec<T>, Vec<(T, No)>) {
    let mut noes: BTreeMap<K, No> = BTreeMap::new();
    let (mut left, mut out) = (Vec::new(), Vec::new());
    for thing in things {
        let of = key(&thing);
        if !fresh.contains(&of) && !noes.contains_key(&of) {
            match ask(of).await {
                Ok(()) => {
                    fresh.insert(of);
                }
                Err(no) => {
                    noes.insert(of, no);
                }
            }
        }
        match noes.get(&of) {
            Some(no) => out.push((thing, no.clone())),
            None => left.push(thing),
        }
    }
    (left, out)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Sends numbers to a chain that refuses those in `bad`, and goes away at `end`.
    async fn sent(bad: &[u32], end: Option<u32>) -> (Vec<Vec<u32>>, Vec<u32>, Vec<u32>) {
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        let send = async |numbers: Vec<u32>| {
            if end.is_some_and(|end| numbers.contains(&end)) {
                return Sent::Stopped;
            }
            if !numbers.iter().any(|number| bad.contains(number)) {
                taken.push(numbers);
                return Sent::Over;
            }
            if numbers.len() > 1 {
                return Sent::Refused(numbers);
            }
            refused.extend(numbers);
            Sent::Over
        };
        let left = by_halves((0..8).collect(), send).await;
        (taken, refused, left)
    }

    #[tokio::test]
    async fn one_that_is_refused_keeps_no_other_from_the_chain() {
        let (taken, refused, left) = sent(&[], None).await;
        assert_eq!((taken.len(), refused.len(), left.len()), (1, 0, 0));
        let (taken, refused, left) = sent(&[5], None).await;
        assert_eq!(taken, [vec![0, 1, 2, 3], vec![4], vec![6, 7]]);
        assert_eq!((refused, left), (vec![5], vec![]));
        let (taken, refused, _) = sent(&[0, 7], None).await;
        assert_eq!(taken.concat(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(refused, [0, 7]);
    }

    #[tokio::test]
    async fn after_a_stop_the_rest_is_left_in_order() {
        // All at once is gone at once.
        assert_eq!(sent(&[], Some(3)).await.2, [0; 0]);
        let mut first = true;
        let send = async |numbers: Vec<u32>| match std::mem::take(&mut first) {
            true => Sent::Refused(numbers),
            false => Sent::Stopped,
        };
        assert_eq!(by_halves((0..8).collect(), send).await, [4, 5, 6, 7]);
    }

    #[tokio::test]
    async fn a_patient_who_revokes_meanwhile_costs_one_refusal() {
        let revoked = Cell::new(false);
        let mut fresh = BTreeSet::new();
        let (mut refusals, mut taken, mut out) = (0, Vec::new(), Vec::new());
        let send = async |films: Vec<(u32, u32)>| {
            let ask = async |patient: u32| match revoked.get() && patient == 1 {
                true => Err(No { why: "revoked".into(), is_certain: true }),
                false => Ok(()),
            };
            let (left, no) = allowed(films, |(patient, _)| *patient, &mut fresh, ask).await;
            out.extend(no.into_iter().map(|((_, film), _)| film));
            // After the question, and before the block.
            revoked.set(true);
            if left.iter().any(|(patient, _)| *patient == 1) {
                refusals += 1;
                fresh.clear();
                return Sent::Refused(left);
            }
            taken.extend(left.into_iter().map(|(_, film)| film));
            Sent::Over
        };
        let films: Vec<(u32, u32)> = (0..12).map(|film| (film / 3, film)).collect();
        assert!(by_halves(films, send).await.is_empty());
        assert_eq!(refusals, 1);
        assert_eq!(out, [3, 4, 5]);
        assert_eq!(taken, [0, 1, 2, 6, 7, 8, 9, 10, 11]);
    }
}
