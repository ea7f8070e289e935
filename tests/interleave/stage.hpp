#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "atoms.hpp"
#include "machine.hpp"

namespace switchgear::interleave {

using detail::ticks;
inline constexpr ticks ms = 1'000'000, seconds = 1'000 * ms;

/// The clock of one operation: it stands still.
struct at_time {
    ticks at;
    time_point now() const noexcept { return time_point{duration{at}}; }
    time_point coarse() const noexcept { return now(); }
    time_point resumed_at() const noexcept { return time_point::min(); }
};

/// One breaker over explored atoms, the calls made through it, and what is known of it all.
///
/// Every verb is one operation: what threads did to the breaker has to be as if each of them had been run at
/// once, one after the other, in some order (outcome()). What has to hold whatever the order is checked while it
/// happens and by audit().
class stage {
public:
    explicit stage(std::shared_ptr<const detail::plan> by);
    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;

    // Calls have numbers; `at` is the time.
    void acquire(std::size_t call, ticks at);
    void success(std::size_t call, ticks at) { settle(call, verdict::success(), at); }
    void failure(std::size_t call, ticks at) { settle(call, verdict::failure(), at); }
    void ignore(std::size_t call, ticks at) { settle(call, verdict::ignored(), at); }
    void settle(std::size_t call, verdict how, ticks at);
    void overdue(std::size_t call, ticks at);
    void answered(std::size_t call, ticks at);

    void apply(const std::shared_ptr<const detail::plan>& by, ticks at);
    void reset(ticks at);
    void trip(ticks at, std::optional<ticks> pause = {});
    void force_open(ticks at, ticks until = detail::never) { force(override_mode::forced_open, at, until); }
    void force_closed(ticks at, ticks until = detail::never) { force(override_mode::forced_closed, at, until); }
    void lift(ticks at);
    void end_pause();
    void extend_pause(ticks wait, ticks at);
    void observe(ticks at);
    void restore(const detail::saved_state& record, ticks at);

    /// The machine's sink.
    void told(const detail::moved& what) noexcept { told_.push_back(what); }

    /// The leases may run out: a verdict may be late in its own epoch.
    void expect_expiry() noexcept { leases_expire_ = true; }
    /// At most that many probes at once.
    void expect_probes(std::uint32_t most) noexcept { probes_ = most; }

    /// After all threads.
    void audit();
    std::string outcome();

private:
    using breaker = detail::machine<explored_atomics, stage>;
    void force(override_mode mode, ticks at, ticks until);
    void settle_as_a_permit_does(const detail::grant& given, verdict how, const at_time& time);
    void begin(const char* what);
    void say(std::string text);
    void tell(const std::optional<detail::moved>& what);
    void swung(detail::word to);
    void audit_moves(const snapshot& last);
    void audit_totals(const snapshot& last);
    void require(bool holds, const char* what);

    struct held {
        std::optional<detail::grant> given;
        bool settled = false;
    };

    std::uint32_t probes_;
    bool leases_expire_ = false;
    std::array<held, 8> calls_{};
    std::array<std::string, most_threads + 1> said_{};
    std::vector<detail::moved> told_;

    // The state word, followed from write to write.
    detail::word word_;
    std::vector<state> states_{state::closed};     ///< by epoch
    std::map<std::uint64_t, std::uint32_t> live_;  ///< probes running, by epoch

    struct {
        std::uint64_t admitted = 0, refused = 0, evidence = 0, ignored = 0, surely_late = 0, perhaps_late = 0;
    } counted_;

    std::uint32_t word_atom_;  ///< which location is the state word
    breaker machine_;
};

/// A plan for settings that are valid.
inline std::shared_ptr<const detail::plan> planned(const settings& of) {
    return std::make_shared<const detail::plan>(of);
}

}  // namespace switchgear::interleave
