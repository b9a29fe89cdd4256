//! How disputes begin, go on and end.

use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use medchain_disputes::{Game, Move, Progress, Refused, Side, Spec, Standing};
use medchain_primitives::RequestId;

use crate::{
    AccountIdOf, Client, Config, Dispute, DisputeOf, Disputes, Error, Event, LosersOf, Pallet,
};

/// Whether a move has ended the dispute.
pub(crate) struct Ended(pub bool);

impl<T: Config> Pallet<T> {
    /// Begins a dispute between two workers whose answers `spec` holds in the same order.
    ///
    /// # Errors
    /// `DisputeAlreadyExists`.
    pub fn begin(players: [AccountIdOf<T>; 2], spec: Spec) -> DispatchResult {
        let request = spec.request;
        ensure!(!Disputes::<T>::contains_key(request), Error::<T>::DisputeAlreadyExists);
        let dispute = Dispute { players: players.clone(), game: Game::new(spec) };
        Disputes::<T>::insert(request, dispute);
        let deadline = T::Client::begin_round(request);
        Self::deposit_event(Event::DisputeStarted { request, players, deadline });
        Ok(())
    }

    /// Ends a dispute because the time of its round is over.
    ///
    /// # Errors
    /// `DisputeNotFound`, and what the client refuses.
    pub fn time_out(request: RequestId) -> DispatchResult {
        let dispute = Disputes::<T>::get(request).ok_or(Error::<T>::DisputeNotFound)?;
        let standing = dispute.game.timed_out();
        Self::settle(request, dispute, standing, true)
    }

    /// Ends a dispute without a loser, if there is one.
    pub fn abandon(request: RequestId) {
        if Disputes::<T>::take(request).is_some() {
            Self::deposit_event(Event::DisputeAbandoned { request });
        }
    }

    pub(crate) fn do_move(
        who: &AccountIdOf<T>,
        request: RequestId,
        made: Move,
    ) -> Result<Ended, DispatchError> {
        let mut dispute = Disputes::<T>::get(request).ok_or(Error::<T>::DisputeNotFound)?;
        let side = dispute.side_of(who).ok_or(Error::<T>::NotPlayer)?;
        ensure!(!T::Client::is_overdue(request), Error::<T>::DeadlinePassed);
        let progress = dispute.game.play(side, made).map_err(Error::<T>::from)?;
        Self::deposit_event(Event::MoveMade { request, player: who.clone() });
        match progress {
            Progress::Waiting => {
                Disputes::<T>::insert(request, dispute);
            }
            Progress::Next => {
                Disputes::<T>::insert(request, dispute);
                let deadline = T::Client::begin_round(request);
                Self::deposit_event(Event::RoundStarted { request, deadline });
            }
            Progress::Over(standing) => {
                Self::settle(request, dispute, standing, false)?;
                return Ok(Ended(true));
            }
        }
        Ok(Ended(false))
    }

    fn settle(
        request: RequestId,
        dispute: DisputeOf<T>,
        standing: Standing,
        timed_out: bool,
    ) -> DispatchResult {
        Disputes::<T>::remove(request);
        let players = Side::BOTH.into_iter().zip(dispute.players);
        let (stand, lost): (Vec<_>, Vec<_>) = players.partition(|(side, _)| *side.of(&standing.0));
        let winner = stand.into_iter().next().map(|(_, player)| player);
        let losers =
            LosersOf::<T>::truncate_from(lost.into_iter().map(|(_, player)| player).collect());
        Self::deposit_event(Event::DisputeSettled {
            request,
            winner: winner.clone(),
            losers: losers.clone(),
            timed_out,
        });
        T::Client::settled(request, &losers, winner.as_ref())
    }
}

impl<T> From<Refused> for Error<T> {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::WrongMove => Self::WrongMove,
            Refused::AlreadyMoved => Self::AlreadyMoved,
            Refused::WrongSize => Self::WrongSize,
            Refused::Inconsistent => Self::Inconsistent,
            Refused::NotProven => Self::NotProven,
            Refused::WrongSecret => Self::WrongSecret,
        }
    }
}

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
    /// Checks that every dispute is about its request, between two players with two answers.
    ///
    /// # Errors
    /// What is wrong.
    pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
        for (request, dispute) in Disputes::<T>::iter() {
            let [first, second] = &dispute.players;
            ensure!(first != second, "a dispute has one player");
            let spec = &dispute.game.spec;
            ensure!(spec.request == request, "a dispute is about another request");
            let [one, other] = &spec.answers;
            ensure!(one != other, "there is nothing to dispute");
            ensure!(spec.network.check().is_ok(), "a dispute is about no network");
        }
        Ok(())
    }
}
