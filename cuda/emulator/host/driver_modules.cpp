// The stand-in driver: modules, kernels, launches.
//
// A module is our own image, which has every kernel that was compiled in, or a real cubin, alone or in a fatbin: of that
// the kernels' names and the sizes of their parameters are read, and held against those of the host's twins, which are
// what runs.
#include "driver.h"

namespace {

constexpr char IMAGE[] = "fovea-emulator";
constexpr char ELF[] = "\177ELF";
constexpr u32 FATBIN = 0xba55ed50;

template <class T>
T get(const char* at) {
    T value;
    memcpy(&value, at, sizeof value);
    return value;
}

// ELF64: kernels are the sections ".text.NAME"; ".nv.info.NAME" lists attributes, of which KPARAM_INFO tells a
// parameter's number and size.
void read_cubin(const char* elf, Module& module) {
    constexpr char TEXT[] = ".text.", INFO[] = ".nv.info.";
    constexpr unsigned char FORMAT_SIZED = 4, KPARAM_INFO = 0x17;
    auto sections = get<u64>(elf + 40);
    auto entry = get<unsigned short>(elf + 58), count = get<unsigned short>(elf + 60),
         names = get<unsigned short>(elf + 62);
    const char* strings = elf + get<u64>(elf + sections + names * entry + 24);
    for (unsigned i = 0; i < count; i++) {
        const char* section = elf + sections + i * entry;
        std::string name = strings + get<u32>(section);
        const char* data = elf + get<u64>(section + 24);
        u64 size = get<u64>(section + 32);
        if (name.starts_with(TEXT)) module.kernels[name.substr(sizeof TEXT - 1)];
        if (!name.starts_with(INFO)) continue;
        auto& parameters = module.kernels[name.substr(sizeof INFO - 1)];
        for (u64 at = 0; at + 4 <= size;) {
            unsigned char format = data[at], what = data[at + 1];
            unsigned length = format == FORMAT_SIZED ? get<unsigned short>(data + at + 2) : 0;
            if (format == FORMAT_SIZED && what == KPARAM_INFO) {
                unsigned number = get<unsigned short>(data + at + 8);
                if (parameters.size() <= number) parameters.resize(number + 1);
                parameters[number] = get<u32>(data + at + 12) >> 18;
            }
            at += 4 + length;
        }
    }
}

// A fatbin: its own header (magic, version, length, length of what follows), then images, each behind a header. Of the
// machine code it is the newest for this device's major version, as on a GPU; PTX the emulator cannot translate.
CUresult find_cubin(const char* fatbin, const char** cubin) {
    constexpr unsigned short PTX = 1, MACHINE_CODE = 2;
    const char* at = fatbin + get<unsigned short>(fatbin + 6);
    const char* end = at + get<u64>(fatbin + 8);
    u32 device = driver.controls.major * 10 + driver.controls.minor, best = 0;
    bool translatable = false;
    while (at < end) {
        auto kind = get<unsigned short>(at);
        auto header = get<u32>(at + 4), architecture = get<u32>(at + 28);
        const char* image = at + header;
        if (kind == PTX && architecture <= device) translatable = true;
        bool fits = architecture / 10 == device / 10 && architecture <= device;
        if (kind == MACHINE_CODE && fits && architecture > best) {
            if (memcmp(image, ELF, 4) != 0)
                return refuse(CUDA_ERROR_INVALID_IMAGE, "cuModuleLoadData: a compressed cubin in the fatbin");
            *cubin = image;
            best = architecture;
        }
        at = image + get<u64>(at + 8);
    }
    if (best) return CUDA_SUCCESS;
    if (!translatable) return CUDA_ERROR_NO_BINARY_FOR_GPU;
    return refuse(CUDA_ERROR_JIT_COMPILER_NOT_FOUND, "cuModuleLoadData: the emulator translates no PTX");
}

CUresult check_twins(const Module& module) {
    for (auto& [name, sizes] : module.kernels) {
        const emulator::Kernel* twin = emulator::find(name.c_str());
        if (!twin) continue;
        if (twin->count != sizes.size())
            return refuse(CUDA_ERROR_INVALID_IMAGE, "%s has %zu parameters in the cubin and %u in its source",
                          name.c_str(), sizes.size(), twin->count);
        for (u32 p = 0; p < twin->count; p++)
            if (twin->parameters[p].size != sizes[p])
                return refuse(CUDA_ERROR_INVALID_IMAGE,
                              "%s: parameter %u has %u bytes in the cubin and %u in its source", name.c_str(), p,
                              sizes[p], twin->parameters[p].size);
    }
    return CUDA_SUCCESS;
}

// ---- launches

// A view must lie within one live allocation.
CUresult check_view(const char* kernel, u32 parameter, u64 address, u64 size, u64 element) {
    if (address == 0 && size == 0) return CUDA_SUCCESS;
    if (size < ~u64(0) / element && emulator::holder(address, size * element)) return CUDA_SUCCESS;
    return refuse(
        CUDA_ERROR_ILLEGAL_ADDRESS,
        "%s: parameter %u is a view of %llu elements of %llu bytes at %#llx, which do not lie in live device memory",
        kernel, parameter, size, element, address);
}

// Views within structs are found by their looks: a number in the range of device memory, and a size behind it.
CUresult check_views_within(const char* kernel, u32 parameter, const char* bytes, size_t size) {
    for (size_t at = 0; at + 16 <= size; at += 8) {
        u64 address = get<u64>(bytes + at);
        if (!emulator::looks_like_device_memory(address)) continue;
        if (CUresult answer = check_view(kernel, parameter, address, get<u64>(bytes + at + 8), 4)) return answer;
    }
    return CUDA_SUCCESS;
}

CUresult check_arguments(const emulator::Launch& launch) {
    const emulator::Kernel& kernel = *launch.kernel;
    for (u32 p = 0; p < kernel.count; p++) {
        emulator::Parameter parameter = kernel.parameters[p];
        const char* bytes = launch.arguments[p].data();
        size_t size = parameter.size;
        if (parameter.element) {
            u64 elements = get<u64>(bytes + 8);
            if (CUresult answer = check_view(kernel.name, p, get<u64>(bytes), elements, parameter.element))
                return answer;
            bytes = reinterpret_cast<const char*>(get<u64>(bytes));
            size = elements * parameter.element;
        }
        if (!parameter.holds_views) continue;
        if (CUresult answer = check_views_within(kernel.name, p, bytes, size)) return answer;
    }
    return CUDA_SUCCESS;
}

CUresult execute(emulator::Launch& launch) {
    Counters& counters = driver.counters;
    const char* name = launch.kernel->name;
    if (CUresult answer = check_arguments(launch)) return answer;
    launch.seed = driver.controls.seed ? driver.controls.seed + counters.launches.size() : 0;
    counters.launches.push_back(name);
    emulator::traffic = {};
    emulator::Finding finding = emulator::run(launch);
    counters.traffic[name].loaded += emulator::traffic.loaded;
    counters.traffic[name].stored += emulator::traffic.stored;
    if (!finding.text.empty()) {
        note(finding.text);
        return static_cast<CUresult>(finding.fault);
    }
    return counters.launches.size() >= driver.controls.lost_after ? driver.controls.lost_code : CUDA_SUCCESS;
}

} // namespace

