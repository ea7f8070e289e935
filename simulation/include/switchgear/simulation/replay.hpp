#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchgear/event.hpp>
#include <switchgear/settings.hpp>
#include <switchgear/simulation/recorded_call.hpp>

namespace switchgear::simulation {

/// Whose breaker a call meets.
enum class breakers : std::uint8_t {
    one,    ///< one for all calls
    by_key  ///< one for each key
};

/// Settings to be tried.
struct candidate {
    std::string name;
    switchgear::settings settings{};
    simulation::breakers breakers = simulation::breakers::by_key;
    /// Breakers kept at a time, as in `registry`: beyond it a new key takes the place of an idle closed one, and
    /// shares the overflow breaker if there is none. Range: at least 1.
    ///
    /// The default is the registry's own. With the adaptive rule so many take 200 MB or more.
    std::size_t max_keys = 10'000;
};

/// A time in which a breaker was not closed.
struct open_period {
    std::string key;
    recorded_time begin{};
    /// Empty: still open at the end of the recording.
    std::optional<recorded_time> end{};
    /// Of the trip that began it.
    switchgear::cause cause = switchgear::cause::operator_order;
    switchgear::evidence evidence{};
    /// The trip that began it, and one for each failed try to recover.
    std::uint64_t trips = 0;
};

/// What settings would have done. By what the recording says, a call was good (success), bad (failure) or
/// neither (ignored).
struct outcome {
    std::uint64_t calls = 0, admitted = 0;
    std::uint64_t admitted_good = 0, admitted_bad = 0, refused_good = 0, refused_bad = 0, refused_ignored = 0;
    /// Changes to open, from closed or half-open.
    std::uint64_t trips = 0;
    /// Times of not being closed; the first `most_periods` are in `periods`.
    std::uint64_t opened = 0;
    /// In the state open, of all breakers together; until the end of the recording.
    std::chrono::nanoseconds open_time{};
    std::vector<open_period> periods{};
    /// Keys met, and those of them that shared the overflow breaker for a time; none where one breaker serves all.
    std::uint64_t keys = 0, keys_sharing = 0;
    static constexpr std::size_t most_periods = 1'000;
};

/// Runs a recording through breakers of several settings side by side.
///
/// It is the library's own breaker, on a clock that shows the recorded time. A call asks for a permit when it
/// began, and its verdict is told when it ended; what was refused is counted by what the recording says of
/// it. So the recording stands for what the service would have answered: what fewer calls would have changed
/// in it (a service that recovers sooner) cannot be seen. A call that lasts longer than a limit
/// (`trip.slow.after`, or what the adaptive rule has learned) is told to be overdue when it passes that, as the
/// gateway's timers do. Ends come before starts of the same
/// instant. Jitter, unless its seed is set, is drawn from a fixed one, so that each run gives the same.
///
/// Memory: calls in flight, and breakers up to `candidate::max_keys`.
/// Thread safety: one object is for one thread at a time.
class replay {
public:
    /// A transition of the candidate of that place in the list.
    using listener = std::function<void(std::size_t, const transition&, recorded_time)>;

    /// Throws: invalid_settings.
    explicit replay(std::vector<candidate>, listener = {});
    ~replay();
    replay(const replay&) = delete;
    replay& operator=(const replay&) = delete;

    /// Requires: calls come in the order of their starts.
    void take(const recorded_call&, std::string_view key);
    /// Lets the calls in flight end. Nothing can be taken afterwards.
    void finish();

    const std::vector<candidate>& candidates() const noexcept;
    /// In the order of the candidates. Empty before finish().
    const std::vector<outcome>& outcomes() const noexcept;

private:
    class course;
    std::unique_ptr<course> course_;
};

}  // namespace switchgear::simulation
