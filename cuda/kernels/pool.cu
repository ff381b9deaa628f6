// Max and average pooling of maps of one to three axes, and their gradients.
//
// x, dx [batch, extent…, channels], y, dy [batch, count…, channels]; maps of fewer axes have leading axes of 1. Forward
// a thread takes four channels (one where channels is no multiple of 4) of one window; elsewhere one channel of one
// window or, in gradients, of one position of dx. Neighbouring threads take neighbouring channels. The gradient of max
// pooling has two kernels: the first writes down where each window has its maximum (its switch), the second gathers,
// for each element of x, from the windows that cover it and have their maximum there; so overlapping windows need no
// atomics. 4 bytes an element of each tensor, and of the switches written and read; what windows share is found in the
// cache. A comparison (max) or 6 FLOP (average, see Sum) for each element of a window: bound by bytes.
// Source of the switches: M. Zeiler and R. Fergus, ECCV 2014, arXiv:1311.2901.
#include "maps.cuh"
#include "sum.cuh"

struct Windows {
    int extent[3]; // of the map
    int count[3];  // of the windows
    int size[3];
    int stride[3];
    int pad[3]; // before the map
    int channels;
};

// A range along each of three axes, the end not included.
struct Box {
    int low[3];
    int high[3];
    __device__ __forceinline__ int volume() const {
        return (high[0] - low[0]) * (high[1] - low[1]) * (high[2] - low[2]);
    }
};

// What a window covers of the map.
__device__ __forceinline__ Box covered(const Windows& w, const int (&window)[3]) {
    Box box;
    for (int a = 0; a < 3; a++) {
        int origin = window[a] * w.stride[a] - w.pad[a], end = origin + w.size[a];
        box.low[a] = origin > 0 ? origin : 0;
        box.high[a] = end < w.extent[a] ? end : w.extent[a];
    }
    return box;
}

// The windows that cover a position of the map.
__device__ __forceinline__ Box covering(const Windows& w, const int (&at)[3]) {
    Box box;
    for (int a = 0; a < 3; a++) {
        int last = (at[a] + w.pad[a]) / w.stride[a], before = at[a] + w.pad[a] - w.size[a];
        box.low[a] = before < 0 ? 0 : before / w.stride[a] + 1;
        box.high[a] = last < w.count[a] ? last + 1 : w.count[a];
    }
    return box;
}

// Calls f with the index of the channel at each position of a box, in row-major order, on maps of `extent`.
template <class F>
__device__ __forceinline__ void walk(const Box& box, const int (&extent)[3], int channels, const Position& of, F f) {
    for (int i = box.low[0]; i < box.high[0]; i++) {
        for (int j = box.low[1]; j < box.high[1]; j++) {
            u32 at = index_at(of, i, j, box.low[2], extent, channels);
            for (int k = box.low[2]; k < box.high[2]; k++, at += channels) f(at);
        }
    }
}

// Whether v takes the place of the largest so far: of equal ones the first stays, and what is not a number counts as
// larger than any, so that it does not vanish.
__device__ __forceinline__ bool beats(float v, float largest) {
    return v > largest || (v != v && largest == largest);
}

// The largest elements of a window, and where they lie.
template <int W> struct Maxima {
    Pack<W> value;
    u32 where[W];
};

template <int W>
__device__ __forceinline__ Maxima<W> maxima(In<float> x, const Windows& w, const Position& window) {
    Maxima<W> largest = {};
    bool none = true;
    walk(covered(w, window.at), w.extent, w.channels, window, [&](u32 i) {
        Pack<W> v = load<W>(x, i);
        for (int l = 0; l < W; l++) {
            if (none || beats(v.lane[l], largest.value.lane[l])) {
                largest.value.lane[l] = v.lane[l];
                largest.where[l] = i + l;
            }
        }
        none = false;
    });
    return largest;
}

template <int W>
__device__ __forceinline__ void pool_maxima(In<float> x, Out<float> y, u64 n, const Windows& w) {
    for (u64 i = first(); i < n / W; i += stride()) {
        store(y, i * W, maxima<W>(x, w, position<W>(u32(i), w.count, w.channels)).value);
    }
}

// y = the largest of each window.
KERNEL(256, max_pool, In<float> x, Out<float> y, u64 n, Windows windows) {
    if (windows.channels % 4 == 0) {
        pool_maxima<4>(x, y, n, windows);
    } else {
        pool_maxima<1>(x, y, n, windows);
    }
}

// y = what stands in g where each window of x has its largest.
KERNEL(256, max_pool_pick, In<float> x, In<float> g, Out<float> y, u64 n, Windows windows) {
    for (u64 i = first(); i < n; i += stride()) {
        Maxima<1> largest = maxima<1>(x, windows, position<1>(u32(i), windows.count, windows.channels));
        y.put(i, g(largest.where[0]));
    }
}

// The index in x of each window's largest.
KERNEL(256, max_pool_switches, In<float> x, Out<u32> switches, u64 n, Windows windows) {
    for (u64 i = first(); i < n; i += stride()) {
        Maxima<1> largest = maxima<1>(x, windows, position<1>(u32(i), windows.count, windows.channels));
        switches.put(i, largest.where[0]);
    }
}

// dx = Σ dy over the windows whose largest lies there.
KERNEL(256, max_pool_grad, In<u32> switches, In<float> dy, Out<float> dx, u64 n, Windows windows) {
    for (u64 i = first(); i < n; i += stride()) {
        Position at = position<1>(u32(i), windows.extent, windows.channels);
        float sum = 0.f;
        walk(covering(windows, at.at), windows.count, windows.channels, at, [&](u32 window) {
            if (switches(window) == u32(i)) sum += dy(window);
        });
        dx.put(i, sum);
    }
}

template <int W>
__device__ __forceinline__ void pool_means(In<float> x, Out<float> y, u64 n, const Windows& w) {
    for (u64 i = first(); i < n / W; i += stride()) {
        Position window = position<W>(u32(i), w.count, w.channels);
        Box box = covered(w, window.at);
        Sum sum[W];
        walk(box, w.extent, w.channels, window, [&](u32 j) {
            Pack<W> v = load<W>(x, j);
            for (int l = 0; l < W; l++) sum[l].add(v.lane[l]);
        });
        float members = float(box.volume());
        Pack<W> mean;
        for (int l = 0; l < W; l++) mean.lane[l] = sum[l].value() / members;
        store(y, i * W, mean);
    }
}

// y = the mean of what each window covers of the map.
KERNEL(256, avg_pool, In<float> x, Out<float> y, u64 n, Windows windows) {
    if (windows.channels % 4 == 0) {
        pool_means<4>(x, y, n, windows);
    } else {
        pool_means<1>(x, y, n, windows);
    }
}

// dx = Σ dy/members over the windows that cover it.
KERNEL(256, avg_pool_grad, In<float> dy, Out<float> dx, u64 n, Windows windows) {
    for (u64 i = first(); i < n; i += stride()) {
        Position at = position<1>(u32(i), windows.extent, windows.channels);
        Box box = covering(windows, at.at);
        Sum sum;
        for (int a = box.low[0]; a < box.high[0]; a++) {
            for (int b = box.low[1]; b < box.high[1]; b++) {
                for (int c = box.low[2]; c < box.high[2]; c++) {
                    int window[3] = {a, b, c};
                    float whole = dy(index_at(at, a, b, c, windows.count, windows.channels));
                    sum.add(whole / float(covered(windows, window).volume()));
                }
            }
        }
        dx.put(i, sum.value());
    }
}
