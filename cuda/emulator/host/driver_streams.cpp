// The stand-in driver: streams, events, stream capture and graphs.
//
// Work runs when it is submitted, or in deferred mode as late as it may: with seed 0 only what somebody waits for, else
// at random. So a program that forgets a wait reads what was there before.
#include "driver.h"

// ---- streams

Stream* stream_of(CUstream handle) {
    if (reinterpret_cast<u64>(handle) <= 2) {
        Stream& stream = driver.default_streams[current->device];
        stream.context = current;
        stream.blocking = true;
        return &stream;
    }
    return driver.streams.count(handle) ? handle : nullptr;
}

namespace {

bool is_default(const Stream* stream) {
    for (auto& [device, other] : driver.default_streams)
        if (&other == stream) return true;
    return false;
}

std::vector<Stream*> all_streams() {
    std::vector<Stream*> all(driver.streams.begin(), driver.streams.end());
    for (auto& [device, stream] : driver.default_streams) all.push_back(&stream);
    return all;
}

// Runs the stream's next work, after all it has to wait for.
void step(Stream* stream) {
    Work work = std::move(stream->queue.front());
    stream->queue.pop_front();
    if (work.after) reach_moment(work.after);
    if (work.run && !stream->context->broken) {
        CUresult answer = work.run();
        if (answer && !stream->context->broken) stream->context->broken = answer;
    }
    if (work.done) *work.done = {true, std::chrono::steady_clock::now()};
}

void push(Stream* stream, Work work) {
    stream->queue.push_back(std::move(work));
    if (!driver.controls.deferred) drain(stream);
    settle();
}

// The default stream waits for the blocking ones, and they for it.
void order_with_default(Stream* stream) {
    if (!stream->blocking) return;
    bool all = is_default(stream);
    for (Stream* other : all_streams())
        if (other != stream && other->blocking && (all || is_default(other))) drain(other);
}

} // namespace

void drain(Stream* stream) {
    while (!stream->queue.empty()) {
        settle();
        if (!stream->queue.empty()) step(stream);
    }
}

void drain_all() {
    for (Stream* stream : all_streams()) drain(stream);
}

void settle() {
    Controls& controls = driver.controls;
    if (!controls.deferred || !controls.seed) return;
    while (driver.random.below(4) == 0) {
        std::vector<Stream*> busy;
        for (Stream* stream : all_streams())
            if (!stream->queue.empty()) busy.push_back(stream);
        if (busy.empty()) return;
        step(busy[driver.random.below(busy.size())]);
    }
}

void reach_moment(const std::shared_ptr<Moment>& moment) {
    while (!moment->reached) {
        Stream* holds = nullptr;
        for (Stream* stream : all_streams())
            for (Work& work : stream->queue)
                if (work.done == moment) holds = stream;
        if (!holds) return; // its stream is running it now, further up
        step(holds);
    }
}

void forget_streams(Context* context) {
    for (Stream* stream : all_streams()) {
        if (stream->context != context) continue;
        drain(stream);
        stream->capture.reset();
        if (driver.streams.erase(stream)) delete stream;
    }
    driver.default_streams.erase(context->device);
}

CUresult submit(Stream* stream, std::function<CUresult()> run) {
    if (auto& capture = stream->capture) {
        if (capture->invalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        capture->graph.nodes.push_back({std::move(run), stream->after});
        stream->after = {capture->graph.nodes.size() - 1};
        return CUDA_SUCCESS;
    }
    order_with_default(stream);
    push(stream, {std::move(run), nullptr, nullptr});
    return CUDA_SUCCESS;
}

API cuStreamCreate(CUstream* stream, unsigned flags) {
    DRIVER_CALL;
    *stream = new Stream{current, (flags & CU_STREAM_NON_BLOCKING) == 0};
    driver.streams.insert(*stream);
    return CUDA_SUCCESS;
}

API cuStreamCreateWithPriority(CUstream* stream, unsigned flags, int) { return cuStreamCreate(stream, flags); }

API cuStreamDestroy_v2(CUstream stream) {
    std::lock_guard<std::mutex> lock(driver.mutex);
    if (!driver.streams.count(stream)) return CUDA_ERROR_INVALID_HANDLE;
    if (stream->capture) stream->capture->invalid = true;
    drain(stream);
    CUresult answer = stream->context->broken;
    driver.streams.erase(stream);
    delete stream;
    return answer;
}

API cuStreamSynchronize(CUstream handle) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    if (CUresult answer = forbidden_in_capture_of(stream, "cuStreamSynchronize")) return answer;
    drain(stream);
    return current->broken;
}

