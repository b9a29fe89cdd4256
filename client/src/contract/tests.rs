//! A made-up contract with every kind of type, and the first version of the
//! reference contract with its metadata from ink!.

use codec::{Compact, Encode};
use medchain_primitives::{Action, Decision, DenyReason, Role};
use scale_info::{MetaType, PortableRegistry, Registry, TypeInfo};
use serde_json::{json, Value};

use super::*;
use crate::{keys, AccountId32, H256};

mod answers;
mod arguments;
mod bundles;

const REFERENCE: &str = include_str!("tests/access-control-1.json");

#[derive(Encode, TypeInfo)]
struct AccountId([u8; 32]);

#[derive(Encode, TypeInfo)]
struct Set(u8);

#[derive(Encode, TypeInfo)]
struct Hours {
    from: u8,
    to: u8,
    zone: Option<i32>,
}

#[derive(Encode, TypeInfo)]
enum Rule {
    Never,
    Code(u8),
    Both(u8, bool),
    Open { hours: Hours, roles: Vec<Role> },
}

#[derive(TypeInfo)]
#[allow(dead_code, reason = "only its type is used")]
enum Fault {
    NotMember,
    Missing(u8),
}

/// The types of a bundle.
#[derive(Default)]
struct Types(Registry);

impl Types {
    fn id<T: TypeInfo + 'static>(&mut self) -> u32 {
        self.0.register_type(&MetaType::new::<T>()).id
    }

    fn argument<T: TypeInfo + 'static>(&mut self, name: &str) -> Value {
        json!({ "label": name, "type": { "displayName": [], "type": self.id::<T>() } })
    }

    /// A bundle with these parts of its specification.
    fn bundle(self, constructors: &Value, messages: &Value, events: &Value) -> Vec<u8> {
        let types = PortableRegistry::from(self.0).types;
        let spec = json!({ "constructors": constructors, "messages": messages, "events": events });
        let bundle = json!({
            "contract": { "name": "made-up", "version": "1.0.0", "authors": [] },
            "source": {},
            "spec": spec,
            "types": types,
            "version": 5,
        });
        bundle.to_string().into_bytes()
    }
}

fn function(label: &str, selector: u32, args: &[Value], returns: u32) -> Value {
    json!({
        "label": label,
        "selector": format!("0x{selector:08x}"),
        "args": args,
        "docs": [" One line", "and one more. "],
        "mutates": label != "ask",
        "payable": false,
        "returnType": { "displayName": [], "type": returns },
    })
}

/// A contract whose message `one` takes one argument of this type.
fn taking<T: TypeInfo + 'static>() -> Interface {
    let mut types = Types::default();
    let argument = types.argument::<T>("it");
    let returns = types.id::<Result<(), Fault>>();
    let one = function("one", 0x0102_0304, &[argument], returns);
    Interface::read(&types.bundle(&json!([]), &json!([one]), &json!([]))).unwrap()
}

/// As the command line does with `--dev`.
fn accounts(text: &str) -> Result<AccountId32, String> {
    if text.starts_with("//") {
        let identity = keys::Identity::open(text, true);
        return identity.map(|one| one.account()).map_err(|error| error.to_string());
    }
    keys::parse_account(text).map_err(|error| error.to_string())
}
