// The stand-in driver: device memory, pinned host memory, copies and fills.
#include "driver.h"
#include <algorithm>

namespace {

bool held(const std::map<u64, size_t>& blocks, const void* at, size_t bytes) {
    u64 address = reinterpret_cast<u64>(at);
    auto after = blocks.upper_bound(address);
    if (after == blocks.begin()) return false;
    auto [begin, size] = *std::prev(after);
    return address - begin <= size && bytes <= size - (address - begin);
}
bool is_pinned(const void* at, size_t bytes) { return held(driver.pinned, at, bytes); }

CUresult alive(CUdeviceptr address, size_t bytes, const char* call) {
    if (bytes == 0 || emulator::holder(address, bytes)) return CUDA_SUCCESS;
    return refuse(CUDA_ERROR_INVALID_VALUE, "%s: the %zu bytes at %#llx are not in live device memory", call, bytes,
                  address);
}

CUresult obtain(CUdeviceptr* address, size_t bytes) {
    if (bytes == 0) return CUDA_ERROR_INVALID_VALUE;
    bool fails = driver.counters.allocations++ >= driver.controls.fail_allocation;
    if (fails || bytes > driver.controls.total_memory - std::min(current->used, driver.controls.total_memory))
        return CUDA_ERROR_OUT_OF_MEMORY;
    *address = emulator::allocate(bytes, current->device);
    if (!*address) return refuse(CUDA_ERROR_OUT_OF_MEMORY, "the host has no %zu bytes for the emulator", bytes);
    current->used += bytes;
    return CUDA_SUCCESS;
}

CUresult give_back(Context* context, CUdeviceptr address, const char* call) {
    if (!address) return CUDA_SUCCESS;
    const emulator::Allocation* which = emulator::holder(address, 0);
    if (!which || which->address != address)
        return refuse(CUDA_ERROR_INVALID_VALUE, "%s: %#llx is not the begin of live device memory", call, address);
    context->used -= which->bytes;
    emulator::release(address);
    return CUDA_SUCCESS;
}

CUresult host_to_device(CUdeviceptr to, const void* from, size_t bytes) {
    if (CUresult answer = alive(to, bytes, "copy to the device")) return answer;
    memcpy(reinterpret_cast<void*>(to), from, bytes);
    emulator::host_wrote(to, bytes);
    driver.counters.to_device += bytes;
    return CUDA_SUCCESS;
}

CUresult device_to_host(void* to, CUdeviceptr from, size_t bytes) {
    if (CUresult answer = alive(from, bytes, "copy to the host")) return answer;
    memcpy(to, reinterpret_cast<const void*>(from), bytes);
    driver.counters.to_host += bytes;
    return CUDA_SUCCESS;
}

CUresult device_to_device(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
    if (CUresult answer = alive(from, bytes, "copy on the device")) return answer;
    if (CUresult answer = alive(to, bytes, "copy on the device")) return answer;
    memmove(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), bytes);
    emulator::host_copied(to, from, bytes);
    return CUDA_SUCCESS;
}

template <class T>
CUresult fill(CUdeviceptr to, T value, size_t count) {
    if (CUresult answer = alive(to, count * sizeof value, "fill")) return answer;
    std::fill_n(reinterpret_cast<T*>(to), count, value);
    emulator::host_wrote(to, count * sizeof value);
    return CUDA_SUCCESS;
}

template <class T>
CUresult submit_fill(CUdeviceptr to, T value, size_t count, CUstream handle) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    if (to % sizeof value != 0) return CUDA_ERROR_INVALID_VALUE;
    if (CUresult answer = alive(to, count * sizeof value, "fill")) return answer;
    return submit(stream, [=] { return fill(to, value, count); });
}

// A pageable buffer in a capture: the driver cannot stage it.
CUresult pageable_in_capture(Stream* stream, const void* host, size_t bytes, const char* call) {
    return is_pinned(host, bytes) ? CUDA_SUCCESS : forbidden_in_capture_of(stream, call);
}

} // namespace

API cuMemGetInfo_v2(size_t* free_bytes, size_t* total) {
    DRIVER_CALL;
    *total = driver.controls.total_memory;
    *free_bytes = *total - std::min(*total, current->used);
    return CUDA_SUCCESS;
}

API cuMemAlloc_v2(CUdeviceptr* address, size_t bytes) {
    DRIVER_CALL;
    if (CUresult answer = forbidden_in_capture("cuMemAlloc")) return answer;
    return obtain(address, bytes);
}

