//! What it costs a worker to know what it has to do, on a chain with many open requests.
//!
//! The chain is made up: a third of its requests wait for their workers to be drawn, a third for
//! the key, a third for the answer. Its node is another process, which answers over a WebSocket,
//! a millisecond after it was asked. Prints JSON, with what the same reading took before, one
//! question to the node for each value. Fails where a block takes half a second, or the worker
//! 300 MB.
//!
//! ```sh
//! open_requests [REQUESTS] [WORKERS]
//! ```

mod before;
mod node;
mod state;

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use medchain_client::{
    chain::{Chain as Client, Finality, NodeAddress, Plaintext},
    keys::Identity,
};
use medchain_worker::{
    prediction::{adapters::NodeRequests, ports::PredictionChain},
    shared::link::Link,
};
use serde_json::json;

use state::{Size, MODEL};

type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What reading everything that a block changes may take.
const LIMIT: Duration = Duration::from_millis(500);
/// What a worker may need, in bytes.
const MEMORY: u64 = 300_000_000;
/// How many blocks are read.
const BLOCKS: u32 = 5;
/// After how many blocks of the draw the worker takes over, as by its configuration.
const GRACE: u32 = 50;

/// The account of the worker that is measured.
const SECRET: &str = "//Worker";

fn main() -> Fallible<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    let is_node = arguments.next_if(|argument| argument == "node").is_some();
    let mut numbers = arguments.map_while(|text| text.parse::<u32>().ok());
    let requests = numbers.next().unwrap_or(100_000).max(1);
    let workers = numbers.next().unwrap_or(1_000).max(10);
    let size = Size { requests, workers };
    let runtime = tokio::runtime::Runtime::new()?;
    match is_node {
        true => runtime.block_on(node::serve(state::chain(size, &identity()?.account())?)),
        false => runtime.block_on(measure(size)),
    }
}

fn identity() -> Fallible<Identity> {
    Ok(Identity::from_secret_uri(SECRET)?)
}

/// The node's process, which ends with this one.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_node(size: Size) -> Fallible<(Node, NodeAddress)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["node", &size.requests.to_string(), &size.workers.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("the node has no output")?;
    let node = Node(child);
    let mut url = String::new();
    BufReader::new(output).read_line(&mut url)?;
    Ok((node, NodeAddress::parse(url.trim(), Plaintext::LocalOnly)?))
}

async fn measure(size: Size) -> Fallible<()> {
    let (_node, address) = start_node(size)?;
    let link = Link::connect(&address, identity()?, Duration::from_secs(60)).await?;
    let chain = NodeRequests::new(link);
    let models = BTreeSet::from([MODEL]);

    let begun = Instant::now();
    let (mut looked, undrawn) = chain.undrawn(&models, GRACE, None).await?;
    let first_look = begun.elapsed();
    let ids: Vec<_> = undrawn.iter().map(|one| one.request).take(20).collect();

    let (mut block, mut look) = (Duration::ZERO, Duration::ZERO);
    let mut list = None;
    for _ in 0..BLOCKS {
        // A block in which something has changed, so that its events are read too.
        let begun = Instant::now();
        list = Some(chain.work_list(Finality::Best).await?);
        let last = chain.work_list(Finality::Finalised).await?;
        chain.events(last.block).await?;
        block = block.max(begun.elapsed());
        // The draws of two blocks; a worker looks every half minute.
        let begun = Instant::now();
        looked.until -= 2;
        chain.undrawn(&models, GRACE, Some(looked)).await?;
        chain.drawable(&ids).await?;
        look = look.max(begun.elapsed());
    }
    let memory = peak()?;
    let assigned = list.map_or(0, |list| list.jobs.len() + list.idle.len());

    let client = Client::connect_to(&address).await?;
    let me = chain_account()?;
    let before_block = before::block(&client, &me).await?;
    let before_look = before::look(&client, MODEL).await?;
    let ms = |time: Duration| (time.as_secs_f64() * 1e4).round() / 10.0;
    let ratio = |before: Duration, now: Duration| {
        (before.as_secs_f64() / now.as_secs_f64() * 10.0).round() / 10.0
    };
    println!(
        "{}",
        json!({
            "requests": size.requests,
            "workers": size.workers,
            "assigned": assigned,
            "block_ms": ms(block),
            "block_before_ms": ms(before_block),
            "block_ratio": ratio(before_block, block),
            "look_ms": ms(look),
            "look_before_ms": ms(before_look),
            "look_ratio": ratio(before_look, look),
            "first_look_ms": ms(first_look),
            "memory_mb": memory / 1_000_000,
            "memory_before_mb": peak()? / 1_000_000,
        })
    );
    assert!(assigned > 0, "the worker has nothing to do");
    assert!(block < LIMIT, "a block took {block:?}");
    assert!(memory < MEMORY, "the worker needs {memory} bytes");
    Ok(())
}

fn chain_account() -> Fallible<medchain_client::AccountId32> {
    Ok(identity()?.account())
}

/// The most memory that this process has had, in bytes.
fn peak() -> Fallible<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmHWM")?;
    Ok(kib.parse::<u64>()? * 1024)
}
