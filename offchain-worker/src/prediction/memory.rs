//! Whether the memory that the process may have is enough for what it may do at once.

use std::{fs, path::Path};

use medchain_vision::{MAX_DECODE_BYTES, MAX_FILE_BYTES};

/// Where the kernel shows the groups of processes.
const GROUPS: &str = "/sys/fs/cgroup";
const MIB: u64 = 1 << 20;

/// The memory that this process may have, as systemd's `MemoryMax=` sets it; `None` where nothing
/// limits it, or the system does not say.
pub fn limit() -> Option<u64> {
    limit_in(Path::new(GROUPS), &fs::read_to_string("/proc/self/cgroup").ok()?)
}

/// The smallest limit of a group and of those that it is in.
fn limit_in(root: &Path, own: &str) -> Option<u64> {
    let group = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let folder = root.join(group);
    let folders = folder.ancestors().take_while(|folder| folder.starts_with(root));
    let limits = folders.filter_map(|folder| {
        let text = fs::read_to_string(folder.join("memory.max")).ok()?;
        text.trim().parse::<u64>().ok()
    });
    limits.min()
}

/// What the operator should know, where films that are as large as they may be take more memory than
/// `limit`: in so many threads, each with the plaintext of a file of `max_content` bytes and a
/// process that decodes a copy of it, beside `shelf` bytes of files.
pub fn shortage(threads: usize, max_content: u64, shelf: u64, limit: u64) -> Option<String> {
    let copy = max_content.min(MAX_FILE_BYTES);
    let each = MAX_DECODE_BYTES.saturating_add(copy).saturating_add(max_content);
    let most = (threads as u64).saturating_mul(each).saturating_add(shelf);
    (most > limit).then(|| {
        format!(
            "the largest films, in all threads at once, take up to {} MiB beside the models, and \
             this unit may have {} MiB: raise MemoryMax, or set fewer inference_threads or a \
             smaller max_content_mib",
            most / MIB,
            limit / MIB
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_limit_on_the_way_up_counts() {
        let root = tempfile::tempdir().unwrap();
        let unit = root.path().join("system.slice/worker.service");
        fs::create_dir_all(&unit).unwrap();
        let own = "1:name=x:/other\n0::/system.slice/worker.service\n";
        let limit = || limit_in(root.path(), own);
        assert_eq!(limit(), None);
        fs::write(unit.join("memory.max"), "max\n").unwrap();
        assert_eq!(limit(), None);
        fs::write(unit.join("memory.max"), "8589934592\n").unwrap();
        assert_eq!(limit(), Some(8 << 30));
        fs::write(root.path().join("system.slice/memory.max"), "1048576\n").unwrap();
        assert_eq!(limit(), Some(1 << 20));
        assert_eq!(limit_in(root.path(), "1:name=x:/other\n"), None, "no such groups");
    }

    #[test]
    fn too_little_memory_is_said_with_the_way_out() {
        // Four films being decoded, with their plaintext twice, and eight files of 65 MiB.
        let most = (4 * (384 + 64 + 65) + 8 * 65) << 20;
        assert_eq!(shortage(4, 65 << 20, (8 * 65) << 20, most), None);
        let problem = shortage(4, 65 << 20, (8 * 65) << 20, most - 1).unwrap();
        assert!(problem.contains("2572 MiB") && problem.contains("MemoryMax"), "{problem}");
    }
}
