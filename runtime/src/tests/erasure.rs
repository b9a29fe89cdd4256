//! What of an erased record is left in the state, with all pallets and with custodians.

use frame_support::assert_ok;
use medchain_primitives::RecordContent;
use sp_keyring::Sr25519Keyring::{Dave, Ferdie};

use super::{
    custodians::{choose_custodians, dealt, deliver_share, request_access, signed},
    *,
};

/// In how many keys and values of the state these bytes occur.
fn places(bytes: &[u8]) -> usize {
    let contains = |whole: &[u8]| whole.windows(bytes.len()).any(|part| part == bytes);
    let (mut found, mut key) = (0, Vec::new());
    loop {
        let value = sp_io::storage::get(&key);
        if contains(&key) || value.is_some_and(|value| contains(&value)) {
            found += 1;
        }
        let Some(next) = sp_io::storage::next_key(&key) else { return found };
        key = next;
    }
}

#[test]
fn neither_the_cid_nor_the_digest_of_an_erased_record_is_in_the_state() {
    development_chain().execute_with(|| {
        register(None);
        choose_custodians(&[Dave, Ferdie], 1);
        let (cid, digest) = (Cid::new(CidCodec::Raw, [0xa7; 32]), ContentDigest([0xb7; 32]));
        let (patient, readers) = (PATIENT.to_account_id(), readers(TECHNICIAN));
        let (kind, custody) = (RecordKind::ChestXray, Some(dealt(PATIENT, &cid)));
        let (me, film) = (signed(PATIENT), cid.clone());
        let added = Emr::add_record(me, patient, film, digest, kind, None, readers, None, custody);
        assert_ok!(added);
        let record = last_record();
        assert_ok!(request_access(PATIENT, record));
        assert_ok!(deliver_share(Dave, record, PATIENT));
        // What happened in a block is in its state, and gone in the next one.
        let next_block = || {
            System::reset_events();
            System::set_block_number(System::block_number() + 1);
        };
        next_block();
        assert!(places(cid.as_bytes()) > 0 && places(&digest.0) > 0);

        assert_ok!(Emr::erase_record(signed(PATIENT), record));
        for at in ["the block that erases it", "the next one"] {
            assert_eq!(places(cid.as_bytes()), 0, "its CID, in {at}");
            // The CID spells the first of these.
            for bytes in [[0xa7; 32], digest.0] {
                assert_eq!(places(&bytes), 0, "a digest, in {at}");
            }
            next_block();
        }
        let left = pallet_emr::Records::<Runtime>::get(record).map(|record| record.content);
        assert_eq!(left, Some(RecordContent::Erased(cid.hashed())));
        assert_eq!(places(&cid.hashed().0), 2, "in the record, and in the key of its content");
        assert_ok!(Emr::do_try_state());
        assert_ok!(Custody::do_try_state());
    });
}
