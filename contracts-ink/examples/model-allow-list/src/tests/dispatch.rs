//! The contract answers every message of its metadata directly.
#![allow(unsafe_code, reason = "ink! exposes its function only through the linker")]

use crate::ModelAllowList;
use policy::{direct::Direct, POLICY_CHECK_SELECTOR};

extern "Rust" {
    fn __ink_generate_metadata() -> ink::metadata::InkProject;
}

#[test]
fn every_message_is_answered() {
    // SAFETY: the function takes nothing, and ink! defines it in this crate
    // with this very type.
    let metadata = unsafe { __ink_generate_metadata() };
    let metadata = serde_json::to_value(metadata).expect("metadata is plain data; qed");
    let messages = metadata["spec"]["messages"].as_array().expect("a contract has messages");
    let text = |value: &serde_json::Value| value.as_str().expect("a name is text").to_owned();
    let mut declared: Vec<_> = messages
        .iter()
        .map(|message| {
            assert_eq!(message["payable"], false);
            (text(&message["label"]), text(&message["selector"]))
        })
        .collect();
    let check = ("Policy::check", u32::from_be_bytes(POLICY_CHECK_SELECTOR));
    let answered = <ModelAllowList as Direct>::MESSAGES.iter().copied().chain([check]);
    let mut answered: Vec<_> =
        answered.map(|(name, selector)| (name.to_owned(), format!("{selector:#010x}"))).collect();
    declared.sort();
    answered.sort();
    assert_eq!(answered, declared);
}
