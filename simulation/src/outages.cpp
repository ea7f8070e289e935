#include <switchgear/simulation/outages.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace switchgear::simulation {
namespace {

using std::chrono::nanoseconds;

constexpr std::uint32_t calls_in_group = 20;
constexpr double least_share = 0.10;
constexpr double times_normal = 3;
constexpr double slow_share_in_trouble = 0.5;
constexpr double least_normal_share = 0.01;
constexpr double least_normal_slow = 0.05;
constexpr double recordings_between_mistakes = 100;

/// Slices [first, end) of the timeline, together.
struct group {
    std::size_t first;
    std::size_t end;
    slice total{};
};

/// Groups of at least `calls_in_group` calls and at least `least` slices.
std::vector<group> groups_of(std::span<const slice> slices, std::size_t least = 1) {
    std::vector<group> found;
    bool full = true;
    for (std::size_t i = 0; i < slices.size(); ++i) {
        if (slices[i].calls == 0) continue;
        if (full) found.push_back({i, i, {}});
        found.back().total.add(slices[i]);
        found.back().end = i + 1;
        full = found.back().total.calls >= calls_in_group && i + 1 - found.back().first >= least;
    }
    // What is left over says too little on its own.
    if (!full && found.size() > 1) {
        group& before = found[found.size() - 2];
        before.end = found.back().end;
        before.total.add(found.back().total);
        found.pop_back();
    }
    return found;
}

/// The middle of the values. Requires: there is one.
double middle_of(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double seconds_of(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

double median_of(const slice& one) { return seconds_of(one.took.quantile(0.5).value_or(nanoseconds{})); }

/// Chernoff: a share of `seen` or more in `calls` calls, where each is bad with chance `expected`, has a chance
/// of at most exp(-surprise). Zero if it is no more than expected.
double surprise(double seen, double expected, double calls) {
    if (seen <= expected) return 0;
    const double rest = seen < 1 ? (1 - seen) * std::log((1 - seen) / (1 - expected)) : 0;
    return calls * (seen * std::log(seen / expected) + rest);
}

/// What most groups are like.
struct usual {
    double share = 0;
    nanoseconds slow_limit{};
    double slow_share = 0;
    /// What takes more luck than this is no chance.
    double luck = 0;

    /// Of calls that fail in trouble. Where three times normal is no share, halfway from normal to all.
    double share_in_trouble() const { return std::max(least_share, std::min(times_normal * share, (1 + share) / 2)); }
    bool is_failing(const slice& one) const {
        const double seen = one.failing_share();
        return seen >= share_in_trouble() && surprise(seen, std::max(share, least_normal_share), one.judged()) >= luck;
    }
    double slow_share_of(const slice& one) const {
        return one.calls == 0 ? 0 : static_cast<double>(one.took.above(slow_limit)) / one.calls;
    }
    /// An outage that has begun goes on while half of what it began with is there, chance or not.
    bool goes_on(const slice& one) const {
        return one.failing_share() >= (share + share_in_trouble()) / 2 ||
               slow_share_of(one) >= std::max(slow_share_in_trouble / 2, 2 * slow_share);
    }
    bool is_slow(const slice& one) const {
        const double seen = slow_share_of(one);
        return seen >= slow_share_in_trouble &&
               surprise(seen, std::max(slow_share, least_normal_slow), one.calls) >= luck;
    }
};

usual usual_of(const std::vector<group>& groups) {
    usual normal{.luck = std::log(recordings_between_mistakes * static_cast<double>(groups.size()))};
    const auto middle = [&groups](auto&& of) {
        std::vector<double> values;
        for (const group& one : groups) values.push_back(of(one.total));
        return middle_of(std::move(values));
    };
    normal.share = middle([](const slice& one) { return one.failing_share(); });
    const double median = middle(median_of);
    normal.slow_limit = nanoseconds{std::llround(times_normal * median * 1e9)};
    normal.slow_share = middle([&normal](const slice& one) { return normal.slow_share_of(one); });
    return normal;
}

/// How far a slice speaks for an outage like `total`, and how far for normal: by the bad calls above what there would be
/// halfway between the two.
class part_in {
public:
    part_in(const outage& of, const slice& total, const usual& normal)
        : of_{of},
          normal_{normal},
          failing_{(normal.share + total.failing_share()) / 2},
          slow_{(normal.slow_share + normal.slow_share_of(total)) / 2} {}

    double operator()(const slice& one) const {
        double above = 0;
        if (of_.failing) above += one.failures - failing_ * one.judged();
        if (of_.slow) above += (normal_.slow_share_of(one) - slow_) * one.calls;
        return above;
    }

private:
    const outage& of_;
    const usual& normal_;
    double failing_, slow_;  ///< shares halfway
};

std::size_t slice_of(const timeline& all, recorded_time at) {
    return static_cast<std::size_t>((at - all.begin()) / all.width());
}

/// Groups [first, last] that are one outage.
struct run {
    std::size_t first;
    std::size_t last;
};

/// The outage that a run is, not before the slice `earliest` nor beyond `latest`: with the beginning and the end that
/// the slices on both sides of each speak for most.
outage put_together(const std::vector<group>& groups, const run& of, const usual& normal, const timeline& all,
                    std::size_t earliest, std::size_t latest) {
    outage one;
    slice total;
    for (std::size_t i = of.first; i <= of.last; ++i) {
        one.failing |= normal.is_failing(groups[i].total);
        one.slow |= normal.is_slow(groups[i].total);
        total.add(groups[i].total);
    }
    const part_in part{one, total, normal};
    const std::span<const slice> slices = all.slices();
    std::size_t from = groups[of.first].end - 1, to = groups[of.last].first + 1;
    double sum = 0, most = part(slices[from]);
    for (std::size_t i = from + 1; i-- > earliest;) {
        sum += part(slices[i]);
        if (sum > most) most = sum, from = i;
    }
    sum = 0, most = part(slices[to - 1]);
    for (std::size_t i = to - 1; i < latest; ++i) {
        sum += part(slices[i]);
        if (sum > most) most = sum, to = i + 1;
    }
    // What comes after it may speak for normal by chance: by less than two calls it is nothing yet.
    one.unfinished = latest == slices.size() && most - sum < 2;
    to = one.unfinished ? latest : std::max(to, from + 1);
    for (std::size_t i = from; i < to; ++i) one.total.add(slices[i]);
    one.begin = all.begin() + static_cast<std::int64_t>(from) * all.width();
    one.end = all.begin() + static_cast<std::int64_t>(to) * all.width();
    return one;
}

/// Whether two runs are one outage with a gap in it: the trouble goes on in the gap taken as a whole, or the gap is
/// short beside them.
bool are_one(const std::vector<group>& groups, const run& before, const run& after, const usual& normal) {
    constexpr std::size_t short_beside = 10;
    slice between;
    for (std::size_t i = before.last + 1; i < after.first; ++i) between.add(groups[i].total);
    const std::size_t gap = groups[after.first].first - groups[before.last].end;
    const std::size_t both = groups[after.last].end - groups[before.first].first;
    return normal.goes_on(between) || gap * short_beside <= both;
}

void find(const std::vector<group>& groups, const usual& normal, const timeline& all, history& out) {
    const auto in_trouble = [&](std::size_t i) {
        return normal.is_failing(groups[i].total) || normal.is_slow(groups[i].total);
    };
    std::vector<run> runs;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (!in_trouble(i)) continue;
        std::size_t last = i;
        for (std::size_t next = i + 1; next < groups.size() && next <= last + 2; ++next) {
            if (normal.goes_on(groups[next].total)) last = next;
        }
        // What only trails after the last group in trouble is no part of it.
        while (!in_trouble(last)) --last;
        runs.push_back({i, last});
        i = last;
        // What came together may lie close enough to what was before.
        while (runs.size() > 1 && are_one(groups, runs[runs.size() - 2], runs.back(), normal)) {
            runs[runs.size() - 2].last = last;
            runs.pop_back();
        }
    }
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const std::size_t earliest = out.outages.empty() ? 0 : slice_of(all, out.outages.back().end);
        const std::size_t latest = i + 1 < runs.size() ? groups[runs[i + 1].first].first : all.slices().size();
        out.outages.push_back(put_together(groups, runs[i], normal, all, earliest, latest));
    }
}

/// The slices without an outage, as they lie between the outages.
std::vector<std::span<const slice>> healthy_parts(const timeline& all, const history& found) {
    const std::span<const slice> slices = all.slices();
    std::vector<std::span<const slice>> parts;
    std::size_t from = 0;
    for (const outage& one : found.outages) {
        parts.push_back(slices.subspan(from, slice_of(all, one.begin) - from));
        from = slice_of(all, one.end);
    }
    parts.push_back(slices.subspan(from));
    return parts;
}

/// How many calls a second there were, and for how long.
struct traffic {
    double rate;
    double lasted;
};

/// The rate that is not exceeded in a tenth of the time.
double quietest_tenth(std::vector<traffic> all, double lasted) {
    std::ranges::sort(all, {}, &traffic::rate);
    double passed = 0;
    for (const traffic& one : all) {
        passed += one.lasted;
        if (passed > lasted / 10) return one.rate;
    }
    return all.empty() ? 0 : all.back().rate;
}

void describe(const timeline& all, history& out) {
    // Logs write whole seconds: calls a second cannot be told from less than several of them.
    constexpr nanoseconds shortest_for_rate = std::chrono::seconds{10};
    const auto least = static_cast<std::size_t>((shortest_for_rate + all.width() - nanoseconds{1}) / all.width());
    latencies took;
    std::vector<traffic> seen;
    double busy = 0;
    for (const std::span<const slice> part : healthy_parts(all, out)) {
        const std::vector<group> groups = groups_of(part, least);
        for (std::size_t i = 0; i < groups.size(); ++i) {
            const group& one = groups[i];
            // Until the next begins, unless that is after a silence.
            const std::size_t next = i + 1 < groups.size() ? groups[i + 1].first : part.size();
            const std::size_t length = std::clamp(next - one.first, one.end - one.first, 2 * (one.end - one.first));
            const double lasted = seconds_of(all.width()) * static_cast<double>(length);
            busy += lasted;
            seen.push_back({one.total.calls / lasted, lasted});
            took.add(one.total.took);
            out.normal.calls += one.total.calls;
            out.normal.failures += one.total.failures;
        }
    }
    if (seen.empty()) return;
    out.normal.failing_share = static_cast<double>(out.normal.failures) / static_cast<double>(out.normal.calls);
    out.normal.rate = static_cast<double>(out.normal.calls) / busy;
    out.normal.quiet_rate = quietest_tenth(std::move(seen), busy);
    out.normal.median = took.quantile(0.5);
    out.normal.p90 = took.quantile(0.9);
    out.normal.p99 = took.quantile(0.99);
}

}  // namespace

history find_outages(const timeline& all) {
    history found;
    const std::vector<group> groups = groups_of(all.slices());
    if (groups.empty()) return found;
    find(groups, usual_of(groups), all, found);
    describe(all, found);
    return found;
}

}  // namespace switchgear::simulation
