use std::sync::OnceLock;

use codec::Encode;
use scale_info::TypeDef;
use subxt::Metadata;

use super::metadata::{altered, metadata, replaced, variants};
use crate::chain::{
    compat::{self, Needs},
    items::StorageItem,
};

#[test]
fn the_tested_runtime_is_compatible() {
    for needs in [Needs::Everything, Needs::History] {
        assert_eq!(compat::check(&metadata(), needs), Ok(()));
    }
}

/// The beginning of `System.Version` of a runtime of this version.
pub fn version(spec: u32) -> Vec<u8> {
    ("medchain", "medchain", 1u32, spec).encode()
}

/// The version in the committed metadata, which is decoded once: a faked node needs it for each
/// answer, and to decode takes longer than everything else that is done for one.
pub fn tested_version() -> u32 {
    static VERSION: OnceLock<u32> = OnceLock::new();
    *VERSION.get_or_init(|| compat::version(&metadata()).unwrap())
}

#[test]
fn a_later_runtime_of_the_same_shape_is_compatible() {
    let later = altered(&version(tested_version()), &version(77));
    assert_eq!(compat::version(&later), Some(77));
    assert_eq!(compat::check(&later, Needs::Everything), Ok(()));
}

#[test]
fn what_is_not_used_may_differ() {
    for (from, to) in [
        ("force_transfer", "force_transfat"),
        ("BatchCompleted", "BatchCompletee"),
        // An error that no program tells apart.
        ("SelfRelation", "SelfRelatiom"),
        // A transaction extension without a value.
        ("CheckNonZeroSender", "CheckNonZeroSendor"),
    ] {
        let node = altered(from.as_bytes(), to.as_bytes());
        assert_eq!(compat::check(&node, Needs::Everything), Ok(()), "{from}");
    }
}

/// The runtime is refused by both versions and this difference.
fn refused(node: &Metadata, needs: Needs, difference: &str) {
    let (version, ours) = (compat::version(node).unwrap(), tested_version());
    let expected = format!(
        "it has version {version} and this program is made for version {ours}: {difference}"
    );
    assert_eq!(compat::check(node, needs), Err(expected));
}

#[test]
fn every_kind_of_difference_is_refused_by_name_and_versions() {
    let check = |from: &str, to: &str, difference: &str| {
        refused(&altered(from.as_bytes(), to.as_bytes()), Needs::Everything, difference);
    };
    check("cancel_request", "cancel_demands", "call Inference.cancel_request is missing");
    check("batch_all", "batch_alt", "call Utility.batch_all is missing");
    check("delivery", "delivary", "call Custody.deliver_share differs");
    // Deep inside an argument.
    check("SecondOpinion", "SecondOponion", "call Custody.request_access differs");
    check("OpenRequestOf", "OpenRequestIn", "storage item Inference.OpenRequestOf is missing");
    check("opened", "openet", "storage item Inference.Requests differs");
    check("MaxRejections", "MaxRejectiont", "constant Custody.MaxRejections is missing");
    check("EmergencyVoided", "EmergencyVoidee", "event Custody.EmergencyVoided is missing");
    check("sudo_result", "sudo_resalt", "event Sudo.Sudid differs");
    let missing = "error Custody.RecordNotEntrusted is missing";
    check("RecordNotEntrusted", "RecordNotEntrustet", missing);
    check("check_policy", "check_polity", "runtime API method EmrApi.check_policy is missing");
    let new = "transaction extension CheckNonze is new, and this program has no value for it";
    check("CheckNonce", "CheckNonze", new);
}

#[test]
fn a_variant_with_another_index_is_refused() {
    let check = |path: &[&str], difference: &str| {
        let mut node = metadata();
        let id = id_of(&node, path);
        variants(&mut node, id)[0].index = 9;
        refused(&node, Needs::Everything, difference);
    };
    check(&["Purpose"], "call Custody.request_access differs");
    // The value of a transaction extension.
    let mode = ["frame_metadata_hash_extension", "Mode"];
    check(&mode, "transaction extension CheckMetadataHash differs");
}

