//! The table of deposits in `ARCHITECTURE.md` has every reason, and names calls that there are.

use frame_support::traits::GetCallName;
use scale_info::{TypeDef, TypeInfo};

use crate::{mock::Test, Call, HoldReason};

/// The rows of a pallet: the name of the reason, and the rest.
fn rows(pallet: &str) -> Vec<(String, String)> {
    let text = include_str!("../../../../ARCHITECTURE.md");
    let start = format!("| `{pallet}.");
    let rows = text.lines().filter_map(|line| line.strip_prefix(&start));
    rows.map(|row| {
        let (reason, rest) = row.split_once('`').expect("the name is in backticks");
        (reason.to_owned(), rest.to_owned())
    })
    .collect()
}

#[test]
fn every_deposit_is_in_the_table() {
    let TypeDef::Variant(reasons) = HoldReason::type_info().type_def else {
        panic!("the reasons are an enum")
    };
    let reasons: Vec<_> = reasons.variants.iter().map(|reason| reason.name.to_owned()).collect();
    let listed: Vec<_> = rows("custody").into_iter().map(|(reason, _)| reason).collect();
    assert_eq!(listed, reasons);
}

#[test]
fn the_table_names_calls_that_there_are() {
    let calls = Call::<Test>::get_call_names();
    for (reason, row) in rows("custody") {
        let named: Vec<_> = row.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{reason}: no call gives it back");
        for call in named.into_iter().filter(|name| !name.contains('.')) {
            assert!(calls.contains(&call), "{reason}: there is no call {call}");
        }
    }
}
