//! The process that decodes one film.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, Read, Write},
    panic::{catch_unwind, AssertUnwindSafe},
    process::ExitCode,
};

use codec::Encode;
use medchain_client::keys::forbid_core_dumps;
use medchain_primitives::FailureCode;
use medchain_vision::{decode, square, DecodeError, Preprocessing, MAX_FILE_BYTES};
use rustix::process::{setrlimit, Resource, Rlimit};

use super::{receive, Reply, MAX_STEPS, SUBCOMMAND, VERSION};

/// Decodes a film, where this process was started for that; `None` where it was not.
///
/// Call it first thing in `main` of every program that predicts, before there are threads: they
/// would take of the memory that the film may have.
pub fn decode_if_asked() -> Option<ExitCode> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [subcommand, version, memory, processor] = &arguments[..] else {
        return None;
    };
    if subcommand != SUBCOMMAND {
        return None;
    }
    let number = |text: &OsString| text.to_str()?.parse::<u64>().ok();
    let (memory, processor) = (number(memory)?, number(processor)?);
    let reply = match confine(memory, processor) {
        // Two decoders that differ see two films.
        Ok(()) if version != VERSION => Reply::Failed(format!(
            "the decoder has version {VERSION}, and the worker another: install both from one \
             release"
        )),
        Ok(()) => answer(&mut io::stdin().lock()),
        Err(error) => Reply::Failed(format!("cannot limit the process that decodes: {error}")),
    };
    let mut output = io::stdout().lock();
    match output.write_all(&reply.encode()).and_then(|()| output.flush()) {
        Ok(()) => Some(ExitCode::SUCCESS),
        // Whoever asked is gone.
        Err(_) => Some(ExitCode::FAILURE),
    }
}

/// Takes from this process what decoding does not need.
fn confine(memory: u64, processor: u64) -> io::Result<()> {
    // Where memory runs out, this process goes first. Before the next step: that takes away the
    // right to write here. A system that does not have it ends whichever process it chooses.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    forbid_core_dumps()?;
    let status = fs::read_to_string("/proc/self/status")?;
    // Two ways to count: what is mapped at all, and what of it can be written.
    for (resource, name) in [(Resource::As, "VmSize:"), (Resource::Data, "VmData:")] {
        limit(resource, taken(&status, name).saturating_add(memory), 0)?;
    }
    // A signal first, which says what it was.
    limit(Resource::Cpu, processor, 1)?;
    // Whatever takes over this process can open no file, such as the key, and no connection, also
    // where it closes a pipe first; the pipes themselves stay. And it starts no process.
    limit(Resource::Nproc, 0, 0)?;
    limit(Resource::Nofile, 0, 0)
}

fn limit(resource: Resource, most: u64, grace: u64) -> io::Result<()> {
    let maximum = most.saturating_add(grace);
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(maximum) })?)
}

/// What a line of the kernel's report says that this process takes, in bytes.
fn taken(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    number.unwrap_or_default().saturating_mul(1024)
}

/// Steps and film.
fn read(input: &mut impl Read) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let steps = receive(input, MAX_STEPS)?;
    Ok((steps, receive(input, MAX_FILE_BYTES)?))
}

/// The reply to what comes in.
fn answer(input: &mut impl Read) -> Reply {
    let (steps, image) = match read(input) {
        Ok(read) => read,
        Err(error) => return Reply::Failed(format!("cannot read the film: {error}")),
    };
    // A defect in a decoder may show with this film alone, and it is no reason to refuse it.
    catch_unwind(AssertUnwindSafe(|| greys(&steps, &image)))
        .unwrap_or_else(|_| Reply::Failed("a decoder panicked".to_owned()))
}

fn greys(steps: &[u8], image: &[u8]) -> Reply {
    let greys = if steps.is_empty() {
        square(image).map(|square| square.as_ref().to_vec())
    } else {
        match Preprocessing::from_json(steps) {
            Ok(steps) => decode(image).map(|image| steps.square(&image)),
            Err(error) => return Reply::Failed(error.to_string()),
        }
    };
    greys.map_or_else(|error| refusal(&error), Reply::Greys)
}

fn refusal(error: &DecodeError) -> Reply {
    match error.failure_code() {
        FailureCode::TooLarge => Reply::TooLarge(error.to_string()),
        _ => Reply::NotAnImage(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_process_takes_is_read_from_the_kernels_report() {
        let status = "Name:\tx\nVmSize:\t    1024 kB\nVmData:\t 12 kB\nThreads:\t1\n";
        assert_eq!(taken(status, "VmSize:"), 1 << 20);
        assert_eq!(taken(status, "VmData:"), 12 << 10);
        assert_eq!(taken(status, "VmSwap:"), 0);
        assert!(taken(&fs::read_to_string("/proc/self/status").unwrap(), "VmSize:") > 0);
    }

    #[test]
    fn what_cannot_be_read_is_no_fault_of_a_film() {
        let replies = [&b""[..], &[0u8; 12], &[0xffu8; 16]].map(|mut input| answer(&mut input));
        assert!(replies.iter().all(|reply| matches!(reply, Reply::Failed(_))));
        // No steps, and no film.
        assert!(matches!(answer(&mut &[0u8; 16][..]), Reply::NotAnImage(_)));
    }
}