API cuStreamQuery(CUstream handle) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    if (CUresult answer = forbidden_in_capture_of(stream, "cuStreamQuery")) return answer;
    settle();
    return stream->queue.empty() ? current->broken : CUDA_ERROR_NOT_READY;
}

API cuLaunchHostFunc(CUstream handle, void (*call)(void*), void* data) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    return submit(stream, [=] { return call(data), CUDA_SUCCESS; });
}

// ---- events

API cuEventCreate(CUevent* event, unsigned flags) {
    DRIVER_CALL;
    *event = new Event{(flags & CU_EVENT_DISABLE_TIMING) == 0};
    driver.events.insert(*event);
    return CUDA_SUCCESS;
}

API cuEventDestroy_v2(CUevent event) {
    std::lock_guard<std::mutex> lock(driver.mutex);
    if (!driver.events.erase(event)) return CUDA_ERROR_INVALID_HANDLE;
    delete event;
    return current ? current->broken : CUDA_SUCCESS;
}

API cuEventRecord(CUevent event, CUstream handle) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream || !driver.events.count(event)) return CUDA_ERROR_INVALID_HANDLE;
    event->capture = stream->capture;
    event->after = stream->after;
    if (stream->capture) return CUDA_SUCCESS;
    event->moment = std::make_shared<Moment>();
    order_with_default(stream);
    push(stream, {nullptr, nullptr, event->moment});
    return CUDA_SUCCESS;
}

API cuStreamWaitEvent(CUstream handle, CUevent event, unsigned) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream || !driver.events.count(event)) return CUDA_ERROR_INVALID_HANDLE;
    if (event->capture) {
        if (event->capture->ended)
            return refuse(CUDA_ERROR_CAPTURED_EVENT,
                          "cuStreamWaitEvent: the event was recorded in a capture that has ended");
        if (stream->capture && stream->capture != event->capture) return CUDA_ERROR_STREAM_CAPTURE_MERGE;
        stream->capture = event->capture;
        stream->after.insert(event->after.begin(), event->after.end());
        return CUDA_SUCCESS;
    }
    if (!event->moment) return CUDA_SUCCESS; // never recorded
    if (stream->capture) {
        stream->capture->invalid = true;
        return refuse(CUDA_ERROR_STREAM_CAPTURE_ISOLATION,
                      "cuStreamWaitEvent: a capture waits for what was not captured");
    }
    push(stream, {nullptr, event->moment, nullptr});
    return CUDA_SUCCESS;
}

namespace {
CUresult usable(CUevent event) {
    if (!driver.events.count(event)) return CUDA_ERROR_INVALID_HANDLE;
    if (!event->capture) return CUDA_SUCCESS;
    event->capture->invalid = true;
    return refuse(CUDA_ERROR_CAPTURED_EVENT, "an event recorded in a capture was asked for or waited for");
}
} // namespace

API cuEventQuery(CUevent event) {
    DRIVER_CALL;
    if (CUresult answer = usable(event)) return answer;
    settle();
    return !event->moment || event->moment->reached ? current->broken : CUDA_ERROR_NOT_READY;
}

API cuEventSynchronize(CUevent event) {
    DRIVER_CALL;
    if (CUresult answer = usable(event)) return answer;
    if (event->moment) reach_moment(event->moment);
    return current->broken;
}

API cuEventElapsedTime_v2(float* milliseconds, CUevent begin, CUevent end) {
    DRIVER_CALL;
    if (CUresult answer = usable(begin)) return answer;
    if (CUresult answer = usable(end)) return answer;
    if (!begin->timing || !end->timing || !begin->moment || !end->moment) return CUDA_ERROR_INVALID_HANDLE;
    if (!begin->moment->reached || !end->moment->reached) return CUDA_ERROR_NOT_READY;
    *milliseconds = std::chrono::duration<float, std::milli>(end->moment->at - begin->moment->at).count();
    return CUDA_SUCCESS;
}

// ---- capture

CUresult forbidden_in_capture_of(Stream* stream, const char* call) {
    if (!stream->capture) return CUDA_SUCCESS;
    stream->capture->invalid = true;
    return refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "%s while its stream is being captured", call);
}

CUresult forbidden_in_capture(const char* call) {
    for (auto& weak : driver.captures) {
        auto capture = weak.lock();
        if (!capture || capture->ended || capture->mode == CU_STREAM_CAPTURE_MODE_RELAXED) continue;
        if (capture->mode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL && capture->thread != std::this_thread::get_id())
            continue;
        capture->invalid = true;
        return refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "%s while a stream is being captured", call);
    }
    return CUDA_SUCCESS;
}

