//! What both duties ask of their account.

use medchain_client::chain::{format_balance, UNIT};

/// With less than this an account cannot be relied on to pay for a call.
const MINIMUM_FUNDS: u128 = UNIT / 100;

/// Says that `free`, in the chain's smallest unit, is too little for `purpose`, if it
/// is.
pub fn lacks_funds(free: u128, purpose: &str) -> Option<String> {
    (free < MINIMUM_FUNDS).then(|| {
        format!(
            "has {} left, too little to {purpose}: send it some with `medchain transfer`",
            format_balance(free)
        )
    })
}
