//! An instance of a contract, before it is made.

use std::path::Path;

use anyhow::{Context as _, Result};
use medchain_client::{
    chain::{Call, ChainError, ContractsError, DispatchFailure, FailureKind},
    contract::{code_of_bundle, Interface},
    AccountId32,
};

use super::{read_bundle, refusal};
use crate::context::Context;

/// The call that makes an instance, rehearsed, and where the instance will be.
pub struct Instance {
    /// The call.
    pub call: Call,
    /// The address that the contract will have: it follows from the signer, the code, the
    /// constructor's arguments and the account's nonce.
    pub address: AccountId32,
    /// The constructor's name.
    pub constructor: String,
    /// What the bundle says of it.
    pub interface: Interface,
    /// The length of its code, in bytes.
    pub code_bytes: usize,
}

impl Instance {
    /// Plans an instance of the contract in a bundle, which the signer will make.
    ///
    /// Without a name, the constructor is the only one, or `new`.
    pub async fn plan(
        context: &Context,
        file: &Path,
        constructor: Option<&str>,
        arguments: &str,
    ) -> Result<Self> {
        Self::plan_read(context, file, read_bundle(file)?, constructor, arguments).await
    }

    /// As [`Instance::plan`], of a bundle that was read: one that comes through a pipe is read once.
    pub async fn plan_read(
        context: &Context,
        file: &Path,
        (bytes, interface): (Vec<u8>, Interface),
        constructor: Option<&str>,
        arguments: &str,
    ) -> Result<Self> {
        let code = code_of_bundle(&bytes)
            .with_context(|| format!("{} contains no code to deploy", file.display()))?;
        let code_bytes = code.len();
        let constructor = interface
            .constructor(constructor)
            .context("cannot choose a constructor; name one with --constructor")?;
        let data = interface.data(constructor, arguments, context.accounts())?;
        let account = context.account()?;
        let chain = context.chain().await?;
        // The account's next nonce makes the address a new one.
        let salt = chain.next_nonce(&account).await?.to_le_bytes().to_vec();
        let planned = chain.estimate_instantiate(&account, code, data, salt, 0).await;
        let (call, address) = planned.map_err(|error| match lacks_funds(&error) {
            true => anyhow::anyhow!(
                "{account} does not have the funds for what a contract holds while it stands; \
                     send it some with `medchain transfer`"
            ),
            false => refusal(error, &interface, constructor, "the contract")
                .context("the chain refuses this contract"),
        })?;
        let constructor = constructor.name.clone();
        Ok(Self { call, address, constructor, interface, code_bytes })
    }
}

/// Whether it was the deposit that the deployer could not pay.
fn lacks_funds(error: &ChainError) -> bool {
    let deposit = FailureKind::Contracts(ContractsError::StorageDepositNotEnoughFunds);
    matches!(error, ChainError::Dispatch(DispatchFailure { kind, .. }) if *kind == deposit)
}