API cuModuleLoadData(CUmodule* module, const void* image) {
    DRIVER_CALL;
    if (CUresult answer = forbidden_in_capture("cuModuleLoadData")) return answer;
    auto loaded = std::make_unique<Module>();
    auto* bytes = static_cast<const char*>(image);
    if (get<u32>(bytes) == FATBIN)
        if (CUresult answer = find_cubin(bytes, &bytes)) return answer;
    if (memcmp(bytes, ELF, 4) == 0)
        read_cubin(bytes, *loaded);
    else if (memcmp(bytes, IMAGE, sizeof IMAGE - 1) == 0)
        loaded->everything = true;
    else
        return refuse(CUDA_ERROR_INVALID_IMAGE, "cuModuleLoadData: neither the emulator's image nor a cubin or fatbin");
    if (CUresult answer = check_twins(*loaded)) return answer;
    *module = loaded.release();
    driver.modules.insert(*module);
    return CUDA_SUCCESS;
}

API cuModuleUnload(CUmodule module) {
    std::lock_guard<std::mutex> lock(driver.mutex);
    if (!driver.modules.erase(module)) return CUDA_ERROR_INVALID_HANDLE;
    for (auto& [name, function] : module->functions) driver.functions.erase(function.get());
    delete module;
    return current ? current->broken : CUDA_SUCCESS;
}

API cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
    DRIVER_CALL;
    if (!driver.modules.count(module)) return CUDA_ERROR_INVALID_HANDLE;
    if (!module->everything && !module->kernels.count(name))
        return refuse(CUDA_ERROR_NOT_FOUND, "the cubin has no kernel %s", name);
    const emulator::Kernel* kernel = emulator::find(name);
    if (!kernel) return refuse(CUDA_ERROR_NOT_FOUND, "the emulator was built without a kernel %s", name);
    auto& slot = module->functions[name];
    if (!slot) slot = std::make_unique<Function>(Function{kernel});
    driver.functions.insert(slot.get());
    *function = slot.get();
    return CUDA_SUCCESS;
}

API cuFuncGetAttribute(int* value, CUfunction_attribute which, CUfunction function) {
    DRIVER_CALL;
    if (!driver.functions.count(function)) return CUDA_ERROR_INVALID_HANDLE;
    if (which != CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK)
        return refuse(CUDA_ERROR_INVALID_VALUE, "the emulator has no function attribute %d", int(which));
    *value = function->kernel->threads;
    return CUDA_SUCCESS;
}

API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction function, int threads, size_t) {
    DRIVER_CALL;
    if (!driver.functions.count(function)) return CUDA_ERROR_INVALID_HANDLE;
    if (threads < 1 || threads > 1024) return CUDA_ERROR_INVALID_VALUE;
    *blocks = 2048 / threads;
    return CUDA_SUCCESS;
}

API cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                   unsigned block_y, unsigned block_z, unsigned shared_bytes, CUstream handle, void** arguments,
                   void** extra) {
    DRIVER_CALL;
    Stream* stream = stream_of(handle);
    if (!stream || !driver.functions.count(function)) return CUDA_ERROR_INVALID_HANDLE;
    const emulator::Kernel* kernel = function->kernel;
    if (block_x != kernel->threads || block_y != 1 || block_z != 1)
        return refuse(CUDA_ERROR_INVALID_VALUE,
                      "%s is launched with blocks of %u x %u x %u threads; it is written for %u", kernel->name, block_x,
                      block_y, block_z, kernel->threads);
    if (!grid_x || !grid_y || !grid_z || grid_x > 0x7fffffffu || grid_y > 65535 || grid_z > 65535)
        return refuse(CUDA_ERROR_INVALID_VALUE, "%s is launched with a grid of %u x %u x %u blocks", kernel->name,
                      grid_x, grid_y, grid_z);
    if (shared_bytes || extra || (kernel->count && !arguments))
        return refuse(CUDA_ERROR_INVALID_VALUE, "%s is launched with dynamic shared memory or packed arguments",
                      kernel->name);
    emulator::Launch launch{kernel, {grid_x, grid_y, grid_z}, 0, {}};
    for (u32 p = 0; p < kernel->count; p++) {
        auto* bytes = static_cast<const char*>(arguments[p]);
        launch.arguments.emplace_back(bytes, bytes + kernel->parameters[p].size);
    }
    return submit(stream, [launch]() mutable { return execute(launch); });
}
