//! Shares that custodians deliver: verified, checked against the policy, and logged.

use frame_support::{
    dispatch::{DispatchErrorWithPostInfo, Pays, PostDispatchInfo},
    ensure,
    weights::Weight,
};
use medchain_primitives::{Basis, EmergencyId, EndReason, RecordId, Role};
use medchain_sharing::{Delivery, DeliveryContext, ReplyKey, VerifiedDelivery};
use pallet_emr::{AccessControl, Answer};
use sp_runtime::{
    traits::{CheckedDiv, Saturating},
    DispatchError, DispatchResult,
};

use crate::{
    AccountIdOf, BalanceOf, Config, Custodians, Custodies, CustodyOf, Emergencies, EndedGrants,
    Error, Event, GrantOf, Grants, HoldReason, NumberedDelivery, Pallet, WeightInfo,
};

/// Whose share goes where.
struct Parcel<AccountId> {
    record: RecordId,
    patient: AccountId,
    subject: AccountId,
    custodian: AccountId,
    reply: ReplyKey,
    number: u8,
}

impl<T: Config> Pallet<T> {
    /// The most that a delivery weighs: its grant may end.
    pub(crate) fn delivery_weight() -> Weight {
        <T as Config>::WeightInfo::deliver_share()
            .saturating_add(<T as Config>::WeightInfo::expire_grant())
            .saturating_add(T::AccessControl::weight())
    }

    /// Verifies a custodian's share, encrypted to the account granted access, and adds it to the
    /// grant, or logs that the account holds it. Returns the weight used.
    pub(crate) fn do_deliver_share(
        custodian: AccountIdOf<T>,
        record: RecordId,
        subject: AccountIdOf<T>,
        reply: ReplyKey,
        delivery: &Delivery,
    ) -> Result<Weight, DispatchErrorWithPostInfo> {
        let patient = Self::patient_of(record)?;
        let Some(custody) = Custodies::<T>::get(record) else {
            return Err(Self::not_knowable(&custodian, Error::<T>::RecordNotEntrusted));
        };
        let place = custody.custodians.iter().position(|keeper| *keeper == custodian);
        let place = place.ok_or(Error::<T>::ShareNotFound)?;
        let number =
            u8::try_from(place.saturating_add(1)).map_err(|_| Error::<T>::ShareNotFound)?;
        ensure!(
            pallet_emr::Pallet::<T>::has_role(&custodian, Role::Custodian),
            Error::<T>::NotCustodian
        );
        ensure!(custodian != subject, Error::<T>::OwnShare);
        let parcel = Parcel { record, patient, subject, custodian, reply, number };

        let grant = Grants::<T>::get(record, &parcel.subject).filter(|grant| grant.reply == reply);
        if let Some(grant) = grant {
            let delivered = grant.deliveries.iter().any(|delivery| delivery.number == number);
            ensure!(!delivered, Error::<T>::ShareAlreadyDelivered);
            let verified = Self::verify(&custody, &parcel, delivery)?;
            return Ok(Self::accept(&custody, grant, parcel, verified)?);
        }
        let ended = EndedGrants::<T>::get(record, (parcel.subject.clone(), reply))
            .filter(|ended| ended.dealing == custody.dealing.id);
        let Some(ended) = ended else {
            return Err(Self::not_knowable(&parcel.custodian, Error::<T>::AccessNotFound));
        };
        ensure!(!ended.numbers.contains(&number), Error::<T>::ShareAlreadyDelivered);
        Self::verify(&custody, &parcel, delivery)?;
        Self::expose(&custody, parcel, ended.emergency)?;
        Ok(<T as Config>::WeightInfo::deliver_share())
    }

    /// Verifies that a delivery is the custodian's share, encrypted to the reply key.
    fn verify(
        custody: &CustodyOf<T>,
        parcel: &Parcel<AccountIdOf<T>>,
        delivery: &Delivery,
    ) -> Result<VerifiedDelivery, DispatchError> {
        let key = Custodians::<T>::get(&parcel.custodian).ok_or(Error::<T>::CustodianNotFound)?.key;
        let share = custody.dealing.share(parcel.number, key);
        let share = share.map_err(|_| Error::<T>::ShareNotFound)?;
        let context = DeliveryContext {
            genesis: pallet_emr::Pallet::<T>::genesis(),
            record: parcel.record,
            custodian: parcel.custodian.clone(),
            subject: parcel.subject.clone(),
            reply: parcel.reply,
        };
        let verified = delivery.verify(&share, &context);
        Ok(verified.map_err(|_| Error::<T>::InvalidDelivery)?)
    }

