//! Calls as bytes, by the argument names in the node's metadata.

use codec::{Compact, Encode};
use subxt::{
    ext::{scale_decode::Field, scale_encode::EncodeAsFields},
    transactions::Payload,
    utils::MultiAddress,
    Metadata,
};

use super::Call;
use crate::{
    chain::{fields::Arguments, ChainError},
    AccountId32,
};

pub(super) fn compact(amount: u128) -> Compact<u128> {
    Compact(amount)
}

pub(super) fn compact_number(number: u32) -> Compact<u32> {
    Compact(number)
}

pub(super) fn compact_limit(limit: Option<u128>) -> Option<Compact<u128>> {
    limit.map(Compact)
}

pub(super) fn address(account: AccountId32) -> MultiAddress<AccountId32, ()> {
    MultiAddress::Id(account)
}

/// Calls as the argument of another call.
pub(super) trait EncodeCalls {
    fn encode_calls(&self, metadata: &Metadata) -> Result<Vec<u8>, ChainError>;
}

impl EncodeCalls for Box<Call> {
    fn encode_calls(&self, metadata: &Metadata) -> Result<Vec<u8>, ChainError> {
        self.encode_with(metadata)
    }
}

impl EncodeCalls for Vec<Call> {
    fn encode_calls(&self, metadata: &Metadata) -> Result<Vec<u8>, ChainError> {
        let mut encoded = Compact(self.len() as u64).encode();
        for call in self {
            encoded.extend(call.encode_with(metadata)?);
        }
        Ok(encoded)
    }
}

impl Call {
    /// What subxt signs.
    pub(in crate::chain) fn prepare(&self, metadata: &Metadata) -> Result<Prepared, ChainError> {
        let (pallet, call) = self.place();
        Ok(Prepared { pallet, call, arguments: self.arguments(metadata)? })
    }

    /// The call with the indices of its pallet and itself, as it is written in
    /// another call.
    pub(in crate::chain) fn encode_with(&self, metadata: &Metadata) -> Result<Vec<u8>, ChainError> {
        let unfit = |reason: String| ChainError::Incompatible {
            what: format!("call {} cannot be encoded: {reason}", self.name()),
        };
        let (pallet, call) = self.place();
        let pallet = metadata.pallet_by_name(pallet);
        let found = pallet.and_then(|pallet| Some((pallet, pallet.call_variant_by_name(call)?)));
        let (pallet, variant) = found.ok_or_else(|| unfit("the node does not have it".into()))?;
        let mut encoded = vec![pallet.call_index(), variant.index];
        let mut fields =
            variant.fields.iter().map(|field| Field::new(field.ty.id, field.name.as_deref()));
        self.arguments(metadata)?
            .encode_as_fields_to(&mut fields, metadata.types(), &mut encoded)
            .map_err(|error| unfit(error.to_string()))?;
        Ok(encoded)
    }
}

/// A call with its arguments encoded.
#[derive(Debug)]
pub struct Prepared {
    pallet: &'static str,
    call: &'static str,
    arguments: Arguments,
}

impl Payload for Prepared {
    type CallData = Arguments;

    fn pallet_name(&self) -> &str {
        self.pallet
    }

    fn call_name(&self) -> &str {
        self.call
    }

    fn call_data(&self) -> &Arguments {
        &self.arguments
    }
}
