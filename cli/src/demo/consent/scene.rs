//! What all stories play on, and how their claims are checked.

use std::{cell::RefCell, fmt::Display, path::PathBuf, process::Command};

use anyhow::{bail, Result};
use medchain_client::{
    chain::{Chain, ChainError, CustodyError, EmrError},
    crypto::CryptoError,
    policy::GrantError,
};
use medchain_primitives::RecordId;
use serde::Serialize;

use super::cast::Cast;
use crate::{
    commands::fetch::{self, FetchArgs},
    context::Context,
    demo::{
        processes::{free_port, Running},
        story::Story,
    },
    output::causes,
};

/// A claim that held.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// The story.
    pub story: &'static str,
    /// The claim.
    pub claim: String,
    /// What was seen.
    pub seen: String,
}

/// The error with which an attempt must be refused.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    /// Of pallet-emr.
    Chain(EmrError),
    /// Of pallet-custody.
    Custody(CustodyError),
    /// Of the reference policy contract.
    Policy(GrantError),
    /// Of the cipher.
    Cipher(CryptoError),
    /// Of this program, or of a contract that it knows by its bundle alone: a part of the
    /// sentence.
    Sentence(&'static str),
}

impl Refusal {
    /// Whether this is the error, or among its causes.
    fn is(self, error: &anyhow::Error) -> bool {
        match self {
            Self::Chain(expected) => {
                cause::<ChainError>(error).is_some_and(|error| error.is(expected))
            }
            Self::Custody(expected) => {
                cause::<ChainError>(error).is_some_and(|error| error.is(expected))
            }
            Self::Policy(expected) => cause(error) == Some(&expected),
            Self::Cipher(expected) => cause(error) == Some(&expected),
            Self::Sentence(part) => causes(error).contains(part),
        }
    }
}

/// The first cause of this type.
fn cause<E: std::error::Error + 'static>(error: &anyhow::Error) -> Option<&E> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

impl From<EmrError> for Refusal {
    fn from(error: EmrError) -> Self {
        Self::Chain(error)
    }
}

impl From<CustodyError> for Refusal {
    fn from(error: CustodyError) -> Self {
        Self::Custody(error)
    }
}

impl From<GrantError> for Refusal {
    fn from(error: GrantError) -> Self {
        Self::Policy(error)
    }
}

impl From<CryptoError> for Refusal {
    fn from(error: CryptoError) -> Self {
        Self::Cipher(error)
    }
}

impl From<&'static str> for Refusal {
    fn from(part: &'static str) -> Self {
        Self::Sentence(part)
    }
}

/// Chain, store, people and programs.
pub struct Scene<'a> {
    /// The chain.
    pub chain: Chain,
    /// The node's WebSocket address.
    pub node_url: String,
    /// The folder for everything that is written.
    pub folder: &'a std::path::Path,
    /// The folder of the policies' bundles.
    pub contracts: PathBuf,
    /// The image's bytes.
    pub xray: Vec<u8>,
    /// The image's file.
    pub xray_file: PathBuf,
    /// The worker's program, which is also the custodian's.
    pub worker: PathBuf,
    /// The people.
    pub cast: Cast,
    /// The teller.
    pub story: &'a Story,
    /// The claims that held so far.
    pub checks: RefCell<Vec<Check>>,
}

impl Scene<'_> {
    /// Records a claim that holds; one that does not ends the demo.
    pub fn claim(
        &self,
        story: &'static str,
        claim: &str,
        holds: bool,
        seen: impl Display,
    ) -> Result<()> {
        let seen = seen.to_string();
        if !holds {
            bail!("the claim of the story {story} does not hold: {claim}: {seen}");
        }
        self.story.tell("", &format!("✓ {claim}\n  {seen}"))?;
        self.checks.borrow_mut().push(Check { story, claim: claim.to_owned(), seen });
        Ok(())
    }

    /// Records that `tried` was refused with this error; anything else ends the demo.
    pub fn refused<T>(
        &self,
        story: &'static str,
        claim: &str,
        tried: Result<T>,
        refusal: impl Into<Refusal>,
    ) -> Result<()> {
        let (refused, said) = match tried {
            Ok(_) => (false, "it was allowed".to_owned()),
            Err(error) => (refusal.into().is(&error), causes(&error)),
        };
        self.claim(story, claim, refused, said)
    }

    /// Fetches a record as `who`, and returns whether it is the uploaded image.
    pub async fn reads(&self, who: &Context, record: RecordId) -> Result<bool> {
        let file = self.folder.join(format!("read-{}.png", who.account()?));
        let args = FetchArgs { record, output: file.clone(), ciphertext: false, force: true };
        fetch::fetch(who, &args).await?;
        let read = std::fs::read(&file)? == self.xray;
        std::fs::remove_file(&file)?;
        Ok(read)
    }

    /// Starts a custodian in a process of its own.
    pub fn start_custodian(
        &self,
        running: &mut Running,
        name: &'static str,
        suri: &str,
    ) -> Result<()> {
        let mut command = Command::new(&self.worker);
        // An operator's settings are for another custodian.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MEDCHAIN_") {
                command.env_remove(name);
            }
        }
        command
            .args(["custodian", "--dev", "--suri", suri, "--node", &self.node_url])
            .args(["--listen", &format!("127.0.0.1:{}", free_port()?)]);
        running.start(name, command, self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_found_below_what_was_added_to_it() {
        let chain = || anyhow::Error::new(ChainError::Dispatch(EmrError::NoGrant.into()));
        let check = |refusal: Refusal, error: anyhow::Error, is: bool| {
            assert_eq!(refusal.is(&error.context("could not break the glass")), is, "{refusal:?}");
        };
        check(EmrError::NoGrant.into(), chain(), true);
        check(EmrError::GrantRevoked.into(), chain(), false);
        check(CustodyError::NotReviewer.into(), chain(), false);
        let custody = || anyhow::Error::new(ChainError::Dispatch(CustodyError::NotReviewer.into()));
        check(CustodyError::NotReviewer.into(), custody(), true);
        check(CustodyError::Suspended.into(), custody(), false);
        check(EmrError::NoGrant.into(), anyhow::anyhow!("Emr.NoGrant"), false);
        check(GrantError::NotDelegate.into(), GrantError::NotDelegate.into(), true);
        check(GrantError::NotDelegate.into(), GrantError::NoActions.into(), false);
        check(CryptoError::Authentication.into(), CryptoError::Authentication.into(), true);
        check(CryptoError::Authentication.into(), CryptoError::Envelope.into(), false);
        check("no envelope".into(), anyhow::anyhow!("5F has no envelope"), true);
        check("no envelope".into(), chain(), false);
    }
}
