#pragma once

#include <cstdint>

#include <switchgear/state.hpp>

namespace switchgear::detail {

/// The state word: all that an admitted call has to read, in 64 bits, so that one compare-and-swap is
/// one change of the breaker and no thread can act on half of one.
///
///     epoch:40 | watched:1 | revision:12 | period:2 | regime:1 | due:1 | ramp:1 | timed:1 | observe:1 | override:2 | state:2
///
/// - epoch: grows by one at every change of state, and never otherwise. At a million changes a second
///   it wraps after twelve days; a permit would have to be held for just that long to be mistaken.
/// - revision: grows at every change of the word, so that a reader of a period can tell that it was
///   not replaced under it (4,096 changes within one epoch and one reading of a few loads).
/// - period: which record holds the deadline and the rest (period.hpp).
/// - regime: which of the two sets of settings is in force.
/// - due: a health check ended the pause. timed: calls need their start, because of a slow rule or the
///   adaptive one. watched: the latter is on.
class word {
public:
    constexpr word() noexcept = default;
    constexpr explicit word(std::uint64_t bits) noexcept : bits_{bits} {}
    constexpr std::uint64_t bits() const noexcept { return bits_; }

    constexpr state where() const noexcept { return static_cast<state>(get(0, 2)); }
    constexpr override_mode override() const noexcept { return static_cast<override_mode>(get(2, 2)); }
    constexpr bool observes() const noexcept { return get(4, 1) != 0; }
    constexpr bool timed() const noexcept { return get(5, 1) != 0; }
    constexpr bool on_ramp() const noexcept { return get(6, 1) != 0; }
    constexpr bool due() const noexcept { return get(7, 1) != 0; }
    constexpr std::uint32_t regime() const noexcept { return static_cast<std::uint32_t>(get(8, 1)); }
    constexpr std::uint32_t period() const noexcept { return static_cast<std::uint32_t>(get(9, 2)); }
    constexpr bool watched() const noexcept { return get(23, 1) != 0; }
    constexpr std::uint64_t epoch() const noexcept { return bits_ >> 24; }

    /// Closed and not overridden: the one case that the healthy path has to tell from all others.
    constexpr bool plainly_closed() const noexcept { return get(0, 4) == 0; }
    /// Verdicts of this epoch go into the window: closed, or on the ramp.
    constexpr bool counts() const noexcept {
        return where() == state::closed || (where() == state::half_open && on_ramp());
    }

    constexpr word with_state(state to) const noexcept {
        return set(0, 2, static_cast<std::uint64_t>(to)).with_next_epoch().with_ramp(false).with_due(false);
    }
    /// For readers: another state without its change having happened.
    constexpr word reading(state as) const noexcept { return set(0, 2, static_cast<std::uint64_t>(as)); }
    constexpr word with_override(override_mode mode) const noexcept {
        return set(2, 2, static_cast<std::uint64_t>(mode));
    }
    constexpr word with_observes(bool on) const noexcept { return set(4, 1, on); }
    constexpr word with_timed(bool on) const noexcept { return set(5, 1, on); }
    constexpr word with_watched(bool on) const noexcept { return set(23, 1, on); }
    constexpr word with_ramp(bool on) const noexcept { return set(6, 1, on); }
    constexpr word with_due(bool on) const noexcept { return set(7, 1, on); }
    constexpr word with_regime(std::uint32_t index) const noexcept { return set(8, 1, index); }
    constexpr word with_period(std::uint32_t index) const noexcept { return set(9, 2, index); }
    constexpr word revised() const noexcept { return set(11, 12, (bits_ >> 11) + 1); }

    friend constexpr bool operator==(word, word) = default;

private:
    constexpr std::uint64_t get(unsigned shift, unsigned width) const noexcept {
        return (bits_ >> shift) & ((std::uint64_t{1} << width) - 1);
    }
    /// The epoch is in the highest bits: it comes round by itself.
    constexpr word with_next_epoch() const noexcept { return word{bits_ + (std::uint64_t{1} << 24)}; }
    constexpr word set(unsigned shift, unsigned width, std::uint64_t value) const noexcept {
        const std::uint64_t mask = ((std::uint64_t{1} << width) - 1) << shift;
        return word{(bits_ & ~mask) | ((value << shift) & mask)};
    }

    std::uint64_t bits_ = 0;
};

/// Whether epoch `a` came after `b`, where epochs come round too.
constexpr bool is_later_epoch(std::uint64_t a, std::uint64_t b) noexcept {
    return static_cast<std::int64_t>((a - b) << 24) > 0;
}

}  // namespace switchgear::detail
