//! Who may take back a block that was stored here.
//!
//! A page that stores a block names its keeper: the hash of a secret that it keeps with what is
//! begun. Whoever has the secret may have the block removed, within a day and while this server
//! runs, and only where no store had the block before and nobody else has stored it since: what
//! others need stays. A block that was stored as a root goes as a root, and no other does: of an
//! IPFS node, only what was to be pinned was asked whether it was pinned before. Nobody signs in
//! for that, and nothing of it is on disk.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use cid::Cid;
use sha2::{Digest, Sha256};

const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// How many blocks are remembered, the newest: 16 GiB of films.
const MAX_BLOCKS: usize = 65_536;

/// The keepers of the blocks that were stored lately.
#[derive(Default)]
pub struct Keepers {
    /// The hash of each keeper's secret, whether the block was stored as a root, and when.
    blocks: HashMap<Cid, (String, bool, Instant)>,
    /// The blocks in the order in which they were stored; some have no keeper any more.
    order: VecDeque<(Cid, Instant)>,
}

/// Whether a text is the hash of a secret: 64 hexadecimal digits.
pub fn is_keeper(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|one| matches!(one, b'0'..=b'9' | b'a'..=b'f'))
}

impl Keepers {
    /// A block is stored `now`; `was_there` where a store had it before.
    pub fn stored(
        &mut self,
        cid: Cid,
        is_root: bool,
        keeper: Option<&str>,
        was_there: bool,
        now: Instant,
    ) {
        let known = self.blocks.get(&cid).map(|(known, as_root, _)| (known.as_str(), *as_root));
        if known.is_some() {
            // Another needs it as well; the same one only tries again.
            if known != keeper.map(|keeper| (keeper, is_root)) {
                self.blocks.remove(&cid);
            }
        } else if let Some(keeper) = keeper.filter(|_| !was_there) {
            self.make_room(now);
            self.blocks.insert(cid, (keeper.to_owned(), is_root, now));
            self.order.push_back((cid, now));
        }
    }

    /// Whether whoever has `secret` may have a block removed, as a root or not. They may ask again.
    pub fn may_remove(&self, cid: &Cid, is_root: bool, secret: &[u8], now: Instant) -> bool {
        let keeper = format!("{:x}", Sha256::digest(secret));
        self.blocks.get(cid).is_some_and(|(known, as_root, since)| {
            *known == keeper && *as_root == is_root && !is_over(*since, now)
        })
    }

    fn make_room(&mut self, now: Instant) {
        while let Some((cid, since)) = self.order.front().copied() {
            if self.order.len() < MAX_BLOCKS && !is_over(since, now) {
                break;
            }
            self.order.pop_front();
            // It may have been stored once more since.
            if self.blocks.get(&cid).is_some_and(|(_, _, newest)| *newest == since) {
                self.blocks.remove(&cid);
            }
        }
    }
}

fn is_over(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) > LIFETIME
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cid(number: u32) -> Cid {
        let digest: [u8; 32] = Sha256::digest(number.to_be_bytes()).into();
        let hash = cid::multihash::Multihash::<64>::wrap(0x12, &digest).expect("32 bytes fit; qed");
        Cid::new_v1(0x55, hash)
    }

    fn keeper(secret: &str) -> String {
        format!("{:x}", Sha256::digest(secret))
    }

    #[test]
    fn a_block_is_its_keepers_alone() {
        let (mut keepers, now) = (Keepers::default(), Instant::now());
        keepers.stored(cid(1), false, Some(&keeper("mine")), false, now);
        assert!(keepers.may_remove(&cid(1), false, b"mine", now));
        // Once more, where the store failed or the answer was lost.
        keepers.stored(cid(1), false, Some(&keeper("mine")), true, now);
        assert!(keepers.may_remove(&cid(1), false, b"mine", now));
        for other in ["theirs", "", &keeper("mine")] {
            assert!(!keepers.may_remove(&cid(1), false, other.as_bytes(), now), "{other}");
        }
        assert!(!keepers.may_remove(&cid(2), false, b"mine", now));
        assert!(!keepers.may_remove(
            &cid(1),
            false,
            b"mine",
            now + LIFETIME + Duration::from_secs(1)
        ));
    }

    #[test]
    fn what_others_need_stays() {
        let (mut keepers, now) = (Keepers::default(), Instant::now());
        // It was there before: whoever stores it again may not remove it.
        keepers.stored(cid(1), false, Some(&keeper("mine")), true, now);
        assert!(!keepers.may_remove(&cid(1), false, b"mine", now));
        // Another stores it after them, with or without a keeper.
        for other in [Some(keeper("theirs")), None] {
            keepers.stored(cid(2), false, Some(&keeper("mine")), false, now);
            keepers.stored(cid(2), false, other.as_deref(), true, now);
            for secret in [&b"mine"[..], b"theirs"] {
                assert!(!keepers.may_remove(&cid(2), false, secret, now));
            }
        }
    }

    #[test]
    fn a_block_goes_as_what_it_was_stored() {
        let (mut keepers, now) = (Keepers::default(), Instant::now());
        for (number, is_root) in [(1, true), (2, false)] {
            keepers.stored(cid(number), is_root, Some(&keeper("mine")), false, now);
            assert!(keepers.may_remove(&cid(number), is_root, b"mine", now));
            assert!(!keepers.may_remove(&cid(number), !is_root, b"mine", now));
            // Stored as the other as well: it is needed for something else.
            keepers.stored(cid(number), !is_root, Some(&keeper("mine")), true, now);
            for as_root in [true, false] {
                assert!(!keepers.may_remove(&cid(number), as_root, b"mine", now));
            }
        }
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let (mut keepers, now) = (Keepers::default(), Instant::now());
        let many = u32::try_from(MAX_BLOCKS).expect("it is small") + 5;
        for number in 0..many {
            keepers.stored(cid(number), false, Some(&keeper("mine")), false, now);
        }
        assert_eq!((keepers.blocks.len(), keepers.order.len()), (MAX_BLOCKS, MAX_BLOCKS));
        assert!(!keepers.may_remove(&cid(4), false, b"mine", now));
        assert!(keepers.may_remove(&cid(5), false, b"mine", now));
        let later = now + LIFETIME + Duration::from_secs(1);
        keepers.stored(cid(many), false, Some(&keeper("mine")), false, later);
        assert_eq!((keepers.blocks.len(), keepers.order.len()), (1, 1));
    }

    #[test]
    fn a_keeper_is_a_hash() {
        assert!(is_keeper(&keeper("mine")));
        for text in ["", "mine", &keeper("mine")[1..], &keeper("mine").to_uppercase()] {
            assert!(!is_keeper(text), "{text}");
        }
    }
}
