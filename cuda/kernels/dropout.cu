// Dropout (N. Srivastava et al., JMLR 15, 2014), scaled at training time; its gradient is the same kernel applied to
// dy.
//
// x, y of n elements, any shape. An element's random word is Philox 4×32-10 (J. Salmon et al., SC'11) of its position,
// so every device keeps the same elements; one counter gives four words, and a thread takes every (grid × 256)th four
// of elements. 8 bytes and about 20 integer operations an element: bound by bytes.
#include "pack.cuh"

struct Words {
    u32 word[4];
};

// Ten rounds: 128 random bits from a counter and a key.
__device__ __forceinline__ Words philox(Words counter, u32 key_low, u32 key_high) {
    Words c = counter;
    for (int round = 0; round < 10; round++) {
        u32 high0 = __umulhi(0xD2511F53u, c.word[0]), low0 = 0xD2511F53u * c.word[0];
        u32 high1 = __umulhi(0xCD9E8D57u, c.word[2]), low1 = 0xCD9E8D57u * c.word[2];
        c = {{high1 ^ c.word[1] ^ key_low, low1, high0 ^ c.word[3] ^ key_high, low0}};
        key_low += 0x9E3779B9u;
        key_high += 0xBB67AE85u;
    }
    return c;
}

// y = scale · x where the element's random word is at least `threshold`, else 0. `purpose` sets dropout's words apart
// from all others, `stream` this layer's from other layers'.
KERNEL(256, dropout, In<float> x, Out<float> y, In<StepFeed> feed, u64 n, u32 purpose, u32 stream, u32 threshold,
       float scale) {
    StepFeed now = feed(0);
    for (u64 block = first(); block < (n + 3) / 4; block += stride()) {
        u32 high = purpose << 28 | (u32(block >> 32) & 0x0FFFFFFFu);
        Words random = philox({{u32(block), high, stream, now.step}}, now.seed_low, now.seed_high);
        auto kept = [&](int l, float v) { return random.word[l] >= threshold ? scale * v : 0.f; };
        if (4 * block + 4 <= n) {
            Pack<4> v = load<4>(x, 4 * block);
            for (int l = 0; l < 4; l++) v.lane[l] = kept(l, v.lane[l]);
            store(y, 4 * block, v);
        } else {
            for (int l = 0; 4 * block + l < n; l++) y.put(4 * block + l, kept(l, x(4 * block + l)));
        }
    }
}