/// The type whose path ends so.
fn id_of(metadata: &Metadata, path: &[&str]) -> u32 {
    let mut types = metadata.types().types.iter();
    let ends_so =
        |segments: &[String]| segments.iter().rev().zip(path.iter().rev()).all(|(a, b)| a == b);
    let has_path = |segments: &[String]| segments.len() >= path.len() && ends_so(segments);
    types.find(|ty| has_path(&ty.ty.path.segments)).expect("there is this type").id
}

/// A new SDK may have new errors: they are read by their names.
#[test]
fn the_runtime_s_own_error_may_differ() {
    for path in [&["sp_runtime", "DispatchError"], &["sp_runtime", "TokenError"]] {
        let mut node = metadata();
        let id = id_of(&node, path);
        let all = variants(&mut node, id);
        let mut new = all.last().unwrap().clone();
        (new.name, new.index) = ("New".into(), 99);
        all.push(new);
        for needs in [Needs::Everything, Needs::History] {
            assert_eq!(compat::check(&node, needs), Ok(()), "{path:?}");
        }
    }
}

/// The metadata of a runtime one version before ours, with another text.
fn past(from: &str, to: &str) -> Metadata {
    let ours = tested_version();
    let bytes = replaced(compat::TESTED, &version(ours), &version(ours - 1));
    Metadata::decode_from(&replaced(&bytes, from.as_bytes(), to.as_bytes())).unwrap()
}

#[test]
fn history_needs_only_what_it_reads() {
    for (from, to) in [
        ("cancel_request", "cancel_demands"),
        ("OpenRequestOf", "OpenRequestIn"),
        ("MaxRejections", "MaxRejectiont"),
        ("RecordNotEntrusted", "RecordNotEntrustet"),
        ("check_policy", "check_polity"),
        ("CheckNonce", "CheckNonze"),
    ] {
        let past = past(from, to);
        assert!(compat::check(&past, Needs::Everything).is_err(), "{from}");
        assert_eq!(compat::check(&past, Needs::History), Ok(()), "{from}");
    }
}

#[test]
fn history_refuses_what_it_would_misread_or_miss() {
    let check = |from: &str, to: &str, difference: &str| {
        refused(&past(from, to), Needs::History, difference);
    };
    check("sudo_result", "sudo_resalt", "event Sudo.Sudid differs");
    check("requester", "requestee", "event Inference.InferenceRequested differs");
    check("PatientPolicies", "PatientPolicied", "storage item Emr.PatientPolicies is missing");
    check("Instantiated", "Instantiatet", "event Contracts.Instantiated is missing");
    // It had another name then, and is in those blocks.
    check("EmergencyVoided", "EmergencyVoidee", "event Custody.EmergencyVoidee is unknown");
}

#[test]
fn history_refuses_requests_without_what_it_reads() {
    for name in StorageItem::HISTORY_REQUEST {
        let mut node = metadata();
        let id = id_of(&node, &["pallet_inference", "types", "Request"]);
        let TypeDef::Composite(request) = &mut node.types_mut().types[id as usize].ty.type_def
        else {
            panic!("a request is a struct")
        };
        let mut fields = request.fields.iter_mut();
        fields.find(|field| field.name.as_deref() == Some(name)).unwrap().name = None;
        refused(&node, Needs::History, "storage item Inference.Requests differs");
    }
}

#[test]
fn an_event_that_came_later_is_not_missed_in_history() {
    let without = |mut node: Metadata| {
        let events = node.pallet_by_name("Custody").unwrap().event_ty_id().unwrap();
        variants(&mut node, events).retain(|event| event.name != "EmergencyVoided");
        node
    };
    let missing = "event Custody.EmergencyVoided is missing";
    // The text that is replaced does not matter here.
    let past = without(past("check_policy", "check_polity"));
    assert_eq!(compat::check(&past, Needs::History), Ok(()));
    // A later runtime would have it, unless under another name.
    refused(&without(metadata()), Needs::History, missing);
    refused(&without(metadata()), Needs::Everything, missing);
}

