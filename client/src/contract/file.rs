//! A bundle as ink! writes it, as far as it is read.

use scale_info::PortableType;
use serde::Deserialize;

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
