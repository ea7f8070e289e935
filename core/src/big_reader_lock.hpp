#pragma once

#include <atomic>
#include <memory>
#include <mutex>

namespace switchgear::detail {

/// A lock for what many threads read, each for some dozens of instructions, and few change: one mark for each of several
/// lanes, on cache lines of their own, so that readers write to nothing that other readers write to. (The kernel's
/// "big reader" lock; D. Dice, A. Kogan, "BRAVO - biased locking for reader-writer locks", USENIX ATC 2019, has the
/// bar before the readers.)
///
/// A reader marks its lane and then looks whether the way is barred; who changes bars the way and then looks whether
/// a lane is marked, all seq_cst: of two that come together at least one sees the other. A reader that finds the way
/// barred, or no lane free, queues at the mutex with those who change: it waits asleep, and once.
///
/// Meets the requirements of BasicLockable (lock: to change). Who reads all of it takes `unchanging()` instead, for as
/// long as he likes: that keeps changes out and nobody who reads.
/// Thread safety: every member may be called from any thread. None is recursive.
template <class Atomics, class Mutex = std::mutex>
class big_reader_lock {
    struct alignas(64) lane {
        typename Atomics::template atom<bool> marked{false};
    };

public:
    /// Keeps changes out while it lives.
    class [[nodiscard]] reading {
    public:
        explicit reading(big_reader_lock& of) noexcept : of_{of}, at_{of.mark()} {}
        reading(const reading&) = delete;
        reading& operator=(const reading&) = delete;
        ~reading() {
            // release: pairs with lock(), and with the next reader's mark.
            if (at_ != nullptr) {
                at_->marked.store(false, std::memory_order_release);
            } else {
                of_.changing_.unlock();
            }
        }

    private:
        big_reader_lock& of_;
        lane* const at_;  ///< null: has the mutex
    };

    void lock() {
        changing_.lock();
        barred_.store(true, std::memory_order_seq_cst);
        for (unsigned i = 0; i < count_; ++i) {
            // seq_cst, after the bar: see above. It is also the acquire that a reader's release pairs with.
            while (lanes_[i].marked.load(std::memory_order_seq_cst)) Atomics::wait_a_moment();
        }
    }
    void unlock() {
        // release: pairs with the look of the readers to come.
        barred_.store(false, std::memory_order_release);
        changing_.unlock();
    }
    std::unique_lock<Mutex> unchanging() { return std::unique_lock{changing_}; }

private:
    /// Returns: the lane, marked; null if the mutex was taken instead.
    lane* mark() {
        for (unsigned i = 0; i < count_; ++i) {
            lane& mine = lanes_[Atomics::lane() & (count_ - 1)];
            // seq_cst, before the look at the bar: see above.
            if (!mine.marked.exchange(true, std::memory_order_seq_cst)) {
                if (!barred_.load(std::memory_order_seq_cst)) return &mine;
                mine.marked.store(false, std::memory_order_release);  // as at the end of a reading
                break;
            }
            Atomics::lane() = Atomics::next_lane();
        }
        changing_.lock();
        return nullptr;
    }

    const unsigned count_ = Atomics::lanes();  // a power of two
    const std::unique_ptr<lane[]> lanes_{new lane[count_]};
    typename Atomics::template atom<bool> barred_{false};
    Mutex changing_;
};

}  // namespace switchgear::detail
