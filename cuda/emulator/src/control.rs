//! The emulator as a test sees it.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int};
use std::path::Path;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The loaded emulator: what tests set and read. A handle; the library stays until the process ends.
#[derive(Clone, Copy, Debug)]
pub struct Emulator {
    reset: unsafe extern "C" fn(),
    seed: unsafe extern "C" fn(u64),
    deferred: unsafe extern "C" fn(bool),
    quiet: unsafe extern "C" fn(bool),
    device: unsafe extern "C" fn(c_int, c_int, c_int, c_int, u64),
    lose: unsafe extern "C" fn(u64, c_int),
    fail_allocation: unsafe extern "C" fn(u64),
    counters: unsafe extern "C" fn() -> *const c_char,
    reset_counters: unsafe extern "C" fn(),
    used: unsafe extern "C" fn() -> u64,
    findings: unsafe extern "C" fn() -> *const c_char,
}

/// What the driver says of its devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// How many there are, at most 8.
    pub count: i32,
    /// Compute capability, major and minor.
    pub capability: (i32, i32),
    /// The newest CUDA it runs, such as 13000 for 13.0.
    pub driver_version: i32,
    /// Bytes of memory of each.
    pub memory: u64,
}

impl Default for Device {
    fn default() -> Self {
        Self { count: 1, capability: (9, 0), driver_version: 13000, memory: 8 << 30 }
    }
}

/// 4-byte words of global memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Read by kernels.
    pub loaded: u64,
    /// Written by kernels.
    pub stored: u64,
}

/// What happened since the counters were last zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The kernels that ran, in order.
    pub launches: Vec<String>,
    /// By kernel.
    pub traffic: BTreeMap<String, Traffic>,
    /// Bytes copied from the host.
    pub bytes_to_device: u64,
    /// Bytes copied to the host.
    pub bytes_to_host: u64,
    /// Graphs launched.
    pub graph_launches: u64,
    /// Allocations of device memory asked for.
    pub allocations: u64,
}

impl Counters {
    /// Of all kernels.
    pub fn total(&self) -> Traffic {
        let add =
            |sum: Traffic, it: &Traffic| Traffic { loaded: sum.loaded + it.loaded, stored: sum.stored + it.stored };
        self.traffic.values().fold(Traffic::default(), add)
    }
}

static TURN: RwLock<()> = RwLock::new(());

/// Keeps other tests of the process waiting while it lives; after [`Emulator::alone`] the emulator is as new again.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Guard(#[expect(dead_code, reason = "held for its drop")] Turn);

#[derive(Debug)]
#[expect(dead_code, reason = "held for their drop")]
enum Turn {
    Alone(Reset, RwLockWriteGuard<'static, ()>),
    Together(RwLockReadGuard<'static, ()>),
}

#[derive(Debug)]
struct Reset(Emulator);

impl Drop for Reset {
    fn drop(&mut self) {
        self.0.reset();
    }
}

impl Emulator {
    pub(crate) fn load(library: &Path) -> Result<Self, String> {
        use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
        for name in ["libcuda.so", "libcuda.so.1"] {
            // SAFETY: with RTLD_NOLOAD nothing is loaded and no code runs; it only asks.
            if unsafe { Library::open(Some(name), RTLD_NOW | libc::RTLD_NOLOAD) }.is_ok() {
                return Err(format!("{name} is already loaded: the emulator must be installed before CUDA is used"));
            }
        }
        // SAFETY: the library is our own; what it does at its start is to fill tables of its own.
        let library = unsafe { Library::open(Some(library), RTLD_NOW | RTLD_LOCAL) };
        let library = library.map_err(|why| format!("the emulator cannot be loaded: {why}"))?;
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: host/controls.cpp defines it with this type, and the library is never unloaded.
                *unsafe { library.get(concat!("fovea_emulator_", $name, "\0").as_bytes()) }
                    .map_err(|why| why.to_string())?
            };
        }
        let emulator = Self {
            reset: symbol!("reset"),
            seed: symbol!("seed"),
            deferred: symbol!("deferred"),
            quiet: symbol!("quiet"),
            device: symbol!("device"),
            lose: symbol!("lose"),
            fail_allocation: symbol!("fail_allocation"),
            counters: symbol!("counters"),
            reset_counters: symbol!("reset_counters"),
            used: symbol!("used"),
            findings: symbol!("findings"),
        };
        std::mem::forget(library); // cudarc finds it by its name while it is loaded
        Ok(emulator)
    }

