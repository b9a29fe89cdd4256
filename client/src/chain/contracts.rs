//! Instantiating and calling contracts.

use codec::{Decode, Encode};

use super::{
    amount::UNIT, items::ApiMethod, Call, Chain, ChainError, ChainEvent, DispatchFailure, Gas,
    SubmitOptions, TxOutcome, View,
};
use crate::{keys::Identity, AccountId32, H256};

/// How a contract refused a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContractFailure {
    /// It reverted the call and returned an error of its own.
    #[error("the contract reverted the call and returned 0x{}", hex::encode(data))]
    Reverted {
        /// What it returned, encoded.
        data: Vec<u8>,
    },
    /// It is not an ink! contract, or has no message with this selector.
    #[error("the contract has no such message")]
    NoSuchMessage,
}

/// `pallet_contracts::ExecReturnValue`.
#[derive(Debug, Decode)]
struct Returned {
    flags: u32,
    data: Vec<u8>,
}

/// Bit 0 of the flags: all changes are reverted.
const REVERT: u32 = 1;

/// `pallet_contracts::StorageDeposit`.
#[derive(Debug, Decode)]
enum StorageDeposit {
    #[codec(index = 0)]
    Refund(#[allow(dead_code, reason = "a refund is no cost")] u128),
    #[codec(index = 1)]
    Charge(u128),
}

/// `pallet_contracts::Code`.
#[derive(Encode)]
enum Code {
    #[codec(index = 0)]
    Upload(Vec<u8>),
}

/// What a dry run needed and returned.
struct DryRun<T> {
    gas: Gas,
    deposit: u128,
    result: T,
}

impl View {
    /// Reads from a contract, without a transaction: the message's own answer,
    /// encoded, without ink!'s outer `Result`.
    ///
    /// Errors: [`ChainError::Contract`] where the contract refuses the call,
    /// [`ChainError::Dispatch`] where it fails or does not exist.
    pub async fn contract_read(
        &self,
        caller: &AccountId32,
        contract: &AccountId32,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, ChainError> {
        let run = self.dry_call(caller, contract, 0, data).await?;
        Ok(run.result)
    }

    /// Whether there is a contract at this address.
    pub async fn contract_exists(&self, contract: &AccountId32) -> Result<bool, ChainError> {
        // No key has this length, so every contract answers "no such value".
        const DOES_NOT_EXIST: u8 = 0;
        let arguments = (contract, Vec::<u8>::new());
        let found: Result<Option<Vec<u8>>, u8> =
            self.runtime_api(ApiMethod::CONTRACT_STORAGE, &arguments).await?;
        Ok(found != Err(DOES_NOT_EXIST))
    }

    async fn dry_call(
        &self,
        caller: &AccountId32,
        contract: &AccountId32,
        value: u128,
        data: Vec<u8>,
    ) -> Result<DryRun<Vec<u8>>, ChainError> {
        let arguments = (caller, contract, value, None::<Gas>, None::<u128>, data);
        let run = self.dry_run::<Returned>(ApiMethod::CONTRACT_CALL, &arguments).await?;
        Ok(DryRun { gas: run.gas, deposit: run.deposit, result: answer(run.result)? })
    }

    async fn dry_instantiate(
        &self,
        caller: &AccountId32,
        value: u128,
        code: Vec<u8>,
        data: Vec<u8>,
        salt: Vec<u8>,
    ) -> Result<DryRun<AccountId32>, ChainError> {
        let code = Code::Upload(code);
        let limits = (None::<Gas>, None::<u128>);
        let arguments = (caller, value, limits, code, data, salt);
        let run = self.dry_run(ApiMethod::CONTRACT_INSTANTIATE, &arguments).await?;
        let (returned, account): (Returned, AccountId32) = run.result;
        answer(returned)?;
        Ok(DryRun { gas: run.gas, deposit: run.deposit, result: account })
    }

    /// Reads `pallet_contracts::ContractResult`, whose tail may grow.
    async fn dry_run<T: Decode>(
        &self,
        method: ApiMethod,
        arguments: &impl Encode,
    ) -> Result<DryRun<T>, ChainError> {
        let wrong = |error: codec::Error| ChainError::decode(method, error);
        let bytes = self.runtime_api_bytes(method, arguments).await?;
        let mut input = bytes.as_slice();
        let head = <(Gas, Gas, StorageDeposit, Vec<u8>)>::decode(&mut input);
        let (_consumed, gas, deposit, _debug_message) = head.map_err(wrong)?;
        let failed = bool::decode(&mut input).map_err(wrong)?;
        if failed {
            let failure = DispatchFailure::decode(input, self.metadata());
            return Err(ChainError::Dispatch(failure));
        }
        Ok(DryRun {
            gas,
            deposit: match deposit {
                StorageDeposit::Charge(amount) => amount,
                StorageDeposit::Refund(_) => 0,
            },
            result: T::decode(&mut input).map_err(wrong)?,
        })
    }
}

impl Chain {
    /// A call of a contract with the limits that a dry run of it needs. A call that
    /// the contract would refuse is an error here.
    pub async fn estimate_contract_call(
        &self,
        caller: &AccountId32,
        contract: &AccountId32,
        value: u128,
        data: Vec<u8>,
    ) -> Result<Call, ChainError> {
        let (call, _) = self.try_contract_call(caller, contract, value, data).await?;
        Ok(call)
    }

