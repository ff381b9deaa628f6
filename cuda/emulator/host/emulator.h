// The CPU's side of fovea.cuh: the same In, Out, InOut, TILE and KERNEL, with every access checked and counted.
//
// One block runs at a time. Each CUDA thread of it that has to wait is a fiber (fibers.cpp); an index outside its
// tensor or tile, a barrier that not all reach, and in the races build (races.cpp) two accesses that nothing orders
// stop the launch with a text that names the kernel and the line. The good path is inlined and costs a compare and a
// count.
#pragma once
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <math.h>
#include <stdlib.h>
#include <type_traits>
#include <utility>

typedef unsigned int u32;
typedef unsigned long long u64;

#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define EMULATOR_INLINE inline __attribute__((always_inline))

#pragma GCC visibility push(hidden)

struct uint3 {
    u32 x, y, z;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
EMULATOR_INLINE float2 make_float2(float x, float y) { return {x, y}; }
EMULATOR_INLINE float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

extern uint3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulator {

// A line of a kernel's source. As a default argument it is the caller's line.
struct Source {
    const char* file;
    int line;
};
#define EMULATOR_FROM emulator::Source from = {__builtin_FILE(), __builtin_LINE()}

// What a finding is answered with, by the driver's numbers.
enum class Fault : int { illegal_address = 700, misaligned_address = 716, launch_failed = 719 };

// Ends the launch with a text of what was found, where and by whom.
[[noreturn, gnu::cold, gnu::noinline, gnu::format(printf, 3, 4)]] void fail(Fault, Source, const char* format, ...);
[[noreturn, gnu::cold, gnu::noinline]] void outside(const char* what, u64 index, u64 size, Source);
[[noreturn, gnu::cold, gnu::noinline]] void outside_tile(const char* tile, int dimension, long long index, int size,
                                                         Source);
[[noreturn, gnu::cold, gnu::noinline]] void misaligned(const char* what, u64 index, Source);

// 4-byte words of global memory that kernels have read and written so far.
struct Traffic {
    u64 loaded, stored;
};
extern Traffic traffic;

// ---- the races build's book of who touched each word (races.cpp)

enum class Access { read, write, atomic };

// An access: when, by whom, from which line.
struct Stamp {
    u32 epoch;           // 0 never, 1 the host, else a stretch between two barriers of one block
    u32 thread : 10;     // of its block
    u32 atomic : 1;      //
    u32 crowd : 1;       // an atomic of another block of the launch came before
    u32 plain : 1;       // or a write that was none, of its own block
    u32 warp_epoch : 19; // how often its warp had met in __syncwarp within the stretch
    u64 source;          // line (16 bits) and file (48 bits)
};

// Of a word: its last writer, and two readers such that whoever races with any reader races with one of them.
struct Shadow {
    Stamp writer, reader, other_reader;
};
#ifdef FOVEA_RACES
void touch_global(const void* address, u32 words, Access, Source);
void touch_shared(Shadow* shadow, u32 words, Access, Source, const char* tile);
#else
EMULATOR_INLINE void touch_global(const void*, u32, Access, Source) {}
EMULATOR_INLINE void touch_shared(Shadow*, u32, Access, Source, const char*) {}
#endif

// ---- kernels

// A parameter: its bytes, and of a view the bytes of one element (0: no view).
struct Parameter {
    u32 size, element;
    bool holds_views; // a struct, or a view of a table of structs
};

struct Kernel {
    const char* name;
    u32 threads;
    void (*work)(void** arguments); // runs unstarted threads of the launch on the fiber that calls it
    const Parameter* parameters;
    u32 count;
    const Kernel* next;
    Kernel(const char* name, u32 threads, void (*work)(void**), const Parameter* parameters, u32 count);
};

// The current thread is done: turns to what runs next. Whether it is a new thread of the same launch, for this fiber.
bool next_thread();

template <class T>
constexpr u32 element_size = 0;
template <class T>
constexpr bool holds_views = std::is_class_v<T> && sizeof(T) >= 16 && alignof(T) == 8;

template <auto Body>
struct Entry;

template <class... A, void (*Body)(A...)>
struct Entry<Body> {
    static_assert((std::is_trivially_copyable_v<A> && ...), "a kernel's parameters are plain");
    static constexpr u32 count = sizeof...(A);
    static constexpr Parameter parameters[count + 1] = {{sizeof(A), element_size<A>, holds_views<A>}..., {}};
    static void work(void** arguments) { threads(arguments, std::index_sequence_for<A...>{}); }

    template <size_t... I>
    static void threads(void** arguments, std::index_sequence<I...>) {
        do Body(*static_cast<const std::remove_cv_t<A>*>(arguments[I])...);
        while (next_thread());
    }
};

#define KERNEL(threads, name, ...)                                                                            \
    namespace emulated {                                                                                      \
    struct name {                                                                                             \
        static void body(__VA_ARGS__);                                                                        \
    };                                                                                                        \
    }                                                                                                         \
    static const emulator::Kernel name##_kernel{#name, threads, emulator::Entry<&emulated::name::body>::work, \
                                                emulator::Entry<&emulated::name::body>::parameters,           \
                                                emulator::Entry<&emulated::name::body>::count};               \
    void emulated::name::body(__VA_ARGS__)

// ---- shared memory

// One tile's storage: known to the block that runs once it has reached it.
struct Site {
    u64 block = 0; // the last to reach it
};
void reach(Site& site, void* storage, size_t bytes, Source);
extern u64 running_block; // counts the blocks of all launches

// What `tile(i, j)` is: converts to the element when read, takes assignments.
template <class T>
class Element {
    T* data;
#ifdef FOVEA_RACES
    Shadow* shadow;
    const char* tile;
    Source from;
    void touch(Access access) const { touch_shared(shadow, sizeof(T) / 4, access, from, tile); }

