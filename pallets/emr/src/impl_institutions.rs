//! Institutions, and the providers that their registrars appoint for a term.

use frame_support::{ensure, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{Appointment, InstitutionId, InstitutionName, Role};
use sp_runtime::{traits::Saturating, DispatchResult};

use crate::{
    AccountIdOf, AppointmentOf, Config, Error, Event, Institution, InstitutionOf, Institutions,
    NextInstitutionId, Pallet, Providers,
};

impl<T: Config> Pallet<T> {
    /// The appointment of an account to a role, if it is in force.
    ///
    /// It is not once its term is over, or its institution was removed.
    pub fn appointment(account: &AccountIdOf<T>, role: Role) -> Option<AppointmentOf<T>> {
        let appointment = Providers::<T>::get(account, role)?;
        let now = frame_system::Pallet::<T>::block_number();
        (now <= appointment.until && Institutions::<T>::contains_key(appointment.institution))
            .then_some(appointment)
    }

    /// Whether an account has a role now.
    pub fn has_role(account: &AccountIdOf<T>, role: Role) -> bool {
        Self::appointment(account, role).is_some()
    }

    pub(crate) fn do_admit(name: InstitutionName, registrar: AccountIdOf<T>) -> DispatchResult {
        ensure!(
            !name.is_empty() && core::str::from_utf8(&name).is_ok(),
            Error::<T>::InvalidInstitutionName
        );
        let institution = NextInstitutionId::<T>::get();
        let next = institution.0.checked_add(1).ok_or(Error::<T>::InstitutionIdsExhausted)?;
        NextInstitutionId::<T>::put(InstitutionId(next));
        let entry = Institution { name: name.clone(), registrar: registrar.clone() };
        Institutions::<T>::insert(institution, entry);
        Self::deposit_event(Event::InstitutionAdmitted { institution, name, registrar });
        Ok(())
    }

    pub(crate) fn do_remove_institution(institution: InstitutionId) -> DispatchResult {
        Institutions::<T>::take(institution).ok_or(Error::<T>::InstitutionNotFound)?;
        Self::deposit_event(Event::InstitutionRemoved { institution });
        Ok(())
    }

    /// Gives an institution another registrar. `signer` is `None` for governance.
    pub(crate) fn do_set_registrar(
        signer: Option<AccountIdOf<T>>,
        institution: InstitutionId,
        registrar: AccountIdOf<T>,
    ) -> DispatchResult {
        let mut entry = Self::institution(institution)?;
        ensure!(signer.is_none_or(|signer| signer == entry.registrar), Error::<T>::NotRegistrar);
        let old = core::mem::replace(&mut entry.registrar, registrar.clone());
        Institutions::<T>::insert(institution, entry);
        Self::deposit_event(Event::RegistrarSet { institution, old, new: registrar });
        Ok(())
    }

    pub(crate) fn do_add_provider(
        registrar: &AccountIdOf<T>,
        institution: InstitutionId,
        account: AccountIdOf<T>,
        role: Role,
        until: BlockNumberFor<T>,
    ) -> DispatchResult {
        Self::ensure_registrar(institution, registrar)?;
        Self::ensure_term(until)?;
        ensure!(!Self::has_role(&account, role), Error::<T>::ProviderAlreadyExists);
        Providers::<T>::insert(&account, role, Appointment { institution, until });
        Self::deposit_event(Event::ProviderAdded { account, role, institution, until });
        Ok(())
    }

    pub(crate) fn do_renew_provider(
        registrar: &AccountIdOf<T>,
        account: AccountIdOf<T>,
        role: Role,
        until: BlockNumberFor<T>,
    ) -> DispatchResult {
        let Appointment { institution, until: old } =
            Providers::<T>::get(&account, role).ok_or(Error::<T>::ProviderNotFound)?;
        Self::ensure_registrar(institution, registrar)?;
        Self::ensure_term(until)?;
        Providers::<T>::insert(&account, role, Appointment { institution, until });
        Self::deposit_event(Event::ProviderRenewed { account, role, old, new: until });
        Ok(())
    }

    /// Removes a role from a provider. `signer` is `None` for governance.
    pub(crate) fn do_remove_provider(
        signer: Option<AccountIdOf<T>>,
        account: AccountIdOf<T>,
        role: Role,
    ) -> DispatchResult {
        let appointment =
            Providers::<T>::get(&account, role).ok_or(Error::<T>::ProviderNotFound)?;
        if let Some(signer) = signer.filter(|signer| *signer != account) {
            // The registrar of a removed institution is none.
            let registrar =
                Institutions::<T>::get(appointment.institution).map(|entry| entry.registrar);
            ensure!(registrar == Some(signer), Error::<T>::NotRegistrar);
        }
        Providers::<T>::remove(&account, role);
        Self::deposit_event(Event::ProviderRemoved { account, role });
        Ok(())
    }

    fn institution(institution: InstitutionId) -> Result<InstitutionOf<T>, Error<T>> {
        Institutions::<T>::get(institution).ok_or(Error::<T>::InstitutionNotFound)
    }

    fn ensure_registrar(institution: InstitutionId, signer: &AccountIdOf<T>) -> DispatchResult {
        let entry = Self::institution(institution)?;
        ensure!(entry.registrar == *signer, Error::<T>::NotRegistrar);
        Ok(())
    }

    fn ensure_term(until: BlockNumberFor<T>) -> DispatchResult {
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(
            until > now && until <= now.saturating_add(T::MaxTerm::get()),
            Error::<T>::InvalidTerm
        );
        Ok(())
    }
}
