//! Sudo for development chains, batches, proxies such as caretakers, and accounts with several
//! signatories.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::{ConstU128, ConstU32, InstanceFilter};
use scale_info::TypeInfo;
use sp_runtime::traits::BlakeTwo256;

use crate::*;

impl pallet_sudo::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}

impl pallet_utility::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type PalletsOrigin = OriginCaller;
    type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}

/// The calls that a proxy may make on behalf of the account that appointed it.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum ProxyType {
    /// All calls.
    #[default]
    #[codec(index = 0)]
    Any,
    /// A caretaker, who adds and amends records and updates the profile of a patient.
    ///
    /// It cannot order verdicts. The deposits for its records are held from the patient. It
    /// chooses the readers of the records that it adds; only the patient decides who may read
    /// the others, and what is erased.
    #[codec(index = 1)]
    Records,
    /// A worker's hot key, which answers requests, disputes answers, and can do nothing else.
    #[codec(index = 2)]
    Inference,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
    fn filter(&self, call: &RuntimeCall) -> bool {
        match self {
            ProxyType::Any => true,
            ProxyType::Records => matches!(
                call,
                RuntimeCall::Emr(
                    pallet_emr::Call::add_record { inference: None, .. }
                        | pallet_emr::Call::amend_record { .. }
                        | pallet_emr::Call::update_profile { .. }
                )
            ),
            ProxyType::Inference => matches!(
                call,
                RuntimeCall::Inference(
                    pallet_inference::Call::draw_workers { .. }
                        | pallet_inference::Call::commit_answer { .. }
                        | pallet_inference::Call::reveal_answer { .. }
                        | pallet_inference::Call::submit_answer { .. }
                        | pallet_inference::Call::report_failure { .. }
                        | pallet_inference::Call::challenge_verdict { .. }
                ) | RuntimeCall::Disputes(_)
            ),
        }
    }

    fn is_superset(&self, other: &Self) -> bool {
        self == other || *self == ProxyType::Any
    }
}

impl pallet_proxy::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type Currency = Balances;
    type ProxyType = ProxyType;
    type ProxyDepositBase = ConstU128<{ deposit(1, 8) }>;
    type ProxyDepositFactor = ConstU128<{ deposit(0, 33) }>;
    type MaxProxies = ConstU32<32>;
    type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
    type MaxPending = ConstU32<32>;
    type CallHasher = BlakeTwo256;
    type AnnouncementDepositBase = ConstU128<{ deposit(1, 8) }>;
    type AnnouncementDepositFactor = ConstU128<{ deposit(0, 66) }>;
    type BlockNumberProvider = System;
}

impl pallet_multisig::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type Currency = Balances;
    type DepositBase = ConstU128<{ deposit(1, 88) }>;
    type DepositFactor = ConstU128<{ deposit(0, 32) }>;
    type MaxSignatories = ConstU32<100>;
    type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
    type BlockNumberProvider = System;
}