  public:
    Element(T* data, Shadow* shadow, const char* tile, Source from)
        : data(data), shadow(shadow), tile(tile), from(from) {}
#else
    EMULATOR_INLINE void touch(Access) const {}

  public:
    EMULATOR_INLINE Element(T* data, Shadow*, const char*, Source) : data(data) {}
#endif
    Element(const Element&) = default;
    EMULATOR_INLINE operator T() const {
        touch(Access::read);
        return *data;
    }
    EMULATOR_INLINE const Element& operator=(T value) const {
        touch(Access::write);
        *data = value;
        return *this;
    }
    EMULATOR_INLINE const Element& operator=(const Element& other) const { return *this = T(other); }
    EMULATOR_INLINE const Element& operator+=(T value) const { return *this = T(*this) + value; }
    EMULATOR_INLINE const Element& operator-=(T value) const { return *this = T(*this) - value; }
    EMULATOR_INLINE const Element& operator*=(T value) const { return *this = T(*this) * value; }
    EMULATOR_INLINE const Element& operator/=(T value) const { return *this = T(*this) / value; }
};

} // namespace emulator

// An array in shared memory of one to three dimensions; every index is held against its own dimension.
template <class T, int... Dims>
struct Tile {
    static_assert(sizeof(T) % 4 == 0, "tiles are of 4-byte words");
    static_assert(sizeof...(Dims) >= 1 && sizeof...(Dims) <= 3);
    static constexpr int words = sizeof(T) / 4;
    static constexpr int last = (Dims, ...);

    T* data;
    emulator::Shadow* shadow; // of the races build
    const char* name;

    EMULATOR_INLINE emulator::Element<T> operator()(int i, EMULATOR_FROM) const requires(sizeof...(Dims) == 1) {
        return element(offset({i}, 1, from), from);
    }
    EMULATOR_INLINE emulator::Element<T> operator()(int i, int j, EMULATOR_FROM) const requires(sizeof...(Dims) == 2) {
        return element(offset({i, j}, 1, from), from);
    }
    EMULATOR_INLINE emulator::Element<T> operator()(int h, int i, int j, EMULATOR_FROM) const
        requires(sizeof...(Dims) == 3) {
        return element(offset({h, i, j}, 1, from), from);
    }

    EMULATOR_INLINE float4 four(int i, EMULATOR_FROM) const requires(sizeof...(Dims) == 1) {
        return load4(offset({i}, 4, from), from);
    }
    EMULATOR_INLINE float4 four(int i, int j, EMULATOR_FROM) const requires(sizeof...(Dims) == 2) {
        return load4(offset({i, j}, 4, from), from);
    }
    EMULATOR_INLINE float4 four(int h, int i, int j, EMULATOR_FROM) const requires(sizeof...(Dims) == 3) {
        return load4(offset({h, i, j}, 4, from), from);
    }

