//! Why a call failed, in the words of the pallet that refused.

use codec::Decode;
use subxt::Metadata;

/// The error of a call that was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchFailure {
    /// The pallet, such as `Emr`; empty for errors of the runtime itself.
    pub pallet: String,
    /// The error's name, such as `NoGrant`.
    pub error: String,
    /// What its author writes about it: why, and how to avoid it.
    pub docs: String,
}

impl std::fmt::Display for DispatchFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pallet, error, docs } = self;
        if !pallet.is_empty() {
            write!(f, "{pallet}.")?;
        }
        f.write_str(error)?;
        if !docs.is_empty() {
            write!(f, ": {docs}")?;
        }
        Ok(())
    }
}

/// `sp_runtime::DispatchError`, as far as it is told apart here.
#[derive(Decode)]
#[allow(dead_code)] // Some fields are only there to be stepped over.
enum Wire {
    #[codec(index = 0)]
    Other,
    #[codec(index = 1)]
    CannotLookup,
    #[codec(index = 2)]
    BadOrigin,
    #[codec(index = 3)]
    Module { index: u8, error: [u8; 4] },
    #[codec(index = 4)]
    ConsumerRemaining,
    #[codec(index = 5)]
    NoProviders,
    #[codec(index = 6)]
    TooManyConsumers,
    #[codec(index = 7)]
    Token(u8),
    #[codec(index = 8)]
    Arithmetic(u8),
    #[codec(index = 9)]
    Transactional(u8),
    #[codec(index = 10)]
    Exhausted,
    #[codec(index = 11)]
    Corruption,
    #[codec(index = 12)]
    Unavailable,
    #[codec(index = 13)]
    RootNotAllowed,
    #[codec(index = 14)]
    Trie(u8),
}

/// `sp_runtime::TokenError`, by index.
const TOKEN: [(&str, &str); 10] = [
    ("FundsUnavailable", "the account does not have the funds"),
    ("OnlyProvider", "what is left would be too little to keep the account alive"),
    ("BelowMinimum", "the account would have less than the existential deposit"),
    ("CannotCreate", "the account cannot be created"),
    ("UnknownAsset", "there is no such asset"),
    ("Frozen", "the funds are frozen"),
    ("Unsupported", "the asset does not support this"),
    ("CannotCreateHold", "no funds can be held on this account"),
    ("NotExpendable", "paying this would close the account against its wish"),
    ("Blocked", "the account takes no funds"),
];

impl DispatchFailure {
    /// Reads an `sp_runtime::DispatchError` from the front of `bytes`.
    pub(super) fn decode(bytes: &mut &[u8], metadata: &Metadata) -> Result<Self, codec::Error> {
        let plain = |error: &str, docs: &str| Self {
            pallet: String::new(),
            error: error.to_owned(),
            docs: docs.to_owned(),
        };
        Ok(match Wire::decode(bytes)? {
            Wire::Module { index, error } => Self::of_pallet(index, error[0], metadata),
            Wire::Token(index) => match TOKEN.get(usize::from(index)) {
                Some((name, docs)) => plain(name, docs),
                None => plain("Token", ""),
            },
            Wire::BadOrigin => plain("BadOrigin", "this account may not make this call"),
            Wire::RootNotAllowed => plain("RootNotAllowed", "root may not make this call"),
            Wire::CannotLookup => plain("CannotLookup", "there is no such account"),
            Wire::ConsumerRemaining => {
                plain("ConsumerRemaining", "the account is still in use elsewhere")
            }
            Wire::NoProviders => plain("NoProviders", "the account does not exist"),
            Wire::TooManyConsumers => plain("TooManyConsumers", "the account has too many uses"),
            Wire::Arithmetic(_) => plain("Arithmetic", "a number is too large or too small"),
            Wire::Transactional(_) => plain("Transactional", "the call is nested too deeply"),
            Wire::Exhausted => plain("Exhausted", "the call is too large for a block"),
            Wire::Corruption => plain("Corruption", "the chain's state is corrupt"),
            Wire::Unavailable => plain("Unavailable", "what is needed is not available now"),
            Wire::Trie(_) => plain("Trie", "the chain's state cannot be read"),
            Wire::Other => plain("Other", ""),
        })
    }

    fn of_pallet(pallet: u8, error: u8, metadata: &Metadata) -> Self {
        let Some(pallet) = metadata.pallet_by_error_index(pallet) else {
            return Self {
                pallet: format!("pallet {pallet}"),
                error: format!("error {error}"),
                docs: String::new(),
            };
        };
        let variant = pallet.error_variant_by_index(error);
        Self {
            pallet: pallet.name().to_owned(),
            error: variant.map_or_else(|| format!("error {error}"), |found| found.name.clone()),
            docs: variant.map_or_else(String::new, |found| one_line(&found.docs)),
        }
    }
}

/// Documentation comments as one line of text.
fn one_line(docs: &[String]) -> String {
    let words: Vec<&str> = docs.iter().flat_map(|line| line.split_whitespace()).collect();
    words.join(" ")
}
