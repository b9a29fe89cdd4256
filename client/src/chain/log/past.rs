//! Runtimes whose blocks no node at hand has any more, by their metadata.

use subxt::{
    config::{polkadot::PolkadotConfig, substrate::SpecVersionForRange},
    Metadata, OfflineClient, OfflineClientAtBlock,
};

use super::{entries, LoggedBlock};
use crate::chain::{
    compat,
    event::{self, PastEvent},
    ChainError,
};

/// The block that stands for all that the runtime executed.
const BLOCK: u64 = 1;

/// What a past runtime called the events of its blocks.
#[derive(Clone, Debug)]
pub struct PastRuntime {
    at: OfflineClientAtBlock<PolkadotConfig>,
    version: Option<u32>,
}

impl PastRuntime {
    /// Reads the metadata of a runtime that executed the blocks from `first` on.
    ///
    /// Whoever gives the metadata is not believed about what the bytes of entries mean: its events
    /// must have the numbers and the fields that this program knows.
    ///
    /// Errors: [`ChainError::Decode`], and [`ChainError::UnreadableBlocks`] where its events differ
    /// from those that this program knows.
    pub fn read(first: u32, metadata: &[u8]) -> Result<Self, ChainError> {
        const WHAT: &str = "the metadata of a past runtime";
        let metadata =
            Metadata::decode_from(metadata).map_err(|error| ChainError::decode(WHAT, error))?;
        compat::check_archived(&metadata).map_err(|what| ChainError::UnreadableBlocks {
            first,
            next: None,
            what,
        })?;
        let version = compat::version(&metadata);
        let config = PolkadotConfig::builder()
            .use_historic_types(false)
            .set_metadata_for_spec_versions([(1, metadata.arc())])
            .set_spec_version_for_block_ranges([SpecVersionForRange {
                block_range: 0..2,
                spec_version: 1,
                transaction_version: 1,
            }])
            .build();
        let at = OfflineClient::new_with_config(config).at_block(BLOCK);
        Ok(Self { at: at.map_err(|error| ChainError::decode(WHAT, error))?, version })
    }

    /// The runtime's version, as its metadata says.
    pub fn version(&self) -> Option<u32> {
        self.version
    }

    /// The entries of a block as events, in its order.
    pub fn logged_events(&self, block: &LoggedBlock) -> Result<Vec<PastEvent>, ChainError> {
        let events = self.at.events().from_bytes(entries::as_events(block));
        event::read_all(&events, self.at.metadata_ref())
    }
}
