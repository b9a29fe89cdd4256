//! What calls hold from their signer, besides their fee.

use subxt::dynamic;

use super::View;
use crate::{
    chain::{Call, ChainError},
    AccountId32,
};

impl View {
    /// What a call would hold from `signer` if it succeeded now, in the chain's
    /// smallest unit: deposits, bonds, the fee of an ordered model, at most
    /// what a contract's storage costs, and what a transfer sends.
    ///
    /// # Errors
    /// [`ChainError`] where the chain cannot be read.
    pub async fn held_by(&self, signer: &AccountId32, call: &Call) -> Result<u128, ChainError> {
        let Call::Batch(calls) = call else {
            return self.held_by_one(signer, call).await;
        };
        let mut total = 0u128;
        for call in calls {
            total = total.saturating_add(self.held_by_one(signer, call).await?);
        }
        Ok(total)
    }

    async fn held_by_one(&self, signer: &AccountId32, call: &Call) -> Result<u128, ChainError> {
        let emr = |name: &'static str| self.amount("Emr", name);
        let envelopes =
            |count: usize| emr("EnvelopeDeposit").map(|each| each.saturating_mul(count as u128));
        Ok(match call {
            Call::RegisterPatient { .. } => emr("PatientDeposit")?,
            Call::SetEncryptionKey { .. } => {
                let has_one = self.encryption_key(signer).await?.is_some();
                if has_one || self.patient(signer).await?.is_some() {
                    0
                } else {
                    emr("EncryptionKeyDeposit")?
                }
            }
            Call::AddRecord { envelopes: all, inference, custody, .. } => {
                let fee = match inference {
                    Some(model) => self.model(*model).await?.map_or(0, |model| model.fee),
                    None => 0,
                };
                let record = emr("RecordDeposit")?.saturating_add(envelopes(all.len())?);
                record.saturating_add(fee).saturating_add(self.for_custody(custody)?)
            }
            Call::AmendRecord { envelopes: all, custody, .. } => {
                let record = emr("RecordDeposit")?.saturating_add(envelopes(all.len())?);
                record.saturating_add(self.for_custody(custody)?)
            }
            Call::SetCustodians { custodians, .. } => {
                emr("CustodyDeposit")?.saturating_mul(custodians.len() as u128)
            }
            Call::EntrustRecord { shares, .. } => {
                emr("CustodyDeposit")?.saturating_mul(shares.len() as u128)
            }
            // At most: only where custodians keep the key, and the answer is yes.
            Call::RequestAccess { record, .. } => match self.custody(*record).await? {
                Some(_) => emr("GrantDeposit")?,
                None => 0,
            },
            Call::BreakGlass { .. } => emr("EmergencyBond")?.saturating_add(emr("GrantDeposit")?),
            Call::ShareRecord { .. } => envelopes(1)?,
            Call::RegisterWorker { .. } => self.amount("Inference", "WorkerBond")?,
            Call::RequestInference { model, .. } => {
                self.model(*model).await?.map_or(0, |model| model.fee)
            }
            // At most: the limit is a tenth above what a trial run needed.
            Call::ContractInstantiate { value, storage_deposit_limit, .. }
            | Call::ContractCall { value, storage_deposit_limit, .. } => {
                storage_deposit_limit.unwrap_or_default().saturating_add(*value)
            }
            // Not held, but gone as well.
            Call::Transfer { amount, .. } => *amount,
            _ => 0,
        })
    }

    fn for_custody<T>(&self, custody: &Option<Vec<T>>) -> Result<u128, ChainError> {
        let Some(shares) = custody else { return Ok(0) };
        Ok(self.amount("Emr", "CustodyDeposit")?.saturating_mul(shares.len() as u128))
    }

    /// The least that an account keeps.
    ///
    /// # Errors
    /// [`ChainError`] where the node has no such constant.
    pub fn existential_deposit(&self) -> Result<u128, ChainError> {
        self.amount("Balances", "ExistentialDeposit")
    }

    /// An amount that the runtime fixes.
    fn amount(&self, pallet: &str, name: &str) -> Result<u128, ChainError> {
        let address = dynamic::constant::<u128>(pallet, name);
        self.at.constants().entry(address).map_err(ChainError::from_subxt)
    }
}
