//! Each thing is told once, and what concerns others is not told.

use medchain_client::chain::FailureCause;
use medchain_primitives::{FailureCode, ModelId, Receipt, RecordId, VerdictStatus};

use super::*;

const ME: AccountId32 = AccountId32([1; 32]);
const OTHER: AccountId32 = AccountId32([2; 32]);
const RECORD: RecordId = RecordId(5);

/// What events tell of a worker that these requests have chosen before and, if they are still
/// open, after them.
fn told(chosen: &[u64], events: &[ChainEvent]) -> Vec<Happened> {
    told_of(Involved { chosen: requests(chosen), ..Involved::default() }, events)
}

fn told_of(mut before: Involved, events: &[ChainEvent]) -> Vec<Happened> {
    before.hear(&ME, events, &Involved::default())
}

fn requests(numbers: &[u64]) -> BTreeSet<RequestId> {
    numbers.iter().copied().map(RequestId).collect()
}

fn verdict(request: u64, workers: &[AccountId32]) -> ChainEvent {
    ChainEvent::VerdictReached {
        request: RequestId(request),
        record: RECORD,
        model: ModelId(0),
        workers: workers.to_vec(),
        sealed: Default::default(),
        receipt: Receipt([0; 32]),
        challengeable_until: 99,
    }
}

#[test]
fn what_concerns_others_is_left_out() {
    let events = [
        verdict(1, &[OTHER]),
        ChainEvent::RequestCancelled { request: RequestId(1) },
        ChainEvent::WorkerMissed { request: RequestId(2), worker: OTHER },
        ChainEvent::AnswersDiffer {
            request: RequestId(1),
            record: RECORD,
            answers: vec![(OTHER, Default::default())],
        },
    ];
    assert_eq!(told(&[2, 3], &events), []);
}

#[test]
fn each_end_is_told_once() {
    let failed = |request| ChainEvent::InferenceFailed {
        request: RequestId(request),
        record: RECORD,
        cause: FailureCause::Reported(FailureCode::TooLarge),
    };
    let events = [
        verdict(1, &[OTHER, ME]),
        ChainEvent::FailureReported {
            request: RequestId(2),
            record: RECORD,
            worker: ME,
            code: FailureCode::TooLarge,
        },
        failed(2),
        failed(3),
        ChainEvent::RequestCancelled { request: RequestId(4) },
    ];
    let ended = |request, how| Happened::Ended(RequestId(request), how);
    assert_eq!(
        told(&[1, 2, 3, 4], &events),
        [
            ended(1, Ended::Verdict),
            ended(2, Ended::Declined),
            ended(3, Ended::Failed),
            ended(4, Ended::Cancelled)
        ]
    );
}

#[test]
fn a_missed_request_and_its_price_are_told() {
    let request = RequestId(1);
    let (reason, amount) = (SlashReason::Absent, 7);
    let events = [
        ChainEvent::WorkerMissed { request, worker: ME },
        ChainEvent::WorkerSlashed { worker: ME, request, reason, amount },
        ChainEvent::WorkerSlashed { worker: OTHER, request, reason, amount },
    ];
    let slashed = Happened::Slashed { request, reason, amount };
    assert_eq!(told(&[1], &events), [Happened::Ended(request, Ended::Missed), slashed]);
}

const DISPUTED: RequestId = RequestId(1);

fn started(players: [AccountId32; 2]) -> ChainEvent {
    ChainEvent::DisputeStarted { request: DISPUTED, players, deadline: 60 }
}

fn settled(winner: Option<AccountId32>, losers: &[AccountId32]) -> ChainEvent {
    let losers = losers.to_vec();
    ChainEvent::DisputeSettled { request: DISPUTED, winner, losers, timed_out: true }
}

#[test]
fn a_dispute_is_told_from_its_beginning_to_its_end() {
    let answers = vec![(ME, Default::default()), (OTHER, Default::default())];
    let round = ChainEvent::RoundStarted { request: DISPUTED, deadline: 70 };
    let begin = [
        ChainEvent::AnswersDiffer { request: DISPUTED, record: RECORD, answers },
        started([OTHER, ME]),
        round.clone(),
    ];
    let played = |play| Happened::Played(DISPUTED, play);
    let begun = [
        Happened::Differ(DISPUTED),
        played(Play::Begun { other: OTHER, deadline: 60 }),
        played(Play::Round { deadline: 70 }),
    ];
    let timed_out = true;
    let lost = [played(Play::Lost { timed_out }), Happened::Ended(DISPUTED, Ended::Lost)];
    let won = [played(Play::Won { timed_out }), Happened::Ended(DISPUTED, Ended::Verdict)];
    let annulled = [played(Play::Abandoned), Happened::Ended(DISPUTED, Ended::Annulled)];
    let (request, record) = (DISPUTED, RECORD);
    for (end, expected) in [
        (vec![settled(None, &[OTHER, ME])], lost),
        (vec![settled(Some(ME), &[OTHER]), verdict(1, &[ME])], won),
        (
            vec![
                ChainEvent::DisputeAbandoned { request },
                ChainEvent::DisputeAnnulled { request, record },
            ],
            annulled,
        ),
    ] {
        let events = [&begin[..], &end].concat();
        assert_eq!(told(&[1], &events), [&begun[..], &expected].concat());
        // A worker that has started in the middle knows by its work list that it plays.
        let before = Involved { chosen: requests(&[1]), playing: requests(&[1]) };
        let events = [&[round.clone()][..], &end].concat();
        assert_eq!(told_of(before, &events), [&begun[2..], &expected].concat());
    }
}

#[test]
fn the_disputes_of_others_are_not_told() {
    let third = AccountId32([3; 32]);
    let (request, deadline) = (DISPUTED, 70);
    let events = [
        started([OTHER, third]),
        ChainEvent::RoundStarted { request, deadline },
        settled(Some(third), &[OTHER]),
        ChainEvent::DisputeAbandoned { request },
    ];
    assert_eq!(told(&[1], &events), []);
}

#[test]
fn whoever_is_left_without_a_dispute_of_its_own_has_a_verdict() {
    let events = [settled(Some(OTHER), &[AccountId32([3; 32])]), verdict(1, &[OTHER, ME])];
    assert_eq!(told(&[1], &events), [Happened::Ended(DISPUTED, Ended::Verdict)]);
}

#[test]
fn a_challenge_is_told_to_all_who_are_part_of_it() {
    let (request, record) = (DISPUTED, RECORD);
    let challenged = |challenger| ChainEvent::VerdictChallenged {
        request,
        record,
        challenger,
        sealed: Default::default(),
    };
    let upheld = ChainEvent::VerdictUpheld { request, challengeable_until: 99 };
    let annulled =
        ChainEvent::VerdictAnnulled { request, record, status: Some(VerdictStatus::Annulled) };
    let doubted = |doubt| Happened::Doubted(DISPUTED, doubt);
    let after = Involved { chosen: requests(&[1]), ..Involved::default() };
    for (challenger, after, end, expected) in [
        (ME, Involved::default(), annulled.clone(), Doubt::Annulled),
        (OTHER, after, upheld.clone(), Doubt::Upheld),
    ] {
        let mut before = Involved::default();
        let told = before.hear(&ME, &[challenged(challenger)], &after);
        assert_eq!(told, [doubted(Doubt::Challenged { challenger })]);
        assert_eq!(before.hear(&ME, &[end], &after), [doubted(expected)]);
    }
    assert_eq!(told(&[], &[challenged(OTHER), upheld, annulled]), [], "it is not its verdict");
}