    EMULATOR_INLINE void put4(int i, float4 v, EMULATOR_FROM) const requires(sizeof...(Dims) == 1) {
        store4(offset({i}, 4, from), v, from);
    }
    EMULATOR_INLINE void put4(int i, int j, float4 v, EMULATOR_FROM) const requires(sizeof...(Dims) == 2) {
        store4(offset({i, j}, 4, from), v, from);
    }
    EMULATOR_INLINE void put4(int h, int i, int j, float4 v, EMULATOR_FROM) const requires(sizeof...(Dims) == 3) {
        store4(offset({h, i, j}, 4, from), v, from);
    }

  private:
    // Row-major, of `run` elements along the last dimension.
    EMULATOR_INLINE int offset(std::initializer_list<int> index, int run, emulator::Source from) const {
        constexpr int dims[] = {Dims...};
        constexpr int rank = sizeof...(Dims);
        int at = 0;
        for (int d = 0; d < rank; d++) {
            int i = index.begin()[d], size = d == rank - 1 ? dims[d] - (run - 1) : dims[d];
            if (__builtin_expect(u32(i) >= u32(size), 0)) {
                bool overhangs = run > 1 && u32(i) < u32(dims[d]); // begins inside, its last element does not
                emulator::outside_tile(name, d, overhangs ? i + run - 1 : i, dims[d], from);
            }
            at = at * dims[d] + i;
        }
        return at;
    }
    EMULATOR_INLINE emulator::Element<T> element(int at, emulator::Source from) const {
        return {data + at, shadow + (shadow ? at * words : 0), name, from};
    }
    EMULATOR_INLINE float4 load4(int at, emulator::Source from) const {
        static_assert(sizeof(T) == 4);
        if (__builtin_expect(at % 4 != 0, 0)) emulator::misaligned(name, at, from);
        emulator::touch_shared(shadow + (shadow ? at : 0), 4, emulator::Access::read, from, name);
        float4 v;
        memcpy(&v, __builtin_assume_aligned(data + at, 16), sizeof v);
        return v;
    }
    EMULATOR_INLINE void store4(int at, float4 v, emulator::Source from) const {
        static_assert(sizeof(T) == 4);
        if (__builtin_expect(at % 4 != 0, 0)) emulator::misaligned(name, at, from);
        emulator::touch_shared(shadow + (shadow ? at : 0), 4, emulator::Access::write, from, name);
        memcpy(__builtin_assume_aligned(data + at, 16), &v, sizeof v);
    }
};

#ifdef FOVEA_RACES
#define EMULATOR_SHADOW(T, name, ...) \
    static emulator::Shadow name##_shadow[emulator::product<__VA_ARGS__> * sizeof(T) / 4]
#define EMULATOR_SHADOW_OF(name) name##_shadow
#else
#define EMULATOR_SHADOW(T, name, ...) static_assert(true)
#define EMULATOR_SHADOW_OF(name) nullptr
#endif

