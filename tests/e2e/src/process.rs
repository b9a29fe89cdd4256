//! Processes that end with the test.

use std::{
    fs::File,
    hash::{BuildHasher, RandomState},
    net::TcpListener,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicU64, Ordering},
        Condvar, LazyLock, Mutex, PoisonError,
    },
    time::Duration,
};

/// How many chains, networks or demos two cores run at a time: while one waits for a
/// block, another one's node starts.
const AT_A_TIME: usize = 2;

/// In which Linux tells the time of processors.
const TICK: Duration = Duration::from_millis(10);

static RUNNING: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

/// A place on this machine, until it is dropped.
pub struct Place(());

/// Waits for a place on this machine.
pub fn machine() -> Place {
    // A test that failed leaves nothing half done.
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut running = ENDED
        .wait_while(running, |running| *running >= AT_A_TIME)
        .unwrap_or_else(PoisonError::into_inner);
    *running += 1;
    Place(())
}

impl Drop for Place {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ENDED.notify_one();
    }
}

/// Ports that Linux does not give to connections by itself: it could give one of those away
/// before the program that it is for listens there.
const PORTS: RangeInclusive<u16> = 10_000..=29_999;

/// A port of this machine that nothing listens on, and that this process was not given before.
pub fn free_port() -> u16 {
    // Another process begins elsewhere.
    static FIRST: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));
    static GIVEN: AtomicU64 = AtomicU64::new(0);
    let count = PORTS.len() as u64;
    (0..count)
        .map(|_| FIRST.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed)) % count)
        .map(|place| PORTS.start() + place as u16)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("the loopback has free ports")
}

/// A running program. Dropping it kills the program, as `kill -9` does.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts a program that writes what it says to `log`.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let file = File::create(log).expect("the log can be written");
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a file handle can be copied"))
            .stderr(file)
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
        Self { child, log: log.to_owned() }
    }

    /// Ends the program at once, without a chance to tidy up.
    pub fn kill(self) {
        drop(self);
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the program said so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The peak memory of the program so far, in bytes; `None` where the system does
    /// not say.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024)
    }

    /// The time of processors that the program has used so far, with that of the processes that it
    /// has started and seen end; `None` where the system does not say.
    pub fn processor_time(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // What comes before is the name, in which there may be anything.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks = fields.split_whitespace().skip(11).take(4).map(str::parse::<u64>);
        let ticks: Vec<u64> = ticks.collect::<Result<_, _>>().ok()?;
        Some(TICK * u32::try_from(ticks.iter().sum::<u64>()).ok()?)
    }

    /// Whether the program ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // These fail only for a program that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
