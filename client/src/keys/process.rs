//! What a program with secrets in its memory asks of the system.

use std::io;

use rustix::process::{set_dumpable_behavior, setrlimit, DumpableBehavior, Resource, Rlimit};

/// Keeps this process's memory out of core dumps, and away from debuggers of the same user.
///
/// Call it first thing. A crash would otherwise write keys and decrypted films to the disk.
///
/// # Errors
/// Those of the system.
pub fn forbid_core_dumps() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // Where a program collects dumps, the limit above is not asked.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}