// One block runs at a time, so a static array is the block's; each block finds it filled with 0xff.
#define TILE(T, name, ...)                                                                         \
    alignas(16) static T name##_storage[emulator::product<__VA_ARGS__>];                           \
    EMULATOR_SHADOW(T, name, __VA_ARGS__);                                                         \
    static emulator::Site name##_site;                                                             \
    if (__builtin_expect(name##_site.block != emulator::running_block, 0))                         \
        emulator::reach(name##_site, name##_storage, sizeof name##_storage, {__FILE__, __LINE__}); \
    const Tile<T, __VA_ARGS__> name { name##_storage, EMULATOR_SHADOW_OF(name), #name }

namespace emulator {
template <int... Dims>
constexpr int product = (Dims * ...);

// ---- global memory: what In, Out and InOut share

template <class T>
EMULATOR_INLINE T load(const T* data, u64 size, u64 i, Source from) {
    static_assert(sizeof(T) % 4 == 0, "tensors are of 4-byte words");
    if (__builtin_expect(i >= size, 0)) outside("reads", i, size, from);
    touch_global(data + i, sizeof(T) / 4, Access::read, from);
    traffic.loaded += sizeof(T) / 4;
    return data[i];
}

template <class T>
EMULATOR_INLINE void store(T* data, u64 size, u64 i, T value, Source from) {
    static_assert(sizeof(T) % 4 == 0, "tensors are of 4-byte words");
    if (__builtin_expect(i >= size, 0)) outside("writes", i, size, from);
    touch_global(data + i, sizeof(T) / 4, Access::write, from);
    traffic.stored += sizeof(T) / 4;
    data[i] = value;
}

// Checks the four elements from i on.
template <class T>
EMULATOR_INLINE void four(const char* what, const T* data, u64 size, u64 i, Source from) {
    static_assert(sizeof(T) == 4, "16 bytes are four words");
    if (__builtin_expect(size < 4 || i > size - 4, 0)) outside(what, i < size ? i + 3 : i, size, from);
    if (__builtin_expect(reinterpret_cast<u64>(data + i) % 16 != 0, 0)) misaligned(what, i, from);
}

template <class T>
EMULATOR_INLINE float4 load4(const T* data, u64 size, u64 i, Source from) {
    four("reads", data, size, i, from);
    touch_global(data + i, 4, Access::read, from);
    traffic.loaded += 4;
    float4 v;
    memcpy(&v, __builtin_assume_aligned(data + i, 16), sizeof v);
    return v;
}

template <class T>
EMULATOR_INLINE void store4(T* data, u64 size, u64 i, float4 v, Source from) {
    four("writes", data, size, i, from);
    touch_global(data + i, 4, Access::write, from);
    traffic.stored += 4;
    memcpy(__builtin_assume_aligned(data + i, 16), &v, sizeof v);
}
} // namespace emulator

template <class T>
struct In {
    const T* data;
    u64 size;

    EMULATOR_INLINE bool given() const { return data != nullptr; }
    EMULATOR_INLINE T operator()(u64 i, EMULATOR_FROM) const { return emulator::load(data, size, i, from); }
    EMULATOR_INLINE float4 four(u64 i, EMULATOR_FROM) const { return emulator::load4(data, size, i, from); }
};

template <class T>
struct Out {
    T* data;
    u64 size;

    EMULATOR_INLINE bool given() const { return data != nullptr; }
    EMULATOR_INLINE void put(u64 i, T value, EMULATOR_FROM) const { emulator::store(data, size, i, value, from); }
    EMULATOR_INLINE void put4(u64 i, float4 v, EMULATOR_FROM) const { emulator::store4(data, size, i, v, from); }
};

template <class T>
struct InOut {
    T* data;
    u64 size;

    EMULATOR_INLINE bool given() const { return data != nullptr; }
    EMULATOR_INLINE T operator()(u64 i, EMULATOR_FROM) const { return emulator::load(data, size, i, from); }
    EMULATOR_INLINE float4 four(u64 i, EMULATOR_FROM) const { return emulator::load4(data, size, i, from); }
    EMULATOR_INLINE void put(u64 i, T value, EMULATOR_FROM) const { emulator::store(data, size, i, value, from); }
    EMULATOR_INLINE void put4(u64 i, float4 v, EMULATOR_FROM) const { emulator::store4(data, size, i, v, from); }
    EMULATOR_INLINE void lower(u64 i, T value, EMULATOR_FROM) const {
        static_assert(std::is_integral_v<T> && sizeof(T) == 4);
        if (__builtin_expect(i >= size, 0)) emulator::outside("lowers", i, size, from);
        emulator::touch_global(data + i, 1, emulator::Access::atomic, from);
        emulator::traffic.loaded++, emulator::traffic.stored++;
        if (value < data[i]) data[i] = value;
    }
};

namespace emulator {
template <class T>
constexpr u32 element_size<In<T>> = sizeof(T);
template <class T>
constexpr u32 element_size<Out<T>> = sizeof(T);
template <class T>
constexpr u32 element_size<InOut<T>> = sizeof(T);
template <class T>
constexpr bool holds_views<In<T>> = holds_views<T>;
template <class T>
constexpr bool holds_views<Out<T>> = false;
template <class T>
constexpr bool holds_views<InOut<T>> = holds_views<T>;

// ---- barriers and what the lanes of a warp do together

enum class Together : unsigned char { nothing, syncwarp, shuffle, ballot };

void barrier(Source);
// Waits for the lanes of `mask`: the bits that lane `source` gave, or of a ballot who gave any.
u64 collective(Together, u32 mask, u64 bits, u32 source, Source);
EMULATOR_INLINE u32 lane() { return threadIdx.x & 31; }

template <class T>
EMULATOR_INLINE T shuffle(u32 mask, T value, u32 source, Source from) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8);
    u64 bits = 0;
    memcpy(&bits, &value, sizeof value);
    bits = collective(Together::shuffle, mask, bits, source, from);
    memcpy(&value, &bits, sizeof value);
    return value;
}
} // namespace emulator

EMULATOR_INLINE void __syncthreads(EMULATOR_FROM) { emulator::barrier(from); }
EMULATOR_INLINE void __syncwarp(u32 mask = 0xffffffffu, EMULATOR_FROM) {
    emulator::collective(emulator::Together::syncwarp, mask, 0, 0, from);
}
EMULATOR_INLINE u32 __ballot_sync(u32 mask, int predicate, EMULATOR_FROM) {
    return u32(emulator::collective(emulator::Together::ballot, mask, predicate != 0, 0, from));
}
// Lanes are taken in groups of `width`; who would read beyond its group gets its own value.
template <class T>
EMULATOR_INLINE T __shfl_sync(u32 mask, T value, int source, int width = 32, EMULATOR_FROM) {
    u32 group = emulator::lane() & ~u32(width - 1);
    return emulator::shuffle(mask, value, group | (u32(source) & u32(width - 1)), from);
}
template <class T>
EMULATOR_INLINE T __shfl_xor_sync(u32 mask, T value, int bits, int width = 32, EMULATOR_FROM) {
    u32 lane = emulator::lane(), source = lane ^ u32(bits), group = lane & ~u32(width - 1);
    return emulator::shuffle(mask, value, (source & ~u32(width - 1)) <= group ? source : lane, from);
}
template <class T>
EMULATOR_INLINE T __shfl_down_sync(u32 mask, T value, u32 lanes, int width = 32, EMULATOR_FROM) {
    u32 lane = emulator::lane(), within = lane & u32(width - 1);
    return emulator::shuffle(mask, value, within + lanes < u32(width) ? lane + lanes : lane, from);
}

// ---- arithmetic that the host's library lacks

EMULATOR_INLINE float __fmul_rn(float a, float b) { return a * b; }
EMULATOR_INLINE u32 __umulhi(u32 a, u32 b) { return u32(u64(a) * b >> 32); }
EMULATOR_INLINE u32 __float_as_uint(float v) { return __builtin_bit_cast(u32, v); }
EMULATOR_INLINE float __uint_as_float(u32 v) { return __builtin_bit_cast(float, v); }
EMULATOR_INLINE int __float_as_int(float v) { return __builtin_bit_cast(int, v); }
EMULATOR_INLINE float __int_as_float(int v) { return __builtin_bit_cast(float, v); }

#define EMULATOR_MIN_MAX(A, B, R)                                                             \
    EMULATOR_INLINE R min(A a, B b) { return static_cast<R>(a) < static_cast<R>(b) ? a : b; } \
    EMULATOR_INLINE R max(A a, B b) { return static_cast<R>(a) > static_cast<R>(b) ? a : b; }
EMULATOR_MIN_MAX(int, int, int)
EMULATOR_MIN_MAX(u32, u32, u32)
EMULATOR_MIN_MAX(int, u32, u32)
EMULATOR_MIN_MAX(u32, int, u32)
EMULATOR_MIN_MAX(long, long, long)
EMULATOR_MIN_MAX(unsigned long, unsigned long, unsigned long)
EMULATOR_MIN_MAX(long long, long long, long long)
EMULATOR_MIN_MAX(u64, u64, u64)
EMULATOR_MIN_MAX(long long, u64, u64)
EMULATOR_MIN_MAX(u64, long long, u64)
#undef EMULATOR_MIN_MAX
// As CUDA's: what is not a number loses.
EMULATOR_INLINE float min(float a, float b) { return fminf(a, b); }
EMULATOR_INLINE float max(float a, float b) { return fmaxf(a, b); }
EMULATOR_INLINE double min(double a, double b) { return fmin(a, b); }
EMULATOR_INLINE double max(double a, double b) { return fmax(a, b); }

#pragma GCC visibility pop