    /// As [`Chain::estimate_contract_call`], with what the message answers now,
    /// encoded, without ink!'s outer `Result`. A transaction returns no answer.
    pub async fn try_contract_call(
        &self,
        caller: &AccountId32,
        contract: &AccountId32,
        value: u128,
        data: Vec<u8>,
    ) -> Result<(Call, Vec<u8>), ChainError> {
        let view = self.best().await?;
        let run = view.dry_call(caller, contract, value, data.clone()).await?;
        let call = Call::ContractCall {
            contract: *contract,
            value,
            gas: with_margin(run.gas),
            storage_deposit_limit: Some(tenth_more(run.deposit)),
            data,
        };
        Ok((call, run.result))
    }

    /// An instantiation with the limits that a dry run of it needs, and the address that the
    /// contract will have.
    ///
    /// Errors: also [`ChainError::Other`] where the node tells another address than
    /// [`contract_address`], so that nothing is sent to a contract that will not be there.
    pub async fn estimate_instantiate(
        &self,
        caller: &AccountId32,
        code: Vec<u8>,
        data: Vec<u8>,
        salt: Vec<u8>,
        value: u128,
    ) -> Result<(Call, AccountId32), ChainError> {
        let view = self.best().await?;
        let run =
            view.dry_instantiate(caller, value, code.clone(), data.clone(), salt.clone()).await?;
        let address = contract_address(caller, Self::code_hash(&code), &data, &salt);
        if run.result != address {
            return Err(ChainError::Other {
                reason: format!(
                    "the node says that the contract would be at {}, and by its deployer, code, \
                     data and salt it is at {address}",
                    run.result
                ),
            });
        }
        let call = Call::ContractInstantiate {
            value,
            gas: with_margin(run.gas),
            storage_deposit_limit: Some(tenth_more(run.deposit)),
            code,
            data,
            salt,
        };
        Ok((call, address))
    }

    /// Uploads a contract's code, makes an instance of it and returns its address.
    ///
    /// `data` is the constructor's selector and arguments.
    pub async fn instantiate(
        &self,
        signer: &Identity,
        code: Vec<u8>,
        data: Vec<u8>,
        salt: Vec<u8>,
        options: &SubmitOptions,
    ) -> Result<(AccountId32, TxOutcome), ChainError> {
        let account = signer.account();
        let (call, _) = self.estimate_instantiate(&account, code, data, salt, 0).await?;
        let outcome = self.submit(signer, &call, options).await?;
        // A constructor may instantiate further contracts; its own event comes last.
        let made = outcome.events.iter().rev().find_map(|event| match event {
            ChainEvent::ContractInstantiated { deployer, contract } if *deployer == account => {
                Some(*contract)
            }
            _ => None,
        });
        let contract = made.ok_or_else(|| ChainError::Other {
            reason: "the transaction has no event with the new contract's address".into(),
        })?;
        Ok((contract, outcome))
    }

    /// Calls a message of a contract. `data` is its selector and arguments.
    pub async fn contract_call(
        &self,
        signer: &Identity,
        contract: &AccountId32,
        data: Vec<u8>,
        options: &SubmitOptions,
    ) -> Result<TxOutcome, ChainError> {
        let call = self.estimate_contract_call(&signer.account(), contract, 0, data).await?;
        self.submit(signer, &call, options).await
    }

