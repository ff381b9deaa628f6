// The stand-in driver: start, devices, contexts, errors.
#include "driver.h"
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

Driver& driver = *new Driver;
thread_local Context* current = nullptr;

void note(const std::string& finding) {
    driver.findings.push_back(finding);
    if (!driver.controls.quiet) fprintf(stderr, "[emulator] %s\n", finding.c_str());
}

CUresult refuse(CUresult answer, const char* format, ...) {
    char text[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    note(text);
    return answer;
}

CUresult standing_without_context() { return driver.started ? CUDA_SUCCESS : CUDA_ERROR_NOT_INITIALIZED; }

CUresult standing() {
    if (!driver.started) return CUDA_ERROR_NOT_INITIALIZED;
    if (!current || !current->retained) return CUDA_ERROR_INVALID_CONTEXT;
    return current->broken;
}

namespace {

bool exists(CUdevice device) { return device >= 0 && device < driver.controls.devices; }

int attribute(CUdevice_attribute which) {
    switch (which) {
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK: return 1024;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X: return 1024;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y: return 1024;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z: return 64;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X: return 2147483647;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y: return 65535;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z: return 65535;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK: return 48 << 10;
    case CU_DEVICE_ATTRIBUTE_WARP_SIZE: return 32;
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK: return 65536;
    case CU_DEVICE_ATTRIBUTE_CLOCK_RATE: return 1980000;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: return 132;
    case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE: return 2619000;
    case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH: return 5120;
    case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE: return 50 << 20;
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR: return 2048;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: return driver.controls.major;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: return driver.controls.minor;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR: return 228 << 10;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: return 227 << 10;
    case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED: return 1;
    }
    return -1;
}

struct ErrorText {
    CUresult code;
    const char *name, *text;
};
constexpr ErrorText TEXTS[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {CUDA_ERROR_INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU",
     "no kernel image is available for execution on the device"},
    {CUDA_ERROR_JIT_COMPILER_NOT_FOUND, "CUDA_ERROR_JIT_COMPILER_NOT_FOUND", "PTX JIT compiler library not found"},
    {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {CUDA_ERROR_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {CUDA_ERROR_NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
    {CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {CUDA_ERROR_MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {CUDA_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
     "operation not permitted when stream is capturing"},
    {CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
     "operation failed due to a previous error during capture"},
    {CUDA_ERROR_STREAM_CAPTURE_MERGE, "CUDA_ERROR_STREAM_CAPTURE_MERGE",
     "operation would result in a merge of separate capture sequences"},
    {CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED",
     "capture was not ended in the same stream as it began"},
    {CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capturing stream has unjoined work"},
    {CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION",
     "dependency created on uncaptured work in another stream"},
    {CUDA_ERROR_CAPTURED_EVENT, "CUDA_ERROR_CAPTURED_EVENT",
     "operation not permitted on an event last recorded in a capturing stream"},
    {CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD",
     "attempt to terminate a thread-local capture sequence from another thread"},
    {CUDA_ERROR_UNKNOWN, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

CUresult text_of(CUresult code, const char** text, const char* ErrorText::* which) {
    for (const ErrorText& known : TEXTS) {
        if (known.code != code) continue;
        *text = known.*which;
        return CUDA_SUCCESS;
    }
    *text = nullptr;
    return CUDA_ERROR_INVALID_VALUE;
}

} // namespace

API cuInit(unsigned flags) {
    std::lock_guard<std::mutex> lock(driver.mutex);
    if (flags) return CUDA_ERROR_INVALID_VALUE;
    if (driver.controls.devices == 0) return CUDA_ERROR_NO_DEVICE;
    driver.started = true;
    return CUDA_SUCCESS;
}

API cuDriverGetVersion(int* version) {
    *version = driver.controls.version;
    return CUDA_SUCCESS;
}

API cuGetErrorName(CUresult code, const char** name) { return text_of(code, name, &ErrorText::name); }
API cuGetErrorString(CUresult code, const char** text) { return text_of(code, text, &ErrorText::text); }

API cuDeviceGetCount(int* count) {
    if (CUresult answer = standing_without_context()) return answer;
    *count = driver.controls.devices;
    return CUDA_SUCCESS;
}

API cuDeviceGet(CUdevice* device, int number) {
    if (CUresult answer = standing_without_context()) return answer;
    if (!exists(number)) return CUDA_ERROR_INVALID_DEVICE;
    *device = number;
    return CUDA_SUCCESS;
}

API cuDeviceGetName(char* name, int size, CUdevice device) {
    if (!exists(device)) return CUDA_ERROR_INVALID_DEVICE;
    snprintf(name, size, "Fovea's CUDA emulator");
    return CUDA_SUCCESS;
}

API cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice device) {
    if (!exists(device)) return CUDA_ERROR_INVALID_DEVICE;
    *uuid = {{'F', 'o', 'v', 'e', 'a', static_cast<unsigned char>(device)}};
    return CUDA_SUCCESS;
}

API cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
    if (!exists(device)) return CUDA_ERROR_INVALID_DEVICE;
    *bytes = driver.controls.total_memory;
    return CUDA_SUCCESS;
}

API cuDeviceGetAttribute(int* value, CUdevice_attribute which, CUdevice device) {
    if (!exists(device)) return CUDA_ERROR_INVALID_DEVICE;
    *value = attribute(which);
    return *value >= 0 ? CUDA_SUCCESS
                       : refuse(CUDA_ERROR_INVALID_VALUE, "the emulator has no device attribute %d", int(which));
}

API cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
    std::lock_guard<std::mutex> lock(driver.mutex);
    if (CUresult answer = standing_without_context()) return answer;
    if (!exists(device)) return CUDA_ERROR_INVALID_DEVICE;
    // As where another process has the GPU to itself.
    if (std::getenv("FOVEA_EMULATOR_TAKEN")) return CUDA_ERROR_DEVICE_UNAVAILABLE;
    Context& primary = driver.contexts[device];
    primary.device = device;
    if (primary.broken) return primary.broken;
    primary.retained++;
    *context = &primary;
    return CUDA_SUCCESS;
}

// The last release destroys the context: its memory and streams end, and with them what broke it.
API cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    std::lock_guard<std::mutex> lock(driver.mutex);
    if (!exists(device)) return CUDA_ERROR_INVALID_DEVICE;
    Context& primary = driver.contexts[device];
    if (primary.retained == 0) return CUDA_ERROR_INVALID_CONTEXT;
    if (--primary.retained > 0) return CUDA_SUCCESS;
    forget_streams(&primary);
    emulator::release_all(device);
    primary.used = 0;
    if (driver.controls.lost_after == ~u64(0)) primary.broken = CUDA_SUCCESS;
    return CUDA_SUCCESS;
}

API cuCtxGetCurrent(CUcontext* context) {
    if (CUresult answer = standing_without_context()) return answer;
    *context = current;
    return CUDA_SUCCESS;
}

API cuCtxSetCurrent(CUcontext context) {
    if (CUresult answer = standing_without_context()) return answer;
    current = context;
    return CUDA_SUCCESS;
}

API cuCtxSetFlags(unsigned) {
    DRIVER_CALL;
    return CUDA_SUCCESS;
}

API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
    DRIVER_CALL;
    *least = 0;
    *greatest = -5;
    return CUDA_SUCCESS;
}

API cuCtxSynchronize(void) {
    DRIVER_CALL;
    if (CUresult answer = forbidden_in_capture("cuCtxSynchronize")) return answer;
    drain_all();
    return current->broken;
}
