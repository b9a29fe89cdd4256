//! Shares that custodians deliver: verified, checked against the policy, and logged.

use frame_support::{dispatch::Pays, ensure, traits::ConstU32, weights::Weight, BoundedVec};
use medchain_primitives::{Basis, EmergencyId, EndReason, RecordId, Role};
use medchain_sharing::{
    DealingId, Delivery, DeliveryContext, EncryptedShare, EntrustedShare, EphemeralKey, ReplyKey,
    VerifiedDelivery, MAX_CUSTODIANS,
};
use pallet_emr::{AccessControl, Answer};
use sp_runtime::{
    traits::{CheckedDiv, Saturating, Zero},
    DispatchError, DispatchResult,
};

use crate::{
    AccountIdOf, BalanceOf, Committees, Config, Custodians, CustodiansOf, Custodies, Custody,
    CustodyOf, Emergencies, EndedCustodies, EndedCustody, EndedCustodyOf, EndedGrants, Error,
    Event, GrantOf, Grants, HoldReason, NumberedDelivery, Pallet, WeightInfo,
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

/// The shares that deliveries are verified with: of a custody, or of one that ended lately.
struct Shares<T: Config> {
    threshold: u8,
    custodians: CustodiansOf<T>,
    dealing: DealingId,
    ephemeral: EphemeralKey,
    shares: BoundedVec<EncryptedShare, ConstU32<MAX_CUSTODIANS>>,
}

impl<T: Config> Shares<T> {
    fn of(custody: CustodyOf<T>) -> Self {
        let Custody { threshold, custodians, dealing, .. } = custody;
        let (ephemeral, shares) = (dealing.ephemeral, dealing.shares);
        Self { threshold, custodians, dealing: dealing.id, ephemeral, shares }
    }

    fn of_ended(dealing: DealingId, ended: EndedCustodyOf<T>) -> Self {
        let EndedCustody { threshold, custodians, ephemeral, shares, .. } = ended;
        Self { threshold, custodians, dealing, ephemeral, shares }
    }

    /// The number of a custodian's share.
    fn number_of(&self, custodian: &AccountIdOf<T>) -> Option<u8> {
        let place = self.custodians.iter().position(|keeper| keeper == custodian)?;
        u8::try_from(place.saturating_add(1)).ok()
    }

    /// The share with this number.
    fn share(&self, number: u8) -> Option<EncryptedShare> {
        let place = usize::from(number).checked_sub(1)?;
        self.shares.get(place).copied()
    }
}

impl<T: Config> Pallet<T> {
    /// The most that a delivery weighs: its grant may end.
    pub(crate) fn delivery_weight() -> Weight {
        <T as Config>::WeightInfo::deliver_share()
            .saturating_add(<T as Config>::WeightInfo::expire_grant())
            .saturating_add(T::AccessControl::weight())
            .saturating_add(T::Committees::weight().saturating_mul(2))
            .saturating_add(T::Committees::note_weight())
    }

    /// Verifies a custodian's share, encrypted to the account granted access, and adds it to the
    /// grant, or logs that the account holds it. Returns the weight used, and whether the
    /// custodian pays for the call.
    pub(crate) fn do_deliver_share(
        custodian: AccountIdOf<T>,
        record: RecordId,
        subject: AccountIdOf<T>,
        reply: ReplyKey,
        delivery: &Delivery,
    ) -> Result<(Weight, Pays), DispatchError> {
        let patient = Self::patient_of(record)?;
        let grant = Grants::<T>::get(record, &subject).filter(|grant| grant.reply == reply);
        let (kept, came) = match &grant {
            Some(grant) => {
                let custody = Custodies::<T>::get(record).ok_or(Error::<T>::RecordNotEntrusted)?;
                (Shares::of(custody), Self::numbers_of(grant))
            }
            None => {
                let ended = EndedGrants::<T>::get(record, (subject.clone(), reply));
                let ended = ended.ok_or(Error::<T>::AccessNotFound)?;
                let kept = Self::shares_of_dealing(record, ended.dealing);
                (kept.ok_or(Error::<T>::AccessNotFound)?, ended.numbers)
            }
        };
        let number = kept.number_of(&custodian).ok_or(Error::<T>::ShareNotFound)?;
        ensure!(custodian != subject, Error::<T>::OwnShare);
        ensure!(!came.contains(&number), Error::<T>::ShareAlreadyDelivered);
        let parcel = Parcel { record, patient, subject, custodian, reply, number };
        let verified = Self::verify(&kept, &parcel, delivery)?;
        // Checked last: whoever sent it, the share stands in a block now.
        let has_role = pallet_emr::Pallet::<T>::has_role(&parcel.custodian, Role::Custodian);
        match grant {
            Some(grant) if has_role => {
                Ok((Self::accept(&kept, grant, parcel, verified)?, Pays::No))
            }
            _ => {
                Self::expose(&kept, parcel, has_role)?;
                // Otherwise an account without the role could fill blocks for nothing.
                let pays = if has_role { Pays::No } else { Pays::Yes };
                Ok((<T as Config>::WeightInfo::deliver_share(), pays))
            }
        }
    }

    /// The numbers of the shares that came under a grant.
    pub(crate) fn numbers_of(grant: &GrantOf<T>) -> BoundedVec<u8, T::MaxCustodians> {
        let numbers = grant.deliveries.iter().map(|delivery| delivery.number).collect();
        BoundedVec::truncate_from(numbers)
    }

    /// The shares of a dealing, if the record is entrusted with it, or was a short time ago.
    fn shares_of_dealing(record: RecordId, dealing: DealingId) -> Option<Shares<T>> {
        let present = Custodies::<T>::get(record).filter(|custody| custody.dealing.id == dealing);
        present.map(Shares::of).or_else(|| {
            let ended = EndedCustodies::<T>::get(record, dealing)?;
            Some(Shares::of_ended(dealing, ended))
        })
    }

    /// Verifies that a delivery is the custodian's share, encrypted to the reply key.
    fn verify(
        kept: &Shares<T>,
        parcel: &Parcel<AccountIdOf<T>>,
        delivery: &Delivery,
    ) -> Result<VerifiedDelivery, DispatchError> {
        let key = Custodians::<T>::get(&parcel.custodian).ok_or(Error::<T>::CustodianNotFound)?.key;
        let share = EntrustedShare {
            dealing: kept.dealing,
            number: parcel.number,
            key,
            ephemeral: kept.ephemeral,
            share: kept.share(parcel.number).ok_or(Error::<T>::ShareNotFound)?,
        };
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
        kept: &Shares<T>,
        grant: GrantOf<T>,
        parcel: Parcel<AccountIdOf<T>>,
        delivery: VerifiedDelivery,
    ) -> Result<Weight, DispatchError> {
        let Parcel { record, patient, subject, .. } = &parcel;
        let base = <T as Config>::WeightInfo::deliver_share();
        let ending = base.saturating_add(<T as Config>::WeightInfo::expire_grant());
        let emergency = emergency_of(grant.basis);
        if grant.until < frame_system::Pallet::<T>::block_number() {
            Self::end_over(*record, patient, subject, grant.basis, EndReason::Expired)?;
            Self::expose(kept, parcel, true)?;
            return Ok(ending.saturating_add(of_draw(grant.basis, T::Committees::weight())));
        }
        let Answer { result, weight } = match grant.basis {
            Basis::Policy { purpose } => Self::ask_policy(patient, subject, *record, purpose),
            Basis::Emergency { emergency } => {
                Self::is_still_allowed(emergency, patient, subject, *record)
            }
            Basis::Draw { request } => {
                let placed = T::Committees::weight();
                let Some(place) = Self::place_of(subject, request, *record) else {
                    let (basis, reason) = (grant.basis, EndReason::PlaceEnded);
                    Self::end_over(*record, patient, subject, basis, reason)?;
                    Self::expose(kept, parcel, true)?;
                    return Ok(ending.saturating_add(placed.saturating_mul(2)));
                };
                let Answer { result, weight } =
                    Self::ask_to_infer(patient, subject, *record, place.model);
                Answer { result, weight: weight.saturating_add(placed) }
            }
        };
        if let Err(reason) = result {
            Self::end_grant(*record, patient, subject, EndReason::Refused)?;
            if let Basis::Policy { purpose } = grant.basis {
                let event = Event::AccessDenied {
                    record: *record,
                    patient: patient.clone(),
                    subject: subject.clone(),
                    purpose,
                    reason,
                };
                Self::deposit_logged(patient, event);
            }
            Self::expose(kept, parcel, true)?;
            return Ok(ending.saturating_add(weight));
        }
        if let Some(emergency) = emergency {
            Self::count_delivery(emergency);
        }
        let noted = of_draw(grant.basis, T::Committees::note_weight());
        Self::store_delivery(kept, grant, parcel, delivery)?;
        Ok(base.saturating_add(weight).saturating_add(noted))
    }

    /// Adds a share to a grant, and pays for it if it is needed. What a drawn worker pays is noted.
    fn store_delivery(
        kept: &Shares<T>,
        mut grant: GrantOf<T>,
        parcel: Parcel<AccountIdOf<T>>,
        delivery: VerifiedDelivery,
    ) -> DispatchResult {
        let delivered = grant.deliveries.len() as u32;
        let paid = Self::settle_fee(kept, &parcel, &mut grant.fees, delivered, true)?;
        if let Basis::Draw { request } = grant.basis {
            T::Committees::note_paid(&parcel.subject, request, paid);
        }
        let Parcel { record, patient, subject, custodian, reply: _, number } = parcel;
        grant
            .deliveries
            .try_push(NumberedDelivery { number, delivery })
            .map_err(|_| Error::<T>::ShareAlreadyDelivered)?;
        let delivered = grant.deliveries.len() as u32;
        Grants::<T>::insert(record, &subject, grant);
        let event = Event::ShareDelivered {
            record,
            patient: patient.clone(),
            subject,
            custodian,
            delivered,
            threshold: kept.threshold.into(),
        };
        Self::deposit_logged(&patient, event);
        Ok(())
    }

    /// Logs a share that a custodian could not, or not any more, deliver: its reader can open it.
    ///
    /// If its grant ended, the share counts for the emergency, and is paid from what is left of
    /// the fees, unless the custodian has lost its role. While the grant goes on, it does not
    /// count: the custodian could send it again and again.
    fn expose(kept: &Shares<T>, parcel: Parcel<AccountIdOf<T>>, has_role: bool) -> DispatchResult {
        let name = (parcel.subject.clone(), parcel.reply);
        if let Some(mut ended) = EndedGrants::<T>::get(parcel.record, &name) {
            let delivered = ended.numbers.len() as u32;
            let in_time = frame_system::Pallet::<T>::block_number() <= ended.until;
            let earned = has_role && in_time;
            Self::settle_fee(kept, &parcel, &mut ended.fees, delivered, earned)?;
            ended.numbers.try_push(parcel.number).map_err(|_| Error::<T>::ShareAlreadyDelivered)?;
            if let Some(emergency) = ended.emergency {
                Self::count_delivery(emergency);
            }
            EndedGrants::<T>::insert(parcel.record, &name, ended);
        }
        let Parcel { record, patient, subject, custodian, .. } = parcel;
        let event = Event::ShareExposed { record, patient: patient.clone(), subject, custodian };
        Self::deposit_logged(&patient, event);
        Ok(())
    }

    /// Pays the next custodian out of the fees that are left, where `delivered` came before. If it
    /// has not `earned` its part, the reader gets that back. Returns what the custodian got.
    ///
    /// They are for the shares that are missing: each gets its part, and the last one the rest.
    fn settle_fee(
        kept: &Shares<T>,
        parcel: &Parcel<AccountIdOf<T>>,
        fees: &mut BalanceOf<T>,
        delivered: u32,
        earned: bool,
    ) -> Result<BalanceOf<T>, DispatchError> {
        let missing = u32::from(kept.threshold).saturating_sub(delivered);
        let Some(fee) = fees.checked_div(&missing.into()) else { return Ok(Zero::zero()) };
        fees.saturating_reduce(fee);
        if !earned {
            Self::release(HoldReason::Grant, &parcel.subject, fee)?;
            return Ok(Zero::zero());
        }
        let is_paid = Self::pay(HoldReason::Grant, &parcel.subject, &parcel.custodian, fee)?;
        Ok(if is_paid { fee } else { Zero::zero() })
    }

    /// Counts a share for the review of its emergency, if that is not closed.
    fn count_delivery(emergency: EmergencyId) {
        Emergencies::<T>::mutate_extant(emergency, |entry| {
            entry.deliveries = entry.deliveries.saturating_add(1);
        });
    }
}

/// This weight for access that is based on a draw, and nothing for any other.
fn of_draw(basis: Basis, weight: Weight) -> Weight {
    match basis {
        Basis::Draw { .. } => weight,
        Basis::Policy { .. } | Basis::Emergency { .. } => Weight::zero(),
    }
}

/// The emergency that a grant is based on, if it is.
pub(crate) fn emergency_of(basis: Basis) -> Option<EmergencyId> {
    match basis {
        Basis::Emergency { emergency } => Some(emergency),
        Basis::Policy { .. } | Basis::Draw { .. } => None,
    }
}
