//! Who is on a chain, and how they are registered.

use medchain_client::keys::Identity;

use crate::{contract, model_folder, World};

/// The registrar of providers and models on a development chain.
pub const REGISTRAR: &str = "//Alice";
/// The patient.
pub const PATIENT: &str = "//Bob";
/// The laboratory that takes the X-rays.
pub const LAB: &str = "//Charlie";
/// The worker.
pub const WORKER: &str = "//Dave";
/// A second worker, once [`World::hire`] has registered it.
pub const HELPER: &str = "//Ferdie";
/// An account without any rights.
pub const STRANGER: &str = "//Eve";
/// A clinician, on a chain with custodians.
pub const DOCTOR: &str = "//Dave//stash";
/// The patient's custodians, on a chain with custodians: any two of them open a key.
pub const CUSTODIANS: [&str; 3] = ["//Ferdie//stash", "//Charlie//stash", "//Eve//stash"];

/// Two of the three members of the ethics committee.
pub const ETHICS: [&str; 2] = ["//One", "//Two"];

/// The account of a development secret.
pub fn address(who: &str) -> String {
    Identity::from_secret_uri(who).expect("a development secret").ss58()
}

impl World {
    /// Registers a patient with the reference policy, and a laboratory.
    pub fn set_up_patient(&self) {
        self.done(PATIENT, &["patient", "register"]);
        let bundle = contract("access-control");
        let policy = self.done(PATIENT, &["policy", "deploy", &bundle.display().to_string()]);
        let policy = policy["contract"].as_str().expect("an address").to_owned();
        self.done(PATIENT, &["patient", "set-policy", &policy]);
        self.done(LAB, &["key", "publish"]);
        self.done(REGISTRAR, &["provider", "add", LAB, "lab-technician"]);
        self.done(PATIENT, &["grant", "--to", LAB, "--actions", "append,infer"]);
    }

    /// Registers [`CUSTODIANS`], whom the patient chooses.
    pub fn set_up_custodians(&self) {
        for custodian in CUSTODIANS {
            self.done(REGISTRAR, &["provider", "add", custodian, "custodian"]);
            self.done(custodian, &["custodian", "register"]);
        }
        let all = CUSTODIANS.join(",");
        self.done(PATIENT, &["custodians", "set", &all, "--threshold", "2"]);
    }

    /// Registers everybody of [`World::with_everybody`].
    pub fn set_up(&self) {
        self.set_up_patient();
        self.done(STRANGER, &["key", "publish"]);
        let model = model_folder().join("medchain-vgg16.onnx");
        self.done(REGISTRAR, &["model", "publish", &model.display().to_string()]);
        self.hire(WORKER);
    }

    /// Registers a worker and grants it what predicting needs.
    pub fn hire(&self, who: &str) {
        self.done(who, &["key", "publish"]);
        self.done(PATIENT, &["grant", "--to", who, "--actions", "infer"]);
        self.done(who, &["worker", "register", "--model", "0"]);
    }
}
