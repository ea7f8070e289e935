#include "healthy_model.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>

namespace switchgear::adaptive {
namespace {

constexpr std::size_t levels_8 = 6, levels_128 = 7, levels_1024 = 5;
static_assert(levels_8 * levels_128 * levels_1024 == healthy_model::cell_count);

/// Before anything is known: as if one of a hundred calls had been bad, with the weight of fifty.
constexpr share_of_calls prior{50, 0.5};
/// How many calls it takes until a cell is believed as much as its neighbours.
constexpr double cell_weight = 60;

// What is believed of bursts and bad spells before any was seen: half of what the recent past looks like
// goes on, up to half of the usual care, and failures come in clusters. Calls that were seen to be
// independent soon outweigh this; where hardly any call ever failed it is all there is to know.
constexpr double spells_go_on = 0.5;
constexpr double strongest_spell = 0.05;
constexpr std::array<double, levels_8> clusters{0, 0.006, 0.024, 0.045, 0.075, 0.1};
constexpr std::array<double, levels_128> typical_128{0, 1, 2.5, 5.5, 11, 22, 64};
constexpr std::array<double, levels_1024> typical_1024{0, 2, 8, 32, 128};
/// How much of what the neighbours say is left where a burst is longer than most: it counts again.
constexpr std::array<double, levels_128> longer_bursts{1, 1, 1, 1, 1, 0.75, 0.5};
/// By how much a short time may raise what is expected where it could hide an outage.
constexpr double short_rise = 1.25;
/// How many calls of the short memory are worth as much as the long one.
constexpr double short_weight = 1'500;
/// The upper bound is one that nine of ten true shares stay below.
constexpr double z = 1.28;
constexpr duration short_half_life = std::chrono::minutes{30};

std::size_t level_of_8(std::uint32_t bad) noexcept {
    constexpr std::array<std::uint8_t, 9> levels{0, 1, 2, 3, 3, 4, 4, 5, 5};
    return levels[bad];
}
/// 0, 1, 2 to 3, 4 to 7, … up to the last level.
std::size_t level_of_128(std::uint32_t bad) noexcept {
    return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(bad)), levels_128 - 1);
}
/// 0, 1 to 3, 4 to 15, 16 to 63, 64 and more.
std::size_t level_of_1024(std::uint32_t bad) noexcept {
    return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(bad) + 1) / 2, levels_1024 - 1);
}

constexpr std::size_t place(std::size_t a, std::size_t b, std::size_t c) noexcept {
    return (c * levels_128 + b) * levels_8 + a;
}

/// Wilson's upper bound of a share.
double upper_bound(const share_of_calls& seen) noexcept {
    const double n = seen.calls;
    const double share = seen.bad / n;
    const double spread = z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    return (share + z * z / (2 * n) + spread) / (1 + z * z / n);
}

}  // namespace

healthy_model::healthy_model(double care, duration memory, time_point now)
    : harmless_{care / 2},
      long_age_{memory, now},
      short_age_{std::min(memory, short_half_life), now},
      cell_age_{7 * memory, now} {
    refresh_base();
    refresh_cells();
}

std::size_t healthy_model::cell_of(const call_history& past) noexcept {
    return place(level_of_8(past.bad(0)), level_of_128(past.bad(1)), level_of_1024(past.bad(2)));
}

double healthy_model::observed() const noexcept {
    return std::min(most, (long_.bad + prior.bad) / (long_.calls + prior.calls));
}

void healthy_model::hold(std::size_t at, std::uint64_t calls, std::uint64_t bad) noexcept {
    constexpr std::uint64_t room = std::numeric_limits<std::uint32_t>::max() / 2;
    held_.add(static_cast<double>(calls), static_cast<double>(bad));
    held_cell& one = held_cells_[at];
    one.calls +=
        static_cast<std::uint32_t>(std::min<std::uint64_t>(calls, room - std::min<std::uint64_t>(room, one.calls)));
    one.bad += static_cast<std::uint32_t>(bad);
    touched_[at / 64] |= std::uint64_t{1} << (at % 64);
}

void healthy_model::commit(time_point now) noexcept {
    fade(now);
    for (std::size_t word = 0; word < touched_.size(); ++word) {
        for (std::uint64_t& bits = touched_[word]; bits != 0; bits &= bits - 1) {
            const std::size_t at = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
            cells_[at].calls += static_cast<float>(held_cells_[at].calls);
            cells_[at].bad += static_cast<float>(held_cells_[at].bad);
            held_cells_[at] = {};
        }
    }
    long_.add(held_.calls, held_.bad);
    short_.add(held_.calls, held_.bad);
    held_ = {};
    refresh_base();
    // The table is what costs here; between two of them little was learned.
    if (++fresh_ >= 16 || std::abs(base_ - base_of_cells_) > 0.05 * base_of_cells_) refresh_cells();
}

