#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <switchgear/time.hpp>

namespace switchgear {

/// What kind of failure a call met. Each class has its own weight and may have its own limit.
enum class failure_class : std::uint8_t {
    error,        ///< it answered, and the answer was a failure
    timeout,      ///< no answer in time
    unreachable,  ///< no connection, no name, no handshake
    overloaded,   ///< it said that it has too much to do
    custom_1,
    custom_2,
    custom_3,
    custom_4
};
inline constexpr std::size_t failure_class_count = 8;

std::string_view to_string(failure_class) noexcept;

/// How a call went. Small and trivially copyable.
class verdict {
public:
    static constexpr verdict success() noexcept { return {kind::success, failure_class::error, {}}; }

    /// A failure, with the time before which the server asked not to come back, if it said one. The
    /// hint lengthens the pause if this verdict is the one that trips (rule 12).
    static constexpr verdict failure(failure_class failed = failure_class::error,
                                     std::optional<duration> retry_after = {}) noexcept {
        return {kind::failure, failed, retry_after};
    }

    /// A failure that opens at once whatever the counts, for at least that long (rule 9).
    static constexpr verdict trip(duration at_least, failure_class failed = failure_class::overloaded) noexcept {
        return {kind::trip, failed, at_least};
    }

    /// Says nothing about the service: cancelled, client gone, refused locally.
    static constexpr verdict ignored() noexcept { return {kind::ignored, failure_class::error, {}}; }

    constexpr bool is_success() const noexcept { return kind_ == kind::success; }
    /// True of a `trip` too: it is a failure that also trips.
    constexpr bool is_failure() const noexcept { return kind_ == kind::failure || kind_ == kind::trip; }
    constexpr bool is_trip() const noexcept { return kind_ == kind::trip; }
    constexpr bool is_ignored() const noexcept { return kind_ == kind::ignored; }

    /// The class of the failure. Requires: is_failure().
    constexpr failure_class failed_with() const noexcept { return failed_with_; }
    constexpr std::optional<duration> retry_after() const noexcept { return retry_after_; }

    friend constexpr bool operator==(const verdict&, const verdict&) = default;

private:
    enum class kind : std::uint8_t { success, failure, trip, ignored };

    constexpr verdict(kind k, failure_class failed, std::optional<duration> hint) noexcept
        : retry_after_{hint}, kind_{k}, failed_with_{failed} {}

    std::optional<duration> retry_after_;
    kind kind_;
    failure_class failed_with_;
};

}  // namespace switchgear
