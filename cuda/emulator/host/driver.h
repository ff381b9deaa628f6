// The stand-in driver's own structs: what a program holds handles to, and how work is queued.
#pragma once
#include "driver_types.h"
#include "launch.h"
#include "memory.h"
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#pragma GCC visibility push(hidden)

struct Context {
    int device = 0;
    unsigned retained = 0;
    CUresult broken = CUDA_SUCCESS; // what every call answers once a kernel has failed
    size_t used = 0;                // bytes
};

// Something a stream does: `run`, then it marks `done`; it may have to wait first.
struct Moment {
    bool reached = false;
    std::chrono::steady_clock::time_point at;
};
struct Work {
    std::function<CUresult()> run;
    std::shared_ptr<Moment> after, done;
};

struct Node {
    std::function<CUresult()> run;
    std::set<size_t> after; // nodes that must have run
};
struct Graph {
    std::vector<Node> nodes;
};
struct GraphExec {
    std::shared_ptr<const Graph> graph;
};

// A stream capture, from its begin to its end.
struct Capture {
    Graph graph;
    Stream* origin;
    CUstreamCaptureMode mode;
    std::thread::id thread;
    bool invalid = false, ended = false;
};

struct Stream {
    Context* context = nullptr;
    bool blocking = false; // ordered with the default stream
    std::deque<Work> queue{};
    std::shared_ptr<Capture> capture{};
    std::set<size_t> after{}; // nodes of the capture that the next one comes after
};

struct Event {
    bool timing;
    std::shared_ptr<Moment> moment{}; // of the last record
    std::shared_ptr<Capture> capture{};
    std::set<size_t> after{};
};

struct Function {
    const emulator::Kernel* kernel;
};
struct Module {
    bool everything = false;                                // our own image
    std::map<std::string, std::vector<unsigned>> kernels{}; // of a cubin: the sizes of its parameters
    std::map<std::string, std::unique_ptr<Function>> functions{};
};

// What tests set (controls.cpp).
struct Controls {
    u64 seed = 0;
    bool deferred = false;
    size_t total_memory = size_t(8) << 30;
    int version = 13000, devices = 1, major = 9, minor = 0;
    u64 lost_after = ~u64(0); // launches; then every call answers `lost_code`
    CUresult lost_code = CUDA_ERROR_LAUNCH_FAILED;
    u64 fail_allocation = ~u64(0); // allocations that succeed before one fails
    bool quiet = false;
};

struct Counters {
    std::vector<std::string> launches; // kernels' names, in order
    std::map<std::string, emulator::Traffic> traffic;
    u64 to_device = 0, to_host = 0; // bytes
    u64 graph_launches = 0, allocations = 0;
};

struct Driver {
    std::mutex mutex;
    bool started = false;
    Context contexts[8];
    std::map<int, Stream> default_streams; // by device
    std::set<Stream*> streams;
    std::set<Event*> events;
    std::set<Module*> modules;
    std::set<Function*> functions;
    std::set<Graph*> graphs;
    std::set<GraphExec*> executables;
    std::map<u64, size_t> pinned;
    std::vector<std::weak_ptr<Capture>> captures;
    Controls controls;
    Counters counters;
    std::vector<std::string> findings;
    emulator::Random random{88172645463325252u};
};
extern Driver& driver; // never destroyed: threads may call it until the process ends
extern thread_local Context* current;

// Notes why something is refused, for the tests and on stderr; gives the answer back.
[[gnu::format(printf, 2, 3)]] CUresult refuse(CUresult answer, const char* format, ...);
void note(const std::string& finding);

// What every call answers now: not started, no context, broken.
CUresult standing();
CUresult standing_without_context();

// A call that a capture forbids: breaks the capture.
CUresult forbidden_in_capture(const char* call);
CUresult forbidden_in_capture_of(Stream* stream, const char* call);

// The stream of a handle; null if it is dead.
Stream* stream_of(CUstream handle);

CUresult submit(Stream* stream, std::function<CUresult()> run);
void drain(Stream* stream);
void drain_all();
void settle(); // in deferred mode: lets some work happen
void reach_moment(const std::shared_ptr<Moment>& moment);
void forget_streams(Context* context);

// The start of every entry point.
#define DRIVER_CALL                                 \
    std::lock_guard<std::mutex> lock(driver.mutex); \
    if (CUresult answer = standing()) return answer
#define API extern "C" __attribute__((visibility("default"))) CUresult

#pragma GCC visibility pop
