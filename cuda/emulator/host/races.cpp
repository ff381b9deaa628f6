// The race detector: exact for what one run does, whatever the order in which threads ran.
//
// Time is cut into stretches: a block's run between two barriers. Blocks run one after the other, so a stretch's number
// says all: before the launch began, ordered; before the block began, another block's, which nothing orders; before
// now, ordered by a barrier; now, ordered only if it was the same thread, or of the same warp with a __syncwarp
// between. Shuffles and ballots order no memory: CUDA promises it for __syncwarp alone.
#include "launch.h"
#include "memory.h"

namespace emulator {

#ifdef FOVEA_RACES
namespace {

u32 now = 1, launch_begin, block_begin; // numbers of stretches; 1 is the host's
u32 warp_epochs[32];
std::vector<uint3> stretch_block; // whose the launch's stretches are

enum class Order { ordered, other_block, other_thread };

void stretch() {
    now++;
    stretch_block.push_back(blockIdx);
    memset(warp_epochs, 0, sizeof warp_epochs);
}

Stamp stamp(Access access, Source from) {
    u32 thread = threadIdx.x;
    return {now,
            thread,
            access == Access::atomic,
            0,
            0,
            warp_epochs[thread / 32] & 0x7ffffu,
            reinterpret_cast<u64>(from.file) << 16 | u64(from.line & 0xffff)};
}

Order order(const Stamp& before, const Stamp& me) {
    if (before.epoch < launch_begin) return Order::ordered;
    if (before.epoch < block_begin) return Order::other_block;
    if (before.epoch < now || before.thread == me.thread) return Order::ordered;
    bool met = before.thread / 32 == me.thread / 32 && before.warp_epoch != me.warp_epoch;
    return met ? Order::ordered : Order::other_thread;
}

// Ends the launch if the earlier access and this one race.
void meet(const Stamp& before, const char* did, const Stamp& me, const char* does, const char* what, Source from) {
    Order found = order(before, me);
    if (found == Order::ordered) return;
    uint3 block = stretch_block[before.epoch - launch_begin];
    fail(Fault::launch_failed, from, "race: %s a word of %s that thread %u of block (%u, %u, %u) %s at %s:%d, and %s",
         does, what, u32(before.thread), block.x, block.y, block.z, did,
         reinterpret_cast<const char*>(before.source >> 16), int(before.source & 0xffff),
         found == Order::other_block ? "nothing orders the blocks of a launch" : "no barrier is between");
}

void read(Shadow& word, const Stamp& me, const char* what, Source from) {
    meet(word.writer, "wrote", me, "reads", what, from);
    if (word.writer.crowd && word.writer.epoch >= launch_begin)
        fail(Fault::launch_failed, from, "race: reads a word of %s that several blocks change", what);
    Stamp &last = word.reader, &other = word.other_reader;
    if (order(last, me) != Order::ordered) {
        bool keep =
            order(other, me) == Order::other_block || (other.epoch == now && other.thread / 32 != me.thread / 32);
        if (!keep) other = last;
    }
    last = me;
}

void write(Shadow& word, Stamp me, const char* what, Source from) {
    const Stamp& last = word.writer;
    bool other_block = order(last, me) == Order::other_block;
    bool both_atomic = me.atomic && last.atomic && !(other_block && last.plain);
    if (!both_atomic) meet(last, "wrote", me, "writes", what, from);
    meet(word.reader, "read", me, "writes", what, from);
    meet(word.other_reader, "read", me, "writes", what, from);
    if (last.epoch >= launch_begin) {
        me.crowd = last.crowd || (me.atomic && other_block);
        me.plain = last.plain || !last.atomic;
        // The thread's own plain write, which others may not have seen, is behind its atomic.
        if (last.epoch == now && last.thread == me.thread && !last.atomic) me.atomic = 0;
    }
    word.writer = me;
}

} // namespace

void clock_launch(const Launch&) {
    launch_begin = now + 1;
    stretch_block.clear();
}
void clock_block() {
    stretch();
    block_begin = now;
}
void clock_barrier() { stretch(); }
void clock_warp(u32 warp) { warp_epochs[warp]++; }

void touch_global(const void* address, u32 words, Access access, Source from) {
    Shadow* shadow = shadow_of(reinterpret_cast<u64>(address));
    if (!shadow) fail(Fault::illegal_address, from, "a view of what is not device memory (%p)", address);
    Stamp me = stamp(access, from);
    for (u32 w = 0; w < words; w++) {
        if (access != Access::write && shadow[w].writer.epoch == 0) {
            u64 at = reinterpret_cast<u64>(address) + w * 4;
            const Allocation* whole = holder(at, 4);
            if (!whole) fail(Fault::illegal_address, from, "reads memory that was freed (%p)", address);
            fail(Fault::launch_failed, from, "reads word %llu of an allocation of %zu words, which nobody has written",
                 (at - whole->address) / 4, whole->bytes / 4);
        }
        access == Access::read ? read(shadow[w], me, "global memory", from)
                               : write(shadow[w], me, "global memory", from);
    }
}

void touch_shared(Shadow* shadow, u32 words, Access access, Source from, const char* tile) {
    Stamp me = stamp(access, from);
    for (u32 w = 0; w < words; w++) {
        Shadow& word = shadow[w];
        if (word.writer.epoch < block_begin) {
            // Nothing of this block's yet: what other blocks did to the same storage is no concern of its.
            word = {};
            if (access == Access::read)
                fail(Fault::launch_failed, from, "reads a word of tile %s that nobody has written", tile);
        }
        access == Access::read ? read(word, me, tile, from) : write(word, me, tile, from);
    }
}

#else
void clock_launch(const Launch&) {}
void clock_block() {}
void clock_barrier() {}
void clock_warp(u32) {}
#endif

} // namespace emulator
