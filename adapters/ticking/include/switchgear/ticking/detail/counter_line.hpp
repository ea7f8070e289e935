#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <optional>

#include <switchgear/time.hpp>

namespace switchgear::ticking::detail {

/// One moment on two clocks: a counter that runs evenly, and the exact clock in nanoseconds.
struct moment {
    std::uint64_t count;
    duration::rep time;
};

/// The exact clock, told from a counter: a line of straight stretches, each joined to the one before it and
/// sloped so that it would meet the exact clock a second later.
///
/// What is read never goes back – but for some nanoseconds where the thread that steers loses the processor just
/// before a joint – and is within a microsecond of the exact clock while the counter is as even as that one. Beyond
/// the end of a stretch, where it was not steered for a while, the exact clock is read instead. Where the machine slept
/// and only the counter went on, time stands still for a moment, which is that while at the most.
///
/// Thread safety: one thread steers, any read. `Atom` is what a schedule explorer replaces.
template <template <class> class Atom = std::atomic>
class counter_line {
public:
    static constexpr duration::rep second = 1'000'000'000;
    static constexpr duration::rep every = second / 10;       ///< a new stretch
    static constexpr duration::rep reach = second / 4;        ///< of a stretch
    static constexpr duration::rep far_off = second / 1'000;  ///< so far behind it jumps
    static constexpr double uneven = 1e-3;                    ///< a change of slope that no working counter makes

    /// The present. `count` reads the counter, `exact` the exact clock.
    template <class Count, class Exact>
    duration::rep now(const Count& count, const Exact& exact) const noexcept {
        for (;;) {
            // acquire: pairs with the release in publish(), so that the stretch is the one of this version or a later.
            const auto version = version_.load(std::memory_order_acquire);
            const stretch drawn = stretches_[version & 1].read();
            const std::uint64_t since = count() - drawn.from;
            // relaxed: whoever has read a field of a later version in its place has, by that field's acquire,
            // seen the version between the two, and finds it changed here.
            if (version_.load(std::memory_order_relaxed) != version) continue;
            if (since <= drawn.length) [[likely]]
                return drawn.at(since);
            return outside(drawn, since, exact());
        }
    }

    /// Call it about every `every`, or more often: it does nothing then.
    template <class Count, class Exact>
    void steer(const Count& count, const Exact& exact) noexcept {
        const duration::rep rough = exact();
        if (known_ && rough - known_->time < every) return;
        const moment seen = both(count, exact);
        const std::optional slope = slope_to(seen);
        if (!slope) {
            begin_again(seen);
        } else if (drawn_.length > 0 || seen.time >= drawn_.begin) {  // else time stands still as yet
            join(seen, *slope);
        }
        known_ = seen;
    }

private:
    /// Times are in nanoseconds, slopes in 2^-32 ns a count: their product with a length is below 2^63.
    struct stretch {
        std::uint64_t from, length, slope;
        duration::rep begin;

        duration::rep at(std::uint64_t since) const noexcept {
            return begin + static_cast<duration::rep>(since * slope >> 32U);
        }
        duration::rep end() const noexcept { return at(length); }
    };
    struct shared_stretch {
        Atom<std::uint64_t> from{0}, length{0}, slope{0};
        Atom<duration::rep> begin{time_point::min().time_since_epoch().count()};

        // acquire and release: see now().
        stretch read() const noexcept {
            return {from.load(std::memory_order_acquire), length.load(std::memory_order_acquire),
                    slope.load(std::memory_order_acquire), begin.load(std::memory_order_acquire)};
        }
        void write(const stretch& one) noexcept {
            from.store(one.from, std::memory_order_release);
            length.store(one.length, std::memory_order_release);
            slope.store(one.slope, std::memory_order_release);
            begin.store(one.begin, std::memory_order_release);
        }
    };

    /// The counter is read a little before the clock: the line is ahead by that, and a reader who has just used
    /// the exact clock does not go back. Of three tries the one in which least happened between.
    template <class Count, class Exact>
    static moment both(const Count& count, const Exact& exact) noexcept {
        moment best{};
        std::uint64_t least = ~std::uint64_t{0};
        for (int i = 0; i < 3; ++i) {
            const std::uint64_t before = count();
            const duration::rep time = exact();
            if (const std::uint64_t between = count() - before; between < least) {
                least = between;
                best = {before, time};
            }
        }
        return best;
    }

    static duration::rep told(const stretch& drawn, std::uint64_t since, duration::rep exact) noexcept {
        return since <= drawn.length ? drawn.at(since) : outside(drawn, since, exact);
    }
    static duration::rep outside(const stretch& drawn, std::uint64_t since, duration::rep exact) noexcept {
        if (static_cast<std::int64_t>(since) >= 0) return std::max(exact, drawn.end());
        // Read out of order just before the joint: time stands still there. Or the counter was set back.
        const std::uint64_t early = 0 - since;
        return early <= drawn.length ? drawn.begin : std::max(exact, drawn.begin);
    }

    /// Nothing if it cannot be told, or is not what it was.
    std::optional<double> slope_to(const moment& seen) const noexcept {
        if (!known_ || seen.count <= known_->count) return {};
        const double slope =
            static_cast<double>(seen.time - known_->time) / static_cast<double>(seen.count - known_->count);
        const double before = drawn_.length == 0 ? slope : slope_;
        if (std::abs(slope - before) > uneven * before) return {};
        return slope;
    }

    void join(const moment& seen, double slope) noexcept {
        const duration::rep here = told(drawn_, seen.count - drawn_.from, seen.time);
        const duration::rep behind = seen.time - here;
        slope_ = slope;
        if (behind > far_off) {
            draw(seen.count, seen.time, slope);
        } else {
            const double catching_up = static_cast<double>(behind) / static_cast<double>(second);
            draw(seen.count, here, slope * (1 + std::max(catching_up, -0.5)));
        }
    }

    void draw(std::uint64_t from, duration::rep begin, double slope) noexcept {
        publish({from, static_cast<std::uint64_t>(static_cast<double>(reach) / slope),
                 static_cast<std::uint64_t>(slope * 0x1p32), begin});
    }

    /// No line until the counter's pace is known anew; time does not go back behind what was told.
    void begin_again(const moment& seen) noexcept {
        publish({seen.count, 0, 0, std::max(seen.time, told(drawn_, seen.count - drawn_.from, seen.time))});
    }

    void publish(const stretch& next) noexcept {
        drawn_ = next;
        // relaxed: only this thread writes it.
        const auto version = version_.load(std::memory_order_relaxed) + 1;
        stretches_[version & 1].write(next);
        // release: pairs with the acquire in now().
        version_.store(version, std::memory_order_release);
    }

    // The one that steers:
    std::optional<moment> known_;
    double slope_{};
    stretch drawn_{0, 0, 0, time_point::min().time_since_epoch().count()};

    // Every reader reads these, and they change ten times a second. The stretch of a version stands in the place
    // of its last bit, and is not touched before the next version is published.
    alignas(64) Atom<std::uint64_t> version_{0};
    std::array<shared_stretch, 2> stretches_;
};

}  // namespace switchgear::ticking::detail
