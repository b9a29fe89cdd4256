//! Several workers, and whose turn a request is.

use proptest::prelude::*;

use super::*;
use crate::core::turn;

/// So many blocks each worker has to itself, by `rules`.
const TAKEOVER: u32 = 5;
/// From this block on nobody leaves a request to others: its deadline less the
/// margin for reports, by `rules` and `request`.
const LATE: u32 = 180;

fn workers(count: u8) -> BTreeSet<Account> {
    (1..=count).map(|number| [number; 32]).collect()
}

/// Requests that the workers 1 to `count` can answer.
fn shared(ids: impl IntoIterator<Item = u64>, count: u8) -> Vec<Request> {
    ids.into_iter().map(|id| Request { candidates: workers(count), ..request(id) }).collect()
}

/// The first request for which this worker has the rank `rank` among `count`.
fn with_rank(rank: u32, count: u8) -> Request {
    let found = (0..).find(|id| turn::rank(RequestId(*id), &ME, &workers(count)) == Some(rank));
    shared(found, count).remove(0)
}

impl Play {
    fn best_of(&mut self, block: u32, open: &[Request]) -> Vec<String> {
        work_of(&self.tell(Event::Open { view: View::Best, block, open: open.to_vec() }))
    }
}

fn process(request: &Request) -> [String; 1] {
    [format!("process {}", request.id.0)]
}

#[test]
fn each_rank_starts_exactly_at_its_block() {
    for rank in 0..4 {
        let request = with_rank(rank, 4);
        let mut play = Play::new();
        let turn = 100 + rank * TAKEOVER;
        for block in 100..turn {
            assert_eq!(play.best_of(block, &[request.clone()]), NOTHING, "{rank} at {block}");
            assert_eq!(play.board.counts().assigned_elsewhere, 1);
            assert_eq!(play.board.counts().waiting, 0);
            assert_eq!(play.board.next_wake(), None, "the turn comes with a block");
            assert_eq!(work_of(&play.wait(60)), NOTHING);
        }
        assert_eq!(play.best_of(turn, &[request.clone()]), process(&request), "rank {rank}");
        assert_eq!(play.board.counts().running, 1);
    }
}

#[test]
fn a_takeover_is_told_once() {
    let request = with_rank(2, 4);
    let mut play = Play::new();
    let open = vec![request.clone()];
    let actions = play.tell(Event::Open { view: View::Best, block: 130, open });
    let told = Action::Note(request.clone(), Note::TakenOver { rank: 2 });
    assert!(actions.contains(&told), "{actions:?}");
    play.worked(request.id.0, Err(Problem::NoConsent(why())));
    assert_eq!(play.wait(6), [Action::Process(request)]);
}

#[test]
fn a_restart_does_not_wait_anew() {
    let request = with_rank(1, 2);
    let mut play = Play::new();
    assert_eq!(play.best_of(104, &[request.clone()]), NOTHING);
    let mut restarted = Play::new();
    assert_eq!(restarted.best_of(105, &[request.clone()]), process(&request));
}

#[test]
fn where_the_chain_tells_no_opening_block_the_wait_begins_when_it_is_seen() {
    let request = Request { opened: None, ..with_rank(1, 2) };
    let mut play = Play::new();
    assert_eq!(play.best_of(120, &[request.clone()]), NOTHING);
    assert_eq!(play.best_of(124, &[request.clone()]), NOTHING);
    assert_eq!(play.best_of(125, &[request.clone()]), process(&request));
    // An upgrade of the runtime, which tells.
    let mut play = Play::new();
    assert_eq!(play.best_of(120, &[request.clone()]), NOTHING);
    let told = Request { opened: Some(100), ..request };
    assert_eq!(play.best_of(121, &[told.clone()]), process(&told));
}