API cuStreamBeginCapture_v2(CUstream handle, CUstreamCaptureMode mode) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    if (is_default(stream))
        return refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                      "cuStreamBeginCapture: the default stream cannot be captured");
    if (stream->capture) return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
    stream->capture = std::make_shared<Capture>(Capture{{}, stream, mode, std::this_thread::get_id()});
    stream->after.clear();
    driver.captures.push_back(stream->capture);
    return CUDA_SUCCESS;
}

API cuStreamEndCapture(CUstream handle, CUgraph* graph) {
    DRIVER_CALL;
    *graph = nullptr;
    Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    auto capture = stream->capture;
    if (!capture || capture->origin != stream) return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
    if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED && capture->thread != std::this_thread::get_id())
        return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;

    std::set<size_t> joined, open = stream->after;
    while (!open.empty()) {
        size_t node = *open.begin();
        open.erase(open.begin());
        if (!joined.insert(node).second) continue;
        open.insert(capture->graph.nodes[node].after.begin(), capture->graph.nodes[node].after.end());
    }
    capture->ended = true;
    for (Stream* other : all_streams())
        if (other->capture == capture) other->capture.reset(), other->after.clear();
    std::erase_if(driver.captures, [](auto& weak) { return weak.expired() || weak.lock()->ended; });

    if (capture->invalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    if (joined.size() != capture->graph.nodes.size())
        return refuse(CUDA_ERROR_STREAM_CAPTURE_UNJOINED,
                      "cuStreamEndCapture: %zu nodes of other streams were not waited for",
                      capture->graph.nodes.size() - joined.size());
    *graph = new Graph(std::move(capture->graph));
    driver.graphs.insert(*graph);
    return CUDA_SUCCESS;
}

API cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus* status) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    *status = !stream->capture           ? CU_STREAM_CAPTURE_STATUS_NONE
              : stream->capture->invalid ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                                         : CU_STREAM_CAPTURE_STATUS_ACTIVE;
    return CUDA_SUCCESS;
}

// ---- graphs

namespace {

// Runs all nodes: as they were captured, or with a seed in a random order that keeps what was waited for.
CUresult run_graph(const Graph& graph) {
    size_t count = graph.nodes.size();
    std::vector<std::vector<size_t>> then(count);
    std::vector<size_t> waits(count), ready;
    for (size_t n = count; n-- > 0;) {
        for (size_t before : graph.nodes[n].after) then[before].push_back(n);
        waits[n] = graph.nodes[n].after.size();
        if (waits[n] == 0) ready.push_back(n);
    }
    for (size_t in_order = 0; in_order < count; in_order++) {
        size_t node = in_order;
        if (driver.controls.seed) {
            std::swap(ready[driver.random.below(ready.size())], ready.back());
            node = ready.back();
            ready.pop_back();
            for (size_t next : then[node])
                if (--waits[next] == 0) ready.push_back(next);
        }
        if (CUresult answer = graph.nodes[node].run()) return answer;
    }
    return CUDA_SUCCESS;
}

} // namespace

API cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph graph, unsigned long long) {
    DRIVER_CALL;
    if (!driver.graphs.count(graph)) return CUDA_ERROR_INVALID_HANDLE;
    *executable = new GraphExec{std::make_shared<const Graph>(*graph)};
    driver.executables.insert(*executable);
    return CUDA_SUCCESS;
}

API cuGraphUpload(CUgraphExec executable, CUstream handle) {
    DRIVER_CALL;
    return driver.executables.count(executable) && stream_of(handle) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

API cuGraphLaunch(CUgraphExec executable, CUstream handle) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream || !driver.executables.count(executable)) return CUDA_ERROR_INVALID_HANDLE;
    return submit(stream, [graph = executable->graph] {
        driver.counters.graph_launches++;
        return run_graph(*graph);
    });
}

API cuGraphExecDestroy(CUgraphExec executable) {
    std::lock_guard<std::mutex> lock(driver.mutex);
    if (!driver.executables.erase(executable)) return CUDA_ERROR_INVALID_HANDLE;
    delete executable;
    return CUDA_SUCCESS;
}

API cuGraphDestroy(CUgraph graph) {
    std::lock_guard<std::mutex> lock(driver.mutex);
    if (!driver.graphs.erase(graph)) return CUDA_ERROR_INVALID_HANDLE;
    delete graph;
    return CUDA_SUCCESS;
}
