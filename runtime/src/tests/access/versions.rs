//! Versions of a record, beside the model: which is the newest, and who takes the shares of an old
//! one back.

use super::{
    model::{Deed, PATIENT as OWNER, SHARES_PERIOD},
    table::{in_vain, Both, CUSTODIANS, EVERYBODY, TECHNICIAN},
};
use crate::tests::*;

const APPEND: u8 = 1 << Action::Append as u8;

/// Everybody tries to take back the shares of every version.
fn everybody_withdraws(both: &mut Both) {
    for who in EVERYBODY {
        for id in 0..=both.model.records.len() {
            both.act(who, Deed::Withdraw(id));
        }
    }
}

/// The technician's film, entrusted, is record 1. The patient replaces it by record 2, much later.
fn replaced(threshold: u8) -> Both {
    let mut both = Both::new(threshold);
    both.grant(TECHNICIAN, APPEND, None);
    both.act(TECHNICIAN, Deed::Append(true));
    both.go_to(both.model.now + SHARES_PERIOD);
    both.act(OWNER, Deed::Amend(1));
    both
}

#[test]
fn whoever_paid_for_an_old_version_takes_the_shares_back() {
    for threshold in 1..=3 {
        development_chain().execute_with(|| {
            let mut both = replaced(threshold);
            both.act(OWNER, Deed::Entrust(2));
            let last = both.model.now + SHARES_PERIOD;
            for block in [both.model.now + 1, last, last + 1] {
                both.go_to(block);
                everybody_withdraws(&mut both);
            }
            assert_eq!(both.model.records[1].threshold, None, "its time has come");
            both.compare_state();
        });
    }
}

/// In vain without shares of the newest version, and while somebody has access.
#[test]
fn shares_that_are_needed_stay() {
    development_chain().execute_with(|| {
        let mut both = replaced(2);
        both.go_to(both.model.now + SHARES_PERIOD + 1);
        everybody_withdraws(&mut both);
        both.act(OWNER, Deed::Entrust(2));
        both.act(OWNER, Deed::View(1));
        everybody_withdraws(&mut both);
        assert_eq!(both.model.records[1].threshold, Some(2));
        both.act(OWNER, Deed::Take(1, OWNER));
        everybody_withdraws(&mut both);
        assert_eq!(both.model.records[1].threshold, None);
        both.compare_state();
        // What is under way opens nothing any more, and the patient may entrust it again.
        for custodian in CUSTODIANS {
            both.act(custodian, Deed::Deliver(1, OWNER));
        }
        both.act(OWNER, Deed::View(1));
        both.act(OWNER, Deed::Entrust(1));
        both.compare_state();
    });
}

/// The shares of what is the newest stay, whichever that is, and those of the other for as long.
#[test]
fn versions_that_are_restored() {
    development_chain().execute_with(|| {
        let mut start = replaced(2);
        start.act(OWNER, Deed::Entrust(2));
        for who in EVERYBODY {
            for id in 0..=start.model.records.len() {
                in_vain(|| {
                    let mut both = start.clone();
                    both.act(who, Deed::Restore(id));
                    for blocks in [SHARES_PERIOD, 1] {
                        both.go_to(both.model.now + blocks);
                        everybody_withdraws(&mut both);
                    }
                    both.act(OWNER, Deed::Restore(1));
                    both.act(OWNER, Deed::Amend(2));
                    both.compare_state();
                });
            }
        }
    });
}

/// As far as later versions are looked at, and where one of them is erased.
#[test]
fn many_versions() {
    development_chain().execute_with(|| {
        let mut start = replaced(1);
        for newest in 2..6 {
            start.act(OWNER, Deed::Entrust(newest));
            start.act(OWNER, Deed::Amend(newest));
        }
        start.act(OWNER, Deed::Entrust(6));
        start.go_to(start.model.now + SHARES_PERIOD + 1);
        in_vain(|| {
            let mut both = start.clone();
            everybody_withdraws(&mut both);
            assert!(both.model.records[1].threshold.is_some(), "too many came after it");
            both.compare_state();
        });
        for erased in 1..=6 {
            in_vain(|| {
                let mut both = start.clone();
                both.act(OWNER, Deed::Restore(5));
                both.act(OWNER, Deed::Erase(erased));
                everybody_withdraws(&mut both);
                both.act(OWNER, Deed::Restore(4));
                everybody_withdraws(&mut both);
                both.compare_state();
            });
        }
    });
}
