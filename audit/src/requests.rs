//! The states of requests for predictions, in words.

use medchain_primitives::{FailureCause, RequestId, RequestStatus};

/// How far a request is, as one word.
pub fn state(status: RequestStatus) -> &'static str {
    match status {
        RequestStatus::Drawing => "drawing",
        RequestStatus::Sealing => "sealing",
        RequestStatus::Committing => "committing",
        RequestStatus::Revealing => "revealing",
        RequestStatus::Answered => "answered",
        RequestStatus::Disputed => "disputed",
        RequestStatus::Failed { .. } => "failed",
        RequestStatus::Cancelled => "cancelled",
        RequestStatus::Expired => "expired",
    }
}

/// How a request ended without a verdict, as a sentence; none where it has one, or may
/// still get one.
pub fn ended(request: RequestId, status: RequestStatus) -> Option<String> {
    let how = match status {
        RequestStatus::Drawing
        | RequestStatus::Sealing
        | RequestStatus::Committing
        | RequestStatus::Revealing
        | RequestStatus::Answered
        | RequestStatus::Disputed => return None,
        RequestStatus::Failed { cause } => failed(cause),
        RequestStatus::Cancelled => {
            return Some(format!(
                "request {request} has no verdict: it was cancelled, or the patient ended the \
                 dispute about it; fees that nobody had earned were released"
            ))
        }
        RequestStatus::Expired => {
            "nobody drew workers for it, or sealed the key to them, in time".to_owned()
        }
    };
    Some(format!("request {request} has no verdict: {how}; the fees were released"))
}

fn failed(cause: FailureCause) -> String {
    match cause {
        FailureCause::Reported(code) => {
            format!("too many workers could not answer, the last one because: {code}")
        }
        FailureCause::NotAnswered => "too many workers did not answer".to_owned(),
        FailureCause::NotRevealed => {
            "a worker committed to an answer and did not show it".to_owned()
        }
        FailureCause::TooFewWorkers => {
            "too few workers run the model and may open the record".to_owned()
        }
        FailureCause::NobodyRight => {
            "its workers' answers differed, and none of them could defend its own".to_owned()
        }
        FailureCause::NotSettled => {
            "its workers' answers differed, and the record is gone, or what the chain needs to \
             settle which was right"
                .to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use medchain_primitives::FailureCode;

    use super::*;

    #[test]
    fn whatever_is_over_without_a_verdict_says_why() {
        use RequestStatus as S;
        let says = |status| ended(RequestId(7), status).unwrap_or_default();
        for open in [S::Drawing, S::Sealing, S::Committing, S::Revealing, S::Answered, S::Disputed]
        {
            assert_eq!(says(open), "");
        }
        let cause = FailureCause::Reported(FailureCode::InputMismatch);
        assert!(says(S::Failed { cause }).contains("input-mismatch"));
        assert!(says(S::Failed { cause: FailureCause::TooFewWorkers }).contains("too few"));
        assert!(says(S::Failed { cause: FailureCause::NobodyRight }).contains("none of them"));
        assert!(says(S::Failed { cause: FailureCause::NotSettled }).contains("is gone"));
        for (status, words) in [(S::Cancelled, "cancelled"), (S::Expired, "in time")] {
            assert!(says(status).starts_with("request 7 has no verdict"));
            assert!(says(status).contains(words));
        }
    }
}