    /// The image that `cuModuleLoadData` takes for all kernels that were compiled in.
    pub fn image(&self) -> Vec<u8> {
        b"fovea-emulator\0".to_vec()
    }

    /// Waits until no other test uses the emulator, and keeps it for itself; the controls begin and end as new.
    pub fn alone(&self) -> Guard {
        let turn = TURN.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        self.reset();
        Guard(Turn::Alone(Reset(*self), turn))
    }

    /// Waits until nobody has the emulator alone.
    pub fn together(&self) -> Guard {
        Guard(Turn::Together(TURN.read().unwrap_or_else(|poisoned| poisoned.into_inner())))
    }

    /// Controls, counters and findings as after loading; a broken context works again.
    pub fn reset(&self) {
        // SAFETY: a function of the library, which stays loaded.
        unsafe { (self.reset)() }
    }

    /// 0: blocks, threads and the nodes of graphs run in order; else in a random order of this seed.
    pub fn seed(&self, seed: u64) {
        // SAFETY: as above.
        unsafe { (self.seed)(seed) }
    }

    /// Whether work is queued and runs late: what somebody waits for, and with a seed some of the rest at random.
    pub fn deferred(&self, on: bool) {
        // SAFETY: as above.
        unsafe { (self.deferred)(on) }
    }

    /// Whether findings are kept from stderr.
    pub fn quiet(&self, on: bool) {
        // SAFETY: as above.
        unsafe { (self.quiet)(on) }
    }

    /// What the driver says of its devices from now on.
    pub fn device(&self, device: Device) {
        let Device { count, capability: (major, minor), driver_version, memory } = device;
        // SAFETY: as above.
        unsafe { (self.device)(count.clamp(0, 8), major, minor, driver_version, memory) }
    }

    /// After so many more launches every call answers this `CUresult`, until [`Emulator::reset`].
    pub fn lose_after(&self, launches: u64, code: i32) {
        // SAFETY: as above.
        unsafe { (self.lose)(launches, code) }
    }

    /// So many more allocations succeed, all later ones are out of memory.
    pub fn fail_allocation_after(&self, allocations: u64) {
        // SAFETY: as above.
        unsafe { (self.fail_allocation)(allocations) }
    }

    /// Bytes of device memory that are allocated on the first device.
    pub fn used(&self) -> u64 {
        // SAFETY: as above.
        unsafe { (self.used)() }
    }

    /// Counts from zero.
    pub fn reset_counters(&self) {
        // SAFETY: as above.
        unsafe { (self.reset_counters)() }
    }

    /// What happened since the counters were zero.
    pub fn counters(&self) -> Counters {
        // SAFETY: the text is the calling thread's, and stays until its next call.
        let text = unsafe { CStr::from_ptr((self.counters)()) }.to_string_lossy();
        let mut counters = Counters::default();
        for line in text.lines() {
            let mut words = line.split(' ');
            let (what, first) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
            let value = first.parse().unwrap_or_default();
            match what {
                "launch" => counters.launches.push(first.to_string()),
                "traffic" => {
                    let traffic = Traffic { loaded: number(), stored: number() };
                    counters.traffic.insert(first.to_string(), traffic);
                }
                "to_device" => counters.bytes_to_device = value,
                "to_host" => counters.bytes_to_host = value,
                "graph_launches" => counters.graph_launches = value,
                _ => counters.allocations = value,
            }
        }
        counters
    }

    /// What was found or refused since the last reset, the oldest first.
    pub fn findings(&self) -> Vec<String> {
        // SAFETY: the texts are the calling thread's and stay until its next call; an empty one ends them.
        unsafe {
            let mut next = (self.findings)();
            let mut findings = Vec::new();
            while *next != 0 {
                let text = CStr::from_ptr(next);
                findings.push(text.to_string_lossy().into_owned());
                next = next.add(text.to_bytes_with_nul().len());
            }
            findings
        }
    }
}
