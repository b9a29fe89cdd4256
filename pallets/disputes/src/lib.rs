//! Disputes between two workers with different answers, down to one value that the chain computes.
//!
//! Each round both players say more about the first place where what they computed differs, until
//! something is left that the chain can compute. Whoever claimed it stands, whoever did not, or
//! does not move in time, has lost. `medchain-disputes` has the game, and
//! `docs/adr/0022-disputes.md` says what it reveals and what it does not protect from.
//!
//! The pallet holds no funds and knows no records: another pallet, the [`Client`], begins a
//! dispute, sets the deadline of each round, and learns who stands at the end.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(any(test, feature = "runtime-benchmarks")),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unreachable
    )
)]

extern crate alloc;

mod client;
mod impl_game;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
#[allow(clippy::expect_used, clippy::unreachable, reason = "FRAME's macros generate such code")]
pub mod pallet {
    use super::*;
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use medchain_disputes::{Leaf, Move, Nodes, Opening, Roots, Secret, Sums};
    use medchain_primitives::RequestId;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// The disputes pallet.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The parameters that the runtime sets.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The pallet that begins disputes, and learns who stands at the end.
        type Client: Client<Self::AccountId, BlockNumberFor<Self>>;

        /// The weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// Open disputes, by the request whose answers differ.
    #[pallet::storage]
    pub type Disputes<T: Config> = StorageMap<_, Twox64Concat, RequestId, DisputeOf<T>>;

