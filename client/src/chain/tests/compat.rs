use codec::Encode;
use scale_info::TypeDef;

use super::metadata::{altered, metadata};
use crate::chain::compat;

#[test]
fn the_tested_runtime_is_compatible() {
    assert_eq!(compat::check(&metadata()), Ok(()));
}

/// The beginning of `System.Version` of a runtime of this version.
fn version(spec: u32) -> Vec<u8> {
    ("medchain", "medchain", 1u32, spec).encode()
}

fn tested_version() -> u32 {
    compat::version(&metadata()).unwrap()
}

#[test]
fn a_later_runtime_of_the_same_shape_is_compatible() {
    let later = altered(&version(tested_version()), &version(77));
    assert_eq!(compat::version(&later), Some(77));
    assert_eq!(compat::check(&later), Ok(()));
}

#[test]
fn what_is_not_used_may_differ() {
    for (from, to) in [("force_transfer", "force_transfat"), ("BatchCompleted", "BatchCompletee")] {
        assert_eq!(compat::check(&altered(from.as_bytes(), to.as_bytes())), Ok(()), "{from}");
    }
}

#[test]
fn every_kind_of_difference_is_refused_by_name_and_versions() {
    let ours = tested_version();
    let check = |from: &str, to: &str, difference: &str| {
        let error = compat::check(&altered(from.as_bytes(), to.as_bytes())).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "this program does not fit the node's runtime: it has version {ours} and this \
                 program is made for version {ours}: {difference}; update the client or the node"
            )
        );
    };
    check("cancel_request", "cancel_demands", "call Inference.cancel_request is missing");
    check("batch_all", "batch_alt", "call Utility.batch_all is missing");
    check("sealed_share", "sealed_shore", "call Emr.deliver_share differs");
    // Deep inside an argument.
    check("SecondOpinion", "SecondOponion", "call Emr.request_access differs");
    check("OpenRequestOf", "OpenRequestIn", "storage item Inference.OpenRequestOf is missing");
    check("opened", "openet", "storage item Inference.Requests differs");
    check("WorkerBond", "WorkerPawn", "constant Inference.WorkerBond is missing");
    check("EmergencyVoided", "EmergencyVoidee", "event Emr.EmergencyVoided is missing");
    check("sudo_result", "sudo_resalt", "event Sudo.Sudid differs");
    check("GlassAlreadyBroken", "GlassAlreadyBrokan", "error Emr.GlassAlreadyBroken is missing");
    check("check_policy", "check_polity", "runtime API method EmrApi.check_policy is missing");
}

#[test]
fn a_variant_with_another_index_is_refused() {
    let mut node = metadata();
    for ty in &mut node.types_mut().types {
        let is_purpose = ty.ty.path.segments.last().is_some_and(|name| name == "Purpose");
        if let (true, TypeDef::Variant(purpose)) = (is_purpose, &mut ty.ty.type_def) {
            purpose.variants[0].index = 9;
        }
    }
    let error = compat::check(&node).unwrap_err().to_string();
    assert!(error.contains("call Emr.request_access differs"), "{error}");
}
