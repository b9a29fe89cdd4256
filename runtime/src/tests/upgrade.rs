//! The upgrade of a chain of the released runtime 2.

use frame_support::{
    storage::{storage_prefix, unhashed},
    traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion},
};

use super::*;

#[test]
fn no_prediction_is_left_in_plain_text() {
    development_chain().execute_with(|| {
        let prediction = [&storage_prefix(b"Inference", b"Predictions")[..], b"a key"].concat();
        unhashed::put(&prediction, &"covid");
        StorageVersion::new(2).put::<Inference>();

        let used = Migrations::on_runtime_upgrade();
        assert!(!unhashed::exists(&prediction));
        assert_eq!(Inference::on_chain_storage_version(), 4);
        // An entry takes a small part of a block: thousands fit.
        let most = <Runtime as frame_system::Config>::BlockWeights::get().max_block;
        assert!(used.ref_time() > 0 && used.all_lte(most / 100), "{used:?} of {most:?}");
    });
}