#[test]
fn near_the_deadline_everybody_may_start() {
    let last = Request { opened: Some(170), ..with_rank(3, 4) };
    let mut play = Play::new();
    assert_eq!(play.best_of(LATE - 1, &[last.clone()]), NOTHING);
    assert_eq!(play.best_of(LATE, &[last.clone()]), process(&last));
}

#[test]
fn who_is_no_candidate_and_who_is_alone_starts_at_once() {
    let strangers = workers(3).into_iter().filter(|worker| *worker != ME).collect();
    for candidates in [BTreeSet::new(), BTreeSet::from([ME]), strangers] {
        let request = Request { candidates, ..request(0) };
        assert_eq!(Play::new().best_of(100, &[request.clone()]), process(&request));
    }
}

#[test]
fn without_blocks_between_them_all_start_at_once() {
    let request = with_rank(3, 4);
    let rules = Rules { takeover_blocks: 0, ..rules() };
    let mut play = Play { board: Board::new(rules, ME, [MODEL]), ..Play::new() };
    assert_eq!(play.best_of(100, &[request.clone()]), process(&request));
}

#[test]
fn the_rank_is_that_of_the_newest_block() {
    let last = with_rank(1, 2);
    let alone = Request { candidates: BTreeSet::from([ME]), ..last.clone() };
    let mut play = Play::new();
    assert_eq!(play.best_of(101, &[last.clone()]), NOTHING);
    // The other leaves, or reports that it could not: nobody comes before.
    assert_eq!(play.best_of(102, &[alone.clone()]), process(&alone));

    // A final block that is older says nothing of who is there now.
    let mut play = Play::new();
    assert_eq!(play.best_of(102, &[last.clone()]), NOTHING);
    let old = Event::Open { view: View::Finalised, block: 101, open: vec![alone.clone()] };
    assert_eq!(work_of(&play.tell(old)), NOTHING);

    // Another one comes before the request is started.
    let first = with_rank(0, 2);
    let crowded = Request { candidates: BTreeSet::new(), ..first.clone() };
    let third = (2..=255u8)
        .map(|number| [number; 32])
        .find(|other| turn::rank(first.id, &ME, &BTreeSet::from([ME, *other])) == Some(1));
    let crowded = Request { candidates: BTreeSet::from([ME, third.unwrap()]), ..crowded };
    let busy = [request(901), request(902)];
    let mut play = Play::new();
    play.best_of(100, &busy);
    assert_eq!(play.best_of(101, &[&busy[..], &[first]].concat()), NOTHING, "there is no place");
    assert_eq!(play.best_of(102, &[&busy[..], &[crowded]].concat()), NOTHING);
    assert_eq!(work_of(&play.worked(901, Ok(answer()))), ["submit 901"], "it is another's now");
}

#[test]
fn what_another_answers_in_its_turn_is_dropped() {
    let request = with_rank(1, 2);
    let mut play = Play::new();
    let open = |view, block, open| Event::Open { view, block, open };
    play.tell(open(View::Finalised, 100, vec![request.clone()]));
    assert_eq!(play.best_of(103, &[]), NOTHING);
    assert_eq!(play.best_of(106, &[]), NOTHING, "it is closed, although its turn has come");
    let actions = play.tell(open(View::Finalised, 106, vec![]));
    assert_eq!(closed(&actions), [Closed::Elsewhere]);
    assert_eq!(play.board.counts(), Counts::default());
}

#[test]
fn own_requests_come_first_and_others_only_where_a_thread_is_idle() {
    let rank_of = |id| turn::rank(RequestId(id), &ME, &workers(2));
    let own: Vec<u64> = (0..).filter(|id| rank_of(*id) == Some(0)).take(2).collect();
    let others: Vec<u64> = (0..).filter(|id| rank_of(*id) == Some(1)).take(3).collect();
    let mut play = Play::new();
    let all: Vec<u64> = own.iter().chain(&others).copied().collect();
    let open = shared(all, 2);
    let started = play.best_of(110, &open);
    assert_eq!(started, [format!("process {}", own[0]), format!("process {}", own[1])]);
    // One place is free, and still one request is being worked on.
    let answered = play.worked(own[0], Ok(answer()));
    assert_eq!(work_of(&answered), [format!("submit {}", own[0])]);
    assert_eq!(play.board.next_wake(), None, "what waits for a place wakes nobody");
    // Nothing is being worked on: one, from the end that the other comes to last.
    let answered = play.worked(own[1], Ok(answer()));
    let expected = [format!("submit {}", own[1]), format!("process {}", others[2])];
    assert_eq!(work_of(&answered), expected);
}

