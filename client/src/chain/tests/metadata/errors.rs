use super::*;
use crate::chain::{
    ContractsError, CustodyError, DispatchFailure, DisputesError, EmrError, FailureKind,
    InferenceError, RuntimeError,
};

/// Renaming or removing an error that programs tell apart fails here.
#[test]
fn the_errors_are_those_of_the_pallets() {
    let metadata = metadata();
    let check = |pallet: &str, known: Vec<&str>| {
        let found = metadata.pallet_by_name(pallet).unwrap();
        let names: Vec<&str> =
            found.error_variants().unwrap().iter().map(|variant| variant.name.as_str()).collect();
        for error in known {
            assert!(names.contains(&error), "{pallet}.{error}");
        }
    };
    check(EmrError::PALLET, EmrError::ALL.iter().map(|error| error.as_str()).collect());
    check(CustodyError::PALLET, CustodyError::ALL.iter().map(|error| error.as_str()).collect());
    check(InferenceError::PALLET, InferenceError::ALL.iter().map(|error| error.as_str()).collect());
    check(DisputesError::PALLET, DisputesError::ALL.iter().map(|error| error.as_str()).collect());
    check(ContractsError::PALLET, ContractsError::ALL.iter().map(|error| error.as_str()).collect());
}

/// The failure with which a pallet's error of this name arrives.
fn failure(pallet: &str, error: &str) -> DispatchFailure {
    let metadata = metadata();
    let found = metadata.pallet_by_name(pallet).unwrap();
    let variants = found.error_variants().unwrap();
    let variant = variants.iter().find(|variant| variant.name == error).unwrap();
    DispatchFailure::decode(&[3, found.error_index(), variant.index, 0, 0, 0], &metadata)
}

#[test]
fn the_errors_of_pallets_are_read_with_their_docs() {
    for (failure, expected) in [
        (failure("Emr", "NoGrant"), FailureKind::Emr(EmrError::NoGrant)),
        (failure("Custody", "OwnShare"), FailureKind::Custody(CustodyError::OwnShare)),
        (
            failure("Inference", "RequestNotOpen"),
            FailureKind::Inference(InferenceError::RequestNotOpen),
        ),
        (failure("Disputes", "WrongMove"), FailureKind::Disputes(DisputesError::WrongMove)),
        (
            failure("Contracts", "StorageDepositNotEnoughFunds"),
            FailureKind::Contracts(ContractsError::StorageDepositNotEnoughFunds),
        ),
        // One that no program tells apart.
        (
            failure("Emr", "SelfRelation"),
            FailureKind::Other { pallet: "Emr".into(), error: "SelfRelation".into() },
        ),
        (
            failure("Contracts", "ContractNotFound"),
            FailureKind::Other { pallet: "Contracts".into(), error: "ContractNotFound".into() },
        ),
    ] {
        assert_eq!(failure.kind, expected);
        assert!(!failure.docs.is_empty(), "{failure}");
    }
}

/// An error that is newer than this program keeps its name.
#[test]
fn an_unknown_error_is_read_by_its_name() {
    let metadata = altered(b"SelfRelation", b"SelfRelatiom");
    let emr = metadata.pallet_by_name("Emr").unwrap();
    let errors = emr.error_variants().unwrap();
    let new = errors.iter().find(|error| error.name == "SelfRelatiom").unwrap();
    let failure = DispatchFailure::decode(&[3, emr.error_index(), new.index, 0, 0, 0], &metadata);
    assert_eq!(failure.kind.to_string(), "Emr.SelfRelatiom");
    assert!(matches!(failure.kind, FailureKind::Other { .. }));
    // Nor does an unknown kind of error, pallet or number hide that the call failed.
    for bytes in [&[99][..], &[], &[3, 250, 0, 0, 0, 0], &[3, emr.error_index(), 250, 0, 0, 0]] {
        let kind = DispatchFailure::decode(bytes, &metadata).kind;
        let is_unknown =
            matches!(kind, FailureKind::Other { .. } | FailureKind::Runtime(RuntimeError::Other));
        assert!(is_unknown, "{kind}");
    }
}

#[test]
fn the_runtime_s_own_errors_are_read_by_their_names() {
    let metadata = metadata();
    let type_id = metadata.dispatch_error_ty().unwrap();
    for (bytes, shown) in [
        (vec![0], "Other"),
        (vec![1], "CannotLookup"),
        (vec![2], "BadOrigin"),
        (vec![4], "ConsumerRemaining"),
        (vec![5], "NoProviders"),
        (vec![6], "TooManyConsumers"),
        (vec![7, 0], "FundsUnavailable"),
        (vec![7, 1], "OnlyProvider"),
        (vec![7, 2], "BelowMinimum"),
        (vec![7, 3], "CannotCreate"),
        (vec![7, 4], "UnknownAsset"),
        (vec![7, 5], "Frozen"),
        (vec![7, 6], "Unsupported"),
        (vec![7, 7], "CannotCreateHold"),
        (vec![7, 8], "NotExpendable"),
        (vec![7, 9], "Blocked"),
        (vec![8, 0], "Arithmetic"),
        (vec![9, 0], "Transactional"),
        (vec![10], "Exhausted"),
        (vec![11], "Corruption"),
        (vec![12], "Unavailable"),
        (vec![13], "RootNotAllowed"),
        (vec![14, 0], "Trie"),
    ] {
        let failure = DispatchFailure::decode(&bytes, &metadata);
        assert_eq!(failure.kind.to_string(), shown);
        let value = decode_as_type(&mut bytes.as_slice(), type_id, metadata.types()).unwrap();
        assert!(value.to_string().contains(shown), "{value} is not {shown}");
    }
}

/// A new kind of error may come before those that are known.
#[test]
fn the_runtime_s_own_errors_are_read_whatever_their_indices() {
    let mut metadata = metadata();
    let type_id = metadata.dispatch_error_ty().unwrap();
    variants(&mut metadata, type_id).iter_mut().for_each(|variant| variant.index += 1);
    let kind = |bytes: &[u8]| DispatchFailure::decode(bytes, &metadata).kind;
    assert_eq!(kind(&[3]), RuntimeError::BadOrigin.into());
    assert_eq!(kind(&[8, 5]), RuntimeError::Frozen.into());
    assert_eq!(kind(&[0]), RuntimeError::Other.into());
    let emr = metadata.pallet_by_name("Emr").unwrap().error_index();
    assert!(kind(&[4, emr, 0, 0, 0, 0]).to_string().starts_with("Emr."));
}
