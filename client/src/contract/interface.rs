//! The constructors, messages and events of a contract, read from its bundle.

use scale_info::{form::PortableForm, PortableRegistry, TypeDef};
use subxt::ext::scale_value::{scale::decode_as_type, Value};

use super::{argument, decoded, file, types, Accounts, ContractError, Decoded};
use crate::H256;

/// What a bundle says of a contract.
#[derive(Clone, Debug)]
pub struct Interface {
    /// The contract's name.
    pub name: String,
    /// What makes an instance.
    pub constructors: Vec<Function>,
    /// What an instance can be told or asked.
    pub messages: Vec<Function>,
    events: Vec<Event>,
    types: PortableRegistry,
}

/// A constructor or a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name; that of a trait's message has the trait's before it, as in
    /// `Policy::check`.
    pub name: String,
    /// What stands for it in the data of a call.
    pub selector: [u8; 4],
    /// Its arguments, in order.
    pub arguments: Vec<Argument>,
    /// What its author says of it.
    pub docs: String,
    /// Whether it may change the contract; always so for a constructor.
    pub mutates: bool,
    /// Whether money may be sent along.
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
            return Err(not(format!("its metadata is of version {version}, not 5")));
        }
        let consecutive = file.types.iter().zip(0..).all(|(ty, index)| ty.id == index);
        if !consecutive {
            return Err(not("its types are not numbered from 0 on".into()));
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

    /// The constructor with this name; without one, the only one or else `new`.
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

    /// The message with this name. The name of its trait may be left out where
    /// that leaves one.
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

    /// A constructor or message as its author may have written it:
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

    /// The types with names that arguments are made of, and what values they
    /// have: `Role`, `LabTechnician | Clinician`.
    pub fn legend(&self) -> Vec<(String, String)> {
        let functions = self.constructors.iter().chain(&self.messages);
        let arguments = functions.flat_map(|one| &one.arguments).map(|one| one.ty);
        types::legend(&self.types, arguments)
    }

    /// The data of a call: the selector, and the arguments that `text` gives,
    /// with commas between them. `accounts` reads an account.
    ///
    /// # Errors
    /// [`ContractError::Syntax`], [`ContractError::Count`] and
    /// [`ContractError::Argument`].
    pub fn data(
        &self,
        function: &Function,
        text: &str,
        accounts: Accounts,
    ) -> Result<Vec<u8>, ContractError> {
        let parts = argument::split(text).map_err(ContractError::Syntax)?;
        if parts.len() != function.arguments.len() {
            return Err(ContractError::Count {
                function: self.signature(function),
                expected: function.arguments.len(),
                given: parts.len(),
            });
        }
        let mut data = function.selector.to_vec();
        for (part, one) in parts.iter().zip(&function.arguments) {
            let encoded = argument::encode(part, one.ty, &self.types, accounts);
            data.extend(encoded.map_err(|reason| ContractError::Argument {
                argument: one.name.clone(),
                expected: types::described(&self.types, one.ty),
                reason,
            })?);
        }
        Ok(data)
    }

    /// What a message answered, `bytes` being without ink!'s outer `Result`. The
    /// inner error is the message's own.
    ///
    /// # Errors
    /// [`ContractError::Undecodable`].
    pub fn answer(
        &self,
        function: &Function,
        bytes: &[u8],
    ) -> Result<Result<Decoded, Decoded>, ContractError> {
        let what = || format!("the answer of `{}`", function.name);
        let ty = self.answer_of(function).ok_or_else(|| ContractError::Undecodable {
            what: what(),
            reason: "it has no type".into(),
        })?;
        let answer = self.read_all(&mut &bytes[..], &[ty], what)?;
        let answer = answer.into_iter().next().unwrap_or(Decoded::Nothing);
        Ok(if types::is_result(&self.types, ty) { answer.into_result() } else { Ok(answer) })
    }

    /// The error of a constructor's or a message's own with which the contract
    /// took a call back; none where `bytes`, what it returned, is something else.
    pub fn refusal(&self, function: &Function, bytes: &[u8]) -> Option<Decoded> {
        let (outer, answer) = bytes.split_first()?;
        if *outer != 0 {
            return None;
        }
        self.answer(function, answer).ok()?.err()
    }

    /// Reads an event of the contract's: by its first topic, which stands for its
    /// kind, or else as the one anonymous event that has this form. None where
    /// the bundle knows no such event.
    pub fn emitted(&self, topics: &[H256], data: &[u8]) -> Option<Emitted> {
        let fits = |event: &Event| -> Option<Emitted> {
            let fields: Vec<u32> = event.fields.iter().map(|field| field.ty).collect();
            let values = self.read_all(&mut &data[..], &fields, || event.name.clone()).ok()?;
            let names = event.fields.iter().map(|field| field.name.clone());
            let fields = Decoded::Struct(names.zip(values).collect());
            Some(Emitted { name: event.name.clone(), fields })
        };
        let first = topics.first().map(|topic| topic.0);
        if let Some(event) =
            self.events.iter().find(|e| e.signature.is_some() && e.signature == first)
        {
            return fits(event);
        }
        let mut anonymous = self.events.iter().filter(|e| e.signature.is_none()).filter_map(fits);
        let found = anonymous.next();
        found.filter(|_| anonymous.next().is_none())
    }

    /// Reads values of these types that `bytes` holds and nothing else.
    fn read_all(
        &self,
        bytes: &mut &[u8],
        types: &[u32],
        what: impl Fn() -> String,
    ) -> Result<Vec<Decoded>, ContractError> {
        let wrong = |reason: String| ContractError::Undecodable { what: what(), reason };
        let mut values = Vec::with_capacity(types.len());
        for ty in types {
            let value: Value<u32> = decode_as_type(bytes, *ty, &self.types)
                .map_err(|error| wrong(error.to_string()))?;
            values.push(decoded::read(&value, &self.types));
        }
        if !bytes.is_empty() {
            return Err(wrong(format!("{} bytes are left over", bytes.len())));
        }
        Ok(values)
    }

    /// The type in the `Ok` of ink!'s outer `Result`.
    fn answer_of(&self, function: &Function) -> Option<u32> {
        let TypeDef::<PortableForm>::Variant(outer) =
            &self.types.resolve(function.returns)?.type_def
        else {
            return None;
        };
        let ok = outer.variants.iter().find(|variant| variant.name == "Ok")?;
        ok.fields.first().map(|field| field.ty.id)
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