    /// The events of this pallet.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Two workers settle whose answer is right.
        DisputeStarted {
            /// The request.
            request: RequestId,
            /// The two workers.
            players: [T::AccountId; 2],
            /// The last block in which they can make the first move.
            deadline: BlockNumberFor<T>,
        },
        /// A player made its move of a round.
        MoveMade {
            /// The request.
            request: RequestId,
            /// The player.
            player: T::AccountId,
        },
        /// Both players have moved, and differ in something smaller: the next round.
        RoundStarted {
            /// The request.
            request: RequestId,
            /// The last block in which they can move.
            deadline: BlockNumberFor<T>,
        },
        /// A dispute is over.
        DisputeSettled {
            /// The request.
            request: RequestId,
            /// The player who stands, if one does.
            winner: Option<T::AccountId>,
            /// The players who claimed what is wrong, or did not move in time.
            losers: LosersOf<T>,
            /// Whether it ended because somebody did not move in time.
            timed_out: bool,
        },
        /// A dispute was ended before anybody had lost.
        DisputeAbandoned {
            /// The request.
            request: RequestId,
        },
    }

    /// The errors of this pallet.
    #[pallet::error]
    pub enum Error<T> {
        /// No open dispute about this request exists.
        DisputeNotFound,
        /// A dispute about this request is open already.
        DisputeAlreadyExists,
        /// The signer is not one of the two players.
        NotPlayer,
        /// The time for this round is over. Call `Inference::settle_overdue`.
        DeadlinePassed,
        /// This round asks for another kind of move: look at the `stage` of the dispute.
        WrongMove,
        /// The signer has moved in this round already.
        AlreadyMoved,
        /// Something in the move does not have the length or number that the network demands.
        WrongSize,
        /// The move contradicts what the signer has claimed before.
        Inconsistent,
        /// What the move shows is not proven by the roots that it refers to.
        NotProven,
        /// The secret is not the one that the record's uploader committed to.
        WrongSecret,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    /// The calls of this pallet.
    ///
    /// `medchain-worker` makes all of these moves by itself.
    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Shows the roots of everything that the player computed.
        ///
        /// ## Dispatch origin
        /// Signed by a player of the dispute who has not moved in this round.
        ///
        /// ## Parameters
        /// - `roots`: one salted root for each layer, first to last.
        ///
        /// ## Errors
        /// - `DisputeNotFound`, `NotPlayer`, `DeadlinePassed`: the signer cannot move.
        /// - `WrongMove`, `AlreadyMoved`: not now.
        /// - `WrongSize`: there are not as many roots as layers.
        ///
        /// ## Events
        /// - `MoveMade`; `RoundStarted` if both have moved.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::show_roots())]
        pub fn show_roots(
            origin: OriginFor<T>,
            request: RequestId,
            roots: Roots,
        ) -> DispatchResult {
            Self::do_move(&ensure_signed(origin)?, request, Move::Roots(roots))?;
            Ok(())
        }

        /// Shows the nodes below the node on which the players differ.
        ///
        /// ## Dispatch origin
        /// Signed by a player of the dispute who has not moved in this round.
        ///
        /// ## Parameters
        /// - `nodes`: all nodes eight levels below it, or the leaves where there are fewer levels.
        ///
        /// ## Errors
        /// - `DisputeNotFound`, `NotPlayer`, `DeadlinePassed`: the signer cannot move.
        /// - `WrongMove`, `AlreadyMoved`: not now.
        /// - `WrongSize`: there are more or fewer nodes.
        /// - `Inconsistent`: they do not make the node that the signer claimed.
        ///
        /// ## Events
        /// - `MoveMade`; `RoundStarted` or `DisputeSettled` if both have moved.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::show_nodes().saturating_add(T::Client::settled_weight()))]
        pub fn show_nodes(
            origin: OriginFor<T>,
            request: RequestId,
            nodes: Nodes,
        ) -> DispatchResultWithPostInfo {
            let ended = Self::do_move(&ensure_signed(origin)?, request, Move::Nodes(nodes))?;
            // The rest is for the one move in many that ends a dispute here.
            Ok((!ended.0).then(T::WeightInfo::show_nodes).into())
        }

        /// Shows the first leaf on which the players differ: one pixel, or the logits.
        ///
        /// ## Dispatch origin
        /// Signed by a player of the dispute who has not moved in this round.
        ///
        /// ## Parameters
        /// - `leaf`: the values with their salt.
        ///
        /// ## Errors
        /// - `DisputeNotFound`, `NotPlayer`, `DeadlinePassed`: the signer cannot move.
        /// - `WrongMove`, `AlreadyMoved`: not now.
        /// - `WrongSize`: there are more or fewer values.
        /// - `Inconsistent`: their hash is not the one that the signer claimed.
        ///
        /// ## Events
        /// - `MoveMade`; `RoundStarted` if both have moved.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::show_leaf(leaf.bytes.len() as u32))]
        pub fn show_leaf(origin: OriginFor<T>, request: RequestId, leaf: Leaf) -> DispatchResult {
            Self::do_move(&ensure_signed(origin)?, request, Move::Leaf(leaf))?;
            Ok(())
        }

        /// Shows the sums that make a value of a fully connected layer.
        ///
        /// ## Dispatch origin
        /// Signed by a player of the dispute who has not moved in this round.
        ///
        /// ## Parameters
        /// - `sums`: one for each pixel, with the proven bias and shift.
        ///
        /// ## Errors
        /// - `DisputeNotFound`, `NotPlayer`, `DeadlinePassed`: the signer cannot move.
        /// - `WrongMove`, `AlreadyMoved`: not now.
        /// - `WrongSize`: there are not as many sums as pixels.
        /// - `NotProven`: bias and shift are not those of the network.
        /// - `Inconsistent`: they do not make the value that the signer claimed.
        ///
        /// ## Events
        /// - `MoveMade`; `RoundStarted` if both have moved.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::show_sums(sums.pieces.len() as u32))]
        pub fn show_sums(origin: OriginFor<T>, request: RequestId, sums: Sums) -> DispatchResult {
            Self::do_move(&ensure_signed(origin)?, request, Move::Sums(sums))?;
            Ok(())
        }

        /// Opens the value on which the players differ: the chain computes it.
        ///
        /// The inputs become public for ever: activations under one window, or, in the first
        /// layer, some rows of the square.
        ///
        /// ## Dispatch origin
        /// Signed by either player of the dispute.
        ///
        /// ## Parameters
        /// - `opening`: inputs and weights with their proofs.
        ///
        /// ## Errors
        /// - `DisputeNotFound`, `NotPlayer`, `DeadlinePassed`: the signer cannot move.
        /// - `WrongMove`: not now.
        /// - `NotProven`: something is missing, surplus, or not what the roots say.
        ///
        /// ## Events
        /// - `MoveMade`, `DisputeSettled`.
        #[pallet::call_index(4)]
        #[pallet::weight(
            T::WeightInfo::open_value(shown_bytes(opening))
                .saturating_add(T::Client::settled_weight())
        )]
        pub fn open_value(
            origin: OriginFor<T>,
            request: RequestId,
            opening: Opening,
        ) -> DispatchResult {
            Self::do_move(&ensure_signed(origin)?, request, Move::Opening(opening))?;
            Ok(())
        }

        /// Opens the secret of the record's verdicts: the chain computes the answer, or a salt.
        ///
        /// The verdicts on this version of the record become public for ever. The patient can
        /// end the dispute before, with `Inference::annul_dispute`.
        ///
        /// ## Dispatch origin
        /// Signed by either player of the dispute.
        ///
        /// ## Parameters
        /// - `secret`: the verdict root, and the logits if the answer itself is disputed.
        ///
        /// ## Errors
        /// - `DisputeNotFound`, `NotPlayer`, `DeadlinePassed`: the signer cannot move.
        /// - `WrongMove`: not now.
        /// - `WrongSecret`: it is not the root that the uploader committed to.
        /// - `WrongSize`: the logits are missing.
        /// - `NotProven`: they are not the logits that both players have claimed.
        ///
        /// ## Events
        /// - `MoveMade`, `DisputeSettled`.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::open_secret().saturating_add(T::Client::settled_weight()))]
        pub fn open_secret(
            origin: OriginFor<T>,
            request: RequestId,
            secret: Secret,
        ) -> DispatchResult {
            Self::do_move(&ensure_signed(origin)?, request, Move::Secret(secret))?;
            Ok(())
        }
    }
}
