#pragma once

#include <switchgear/detail/atomics.hpp>
#include <switchgear/detail/clock.hpp>
#include <switchgear/detail/hot_path.hpp>
#include <switchgear/verdict.hpp>

namespace switchgear {

namespace detail {

extern template class tally<std_atomics>;  // what of it is not inline is compiled once

/// The breaker as its callers see it: the healthy path and the clock, inline; the rest behind calls.
/// Every front is the base of a breaker_core.
class front : public hot_path<std_atomics> {
public:
    const clock its_time;

    /// What is not plainly closed, or has changed meanwhile. Fills in the grant of a call that is admitted.
    answer acquire_further(grant&) noexcept;
    /// Any verdict of which nothing was counted yet. Takes copies, so that a healthy call keeps its grant
    /// in registers.
    void settle(grant, verdict) noexcept;
    /// The success of a grant that is plain but for the adaptive rule.
    void success_under_watch(std::uint64_t epoch, ticks begun) noexcept;
    /// For a success that count_success() has counted, and one whose window was over.
    void success_counted(std::uint64_t epoch) noexcept;
    void success_late(std::uint64_t epoch) noexcept;

protected:
    explicit front(const time_source& from) noexcept : its_time{from} {}
    ~front() = default;
};

}  // namespace detail
}  // namespace switchgear
