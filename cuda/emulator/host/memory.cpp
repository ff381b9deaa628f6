// Device memory lies in one reserved range of addresses, so that the book of its words (races build) lies beside it at
// a fixed stride. Every allocation has pages of its own and a page that cannot be touched behind it; after its end the
// addresses stay empty. Under AddressSanitizer each allocation comes from malloc instead, which fences it exactly.
#include "memory.h"
#include <map>
#include <sys/mman.h>

namespace emulator {
namespace {

constexpr u64 RANGE = u64(1) << 40, PAGE = 4096;

std::map<u64, Allocation> alive;

u64 reserve(u64 bytes, int protection) {
    void* at = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? 0 : reinterpret_cast<u64>(at);
}

u64 range() {
    static const u64 begin = reserve(RANGE, PROT_NONE);
    return begin;
}

#ifdef __SANITIZE_ADDRESS__
u64 obtain(size_t bytes) { return reinterpret_cast<u64>(aligned_alloc(256, (bytes + 255) / 256 * 256)); }
void give_back(const Allocation& which) { free(reinterpret_cast<void*>(which.address)); }
#else
u64 used_up = 0; // of the range

u64 obtain(size_t bytes) {
    u64 pages = (bytes + PAGE - 1) / PAGE * PAGE;
    if (!range() || pages + PAGE > RANGE - used_up) return 0;
    u64 address = range() + used_up;
    if (mprotect(reinterpret_cast<void*>(address), pages, PROT_READ | PROT_WRITE) != 0) return 0;
    used_up += pages + PAGE;
    return address;
}

void give_back(const Allocation& which) {
    u64 pages = (which.bytes + PAGE - 1) / PAGE * PAGE;
    mmap(reinterpret_cast<void*>(which.address), pages, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
         -1, 0);
#ifdef FOVEA_RACES
    // The addresses are not used again, so their part of the book is of no use either; it is twelve times as large.
    madvise(shadow_of(which.address), pages / 4 * sizeof(Shadow), MADV_DONTNEED);
#endif
}
#endif

} // namespace

u64 allocate(size_t bytes, int device) {
    u64 address = obtain(bytes);
    if (!address) return 0;
    memset(reinterpret_cast<void*>(address), 0xff, bytes);
    alive[address] = {address, bytes, device};
    return address;
}

bool release(u64 address) {
    auto found = alive.find(address);
    if (found == alive.end()) return false;
    give_back(found->second);
    alive.erase(found);
    return true;
}

void release_all(int device) {
    std::erase_if(alive, [&](auto& entry) {
        if (entry.second.device == device) give_back(entry.second);
        return entry.second.device == device;
    });
}

const Allocation* holder(u64 address, size_t bytes) {
    auto after = alive.upper_bound(address);
    if (after == alive.begin()) return nullptr;
    const Allocation& which = std::prev(after)->second;
    return address - which.address <= which.bytes && bytes <= which.bytes - (address - which.address) ? &which
                                                                                                      : nullptr;
}

bool looks_like_device_memory(u64 number) {
#ifdef __SANITIZE_ADDRESS__
    return number % 4 == 0 && number >> 40 == 0x60; // where its malloc takes memory from
#else
    return number % 4 == 0 && number - range() < RANGE;
#endif
}

#ifdef FOVEA_RACES
Shadow* shadow_of(u64 address) {
    static const u64 book = reserve(RANGE / 4 * sizeof(Shadow), PROT_READ | PROT_WRITE);
    return book && address - range() < RANGE ? reinterpret_cast<Shadow*>(book) + (address - range()) / 4 : nullptr;
}

void host_wrote(u64 address, size_t bytes) {
    Shadow* shadow = shadow_of(address);
    for (size_t word = 0; shadow && word < bytes / 4; word++) shadow[word].writer = {1, 0, 0, 0, 0, 0, 0};
}

void host_copied(u64 to, u64 from, size_t bytes) {
    Shadow *target = shadow_of(to), *source = shadow_of(from);
    for (size_t word = 0; target && source && word < bytes / 4; word++)
        target[word].writer = {source[word].writer.epoch ? 1u : 0u, 0, 0, 0, 0, 0, 0};
}
#else
void host_wrote(u64, size_t) {}
void host_copied(u64, u64, size_t) {}
#endif

} // namespace emulator
