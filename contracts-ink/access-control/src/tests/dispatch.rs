//! The contract answers every message of its metadata directly.
#![allow(unsafe_code, reason = "ink! exposes its function only through the linker")]

use crate::AccessControl;
use policy::{direct::Direct, POLICY_CHECK_SELECTOR};

extern "Rust" {
    fn __ink_generate_metadata() -> ink::metadata::InkProject;
}

/// The names and selectors of the messages in the metadata.
fn messages() -> Vec<(String, String)> {
    // SAFETY: the function takes nothing, and ink! defines it in this crate
    // with this very type.
    let metadata = unsafe { __ink_generate_metadata() };
    let metadata = serde_json::to_value(metadata).expect("metadata is plain data; qed");
    let messages = metadata["spec"]["messages"].as_array().expect("a contract has messages");
    let text = |value: &serde_json::Value| value.as_str().expect("a name is text").to_owned();
    messages
        .iter()
        .map(|message| {
            assert_eq!(message["payable"], false);
            (text(&message["label"]), text(&message["selector"]))
        })
        .collect()
}

#[test]
fn every_message_is_answered() {
    let mut direct: Vec<(String, String)> = <AccessControl as Direct>::MESSAGES
        .iter()
        .map(|(name, selector)| ((*name).to_owned(), format!("{selector:#010x}")))
        .collect();
    let check = u32::from_be_bytes(POLICY_CHECK_SELECTOR);
    direct.push(("Policy::check".to_owned(), format!("{check:#010x}")));
    let mut declared = messages();
    declared.sort();
    direct.sort();
    assert_eq!(direct, declared);
}

#[test]
fn selectors_are_pinned() {
    let selectors = <AccessControl as Direct>::MESSAGES.iter().map(|message| message.1);
    // 0x17 named delegates of the released contract, without their actions.
    assert!(selectors.eq((0x4d43_5010..=0x4d43_501c).filter(|one| *one != 0x4d43_5017)));
}
