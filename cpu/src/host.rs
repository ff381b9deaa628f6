//! What this machine is and how much memory it has left.

use fovea_graph::{Device, counted};

use crate::simd::Instructions;

/// The CPU as a device, with so many threads that work with these instructions. Where the machine has better ones, that is
/// said: somebody asked for these.
pub fn device(threads: usize, instructions: Instructions) -> Device {
    let (threads, best) = (counted(threads, "thread"), Instructions::best());
    let description = if instructions == best {
        format!("{threads}, {instructions}")
    } else {
        format!("{threads}, {instructions} as asked; the machine has {best}")
    };
    Device { name: "cpu".into(), description, memory: available_memory() }
}

/// Memory that can still be had, in bytes: what Linux says is available, within the limit of the control group.
#[cfg(target_os = "linux")]
pub fn available_memory() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| meminfo_available(&text));
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let group = |limit: &str, used: &str| Some(number(limit)?.saturating_sub(number(used)?));
    let limited = group("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current").or_else(|| {
        group("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes")
    });
    [machine, limited].into_iter().flatten().min()
}

/// Other systems do not say it in a file.
#[cfg(not(target_os = "linux"))]
pub fn available_memory() -> Option<u64> {
    None
}

/// The figure of `/proc/meminfo`, in bytes.
#[cfg(any(target_os = "linux", test))]
fn meminfo_available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_read_in_bytes() {
        let text = "MemTotal:       24097900 kB\nMemFree:          812344 kB\nMemAvailable:   23068672 kB\n";
        assert_eq!(meminfo_available(text), Some(23_622_320_128));
        assert_eq!(meminfo_available("MemTotal: 1 kB\n"), None);
        assert_eq!(meminfo_available("MemAvailable: many kB\n"), None);
    }
}