    /// The hash by which the chain knows a contract's code.
    pub fn code_hash(code: &[u8]) -> H256 {
        use blake2::{digest::consts::U32, Blake2b, Digest};
        H256(Blake2b::<U32>::digest(code).into())
    }
}

/// The address of a contract that `deployer` instantiates with this code, data and salt.
///
/// Source: `pallet_contracts::DefaultAddressGenerator`.
pub fn contract_address(
    deployer: &AccountId32,
    code_hash: H256,
    data: &[u8],
    salt: &[u8],
) -> AccountId32 {
    use blake2::{digest::consts::U32, Blake2b, Digest};
    let entropy = (b"contract_addr_v1", deployer, code_hash, data, salt).encode();
    AccountId32(Blake2b::<U32>::digest(entropy).into())
}

impl Call {
    /// A call of a contract that will only exist once the calls before it are made, so that no
    /// dry run can tell what it needs: with limits that a message which stores one entry keeps.
    /// The fee for what it does not use comes back with the transaction's outcome.
    ///
    /// `code` is the contract's code, in bytes, which has to be loaded.
    pub fn unrehearsed(contract: AccountId32, data: Vec<u8>, code: usize) -> Self {
        let code = u64::try_from(code).unwrap_or(u64::MAX);
        Self::ContractCall {
            contract,
            value: 0,
            gas: Gas {
                ref_time: UNREHEARSED.ref_time,
                proof_size: UNREHEARSED.proof_size.saturating_add(code.saturating_mul(3)),
            },
            storage_deposit_limit: Some(UNREHEARSED_DEPOSIT),
            data,
        }
    }
}

/// What a message without a dry run may use, besides loading the code: five times what the chain
/// gives a policy for an answer, and twice the proof.
const UNREHEARSED: Gas = Gas { ref_time: 10_000_000_000, proof_size: 96 * 1024 };
/// What a message without a dry run may store, as a deposit: some entries.
const UNREHEARSED_DEPOSIT: u128 = UNIT / 20;

/// A message's own answer: ink! wraps it in `Result<_, LangError>`.
fn answer(returned: Returned) -> Result<Vec<u8>, ChainError> {
    let refused = |failure| Err(ChainError::Contract(failure));
    match returned.data.split_first() {
        Some((1, _)) => refused(ContractFailure::NoSuchMessage),
        _ if returned.flags & REVERT != 0 => {
            refused(ContractFailure::Reverted { data: returned.data })
        }
        Some((0, answer)) => Ok(answer.to_vec()),
        _ => refused(ContractFailure::NoSuchMessage),
    }
}

/// State may change between the dry run and the block.
fn with_margin(gas: Gas) -> Gas {
    let more = |amount: u64| amount.saturating_add(amount / 10);
    Gas { ref_time: more(gas.ref_time), proof_size: more(gas.proof_size) }
}

fn tenth_more(amount: u128) -> u128 {
    amount.saturating_add(amount / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The address that a runtime of this repository gave a contract: `pallet_contracts` hashes
    /// data and salt with their lengths.
    #[test]
    fn an_address_follows_from_deployer_code_data_and_salt() {
        let deployer = AccountId32([1; 32]);
        let address = |code: u8, data: &[u8], salt: &[u8]| {
            contract_address(&deployer, H256([code; 32]), data, salt)
        };
        let first = address(2, &[3, 4], &[5]);
        let preimage =
            [b"contract_addr_v1".as_slice(), &[1; 32], &[2; 32], &[2 << 2, 3, 4], &[1 << 2, 5]]
                .concat();
        assert_eq!(first.0, sp_crypto_hashing::blake2_256(&preimage));
        for other in [
            address(3, &[3, 4], &[5]),
            address(2, &[3], &[5]),
            address(2, &[3, 4], &[6]),
            // What moves from one part to the other makes another address.
            address(2, &[3], &[4, 5]),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_call_without_a_dry_run_has_room_for_the_code() {
        let limits = |code| match Call::unrehearsed(AccountId32([1; 32]), Vec::new(), code) {
            Call::ContractCall { gas, storage_deposit_limit, .. } => (gas, storage_deposit_limit),
            other => panic!("{other:?}"),
        };
        let (small, deposit) = limits(0);
        let (large, _) = limits(100 * 1024);
        assert_eq!(large.proof_size - small.proof_size, 300 * 1024);
        assert_eq!(large.ref_time, small.ref_time);
        assert!(deposit.is_some_and(|deposit| deposit > 0));
    }
}