void healthy_model::drop() noexcept {
    held_ = {};
    held_cells_.fill({});  // of which some may count as touched: by no calls
}

void healthy_model::learn(std::size_t at, std::uint64_t calls, time_point now) noexcept {
    fade(now);
    const auto count = static_cast<double>(calls);
    cells_[at].calls += static_cast<float>(calls);
    long_.add(count, 0);
    short_.add(count, 0);
    refresh_base();
    if (std::abs(base_ - base_of_cells_) > 0.05 * base_of_cells_) refresh_cells();
}

void healthy_model::fade(time_point now) noexcept {
    if (long_age_.is_due(now)) long_.fade(long_age_.pass(now));
    if (short_age_.is_due(now)) short_.fade(short_age_.pass(now));
    if (cell_age_.is_due(now)) {
        const auto factor = static_cast<float>(cell_age_.pass(now));
        for (seen_cell& one : cells_) one = {one.calls * factor, one.bad * factor};
    }
}

void healthy_model::refresh_base() noexcept {
    const share_of_calls all{long_.calls + prior.calls, long_.bad + prior.bad};
    const double recent = (short_.bad + short_weight * all.bad / all.calls) / (short_.calls + short_weight);
    const double bound = upper_bound(all);
    const double most_recent = std::max(harmless_, short_rise * bound);
    base_ = std::clamp(std::max(bound, std::min(recent, most_recent)), least_, most);
}

void healthy_model::refresh_cells() noexcept {
    for (std::size_t c = 0; c < levels_1024; ++c) {
        for (std::size_t b = 0; b < levels_128; ++b) {
            for (std::size_t a = 0; a < levels_8; ++a) {
                const double spell = spells_go_on * std::max(typical_128[b] / 128, typical_1024[c] / 1024);
                double near = std::max({base_, clusters[a], std::min(strongest_spell, spell)});
                if (a > 0) near = std::max(near, expected(place(a - 1, b, c)));
                if (b > 0) near = std::max(near, expected(place(a, b - 1, c)));
                if (c > 0) near = std::max(near, expected(place(a, b, c - 1)));
                near = base_ + (near - base_) * longer_bursts[b];
                const seen_cell& seen = cells_[place(a, b, c)];
                const double value = (static_cast<double>(seen.bad) + cell_weight * near) /
                                     (static_cast<double>(seen.calls) + cell_weight);
                expected_[place(a, b, c)] = static_cast<float>(std::clamp(value, base_, 0.9));
            }
        }
    }
    base_of_cells_ = base_;
    fresh_ = 0;
}

void healthy_model::change(double care, duration memory) noexcept {
    harmless_ = care / 2;
    long_age_.change(memory);
    short_age_.change(std::min(memory, short_half_life));
    cell_age_.change(7 * memory);
}

void healthy_model::expect_at_least(double share) noexcept {
    if (share == least_) return;
    least_ = share;
    refresh_base();
    refresh_cells();
}

void healthy_model::save(learned& to) const {
    auto& out = to.numbers;
    out.insert(out.end(), {long_.calls, long_.bad, short_.calls, short_.bad});
    const auto used = std::ranges::count_if(cells_, [](const seen_cell& one) { return one.calls >= 1; });
    out.push_back(static_cast<double>(used));
    for (std::size_t i = 0; i < cell_count; ++i) {
        if (cells_[i].calls < 1) continue;
        out.insert(out.end(),
                   {static_cast<double>(i), static_cast<double>(cells_[i].calls), static_cast<double>(cells_[i].bad)});
    }
}

void healthy_model::restore(number_reader& from, duration away, time_point now) {
    constexpr double most_calls = 1e15;
    for (share_of_calls* one : {&long_, &short_}) {
        one->calls = from.next(0, most_calls);
        one->bad = from.next(0, one->calls);
    }
    cells_.fill({});
    for (std::size_t left = from.next_count(); left > 0 && !from.failed(); --left) {
        seen_cell& one = cells_[from.next_index(cell_count)];
        one.calls = static_cast<float>(from.next(0, most_calls));
        one.bad = static_cast<float>(from.next(0, static_cast<double>(one.calls)));
    }
    drop();
    for (ageing* one : {&long_age_, &short_age_, &cell_age_}) one->restart(now - away);
    fade(now);
    refresh_base();
    refresh_cells();
}

}  // namespace switchgear::adaptive
