//! A bundle as ink! writes it, as far as it is read.

use scale_info::PortableType;
use serde::Deserialize;

use super::ContractError;

/// The code in a `.contract` bundle.
///
/// # Errors
/// [`ContractError::NotABundle`].
pub fn code_of_bundle(json: &[u8]) -> Result<Vec<u8>, ContractError> {
    #[derive(Deserialize)]
    struct Bundle {
        source: Source,
    }
    #[derive(Deserialize)]
    struct Source {
        wasm: String,
    }
    let not = |reason: String| ContractError::NotABundle(reason);
    let bundle: Bundle = serde_json::from_slice(json).map_err(|error| not(error.to_string()))?;
    let digits = bundle.source.wasm;
    let digits = digits.strip_prefix("0x").unwrap_or(&digits);
    let code = hex::decode(digits).map_err(|error| not(error.to_string()))?;
    if !code.starts_with(b"\0asm") {
        return Err(not("its code is not WebAssembly".into()));
    }
    Ok(code)
}

#[derive(Deserialize)]
pub struct File {
    pub contract: About,
    pub spec: Spec,
    pub types: Vec<PortableType>,
    pub version: serde_json::Value,
}

#[derive(Deserialize)]
pub struct About {
    pub name: String,
}

#[derive(Deserialize)]
pub struct Spec {
    pub constructors: Vec<Function>,
    pub messages: Vec<Function>,
    #[serde(default)]
    pub events: Vec<Event>,
}

#[derive(Deserialize)]
pub struct Function {
    pub label: String,
    pub selector: String,
    pub args: Vec<Argument>,
    #[serde(default)]
    pub docs: Vec<String>,
    #[serde(default)]
    pub mutates: bool,
    #[serde(default)]
    pub payable: bool,
    #[serde(rename = "returnType")]
    pub return_type: Type,
}

#[derive(Deserialize)]
pub struct Argument {
    pub label: String,
    #[serde(rename = "type")]
    pub of: Type,
}

#[derive(Deserialize)]
pub struct Type {
    #[serde(rename = "type")]
    pub ty: u32,
}

#[derive(Deserialize)]
pub struct Event {
    pub label: String,
    pub args: Vec<Argument>,
    #[serde(default)]
    pub signature_topic: Option<String>,
}