#[test]
fn a_field_that_came_later_is_not_missed_in_history() {
    let without = |mut node: Metadata, field: &str| {
        let events = node.pallet_by_name("Inference").unwrap().event_ty_id().unwrap();
        let all = variants(&mut node, events);
        let event = all.iter_mut().find(|event| event.name == "VerdictAnnulled").unwrap();
        event.fields.retain(|found| found.name.as_deref() != Some(field));
        node
    };
    // The text that is replaced does not matter here.
    let before = || past("check_policy", "check_polity");
    let differs = "event Inference.VerdictAnnulled differs";
    assert_eq!(compat::check(&without(before(), "status"), Needs::History), Ok(()));
    refused(&without(before(), "record"), Needs::History, differs);
    // A later runtime would have it.
    refused(&without(metadata(), "status"), Needs::History, differs);
    refused(&without(metadata(), "status"), Needs::Everything, differs);
}

/// As in the blocks of a chain from before it had an ethics committee.
#[test]
fn a_pallet_that_came_later_is_not_missed_in_history() {
    let before = past("EthicsCommittee", "EthicsCommitter");
    assert_eq!(compat::check(&before, Needs::History), Ok(()));
    let missing = "call EthicsCommittee.vote is missing";
    refused(&before, Needs::Everything, missing);
    // A later runtime would have it, unless under another name.
    let later = altered(b"EthicsCommittee", b"EthicsCommitter");
    refused(&later, Needs::History, "event EthicsCommittee.Proposed is missing");
    // What it has must be as it is read.
    let mut other = past("check_policy", "check_polity");
    let events = other.pallet_by_name("EthicsCommittee").unwrap().event_ty_id().unwrap();
    variants(&mut other, events).retain(|event| event.name != "Executed");
    refused(&other, Needs::History, "event EthicsCommittee.Executed is missing");
}

/// Exchanges the numbers of two events of pallet-emr.
fn exchange(node: &mut Metadata, (one, other): (&str, &str)) {
    let events = node.pallet_by_name("Emr").unwrap().event_ty_id().unwrap();
    let all = variants(node, events);
    let place = |name: &str| all.iter().position(|event| event.name == name).unwrap();
    let (one, other) = (place(one), place(other));
    let numbers = (all[one].index, all[other].index);
    (all[other].index, all[one].index) = numbers;
}

/// The entries of a log are proven as bytes, which begin with the event's number.
#[test]
fn an_event_with_another_number_is_refused() {
    let mut node = metadata();
    exchange(&mut node, ("RecordErased", "RecordByCaretaker"));
    for needs in [Needs::Everything, Needs::History] {
        refused(&node, needs, "event Emr.RecordByCaretaker has another number");
    }
}

/// An archive of logs also says which version its metadata has.
#[test]
fn metadata_of_an_archive_cannot_exchange_events_by_calling_itself_past() {
    // The text that is replaced does not matter here.
    let past = || past("check_policy", "check_polity");
    assert_eq!(compat::check_archived(&past()), Ok(()));
    assert_eq!(compat::check_archived(&metadata()), Ok(()));
    let refused = |node: &Metadata, difference: &str| {
        let error = compat::check_archived(node).unwrap_err();
        assert!(error.ends_with(difference), "{error}");
    };
    for names in [("EnvelopeAdded", "EnvelopeRemoved"), ("RecordByCaretaker", "RecordErased")] {
        let mut node = past();
        exchange(&mut node, names);
        let event = names.0;
        refused(&node, &format!("event Emr.{event} has another number"));
    }
    // One more event of the same name, which has the number of another.
    let mut node = past();
    let events = node.pallet_by_name("Emr").unwrap().event_ty_id().unwrap();
    let all = variants(&mut node, events);
    let number = all.iter().find(|event| event.name == "EnvelopeAdded").unwrap().index;
    let mut again = all.iter().find(|event| event.name == "EnvelopeRemoved").unwrap().clone();
    again.index = number;
    all.push(again);
    refused(&node, "two events of Emr have the same name or number");
    // Another pallet under the name of one of ours, which has not all of its storage: the decoder
    // refuses it before. A name begins with its length.
    let bytes = replaced(compat::TESTED, b"\x20Multisig", b"\x20Disputes");
    assert!(Metadata::decode_from(&bytes).is_err());
}
