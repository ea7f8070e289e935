#include <switchgear/wire/views.hpp>

#include <algorithm>
#include <cstddef>

#include <switchgear/utf8.hpp>
#include <switchgear/wire/timestamp.hpp>

#include "reader.hpp"

namespace switchgear::wire {
namespace {

using boost::json::object;
using boost::json::value;
using std::chrono::milliseconds;

/// Rounded up, so that what is not over is not zero.
milliseconds rounded(duration given) { return std::max(std::chrono::ceil<milliseconds>(given), milliseconds::zero()); }

/// In milliseconds throughout: an order until the end of the breaker's clock is beyond the wall clock's
/// nanoseconds.
wall_time wall_time_of(time_point at, const both_clocks& now) {
    using std::chrono::floor;
    return floor<milliseconds>(now.wall) +
           (floor<milliseconds>(at.time_since_epoch()) - floor<milliseconds>(now.steady.time_since_epoch()));
}

/// Rounded down: how rarely something comes may be as long as a duration can be.
evidence rounded(evidence given) {
    given.by_chance_once_in = std::chrono::floor<milliseconds>(given.by_chance_once_in);
    return given;
}

std::optional<normal_view> view_of_normal(const std::optional<normal_calls>& given) {
    if (!given) return std::nullopt;
    normal_view view{.failure_share = given->failure_share,
                     .slow_share = given->slow_share,
                     .slow_after = {},
                     .evidence = given->evidence,
                     .penalty = given->penalty};
    if (given->slow_after) view.slow_after = rounded(*given->slow_after);
    return view;
}

value normal_json(const std::optional<normal_view>& given) {
    if (!given) return nullptr;
    return object{{"failure_share", given->failure_share},
                  {"slow_share", given->slow_share},
                  {"slow_after_ms", given->slow_after ? value(given->slow_after->count()) : value(nullptr)},
                  {"evidence", given->evidence},
                  {"penalty", given->penalty}};
}

template <class T>
std::optional<order_view> view_of_optional(const std::optional<T>& given, const both_clocks& now) {
    if (!given) return std::nullopt;
    return view_of(*given, now);
}

value word(std::string_view text) { return boost::json::string_view{text.data(), text.size()}; }

value optional_order(const std::optional<order_view>& given) { return given ? value(to_json(*given)) : value(nullptr); }

/// One member for each enumerator, in order.
template <class Enum, std::size_t N>
object by_word(const std::array<std::uint64_t, N>& counts) {
    object out;
    for_each_enumerator<Enum>([&](Enum key) {
        const std::string_view name = to_string(key);
        out.emplace(boost::json::string_view{name.data(), name.size()}, counts[static_cast<std::size_t>(key)]);
    });
    return out;
}

template <class Enum, std::size_t N>
void read_by_word(const value* from, const place& at, std::array<std::uint64_t, N>& into) {
    if (from == nullptr) return at.refuse("is missing");
    object_reader members{*from, at};
    for_each_enumerator<Enum>([&](Enum key) { members.required(to_string(key), into[static_cast<std::size_t>(key)]); });
}

}  // namespace

order_view view_of(const order& given, const both_clocks& now) {
    order_view view{.reason = as_utf8(given.reason), .actor = as_utf8(given.actor), .until = {}};
    if (given.until) view.until = wall_time_of(*given.until, now);
    return view;
}

breaker_view view_of(std::string_view name, const snapshot& seen, const both_clocks& now) {
    const auto& totals = seen.totals;
    return {.name = as_utf8(name),
            .state = seen.current,
            .override = seen.override,
            .order = view_of_optional(seen.order_in_force, now),
            .epoch = seen.epoch,
            .probe_due = seen.probe_due,
            .retry_after = rounded(seen.retry_after),
            .admitted_share = seen.admitted_share,
            .attempt = seen.attempt,
            .failures_in_a_row = seen.failures_in_a_row,
            .window = {.calls = seen.window.calls, .failures = seen.window.failures, .slow = seen.window.slow},
            .normal = view_of_normal(seen.normal),
            .learned = {.median_outage = rounded(seen.learned.median_outage),
                        .calls_per_second = seen.learned.calls_per_second},
            .totals = {.successes = totals.successes,
                       .failures = totals.failures,
                       .slow = totals.slow,
                       .ignored = totals.ignored,
                       .late = totals.late,
                       .rejected = totals.rejected,
                       .failures_by_class = totals.failures_by_class,
                       .rejected_by_reason = totals.rejected_by_reason}};
}

transition_view view_of(const transition& told, const both_clocks& now) {
    return {.name = as_utf8(told.name),
            .from = told.from,
            .to = told.to,
            .epoch = told.epoch,
            .at = wall_time_of(told.at, now),
            .cause = told.cause,
            .evidence = rounded(told.evidence),
            .pause = rounded(told.pause),
            .attempt = told.attempt,
            .order = view_of_optional(told.order, now)};
}

object to_json(const order_view& given) {
    return {{"reason", given.reason},
            {"actor", given.actor},
            {"until", given.until ? value(boost::json::string{format_timestamp(*given.until)}) : value(nullptr)}};
}

object to_json(const breaker_view& view) {
    const auto& window = view.window;
    const auto& totals = view.totals;
    return {{"name", view.name},
            {"state", word(to_string(view.state))},
            {"override", word(to_string(view.override))},
            {"order", optional_order(view.order)},
            {"epoch", view.epoch},
            {"probe_due", view.probe_due},
            {"retry_after_ms", view.retry_after.count()},
            {"admitted_share", view.admitted_share},
            {"attempt", view.attempt},
            {"failures_in_a_row", view.failures_in_a_row},
            {"window", object{{"calls", window.calls}, {"failures", window.failures}, {"slow", window.slow}}},
            {"normal", normal_json(view.normal)},
            {"learned", object{{"median_outage_ms", view.learned.median_outage.count()},
                               {"calls_per_second", view.learned.calls_per_second}}},
            {"totals", object{{"successes", totals.successes},
                              {"failures", totals.failures},
                              {"slow", totals.slow},
                              {"ignored", totals.ignored},
                              {"late", totals.late},
                              {"rejected", totals.rejected},
                              {"failures_by_class", by_word<failure_class>(totals.failures_by_class)},
                              {"rejected_by_reason", by_word<reject_reason>(totals.rejected_by_reason)}}}};
}

object to_json(const transition_view& view) {
    const auto& evidence = view.evidence;
    const auto by_chance = std::chrono::floor<milliseconds>(evidence.by_chance_once_in);
    return {{"name", view.name},
            {"from", word(to_string(view.from))},
            {"to", word(to_string(view.to))},
            {"epoch", view.epoch},
            {"at", boost::json::string{format_timestamp(view.at)}},
            {"cause", word(to_string(view.cause))},
            {"evidence", object{{"calls", evidence.calls},
                                {"failures", evidence.failures},
                                {"slow", evidence.slow},
                                {"observed", evidence.observed},
                                {"threshold", evidence.threshold},
                                {"by_chance_once_in_ms", by_chance.count()}}},
            {"pause_ms", view.pause.count()},
            {"attempt", view.attempt},
            {"order", optional_order(view.order)}};
}

static void read(const value& from, const place& at, order_view& into) {
    object_reader members{from, at};
    members.required("reason", into.reason);
    members.required("actor", into.actor);
    members.required("until", into.until);
}

static void read(const value& from, const place& at, breaker_view::window_counts& into) {
    object_reader members{from, at};
    members.required("calls", into.calls);
    members.required("failures", into.failures);
    members.required("slow", into.slow);
}

static void read(const value& from, const place& at, normal_view& into) {
    object_reader members{from, at};
    members.required("failure_share", into.failure_share);
    members.required("slow_share", into.slow_share);
    if (const value* limit = members.find("slow_after_ms"); limit != nullptr && !limit->is_null()) {
        read(*limit, members.at("slow_after_ms"), as_number_of_ms{into.slow_after.emplace()});
    }
    members.required("evidence", into.evidence);
    members.required("penalty", into.penalty);
}

static void read(const value& from, const place& at, breaker_view::learned_pacing& into) {
    object_reader members{from, at};
    members.required("median_outage_ms", as_number_of_ms{into.median_outage});
    members.required("calls_per_second", into.calls_per_second);
}

static void read(const value& from, const place& at, breaker_view::total_counts& into) {
    object_reader members{from, at};
    members.required("successes", into.successes);
    members.required("failures", into.failures);
    members.required("slow", into.slow);
    members.required("ignored", into.ignored);
    members.required("late", into.late);
    members.required("rejected", into.rejected);
    if (!from.is_object()) return;
    read_by_word<failure_class>(members.find("failures_by_class"), members.at("failures_by_class"),
                                into.failures_by_class);
    read_by_word<reject_reason>(members.find("rejected_by_reason"), members.at("rejected_by_reason"),
                                into.rejected_by_reason);
}

static void read(const value& from, const place& at, evidence& into) {
    object_reader members{from, at};
    members.required("calls", into.calls);
    members.required("failures", into.failures);
    members.required("slow", into.slow);
    members.required("observed", into.observed);
    members.required("threshold", into.threshold);
    milliseconds by_chance{};
    members.required("by_chance_once_in_ms", as_number_of_ms{by_chance});
    into.by_chance_once_in = std::min(by_chance, std::chrono::floor<milliseconds>(duration::max()));
}

static void read(const value& from, const place& at, breaker_view& into) {
    object_reader members{from, at};
    members.required("name", into.name);
    members.required("state", into.state);
    members.required("override", into.override);
    members.required("order", into.order);
    members.required("epoch", into.epoch);
    members.required("probe_due", into.probe_due);
    members.required("retry_after_ms", as_number_of_ms{into.retry_after});
    members.required("admitted_share", into.admitted_share);
    members.required("attempt", into.attempt);
    members.required("failures_in_a_row", into.failures_in_a_row);
    members.required("window", into.window);
    members.required("normal", into.normal);
    members.required("learned", into.learned);
    members.required("totals", into.totals);
}

static void read(const value& from, const place& at, transition_view& into) {
    object_reader members{from, at};
    members.required("name", into.name);
    members.required("from", into.from);
    members.required("to", into.to);
    members.required("epoch", into.epoch);
    members.required("at", into.at);
    members.required("cause", into.cause);
    members.required("evidence", into.evidence);
    members.required("pause_ms", as_number_of_ms{into.pause});
    members.required("attempt", into.attempt);
    members.required("order", into.order);
}

namespace {

template <class View>
parsed<View> read_whole_view(const value& from) {
    std::vector<violation> found;
    View view;
    read(from, place{"", found}, view);
    if (!found.empty()) return found;
    return view;
}

}  // namespace

template <>
parsed<order_view> from_json<order_view>(const value& from) {
    return read_whole_view<order_view>(from);
}
template <>
parsed<breaker_view> from_json<breaker_view>(const value& from) {
    return read_whole_view<breaker_view>(from);
}
template <>
parsed<transition_view> from_json<transition_view>(const value& from) {
    return read_whole_view<transition_view>(from);
}

}  // namespace switchgear::wire
