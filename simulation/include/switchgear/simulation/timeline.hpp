#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <switchgear/simulation/latencies.hpp>
#include <switchgear/simulation/recorded_call.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear::simulation {

/// The keys that failed most, in a place that does not grow. Up to `places` keys are counted exactly; of more, any
/// key with more than one failure in `places` + 1 is among them, and its count may be too low by `missing()`
/// (Misra and Gries, Finding repeated elements, 1982).
class failing_keys {
public:
    static constexpr std::size_t places = 16;
    struct entry {
        std::uint32_t key = 0;
        std::uint32_t failures = 0;
    };
    void add(std::uint32_t key, std::uint32_t failures) noexcept;
    void add(const failing_keys& others) noexcept;
    /// Those with failures, the one that failed most first.
    std::vector<entry> entries() const;
    /// By how much a count may be too low; also the most that a key may have that is not among them.
    /// Zero: all are there, and exact.
    std::uint32_t missing() const noexcept { return missing_; }

private:
    std::array<entry, places> kept_{};
    std::uint32_t missing_ = 0;
};

/// The calls that began in one stretch of time.
struct slice {
    std::uint32_t calls = 0, failures = 0, ignored = 0;
    std::array<std::uint32_t, failure_class_count> failures_by_class{};
    latencies took{};
    failing_keys failing{};

    void add(const recorded_call&) noexcept;
    void add(const slice&) noexcept;
    /// Of the calls that say something. Zero if none does.
    double failing_share() const noexcept;
    std::uint32_t judged() const noexcept { return calls - ignored; }
};

/// What happened when, in slices of equal length. When a recording outgrows them, each two become one twice
/// as long: memory stays the same (at most `most` slices of about 550 bytes), and the detail goes.
class timeline {
public:
    static constexpr std::chrono::nanoseconds shortest_width = std::chrono::milliseconds{125};

    explicit timeline(std::size_t most = 32'768);

    /// Requires: calls come in the order of their starts.
    void add(const recorded_call&);

    /// When the first slice begins.
    recorded_time begin() const noexcept { return begin_; }
    /// When the last call began.
    recorded_time last_start() const noexcept { return last_start_; }
    /// When the last call ended.
    recorded_time end() const noexcept { return end_; }
    std::chrono::nanoseconds width() const noexcept { return width_; }
    const std::vector<slice>& slices() const noexcept { return slices_; }
    /// The same in at most `most` slices.
    timeline coarser(std::size_t most) const;

private:
    void halve();

    std::size_t most_;
    recorded_time begin_{};
    recorded_time last_start_{};
    recorded_time end_{};
    std::chrono::nanoseconds width_ = shortest_width;
    std::vector<slice> slices_{};
};

}  // namespace switchgear::simulation
