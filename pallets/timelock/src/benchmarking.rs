//! Benchmarks of every call, each with the longest call.

use alloc::{boxed::Box, vec};
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::traits::{EnsureOrigin, Get};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use medchain_primitives::ChangeId;
use sp_runtime::traits::{One, Saturating};

use crate::*;

/// A call of `MaxCallBytes` bytes.
fn longest<T: Config>() -> Box<<T as Config>::RuntimeCall> {
    let call = |length| -> <T as Config>::RuntimeCall {
        frame_system::Call::<T>::remark { remark: vec![0; length] }.into()
    };
    let most = T::MaxCallBytes::get() as usize;
    let overhead = call(most).encoded_size().saturating_sub(most);
    Box::new(call(most.saturating_sub(overhead)))
}

fn announced<T: Config>() -> Result<ChangeId, BenchmarkError> {
    let origin =
        T::AnnounceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
    let change = NextChangeId::<T>::get();
    Pallet::<T>::announce(origin, longest::<T>())?;
    Ok(change)
}

fn pass<T: Config>(blocks: BlockNumberFor<T>) {
    let now = frame_system::Pallet::<T>::block_number();
    frame_system::Pallet::<T>::set_block_number(now.saturating_add(blocks));
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn announce() -> Result<(), BenchmarkError> {
        let origin =
            T::AnnounceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
        let change = NextChangeId::<T>::get();

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, longest::<T>());

        assert!(Changes::<T>::contains_key(change));
        Ok(())
    }

    #[benchmark]
    fn cancel() -> Result<(), BenchmarkError> {
        let change = announced::<T>()?;
        let origin =
            T::CancelOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, change);

        assert!(!Changes::<T>::contains_key(change));
        Ok(())
    }

    #[benchmark]
    fn enact() -> Result<(), BenchmarkError> {
        let change = announced::<T>()?;
        pass::<T>(Pallet::<T>::delay());
        let caller: T::AccountId = account("caller", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), change);

        assert!(!Changes::<T>::contains_key(change));
        Ok(())
    }

    #[benchmark]
    fn remove_expired() -> Result<(), BenchmarkError> {
        let change = announced::<T>()?;
        let period = Pallet::<T>::delay().saturating_add(T::EnactPeriod::get());
        pass::<T>(period.saturating_add(One::one()));
        let caller: T::AccountId = account("caller", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), change);

        assert!(!Changes::<T>::contains_key(change));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, mock::chain(), mock::Test);
}
