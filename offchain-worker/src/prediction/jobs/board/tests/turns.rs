//! Several workers, and whose turn a job is.

use proptest::prelude::*;

use super::*;
use crate::prediction::jobs::turn;

/// So many blocks each worker has to itself, by `rules`.
const TAKEOVER: u32 = 5;
/// From this block on no job is left to others: its deadline less the margin for
/// reports, by `rules` and `job`.
const LATE: u32 = 180;

fn workers(count: u8) -> BTreeSet<AccountId32> {
    (1..=count).map(|number| AccountId32([number; 32])).collect()
}

/// Jobs for any of the workers 1 to `count`.
fn shared(ids: impl IntoIterator<Item = u64>, count: u8) -> Vec<Job> {
    ids.into_iter().map(|id| Job { candidates: workers(count), ..job(id) }).collect()
}

/// The first job for which this worker has the rank `rank` among `count`.
fn with_rank(rank: u32, count: u8) -> Job {
    let found = (0..).find(|id| turn::rank(RequestId(*id), &ME, &workers(count)) == Some(rank));
    shared(found, count).remove(0)
}

impl Play {
    fn best_of(&mut self, block: u32, open: &[Job]) -> Vec<String> {
        work_of(&self.tell(Event::Open { finality: Finality::Best, block, open: open.to_vec() }))
    }

    fn best_with(&mut self, block: u32, job: &Job) -> Vec<String> {
        self.best_of(block, std::slice::from_ref(job))
    }
}

fn attempt(job: &Job) -> [String; 1] {
    [format!("attempt {}", job.id)]
}

#[test]
fn each_rank_starts_exactly_at_its_block() {
    for rank in 0..4 {
        let job = with_rank(rank, 4);
        let mut play = Play::new();
        let turn = 100 + rank * TAKEOVER;
        for block in 100..turn {
            assert_eq!(play.best_with(block, &job), NOTHING, "{rank} at {block}");
            assert_eq!(play.board.counts().assigned_elsewhere, 1);
            assert_eq!(play.board.counts().waiting, 0);
            assert_eq!(play.board.next_wake(), None, "the turn comes with a block");
            assert_eq!(work_of(&play.wait(60)), NOTHING);
        }
        assert_eq!(play.best_with(turn, &job), attempt(&job), "rank {rank}");
        assert_eq!(play.board.counts().running, 1);
    }
}

#[test]
fn a_takeover_is_noted_once() {
    let job = with_rank(2, 4);
    let mut play = Play::new();
    let open = vec![job.clone()];
    let steps = play.tell(Event::Open { finality: Finality::Best, block: 130, open });
    let taken_over = Step::Note(job.clone(), Note::TakenOver { rank: 2 });
    assert!(steps.contains(&taken_over), "{steps:?}");
    play.attempted(job.id.0, Err(Problem::NoConsent(why())));
    assert_eq!(play.wait(6), [Step::Attempt(job)]);
}

#[test]
fn a_restart_does_not_start_a_new_wait() {
    let job = with_rank(1, 2);
    let mut play = Play::new();
    assert_eq!(play.best_with(104, &job), NOTHING);
    let mut restarted = Play::new();
    assert_eq!(restarted.best_with(105, &job), attempt(&job));
}

#[test]
fn near_the_deadline_every_worker_may_start() {
    let last = Job { opened: 170, ..with_rank(3, 4) };
    let mut play = Play::new();
    assert_eq!(play.best_with(LATE - 1, &last), NOTHING);
    assert_eq!(play.best_with(LATE, &last), attempt(&last));
}

#[test]
fn a_worker_alone_or_in_no_order_starts_at_once() {
    let strangers = workers(3).into_iter().filter(|worker| *worker != ME).collect();
    for candidates in [BTreeSet::new(), BTreeSet::from([ME]), strangers] {
        let job = Job { candidates, ..job(0) };
        assert_eq!(Play::new().best_with(100, &job), attempt(&job));
    }
}

#[test]
fn without_blocks_between_them_all_start_at_once() {
    let job = with_rank(3, 4);
    let rules = Rules { takeover_blocks: 0, ..rules() };
    let mut play = Play { board: Board::new(rules, ME, [MODEL]), ..Play::new() };
    assert_eq!(play.best_with(100, &job), attempt(&job));
}

#[test]
fn the_rank_is_that_of_the_newest_block() {
    let last = with_rank(1, 2);
    let alone = Job { candidates: BTreeSet::from([ME]), ..last.clone() };
    let mut play = Play::new();
    assert_eq!(play.best_with(101, &last), NOTHING);
    // The other leaves, or reports a failure: no worker comes before.
    assert_eq!(play.best_with(102, &alone), attempt(&alone));

    // An older final block says nothing about who is there now.
    let mut play = Play::new();
    assert_eq!(play.best_with(102, &last), NOTHING);
    let old = Event::Open { finality: Finality::Finalised, block: 101, open: vec![alone.clone()] };
    assert_eq!(work_of(&play.tell(old)), NOTHING);

    // A third worker, ranked before this one, joins before the job is started.
    let first = with_rank(0, 2);
    let crowded = Job { candidates: BTreeSet::new(), ..first.clone() };
    let third = (2..=255u8)
        .map(|number| AccountId32([number; 32]))
        .find(|other| turn::rank(first.id, &ME, &BTreeSet::from([ME, *other])) == Some(1));
    let crowded = Job { candidates: BTreeSet::from([ME, third.unwrap()]), ..crowded };
    let busy = [job(901), job(902)];
    let mut play = Play::new();
    play.best_of(100, &busy);
    assert_eq!(play.best_of(101, &[&busy[..], &[first]].concat()), NOTHING, "there is no place");
    assert_eq!(play.best_of(102, &[&busy[..], &[crowded]].concat()), NOTHING);
    assert_eq!(
        work_of(&play.attempted(901, Ok(answer()))),
        ["submit 901"],
        "it is another worker's now"
    );
}