API cuMemFree_v2(CUdeviceptr address) {
    DRIVER_CALL;
    if (CUresult answer = forbidden_in_capture("cuMemFree")) return answer;
    drain_all();
    return give_back(current, address, "cuMemFree");
}

API cuMemAllocAsync(CUdeviceptr* address, size_t bytes, CUstream handle) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    if (CUresult answer = forbidden_in_capture_of(stream, "cuMemAllocAsync")) return answer;
    return obtain(address, bytes);
}

API cuMemFreeAsync(CUdeviceptr address, CUstream handle) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    if (CUresult answer = forbidden_in_capture_of(stream, "cuMemFreeAsync")) return answer;
    return submit(stream, [=, context = current] { return give_back(context, address, "cuMemFreeAsync"); });
}

API cuMemHostAlloc(void** host, size_t bytes, unsigned) {
    DRIVER_CALL;
    if (CUresult answer = forbidden_in_capture("cuMemHostAlloc")) return answer;
    *host = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (!*host) return CUDA_ERROR_OUT_OF_MEMORY;
    memset(*host, 0xff, bytes);
    driver.pinned[reinterpret_cast<u64>(*host)] = bytes;
    return CUDA_SUCCESS;
}

API cuMemFreeHost(void* host) {
    std::lock_guard<std::mutex> lock(driver.mutex);
    if (!driver.pinned.count(reinterpret_cast<u64>(host))) return CUDA_ERROR_INVALID_VALUE;
    drain_all();
    driver.pinned.erase(reinterpret_cast<u64>(host));
    free(host);
    return current ? current->broken : CUDA_SUCCESS;
}

// What is pageable is staged at once; pinned memory is read when the copy runs.
API cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, CUstream handle) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    if (CUresult answer = alive(to, bytes, "cuMemcpyHtoDAsync")) return answer;
    if (stream->capture)
        if (CUresult answer = pageable_in_capture(stream, from, bytes, "cuMemcpyHtoDAsync from pageable memory"))
            return answer;
    if (is_pinned(from, bytes)) return submit(stream, [=] { return host_to_device(to, from, bytes); });
    const char* begin = static_cast<const char*>(from);
    return submit(stream, [to, staged = std::vector<char>(begin, begin + bytes)] {
        return host_to_device(to, staged.data(), staged.size());
    });
}

// A copy to pageable memory is done when the call returns.
API cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, CUstream handle) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    if (CUresult answer = alive(from, bytes, "cuMemcpyDtoHAsync")) return answer;
    if (stream->capture)
        if (CUresult answer = pageable_in_capture(stream, to, bytes, "cuMemcpyDtoHAsync to pageable memory"))
            return answer;
    CUresult answer = submit(stream, [=] { return device_to_host(to, from, bytes); });
    if (answer || stream->capture || is_pinned(to, bytes)) return answer;
    drain(stream);
    return current->broken;
}

API cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream handle) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    if (CUresult answer = alive(from, bytes, "cuMemcpyDtoDAsync")) return answer;
    if (CUresult answer = alive(to, bytes, "cuMemcpyDtoDAsync")) return answer;
    return submit(stream, [=] { return device_to_device(to, from, bytes); });
}

API cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
    return submit_fill(to, value, count, stream);
}
API cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream) {
    return submit_fill(to, value, count, stream);
}

// The calls without a stream run on the default one and are done when they return.
namespace {
CUresult at_once(const char* call, const std::function<CUresult(Stream*)>& what) {
    DRIVER_CALL;
    if (CUresult answer = forbidden_in_capture(call)) return answer;
    Stream* stream = stream_of(nullptr);
    CUresult answer = what(stream);
    drain(stream);
    return answer ? answer : current->broken;
}
} // namespace

API cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
    return at_once("cuMemcpyHtoD",
                   [=](Stream* s) { return submit(s, [=] { return host_to_device(to, from, bytes); }); });
}
API cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes) {
    return at_once("cuMemcpyDtoH",
                   [=](Stream* s) { return submit(s, [=] { return device_to_host(to, from, bytes); }); });
}
API cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
    return at_once("cuMemcpyDtoD",
                   [=](Stream* s) { return submit(s, [=] { return device_to_device(to, from, bytes); }); });
}
API cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) {
    return at_once("cuMemsetD8", [=](Stream* s) { return submit(s, [=] { return fill(to, value, count); }); });
}
