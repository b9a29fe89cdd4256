//! What happens on chain. The events that are read are a table of `medchain-audit`.

mod source;

use std::collections::BTreeMap;

use subxt::{
    config::polkadot::PolkadotConfig,
    events::{Event, Events, Phase},
    Metadata,
};

pub(super) use medchain_audit::text;

use self::source::Encoded;
use super::{fields::Fields, ChainError, DispatchFailure};
use crate::AccountId32;

/// An event of the pallets that MedChain is about.
pub type ChainEvent = medchain_audit::ChainEvent<DispatchFailure>;

/// An event and its cause.
pub type PastEvent = medchain_audit::PastEvent<DispatchFailure>;

/// The account that signed each extrinsic of a block and paid its fee.
pub(super) fn signers(
    events: &Events<PolkadotConfig>,
    metadata: &Metadata,
) -> Result<BTreeMap<u32, AccountId32>, ChainError> {
    let events = read_all(events, metadata)?;
    let signer = |event: PastEvent| match (event.extrinsic, event.event) {
        (Some(index), ChainEvent::FeePaid { who, .. }) => Some((index, who)),
        _ => None,
    };
    Ok(events.into_iter().filter_map(signer).collect())
}

/// The events of a block, in order, each with its cause.
///
/// Only the fields of the events in the table are decoded, so that a kind of event
/// that this program does not know keeps no other from being read.
pub(super) fn read_all(
    events: &Events<PolkadotConfig>,
    metadata: &Metadata,
) -> Result<Vec<PastEvent>, ChainError> {
    let one = |event: Event<'_, PolkadotConfig>| {
        let (pallet, name) = (event.pallet_name(), event.event_name());
        let fields = match ChainEvent::is_read(pallet, name) {
            true => event
                .decode_fields_unchecked_as::<Fields>()
                .map_err(ChainError::from_subxt)?
                .of(format!("{pallet}.{name}")),
            false => Fields::default(),
        };
        let source = Encoded { pallet, name, fields, topics: event.topics(), metadata };
        let extrinsic = match event.phase() {
            Phase::ApplyExtrinsic(index) => Some(index),
            Phase::Finalization | Phase::Initialization => None,
        };
        Ok(PastEvent { extrinsic, event: ChainEvent::read(&source)? })
    };
    events.iter().map(|event| one(event.map_err(ChainError::from_subxt)?)).collect()
}
