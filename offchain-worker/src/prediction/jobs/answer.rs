//! Which answer follows from a sealed output.

use medchain_client::{
    chain::{AnswerSalt, SealedAnswer},
    crypto::answer_commitment,
    AccountId32,
};
use medchain_disputes::Move;

use super::job::{Answer, Job};

impl Answer {
    /// Whether it makes public what opens every verdict on the version of the record.
    pub fn shows_secret(&self) -> bool {
        matches!(self, Self::Move(made) if matches!(**made, Move::Secret(_)))
    }

    /// What follows first from a sealed output: a worker that was named shows it at once. One
    /// that was drawn commits to it, so that no other can copy it, and so that it is paid even if
    /// the patient revokes consent or erases the record on seeing the answer in the pool.
    pub fn first(job: &Job, me: &AccountId32, sealed: SealedAnswer, salt: &AnswerSalt) -> Self {
        match job.is_shown_at_once() {
            true => Self::Sealed(sealed),
            false => Self::Commitment(answer_commitment(job.request, &me.0, &sealed, salt)),
        }
    }

    /// The reveal of a sealed output; `None` where it is not the one that the job's
    /// commitment is for. The chain would refuse that, for a fee.
    pub fn reveal(
        job: &Job,
        me: &AccountId32,
        sealed: SealedAnswer,
        salt: AnswerSalt,
    ) -> Option<Self> {
        let shown = answer_commitment(job.request, &me.0, &sealed, &salt);
        (job.commitment == Some(shown)).then_some(Self::Reveal { sealed, salt })
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::AnswerCommitment;
    use medchain_primitives::{ModelId, RecordId, RequestId};

    use super::*;
    use crate::prediction::jobs::Phase;

    const ME: AccountId32 = AccountId32([1; 32]);
    const SALT: AnswerSalt = AnswerSalt([5; 32]);

    fn sealed(byte: u8) -> SealedAnswer {
        SealedAnswer::truncate_from(vec![byte; 30])
    }

    fn job(quorum: u8, commitment: Option<AnswerCommitment>) -> Job {
        Job {
            request: RequestId(3),
            phase: Phase::Answer,
            record: RecordId(1),
            patient: AccountId32([7; 32]),
            model: ModelId(0),
            quorum,
            named: false,
            deadline: 200,
            commitment,
            shows_answer: false,
        }
    }

    #[test]
    fn a_named_worker_shows_its_answer_at_once() {
        let named = Job { named: true, ..job(1, None) };
        let answer = Answer::first(&named, &ME, sealed(9), &SALT);
        assert_eq!(answer, Answer::Sealed(sealed(9)));
    }

    #[test]
    fn drawn_workers_commit_first_and_show_just_that() {
        // Also one alone: whoever sees an answer can erase the record before it is in a block.
        for quorum in [1, 2] {
            let first = Answer::first(&job(quorum, None), &ME, sealed(9), &SALT);
            let Answer::Commitment(commitment) = first else { panic!("{first:?}") };
            let job = job(quorum, Some(commitment));
            let shown = Answer::Reveal { sealed: sealed(9), salt: SALT };
            assert_eq!(Answer::reveal(&job, &ME, sealed(9), SALT), Some(shown));
            assert_eq!(Answer::reveal(&job, &ME, sealed(8), SALT), None);
            assert_eq!(Answer::reveal(&job, &ME, sealed(9), AnswerSalt([6; 32])), None);
            assert_eq!(Answer::reveal(&job, &AccountId32([2; 32]), sealed(9), SALT), None);
        }
    }
}
