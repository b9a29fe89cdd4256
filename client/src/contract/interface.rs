//! The constructors, messages and events of a contract, read from its bundle.

mod values;

use scale_info::PortableRegistry;

use super::{file, types, ContractError, Decoded};

/// The interface of a contract, as its bundle describes it.
#[derive(Clone, Debug)]
pub struct Interface {
    /// The contract's name.
    pub name: String,
    /// The functions that make an instance.
    pub constructors: Vec<Function>,
    /// The functions of an instance.
    pub messages: Vec<Function>,
    events: Vec<Event>,
    types: PortableRegistry,
}

/// A constructor or a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name. A message of a trait has the trait's name before it, as in
    /// `Policy::check`.
    pub name: String,
    /// Its selector in the data of a call.
    pub selector: [u8; 4],
    /// Its arguments, in order.
    pub arguments: Vec<Argument>,
    /// Its documentation.
    pub docs: String,
    /// Whether it may change the contract; always true for a constructor.
    pub mutates: bool,
    /// Whether it accepts a transfer.
    pub payable: bool,
    /// `Result<what it returns, LangError>`.
    returns: u32,
}

/// An argument of a constructor or a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    ty: u32,
}

/// A kind of event.
#[derive(Clone, Debug)]
struct Event {
    name: String,
    /// The first topic; anonymous events have none.
    signature: Option<[u8; 32]>,
    fields: Vec<Argument>,
}

/// An event that a contract emitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Emitted {
    /// The event's name.
    pub name: String,
    /// Its fields.
    pub fields: Decoded,
}

impl Interface {
    /// Reads a `.contract` bundle, or the metadata alone.
    ///
    /// # Errors
    /// [`ContractError::NotABundle`].
    pub fn read(json: &[u8]) -> Result<Self, ContractError> {
        let file: file::File =
            serde_json::from_slice(json).map_err(|error| not(error.to_string()))?;
        let version = match &file.version {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if version != "5" {
            return Err(not(format!("its metadata has version {version}, not 5")));
        }
        let consecutive = file.types.iter().zip(0..).all(|(ty, index)| ty.id == index);
        if !consecutive {
            return Err(not("its types are not numbered from 0".into()));
        }
        let types = PortableRegistry { types: file.types };
        types::ensure_finite(&types).map_err(not)?;
        let functions = |all: Vec<file::Function>, constructors: bool| {
            all.into_iter().map(|one| function(one, constructors)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            name: file.contract.name,
            constructors: functions(file.spec.constructors, true)?,
            messages: functions(file.spec.messages, false)?,
            events: file.spec.events.into_iter().map(event).collect::<Result<_, _>>()?,
            types,
        })
    }

    /// The constructor of this name. When `None`, the only one, or else `new`.
    ///
    /// # Errors
    /// [`ContractError::Unknown`] and [`ContractError::Ambiguous`].
    pub fn constructor(&self, name: Option<&str>) -> Result<&Function, ContractError> {
        match (name, self.constructors.as_slice()) {
            (Some(name), all) => self.find("constructor", name, all),
            (None, [only]) => Ok(only),
            (None, all) => all
                .iter()
                .find(|one| one.name == "new")
                .ok_or_else(|| ContractError::Ambiguous { known: self.list(all) }),
        }
    }

    /// The message of this name. The name of its trait may be omitted where that is
    /// unambiguous.
    ///
    /// # Errors
    /// [`ContractError::Unknown`].
    pub fn message(&self, name: &str) -> Result<&Function, ContractError> {
        self.find("message", name, &self.messages)
    }

    fn find<'a>(
        &self,
        kind: &'static str,
        name: &str,
        all: &'a [Function],
    ) -> Result<&'a Function, ContractError> {
        let bare = |one: &&Function| one.name.rsplit("::").next() == Some(name);
        let mut like = all.iter().filter(bare);
        let found = all.iter().find(|one| one.name == name).or_else(|| {
            let first = like.next();
            first.filter(|_| like.next().is_none())
        });
        found.ok_or_else(|| ContractError::Unknown {
            kind,
            name: name.to_owned(),
            known: self.list(all),
        })
    }

    fn list(&self, all: &[Function]) -> String {
        let all: Vec<String> = all.iter().map(|one| self.signature(one)).collect();
        if all.is_empty() {
            "none".into()
        } else {
            all.join(", ")
        }
    }

    /// The signature of a constructor or message:
    /// `grant(grantee: AccountId, until: Option<u32>)`.
    pub fn signature(&self, function: &Function) -> String {
        let arguments: Vec<String> = function
            .arguments
            .iter()
            .map(|one| format!("{}: {}", one.name, self.type_of(one)))
            .collect();
        format!("{}({})", function.name, arguments.join(", "))
    }

    /// The name of an argument's type, such as `Option<u32>`.
    pub fn type_of(&self, argument: &Argument) -> String {
        types::name(&self.types, argument.ty)
    }

    /// The name of the type that a message returns.
    pub fn returns(&self, function: &Function) -> String {
        match self.answer_of(function) {
            Some(ty) => types::name(&self.types, ty),
            None => types::name(&self.types, function.returns),
        }
    }

    /// The named types in arguments, with their values: `Role`,
    /// `LabTechnician | Clinician`.
    pub fn legend(&self) -> Vec<(String, String)> {
        let functions = self.constructors.iter().chain(&self.messages);
        let arguments = functions.flat_map(|one| &one.arguments).map(|one| one.ty);
        types::legend(&self.types, arguments)
    }
}

fn not(reason: String) -> ContractError {
    ContractError::NotABundle(reason)
}

fn function(one: file::Function, is_constructor: bool) -> Result<Function, ContractError> {
    let lines = one.docs.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
    let docs: Vec<&str> = lines.collect();
    Ok(Function {
        selector: bytes(&one.selector)?,
        arguments: one.args.into_iter().map(typed).collect(),
        docs: docs.join(" "),
        mutates: is_constructor || one.mutates,
        payable: one.payable,
        returns: one.return_type.ty,
        name: one.label,
    })
}

fn typed(one: file::Argument) -> Argument {
    Argument { name: one.label, ty: one.of.ty }
}

fn event(one: file::Event) -> Result<Event, ContractError> {
    Ok(Event {
        name: one.label,
        signature: one.signature_topic.as_deref().map(bytes).transpose()?,
        fields: one.args.into_iter().map(typed).collect(),
    })
}

fn bytes<const LENGTH: usize>(text: &str) -> Result<[u8; LENGTH], ContractError> {
    let mut bytes = [0; LENGTH];
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode_to_slice(digits, &mut bytes)
        .map_err(|_| not(format!("`{text}` is not {LENGTH} bytes in hexadecimal")))?;
    Ok(bytes)
}