#[test]
fn a_job_answered_by_another_worker_in_its_turn_is_dropped() {
    let job = with_rank(1, 2);
    let mut play = Play::new();
    let open = |finality, block, open| Event::Open { finality, block, open };
    play.tell(open(Finality::Finalised, 100, vec![job.clone()]));
    assert_eq!(play.best_of(103, &[]), NOTHING);
    assert_eq!(play.best_of(106, &[]), NOTHING, "it is closed, although its turn has come");
    let steps = play.tell(open(Finality::Finalised, 106, vec![]));
    assert_eq!(closed(&steps), [Closed::Elsewhere]);
    assert_eq!(play.board.counts(), Counts::default());
}

#[test]
fn own_jobs_come_first_and_others_only_where_a_thread_is_idle() {
    let rank_of = |id| turn::rank(RequestId(id), &ME, &workers(2));
    let own: Vec<u64> = (0..).filter(|id| rank_of(*id) == Some(0)).take(2).collect();
    let others: Vec<u64> = (0..).filter(|id| rank_of(*id) == Some(1)).take(3).collect();
    let mut play = Play::new();
    let all: Vec<u64> = own.iter().chain(&others).copied().collect();
    let open = shared(all, 2);
    let started = play.best_of(110, &open);
    assert_eq!(started, [format!("attempt {}", own[0]), format!("attempt {}", own[1])]);
    // One place is free, and one job is still running.
    let answered = play.attempted(own[0], Ok(answer()));
    assert_eq!(work_of(&answered), [format!("submit {}", own[0])]);
    assert_eq!(play.board.next_wake(), None, "a job that waits for a place sets no wake");
    // Nothing is running: one job, from the end that the other worker reaches last.
    let answered = play.attempted(own[1], Ok(answer()));
    let expected = [format!("submit {}", own[1]), format!("attempt {}", others[2])];
    assert_eq!(work_of(&answered), expected);
}

#[test]
fn the_first_worker_reports_a_failure_as_before() {
    let job = with_rank(0, 3);
    let mut play = Play::new();
    play.best_with(100, &job);
    let bad = Err(Problem::Content(FailureCode::NotAnImage, why()));
    let reported = work_of(&play.attempted(job.id.0, bad));
    assert_eq!(reported, [format!("report {} NotAnImage", job.id.0)]);
}

/// Several boards on one chain of reports: a worker that reports is not a candidate any
/// more, so the next one starts at the next block.
#[test]
fn reports_of_failure_reach_the_quorum_without_waiting_for_turns() {
    const QUORUM: usize = 3;
    let id = 4;
    let mut boards: Vec<(AccountId32, Board)> = workers(5)
        .into_iter()
        .map(|worker| (worker, Board::new(rules(), worker, [MODEL])))
        .collect();
    let mut reporters = BTreeSet::new();
    let moment = Moment { now: Duration::from_secs(1), chance: 1.0 };
    for block in 100..200 {
        let candidates = workers(5).difference(&reporters).copied().collect();
        let job = Job { candidates, ..job(id) };
        for (worker, board) in &mut boards {
            let open = match reporters.contains(worker) {
                true => Vec::new(),
                false => vec![job.clone()],
            };
            let started =
                board.handle(Event::Open { finality: Finality::Best, block, open }, moment);
            if work_of(&started) == [format!("attempt {id}")] {
                let result = Err(Problem::Content(FailureCode::WrongHash, why()));
                let reported = board.handle(Event::Attempted { request: job.id, result }, moment);
                assert_eq!(work_of(&reported), [format!("report {id} WrongHash")]);
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

    /// Whatever the workers and the lifetime of a job: one of them starts at once,
    /// and all of them have started when the margin begins.
    #[test]
    fn one_starts_at_once_and_all_in_time(
        id in 0u64..1_000_000,
        candidates in proptest::collection::btree_set(any::<[u8; 32]>().prop_map(AccountId32), 1..12),
        lifetime in 0u32..100,
        takeover_blocks in 1u32..12,
    ) {
        let opened = 100;
        let deadline = opened + lifetime;
        let job = Job {
            candidates: candidates.clone(),
            opened,
            deadline,
            ..job(id)
        };
        let rules = Rules { takeover_blocks, ..rules() };
        let late = deadline.saturating_sub(rules.report_margin).max(opened);
        let mut starts = Vec::new();
        for worker in candidates {
            let mut play = Play { board: Board::new(rules, worker, [MODEL]), ..Play::new() };
            let start = (opened..=late).find(|block| {
                play.best_with(*block, &job) == attempt(&job)
            });
            // A request that is over when it is first seen is never started.
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
