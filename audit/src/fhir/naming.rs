//! The identifiers of a chain's accounts, records and policies in FHIR.

use serde_json::{json, Value};

use crate::words::hex;

/// The identifiers of one chain.
#[derive(Clone, Debug)]
pub struct Naming {
    chain: String,
    genesis: String,
}

impl Naming {
    /// The identifiers of the chain whose genesis block has this hash.
    pub fn new(genesis: [u8; 32]) -> Self {
        let genesis = hex(genesis);
        Self { chain: format!("urn:medchain:{genesis}"), genesis }
    }

    /// The chain's address, which is also the system of account identifiers.
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// A reference to a resource outside the bundle, by its FHIR type and an identifier
    /// of `part`.
    pub fn reference(&self, target: &str, part: &str, value: &impl ToString) -> Value {
        let system = match part {
            "" => self.chain.clone(),
            part => format!("{}:{part}", self.chain),
        };
        json!({ "type": target, "identifier": { "system": system, "value": value.to_string() } })
    }

    /// An account, whose owner may be a person, a hospital or a program.
    pub fn account(&self, address: &str) -> Value {
        json!({ "identifier": { "system": self.chain, "value": address } })
    }

    /// The patient.
    pub fn patient(&self, address: &str) -> Value {
        self.reference("Patient", "", &address)
    }

    /// The chain, which keeps the log.
    pub fn observer(&self) -> Value {
        json!({
            "type": "Device",
            "identifier": { "system": "urn:medchain", "value": self.genesis },
            "display": "MedChain"
        })
    }
}
