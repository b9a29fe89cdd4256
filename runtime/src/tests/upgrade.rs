//! The upgrade of a chain of the released runtime 2.

use frame_support::{
    storage::{migration::move_prefix, storage_prefix, unhashed},
    traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion},
};
use medchain_primitives::RequestId;
use pallet_inference::{Due, NextDue};

use super::*;

#[test]
fn the_migrations_move_what_is_due() {
    development_chain().execute_with(|| {
        let prefix = |item: &str| storage_prefix(b"Inference", item.as_bytes());
        Due::<Runtime>::insert(1_017, RequestId(7), ());
        move_prefix(&prefix("Due"), &prefix("Deadlines"));
        assert!(!Due::<Runtime>::contains_key(1_017, RequestId(7)));
        unhashed::put(&prefix("NextExpiry"), &17u32);
        StorageVersion::new(2).put::<Inference>();

        let used = Migrations::on_runtime_upgrade();
        assert!(Due::<Runtime>::contains_key(1_017, RequestId(7)));
        assert_eq!(NextDue::<Runtime>::get(), Some(17));
        assert_eq!(Inference::on_chain_storage_version(), 3);
        // A request takes a small part of a block: thousands fit.
        let most = <Runtime as frame_system::Config>::BlockWeights::get().max_block;
        assert!(used.ref_time() > 0 && used.all_lte(most / 1_000), "{used:?} of {most:?}");
    });
}