    /// Asks again whether the subject may have the share, and stores it if so. If not, the grant
    /// ends, and the share is logged as exposed. Returns the weight used.
    fn accept(
        custody: &CustodyOf<T>,
        grant: GrantOf<T>,
        parcel: Parcel<AccountIdOf<T>>,
        delivery: VerifiedDelivery,
    ) -> Result<Weight, DispatchError> {
        let Parcel { record, patient, subject, .. } = &parcel;
        let base = <T as Config>::WeightInfo::deliver_share();
        let ending = base.saturating_add(<T as Config>::WeightInfo::expire_grant());
        let emergency = match grant.basis {
            Basis::Emergency { emergency } => Some(emergency),
            Basis::Policy { .. } => None,
        };
        if grant.until < frame_system::Pallet::<T>::block_number() {
            Self::end_grant(*record, patient, subject, EndReason::Expired)?;
            Self::expose(custody, parcel, emergency)?;
            return Ok(ending);
        }
        let Answer { result, weight } = match grant.basis {
            Basis::Policy { purpose } => Self::ask_policy(patient, subject, *record, purpose),
            Basis::Emergency { emergency } => {
                Self::is_still_allowed(emergency, patient, subject, *record)
            }
        };
        if let Err(reason) = result {
            Self::end_grant(*record, patient, subject, EndReason::Refused)?;
            if let Basis::Policy { purpose } = grant.basis {
                Self::deposit_event(Event::AccessDenied {
                    record: *record,
                    patient: patient.clone(),
                    subject: subject.clone(),
                    purpose,
                    reason,
                });
            }
            Self::expose(custody, parcel, emergency)?;
            return Ok(ending.saturating_add(weight));
        }
        if let Some(emergency) = emergency {
            Self::count_delivery(emergency);
        }
        Self::store_delivery(custody, grant, parcel, delivery)?;
        Ok(base.saturating_add(weight))
    }

    /// Adds a share to a grant, and pays for it if it is needed.
    fn store_delivery(
        custody: &CustodyOf<T>,
        mut grant: GrantOf<T>,
        parcel: Parcel<AccountIdOf<T>>,
        delivery: VerifiedDelivery,
    ) -> DispatchResult {
        let delivered = grant.deliveries.len() as u32;
        Self::pay_custodian(custody, &parcel, &mut grant.fees, delivered)?;
        let Parcel { record, patient, subject, custodian, reply: _, number } = parcel;
        grant
            .deliveries
            .try_push(NumberedDelivery { number, delivery })
            .map_err(|_| Error::<T>::ShareAlreadyDelivered)?;
        let delivered = grant.deliveries.len() as u32;
        Grants::<T>::insert(record, &subject, grant);
        Self::deposit_event(Event::ShareDelivered {
            record,
            patient,
            subject,
            custodian,
            delivered,
            threshold: custody.threshold.into(),
        });
        Ok(())
    }

    /// Logs a share that came after the end of its grant, and pays for it if it was needed: its
    /// reader can open it.
    fn expose(
        custody: &CustodyOf<T>,
        parcel: Parcel<AccountIdOf<T>>,
        emergency: Option<EmergencyId>,
    ) -> DispatchResult {
        let name = (parcel.subject.clone(), parcel.reply);
        if let Some(mut ended) = EndedGrants::<T>::get(parcel.record, &name) {
            let delivered = ended.numbers.len() as u32;
            Self::pay_custodian(custody, &parcel, &mut ended.fees, delivered)?;
            ended.numbers.try_push(parcel.number).map_err(|_| Error::<T>::ShareAlreadyDelivered)?;
            EndedGrants::<T>::insert(parcel.record, &name, ended);
        }
        if let Some(emergency) = emergency {
            Self::count_delivery(emergency);
        }
        let Parcel { record, patient, subject, custodian, .. } = parcel;
        Self::deposit_event(Event::ShareExposed { record, patient, subject, custodian });
        Ok(())
    }

    /// Pays the next custodian out of the fees that are left, where `delivered` came before.
    ///
    /// They are for the shares that are missing: each gets its part, and the last one the rest.
    fn pay_custodian(
        custody: &CustodyOf<T>,
        parcel: &Parcel<AccountIdOf<T>>,
        fees: &mut BalanceOf<T>,
        delivered: u32,
    ) -> DispatchResult {
        let missing = u32::from(custody.threshold).saturating_sub(delivered);
        let Some(fee) = fees.checked_div(&missing.into()) else { return Ok(()) };
        fees.saturating_reduce(fee);
        Self::pay(HoldReason::Grant, &parcel.subject, &parcel.custodian, fee)
    }

    /// Counts a share for the review of its emergency, if that is not closed.
    fn count_delivery(emergency: EmergencyId) {
        Emergencies::<T>::mutate_extant(emergency, |entry| {
            entry.deliveries = entry.deliveries.saturating_add(1);
        });
    }

    /// An error whose cause the custodian could not know when it signed: the grant or the custody
    /// ended meanwhile.
    ///
    /// It pays no fee if it has the role and a bond. Otherwise accounts that make and end grants
    /// could have honest custodians pay. A custodian that floods the chain with such calls is
    /// known, and its registrar dismisses it.
    fn not_knowable(custodian: &AccountIdOf<T>, error: Error<T>) -> DispatchErrorWithPostInfo {
        let bonded = Custodians::<T>::get(custodian).is_some_and(|entry| entry.bond.is_some())
            && pallet_emr::Pallet::<T>::has_role(custodian, Role::Custodian);
        let pays_fee = if bonded { Pays::No } else { Pays::Yes };
        let actual_weight = Some(<T as Config>::WeightInfo::deliver_share());
        DispatchErrorWithPostInfo {
            post_info: PostDispatchInfo { actual_weight, pays_fee },
            error: error.into(),
        }
    }
}
