//! A signed transaction, as it can be kept and handed over later.

use serde::{Deserialize, Serialize};

use crate::{chain::ChainError, AccountId32, H256};

/// A signed transaction. Handing the same one over twice does nothing twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// What is called, such as `Emr.add_record`.
    pub call: String,
    /// The account that signed it.
    pub account: AccountId32,
    /// Its nonce.
    pub nonce: u64,
    /// Its hash.
    pub hash: H256,
    /// What is handed over.
    #[serde(with = "as_hex")]
    pub bytes: Vec<u8>,
    /// The version of the runtime that it was signed for; no other includes it.
    pub spec_version: u32,
    /// Only blocks after this one can include it.
    pub since: u32,
    /// The last block that can.
    pub until: u32,
}

impl Transaction {
    /// The error of one whose outcome is not known, because of `cause`.
    pub fn unknown(&self, cause: ChainError) -> ChainError {
        ChainError::OutcomeUnknown {
            call: self.call.clone(),
            hash: self.hash,
            account: self.account,
            nonce: self.nonce,
            until: self.until,
            cause: Box::new(cause),
        }
    }
}

/// The last block of a mortal era, as `sp_runtime::generic::Era` computes it, of a transaction
/// that is signed for `mortality` blocks at the block `now`.
pub(super) fn last_block(now: u64, mortality: u64) -> u32 {
    let period = mortality.checked_next_power_of_two().unwrap_or(1 << 16).clamp(4, 1 << 16);
    let step = (period >> 12).max(1);
    let phase = now % period / step * step;
    let birth = (now.max(phase) - phase) / period * period + phase;
    u32::try_from(birth + period - 1).unwrap_or(u32::MAX)
}

/// Bytes as hexadecimal digits.
mod as_hex {
    use serde::{de::Error, Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use subxt::utils::Era;

    use super::*;

    #[test]
    fn the_last_block_is_that_of_the_era() {
        assert_eq!(last_block(0, 256), 255);
        assert_eq!(last_block(1000, 256), 1255);
        assert_eq!(last_block(1000, 200), 1255);
        assert_eq!(last_block(1000, 1), 1003);
        // Longer eras begin at every second, fourth, … block only.
        assert_eq!(last_block(1001, 8192), 1000 + 8191);
        // As subxt signs it.
        assert!(matches!(Era::mortal(200, 1000), Era::Mortal { period: 256, phase: 232 }));
    }

    #[test]
    fn a_transaction_is_read_as_it_was_written() {
        let transaction = Transaction {
            call: "Emr.add_record".into(),
            account: AccountId32([1; 32]),
            nonce: 3,
            hash: H256([2; 32]),
            bytes: vec![0, 255],
            spec_version: 4,
            since: 5,
            until: 260,
        };
        let text = serde_json::to_string(&transaction).unwrap();
        assert!(text.contains(r#""bytes":"00ff""#), "{text}");
        assert_eq!(serde_json::from_str::<Transaction>(&text).unwrap(), transaction);
    }
}
