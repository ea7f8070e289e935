#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include <switchgear/testing/manual_time.hpp>

#include "machine.hpp"

namespace switchgear::detail {

// The tally's first cell, which no real run brings near its limits within a test's patience.
std::atomic<std::uint64_t>& first_cell_of(tally<std_atomics>&);
template <auto Cell>
struct opened {
    friend std::atomic<std::uint64_t>& first_cell_of(tally<std_atomics>& of) { return of.*Cell; }
};
template struct opened<&tally<std_atomics>::first_>;

}  // namespace switchgear::detail

namespace switchgear::extremes {

/// A hot path that has a past: numbers that years of traffic would lead to.
class preset_front : public detail::hot_path<detail::std_atomics> {
public:
    preset_front() = default;
    explicit preset_front(std::uint64_t successes) { add_successes(successes); }

    void add_successes(std::uint64_t n) { detail::first_cell_of(tally_).fetch_add(n); }
    /// Requires: closed, and no permit is out.
    void set_epoch(std::uint64_t epoch) {
        word_.store((word_.load() & 0xff'ffff) | (epoch << 24));
        auto& cell = detail::first_cell_of(tally_);
        cell.store((cell.load() & ((std::uint64_t{1} << 55) - 1)) | ((0x100 | (epoch & 0xff)) << 55));
    }
};

struct log {
    std::vector<detail::moved> heard{};
    void told(const detail::moved& m) noexcept { heard.push_back(m); }
};
using machine = detail::machine<detail::std_atomics, log, preset_front>;

}  // namespace switchgear::extremes

namespace switchgear::detail {

// All that carries the number of a window: 2^32 of them are more than a test has patience for.
std::uint32_t& generation_of(sliding_window&);
sliding_window& window_of(extremes::machine&);
std::uint32_t& evidence_window_of(extremes::machine&);
std::uint32_t& run_of(extremes::machine&);
std::atomic<trouble<std_atomics>*>& trouble_of(extremes::machine&);
template <auto Generation, auto Window, auto EvidenceWindow, auto Run, auto Trouble>
struct opened_windows {
    friend std::uint32_t& generation_of(sliding_window& of) { return of.*Generation; }
    friend sliding_window& window_of(extremes::machine& of) { return of.*Window; }
    friend std::uint32_t& evidence_window_of(extremes::machine& of) { return of.*EvidenceWindow; }
    friend std::uint32_t& run_of(extremes::machine& of) { return of.*Run; }
    friend std::atomic<trouble<std_atomics>*>& trouble_of(extremes::machine& of) { return of.*Trouble; }
};
template struct opened_windows<&sliding_window::generation_, &extremes::machine::window_,
                               &extremes::machine::evidence_window_, &extremes::machine::run_,
                               &extremes::machine::trouble_>;

}  // namespace switchgear::detail

namespace switchgear::extremes {

/// A machine with a past, and a log.
struct subject {
    explicit subject(const settings& s, std::uint64_t successes = 0)
        : it{events, std::make_shared<const detail::plan>(s), 1, detail::in_ticks(clock.now()), successes} {}

    testing::manual_time clock;
    log events;
    machine it;

    /// As if this were the window of that number. Requires: closed, something went wrong once, no permit is out, and
    /// no run of failures.
    void set_window(std::uint32_t number) {
        auto& periods = detail::trouble_of(it).load()->periods;
        const auto index = it.current().period();
        auto present = periods.read(index);
        present.window = number;
        periods.write(index, present);
        detail::evidence_window_of(it) = number;
        detail::generation_of(detail::window_of(it)) = number;
    }

    std::uint32_t window() { return detail::trouble_of(it).load()->periods.read(it.current().period()).window; }

    struct asked {
        detail::grant given;
        detail::answer got;
    };
    asked ask() {
        asked to;
        to.got = it.acquire(clock, to.given);
        return to;
    }
    /// Returns: whether it was admitted.
    bool settle(verdict how) {
        const auto to = ask();
        if (to.got.admitted()) it.settle(to.given, how, clock);
        return to.got.admitted();
    }
    snapshot now() {
        snapshot seen;
        it.observe(seen, detail::in_ticks(clock.now()));
        return seen;
    }
};

}  // namespace switchgear::extremes
