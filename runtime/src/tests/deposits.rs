//! The table of deposits in `ARCHITECTURE.md` has every reason, and names calls that there are.

use frame_support::traits::GetCallName;
use scale_info::{TypeDef, TypeInfo};

use crate::Runtime;

/// The rows of a pallet: the name of the reason, and the rest.
fn rows(pallet: &str) -> Vec<(String, String)> {
    let text = include_str!("../../../ARCHITECTURE.md");
    let start = format!("| `{pallet}.");
    let rows = text.lines().filter_map(|line| line.strip_prefix(&start));
    rows.map(|row| {
        let (reason, rest) = row.split_once('`').expect("the name is in backticks");
        (reason.to_owned(), rest.to_owned())
    })
    .collect()
}

/// Compares the rows of a pallet with its reasons and calls.
fn compare<Reason: TypeInfo, Call: GetCallName>(pallet: &str) {
    let TypeDef::Variant(reasons) = Reason::type_info().type_def else {
        panic!("the reasons are an enum")
    };
    let reasons: Vec<_> = reasons.variants.iter().map(|reason| reason.name.to_owned()).collect();
    let rows = rows(pallet);
    let listed: Vec<_> = rows.iter().map(|(reason, _)| reason.clone()).collect();
    assert_eq!(listed, reasons, "{pallet}");

    let calls = Call::get_call_names();
    for (reason, row) in rows {
        let named: Vec<_> = row.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{pallet}.{reason}: no call gives it back");
        for call in named.into_iter().filter(|name| !name.contains('.')) {
            assert!(calls.contains(&call), "{pallet}.{reason}: there is no call {call}");
        }
    }
}

#[test]
fn every_deposit_is_in_the_table_with_the_calls_that_give_it_back() {
    compare::<pallet_emr::HoldReason, pallet_emr::Call<Runtime>>("emr");
    compare::<pallet_custody::HoldReason, pallet_custody::Call<Runtime>>("custody");
    compare::<pallet_inference::HoldReason, pallet_inference::Call<Runtime>>("inference");
}
