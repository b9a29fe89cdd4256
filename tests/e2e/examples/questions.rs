//! What a question to a patient's policy costs, with a real node and the real contract. Prints one
//! JSON object; `make bench` shows it.
//!
//! `questions [ACCOUNTS]`: ten questions about each of so many accounts (60), as `medchain access`
//! asks them, one after the other and as many at a time as the client does.

use std::{
    cell::Cell,
    fs, iter,
    time::{Duration, Instant},
};

use medchain_client::{
    chain::{AccessQuestion, Chain, ChainError, Denied, View},
    keys::Identity,
    AccountId32,
};
use medchain_e2e::{World, LAB, PATIENT};
use medchain_primitives::{Action, Purpose};
use serde_json::{json, Value};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;
type Asked = Vec<(AccountId32, AccessQuestion)>;
type Answers = Vec<Result<(), Denied>>;

/// What a question may take of this program's processor.
const LIMIT: Duration = Duration::from_millis(1);
/// How long another caller of the node waits before it asks again.
const PAUSE: Duration = Duration::from_millis(10);
/// How many calls that caller makes while nobody else asks.
const ALONE: usize = 50;

fn main() -> Fallible<()> {
    let accounts: u32 = std::env::args().nth(1).map_or(Ok(60), |text| text.parse())?;
    let world = World::with_patient();
    // This thread does everything, so that its time is what the client takes.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("{}", runtime.block_on(measure(&world, accounts))?);
    Ok(())
}

async fn measure(world: &World, accounts: u32) -> Fallible<Value> {
    let patient = Identity::from_secret_uri(PATIENT)?.account();
    let lab = Identity::from_secret_uri(LAB)?.account();
    let others = (1..accounts).map(|number| {
        let mut account = [7; 32];
        account[..4].copy_from_slice(&number.to_le_bytes());
        AccountId32(account)
    });
    let asked: Asked = iter::once(lab)
        .chain(others)
        .flat_map(|account| questions().map(move |question| (account, question)))
        .collect();
    let count = u32::try_from(asked.len())?;
    let each = |spent: Duration| milliseconds(spent / count);

    let view = Chain::connect(world.url()).await?.best().await?;
    let other = Chain::connect(world.url()).await?.best().await?;
    let started = Instant::now();
    let one_by_one = one_after_the_other(&view, &patient, &asked).await?;
    let took_one_by_one = started.elapsed();

    let (started, own, of_node) = (Instant::now(), own_time(), world.node_processor_time());
    let answers = view.check_access_of(&patient, asked.clone()).await?;
    let took = started.elapsed();
    let own = own_time().zip(own).map(|(now, before)| now.saturating_sub(before));
    let of_node = world.node_processor_time().zip(of_node);
    let of_node = of_node.map(|(now, before)| now.saturating_sub(before));

    let mut alone = Vec::new();
    for _ in 0..ALONE {
        alone.push(call(&other).await?);
    }
    let beside = waits_beside(&view, &other, &patient, asked).await?;
    if answers != one_by_one {
        return Err("the answers depend on how many are asked at a time".into());
    }
    let yes = answers.iter().filter(|answer| answer.is_ok()).count();
    if yes != 2 {
        return Err(format!("{yes} answers are yes; the laboratory may append and infer").into());
    }
    if own.is_some_and(|own| own / count > LIMIT) {
        return Err(format!("a question takes {own:?} / {count} of the client").into());
    }
    Ok(json!({
        "questions": count,
        "client_ms_a_question": own.map(each),
        "node_ms_a_question": of_node.map(each),
        "seconds_one_after_the_other": round(took_one_by_one.as_secs_f64()),
        "seconds": round(took.as_secs_f64()),
        "another_caller_waits_ms": { "alone": most_of(alone), "beside": most_of(beside) },
    }))
}

/// One for each action, and for viewing one for each purpose.
fn questions() -> impl Iterator<Item = AccessQuestion> {
    let viewing = Purpose::ALL.into_iter().map(|purpose| AccessQuestion {
        purpose: Some(purpose),
        ..AccessQuestion::about(Action::View)
    });
    let others = Action::ALL.into_iter().filter(|action| *action != Action::View);
    viewing.chain(others.map(AccessQuestion::about))
}

async fn one_after_the_other(
    view: &View,
    patient: &AccountId32,
    asked: &[(AccountId32, AccessQuestion)],
) -> Result<Answers, ChainError> {
    let mut answers = Vec::new();
    for (account, question) in asked {
        answers.push(view.check_access(patient, account, *question).await?);
    }
    Ok(answers)
}

/// How long another caller waits for its answers while these questions are asked.
async fn waits_beside(
    view: &View,
    other: &View,
    patient: &AccountId32,
    asked: Asked,
) -> Result<Vec<Duration>, ChainError> {
    let is_over = Cell::new(false);
    let asking = async {
        let answers = view.check_access_of(patient, asked).await;
        is_over.set(true);
        answers
    };
    let calling = async {
        let mut waits = Vec::new();
        while !is_over.get() {
            waits.push(call(other).await?);
        }
        Ok::<_, ChainError>(waits)
    };
    let (_, waits) = futures::try_join!(asking, calling)?;
    Ok(waits)
}

/// How long a short call of the runtime takes, and a pause after it.
async fn call(view: &View) -> Result<Duration, ChainError> {
    let started = Instant::now();
    view.parameters().await?;
    let took = started.elapsed();
    tokio::time::sleep(PAUSE).await;
    Ok(took)
}

/// What this thread has had of a processor so far; `None` where the system does not say.
fn own_time() -> Option<Duration> {
    let spent = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: u64 = spent.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// In milliseconds what nine in ten of them do not exceed.
fn most_of(mut all: Vec<Duration>) -> f64 {
    all.sort_unstable();
    all.get(all.len() * 9 / 10).copied().map_or(0.0, milliseconds)
}

fn milliseconds(duration: Duration) -> f64 {
    round(duration.as_secs_f64() * 1e3)
}

fn round(value: f64) -> f64 {
    (value * 1e2).round() / 1e2
}
