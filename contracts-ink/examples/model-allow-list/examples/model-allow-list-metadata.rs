//! Prints the metadata that ink! generates for this contract, as JSON.
#![allow(unsafe_code, reason = "ink! exposes its function only through the linker")]

use model_allow_list as _;

extern "Rust" {
    fn __ink_generate_metadata() -> ink::metadata::InkProject;
}

fn main() {
    // SAFETY: the function takes nothing, and ink! defines it in the crate that
    // is linked above, with this very type.
    let metadata = unsafe { __ink_generate_metadata() };
    let json = serde_json::to_string(&metadata).expect("metadata is plain data; qed");
    println!("{json}");
}
