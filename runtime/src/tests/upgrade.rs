//! What an upgrade of the runtime does to a chain of version 1.

use frame_support::{
    storage::unhashed,
    traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion},
};
use medchain_primitives::{ModelId, RequestId};
use pallet_inference::{Request, RequestStatus, Requests};

use super::*;

#[test]
fn the_migrations_of_this_runtime_bring_requests_to_version_2() {
    development_chain().execute_with(|| {
        let (patient, worker) = (PATIENT.to_account_id(), STRANGER.to_account_id());
        let deadline = configs::RequestDeadline::get() + 17;
        System::set_block_number(1_000);
        let request = Request {
            record: RecordId(3),
            patient: patient.clone(),
            model: ModelId(0),
            requester: patient,
            fee: UNIT,
            opened: 17,
            deadline,
            status: RequestStatus::Answered { worker },
        };
        let Request { record, patient, model, requester, fee, deadline, status, .. } = &request;
        let old = (record, patient, model, requester, fee, deadline, status).encode();
        let id = RequestId(7);
        unhashed::put_raw(&Requests::<Runtime>::hashed_key_for(id), &old);
        StorageVersion::new(1).put::<Inference>();

        let used = Migrations::on_runtime_upgrade();
        assert_eq!(Requests::<Runtime>::get(id), Some(request));
        assert_eq!(Inference::on_chain_storage_version(), 2);
        // A request costs a small part of a block: thousands fit.
        let most = <Runtime as frame_system::Config>::BlockWeights::get().max_block;
        assert!(used.ref_time() > 0 && used.all_lte(most / 1_000), "{used:?} of {most:?}");
    });
}
