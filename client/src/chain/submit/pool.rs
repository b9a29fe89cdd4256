//! Why a node's pool rejected a transaction.

use subxt::rpcs;

use crate::{chain::ChainError, AccountId32};

/// The pool has the transaction already.
const ALREADY_IMPORTED: i32 = 1013;

/// Whether the pool has it: it arrived twice, say over two connections, and this is the answer to
/// the second time.
pub(super) fn is_in_pool(error: &rpcs::Error) -> bool {
    matches!(error, rpcs::Error::User(error) if error.code == ALREADY_IMPORTED)
}

/// The codes are those of the RPC `author_submitExtrinsic`; the error's data has the reason.
pub(super) fn pool_error(error: &rpcs::Error, account: AccountId32) -> ChainError {
    let rpcs::Error::User(error) = error else {
        return ChainError::from_rpc(error);
    };
    let data = error.data.as_ref().map(|data| data.get());
    let data: String = data.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    refusal(error.code, &error.message, &data, account)
}

/// The error of a code and its reason.
pub(in crate::chain) fn refusal(
    code: i32,
    message: &str,
    data: &str,
    account: AccountId32,
) -> ChainError {
    let reason = if data.is_empty() { message } else { data };
    let pool = |temporary| ChainError::Pool { reason: reason.to_owned(), temporary };
    match code {
        1010 if data.contains("Inability to pay") => ChainError::InsufficientFunds { account },
        1010 if data.contains("outdated") => ChainError::StaleNonce,
        // A lower priority than another transaction with the same nonce.
        1014 => ChainError::StaleNonce,
        // Banned for a while, already imported, no room now.
        1012 | ALREADY_IMPORTED | 1016 => pool(true),
        1010..=1018 => pool(false),
        _ => ChainError::Node { code, message: reason.to_owned() },
    }
}

/// Whether the pool looked at the transaction and took nothing. Any other error leaves open
/// whether it did.
pub(super) fn is_refusal(error: &ChainError) -> bool {
    matches!(
        error,
        ChainError::InsufficientFunds { .. } | ChainError::StaleNonce | ChainError::Pool { .. }
    )
}
