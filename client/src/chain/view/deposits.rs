//! What calls hold from their signer, besides their fee.

use medchain_primitives::{InferenceOrder, RecordId};
use medchain_sharing::Entrustment;

use super::View;
use crate::{
    chain::{items::Constant, Call, ChainError},
    AccountId32,
};

impl View {
    /// What a call would hold from `signer` if it succeeded now, in the chain's
    /// smallest unit: deposits, bonds, the fees of a request, at most
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
        Ok(match call {
            Call::RegisterPatient { .. } => self.amount(Constant::PATIENT_DEPOSIT)?,
            Call::SetEncryptionKey { .. } => {
                let has_one = self.encryption_key(signer).await?.is_some();
                if has_one || self.patient(signer).await?.is_some() {
                    0
                } else {
                    self.amount(Constant::ENCRYPTION_KEY_DEPOSIT)?
                }
            }
            Call::AddRecord { envelopes, inference, custody, .. } => {
                let fee = match inference {
                    Some(order) => self.fees(order).await?,
                    None => 0,
                };
                self.for_record(envelopes.len(), custody.as_ref())?.saturating_add(fee)
            }
            Call::AmendRecord { envelopes, custody, .. } => {
                self.for_record(envelopes.len(), custody.as_ref())?
            }
            Call::RegisterCustodian { .. } => self.amount(Constant::CUSTODIAN_BOND)?,
            Call::SetDeclined { patient, declined: true } => {
                match self.has_declined(signer, patient).await? {
                    true => 0,
                    false => self.amount(Constant::CUSTODY_DEPOSIT)?,
                }
            }
            Call::SetCustodians { members, .. } => {
                self.amounts(Constant::CUSTODY_DEPOSIT, members.len())?
            }
            Call::EntrustRecord { entrustment, .. } => self.for_custody(entrustment.as_ref())?,
            Call::RequestAccess { record, .. } | Call::RequestInEmergency { record, .. } => {
                self.for_grant(*record).await?
            }
            Call::RequestAsWorker { request, .. } => match self.request(*request).await? {
                Some(request) => self.for_grant(request.record).await?,
                None => 0,
            },
            Call::SetLogArchive { .. } => match self.log_archive(signer).await? {
                Some(_) => 0,
                None => self.amount(Constant::RECORD_DEPOSIT)?,
            },
            Call::BreakGlass { .. } => self.amount(Constant::EMERGENCY_BOND)?,
            Call::ShareRecord { .. } => self.amount(Constant::ENVELOPE_DEPOSIT)?,
            Call::RegisterWorker { .. } => self.amount(Constant::WORKER_BOND)?,
            Call::TopUpBond => {
                let bond = self.amount(Constant::WORKER_BOND)?;
                let worker = self.worker(signer).await?;
                bond.saturating_sub(worker.map_or(bond, |worker| worker.bond))
            }
            Call::RequestInference { order, .. } => self.fees(order).await?,
            Call::SealToWorkers { keys, .. } => {
                self.amounts(Constant::ENVELOPE_DEPOSIT, keys.len())?
            }
            // At most: the limit is a tenth above what a dry run needed.
            Call::ContractInstantiate { value, storage_deposit_limit, .. }
            | Call::ContractCall { value, storage_deposit_limit, .. } => {
                storage_deposit_limit.unwrap_or_default().saturating_add(*value)
            }
            // Not held, but gone as well.
            Call::Transfer { amount, .. } => *amount,
            _ => 0,
        })
    }

    /// The fees of all workers that a request asks for.
    async fn fees(&self, order: &InferenceOrder<AccountId32>) -> Result<u128, ChainError> {
        let fee = self.model(order.model).await?.map_or(0, |model| model.fee);
        Ok(fee.saturating_mul(order.quorum.into()))
    }

    /// The deposits for a record with so many envelopes.
    fn for_record(
        &self,
        envelopes: usize,
        custody: Option<&Entrustment>,
    ) -> Result<u128, ChainError> {
        Ok(self
            .amount(Constant::RECORD_DEPOSIT)?
            .saturating_add(self.amounts(Constant::ENVELOPE_DEPOSIT, envelopes)?)
            .saturating_add(self.for_custody(custody)?))
    }

    /// The deposit for a key's shares.
    fn for_custody(&self, custody: Option<&Entrustment>) -> Result<u128, ChainError> {
        let shares = custody.map_or(0, |entrustment| entrustment.dealing.shares.len());
        self.amounts(Constant::CUSTODY_DEPOSIT, shares)
    }

    /// What a grant on a record holds at most: its deposit, and the custodians' fees. Nothing
    /// where no custodians keep the key.
    async fn for_grant(&self, record: RecordId) -> Result<u128, ChainError> {
        let Some(custody) = self.custody(record).await? else { return Ok(0) };
        let fees = self.amounts(Constant::DELIVERY_FEE, custody.threshold.into())?;
        Ok(self.amount(Constant::GRANT_DEPOSIT)?.saturating_add(fees))
    }

    /// The existential deposit: the least that an account keeps.
    ///
    /// # Errors
    /// [`ChainError`] where the node has no such constant.
    pub fn existential_deposit(&self) -> Result<u128, ChainError> {
        self.amount(Constant::EXISTENTIAL_DEPOSIT)
    }

    /// An amount that the runtime fixes, so many times.
    fn amounts(&self, constant: Constant, count: usize) -> Result<u128, ChainError> {
        Ok(self.amount(constant)?.saturating_mul(count as u128))
    }

    /// An amount that the runtime fixes.
    fn amount(&self, constant: Constant) -> Result<u128, ChainError> {
        self.constant(constant)
    }
}
