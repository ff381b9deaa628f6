// What tests set and read: plain C functions beside the driver's, wrapped by src/lib.rs.
#include "driver.h"

#define CONTROL extern "C" __attribute__((visibility("default")))
#define LOCKED std::lock_guard<std::mutex> lock(driver.mutex)

// As after loading: controls and counters, and what has broken or was found.
CONTROL void fovea_emulator_reset() {
    LOCKED;
    driver.controls = {};
    driver.counters = {};
    driver.findings.clear();
    driver.random = {88172645463325252u};
    for (Context& context : driver.contexts) context.broken = CUDA_SUCCESS;
}

CONTROL void fovea_emulator_seed(u64 seed) {
    LOCKED;
    driver.controls.seed = seed;
    driver.random = {88172645463325252u ^ (seed * 0x9e3779b97f4a7c15u)};
}

CONTROL void fovea_emulator_deferred(bool on) {
    LOCKED;
    if (!on) drain_all();
    driver.controls.deferred = on;
}

CONTROL void fovea_emulator_quiet(bool on) {
    LOCKED;
    driver.controls.quiet = on;
}

CONTROL void fovea_emulator_device(int devices, int major, int minor, int version, u64 memory) {
    LOCKED;
    driver.controls.devices = devices;
    driver.controls.major = major;
    driver.controls.minor = minor;
    driver.controls.version = version;
    driver.controls.total_memory = memory;
}

// After `launches` more launches every call answers `code`.
CONTROL void fovea_emulator_lose(u64 launches, int code) {
    LOCKED;
    driver.controls.lost_after = driver.counters.launches.size() + launches;
    driver.controls.lost_code = static_cast<CUresult>(code);
}

// `allocations` more succeed, the later ones do not.
CONTROL void fovea_emulator_fail_allocation(u64 allocations) {
    LOCKED;
    driver.controls.fail_allocation = driver.counters.allocations + allocations;
}

// The counters as text, a line each: `launch NAME`, `traffic NAME LOADED STORED`, and the bytes and graphs.
CONTROL const char* fovea_emulator_counters() {
    LOCKED;
    static thread_local std::string text;
    const Counters& counters = driver.counters;
    text.clear();
    for (auto& name : counters.launches) text += "launch " + name + "\n";
    for (auto& [name, words] : counters.traffic)
        text += "traffic " + name + " " + std::to_string(words.loaded) + " " + std::to_string(words.stored) + "\n";
    text += "to_device " + std::to_string(counters.to_device) + "\n";
    text += "to_host " + std::to_string(counters.to_host) + "\n";
    text += "graph_launches " + std::to_string(counters.graph_launches) + "\n";
    text += "allocations " + std::to_string(counters.allocations) + "\n";
    return text.c_str();
}

CONTROL void fovea_emulator_reset_counters() {
    LOCKED;
    Counters& counters = driver.counters;
    if (driver.controls.lost_after != ~u64(0)) driver.controls.lost_after -= counters.launches.size();
    if (driver.controls.fail_allocation != ~u64(0)) driver.controls.fail_allocation -= counters.allocations;
    counters = {};
}

// Bytes of live device memory of device 0.
CONTROL u64 fovea_emulator_used() {
    LOCKED;
    return driver.contexts[0].used;
}

// What was found or refused, the oldest first, each ended by a zero byte and the list by another.
CONTROL const char* fovea_emulator_findings() {
    LOCKED;
    static thread_local std::string text;
    text.clear();
    for (auto& finding : driver.findings) (text += finding) += '\0';
    text += '\0';
    return text.c_str();
}