#[test]
fn a_failure_in_the_first_place_is_reported_as_ever() {
    let request = with_rank(0, 3);
    let mut play = Play::new();
    play.best_of(100, &[request.clone()]);
    let bad = Err(Problem::Content(FailureCode::NotAnImage, why()));
    let reported = work_of(&play.worked(request.id.0, bad));
    assert_eq!(reported, [format!("report {} NotAnImage", request.id.0)]);
}

/// Several boards on one chain of reports: each worker that reports is no
/// candidate any more, so that the next one starts at the very next block.
#[test]
fn reports_of_failure_reach_the_quorum_without_waiting_for_turns() {
    const QUORUM: usize = 3;
    let id = 4;
    let mut boards: Vec<(Account, Board)> = workers(5)
        .into_iter()
        .map(|worker| (worker, Board::new(rules(), worker, [MODEL])))
        .collect();
    let mut reporters = BTreeSet::new();
    let moment = Moment { now: Duration::from_secs(1), chance: 1.0 };
    for block in 100..200 {
        let candidates = workers(5).difference(&reporters).copied().collect();
        let request = Request { candidates, ..request(id) };
        for (worker, board) in &mut boards {
            let open = match reporters.contains(worker) {
                true => Vec::new(),
                false => vec![request.clone()],
            };
            let started = board.handle(Event::Open { view: View::Best, block, open }, moment);
            if work_of(&started) == [format!("process {id}")] {
                let result = Err(Problem::Content(FailureCode::WrongHash, why()));
                let said = board.handle(Event::Worked { request: request.id, result }, moment);
                assert_eq!(work_of(&said), [format!("report {id} WrongHash")]);
                reporters.insert(*worker);
            }
        }
        if reporters.len() >= QUORUM {
            assert_eq!(block, 102, "one block for each");
            return;
        }
    }
    panic!("only {} have reported", reporters.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whoever the workers are and however long a request lives: one of them
    /// starts at once, and all of them have started when the margin begins.
    #[test]
    fn one_starts_at_once_and_all_in_time(
        id in 0u64..1_000_000,
        candidates in proptest::collection::btree_set(any::<Account>(), 1..12),
        lifetime in 0u32..100,
        takeover_blocks in 1u32..12,
    ) {
        let opened = 100;
        let deadline = opened + lifetime;
        let request = Request {
            candidates: candidates.clone(),
            opened: Some(opened),
            deadline,
            ..request(id)
        };
        let rules = Rules { takeover_blocks, ..rules() };
        let late = deadline.saturating_sub(rules.report_margin).max(opened);
        let mut starts = Vec::new();
        for worker in candidates {
            let mut play = Play { board: Board::new(rules, worker, [MODEL]), ..Play::new() };
            let start = (opened..=late).find(|block| {
                play.best_of(*block, std::slice::from_ref(&request)) == process(&request)
            });
            // A request that is over when it is seen is nobody's.
            if lifetime > 0 {
                prop_assert!(start.is_some(), "never started, though not answered");
            }
            starts.extend(start);
        }
        if lifetime > rules.report_margin {
            prop_assert_eq!(starts.iter().filter(|start| **start == opened).count(), 1);
        }
        starts.sort_unstable();
        for (rank, start) in starts.into_iter().enumerate() {
            prop_assert_eq!(start, late.min(opened + rank as u32 * takeover_blocks));
        }
    }
}
