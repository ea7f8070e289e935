#include "format.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/wire/evidence_words.hpp>
#include <switchgear/wire/units.hpp>

namespace switchgear::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t columns = 7;
using row = std::array<std::string, columns>;

/// To the second where milliseconds say nothing to a reader; rounded up, so that it is over by then.
std::string wait_words(std::chrono::milliseconds wait) {
    using namespace std::chrono;
    return wire::format_duration(wait < seconds{10} ? wait : ceil<seconds>(wait));
}

std::string percent(double share) { return fmt::format("{:.3g}%", 100 * share); }

std::string time_text(const json::object& fields, std::string_view name) {
    const json::value* found = fields.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string("-");
}

std::string who_and_why(const wire::order_view& order) { return fmt::format("by {}: {}", order.actor, order.reason); }

/// "until 2024-11-22T15:31:00.123Z, "; `otherwise` if there is no such time.
std::string until_words(const wire::order_view& order, std::string_view otherwise) {
    return order.until ? fmt::format("until {}, ", time_text(to_json(order), "until")) : std::string{otherwise};
}

row row_of(const wire::breaker_view& b) {
    return {b.name,
            state_words(b),
            b.retry_after.count() > 0 ? wait_words(b.retry_after) : "-",
            fmt::format("{}/{}", b.window.failures, b.window.calls),
            fmt::format("{}", b.failures_in_a_row),
            fmt::format("{}", b.totals.successes + b.totals.failures + b.totals.ignored + b.totals.late),
            fmt::format("{}", b.totals.rejected)};
}

std::string normal_words(const wire::normal_view& normal) {
    std::string out = fmt::format("  normal: {} failed", percent(normal.failure_share));
    out += normal.slow_after
               ? fmt::format(", {} slower than {}", percent(normal.slow_share), wait_words(*normal.slow_after))
               : std::string(", how long calls take is not known yet");
    out += fmt::format("; evidence for a trip {}", percent(normal.evidence));
    if (normal.penalty >= 0.01) {
        out += fmt::format("; it takes {:.2g} times the evidence, because the breaker is new or has tripped needlessly",
                           std::exp(normal.penalty));
    }
    return out + "\n";
}

std::string learned_words(const wire::breaker_view::learned_pacing& learned) {
    std::string out;
    if (learned.median_outage.count() > 0) out += " outages of " + wait_words(learned.median_outage) + " (median)";
    if (learned.calls_per_second > 0)
        out += fmt::format("{} {:.3g} good calls a second", out.empty() ? "" : ",", learned.calls_per_second);
    return out.empty() ? out : "  learned:" + out + "\n";
}

/// "trip.window.last  10s" for each member, however deep.
void add_members(std::string& out, const std::string& path, const json::value& value) {
    if (const json::object* object = value.if_object()) {
        for (const auto& [key, member] : *object) {
            add_members(out, path.empty() ? std::string(key) : path + "." + std::string(key), member);
        }
        return;
    }
    const std::string text = value.is_null()     ? "off"
                             : value.is_string() ? std::string(value.get_string())
                             : value.is_double() ? fmt::format("{:g}", value.get_double())
                                                 : json::serialize(value);
    out += fmt::format("  {:<32} {}\n", path, text);
}

std::string transitions_of(const json::object& answer) {
    std::string out;
    const json::value* list = answer.if_contains("transitions");
    if (!list || !list->is_array()) return out;
    for (const json::value& one : list->get_array()) {
        if (const auto seen = wire::from_json<wire::transition_view>(one)) out += "  " + transition_line(*seen);
    }
    return out;
}

}  // namespace

std::string state_words(const wire::breaker_view& b) {
    std::string out{to_string(b.state)};
    if (b.probe_due) out += ", probe due";
    if (b.state == state::half_open && b.admitted_share > 0) out += ", admitting " + percent(b.admitted_share);
    if (b.override != override_mode::none) out += ", " + std::string(to_string(b.override));
    return out;
}

std::string words_after_trip(const wire::breaker_view& b) {
    std::string out = state_words(b);
    // Under an override it is not the pause that calls wait for.
    if (b.override == override_mode::none && b.retry_after.count() > 0) out += " for " + wait_words(b.retry_after);
    return out;
}

std::string breakers_table(const std::vector<wire::breaker_view>& breakers) {
    std::vector<row> rows{{"NAME", "STATE", "RETRY AFTER", "FAILED", "IN A ROW", "CALLS", "REFUSED"}};
    std::transform(breakers.begin(), breakers.end(), std::back_inserter(rows), row_of);
    std::array<std::size_t, columns> widths{};
    for (const row& r : rows) {
        for (std::size_t i = 0; i < columns; ++i) {
            widths[i] = std::max(widths[i], r[i].size());
        }
    }
    std::string out;
    for (const row& r : rows) {
        std::string line;
        for (std::size_t i = 0; i < columns; ++i) {
            // Words to the left, numbers to the right.
            line += i < 2 ? fmt::format("{:<{}}  ", r[i], widths[i]) : fmt::format("{:>{}}  ", r[i], widths[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

std::string breaker_details(const wire::breaker_view& b, const json::object& answer) {
    std::string out = fmt::format("{}: {}\n", b.name, state_words(b));
    if (b.order)
        out += fmt::format("  order in force: {}{}\n", until_words(*b.order, "until lifted, "), who_and_why(*b.order));
    if (b.retry_after.count() > 0) out += fmt::format("  retry after {}\n", wait_words(b.retry_after));
    out +=
        fmt::format("  epoch {}, trips in a row {}, failures in a row {}\n", b.epoch, b.attempt, b.failures_in_a_row);
    out += fmt::format("  window: {} calls, {} failures, {} slow\n", b.window.calls, b.window.failures, b.window.slow);
    if (b.normal) out += normal_words(*b.normal);
    out += learned_words(b.learned);
    const auto& t = b.totals;
    out += fmt::format("  since start: {} successes, {} failures, {} slow, {} ignored, {} late, {} refused\n",
                       t.successes, t.failures, t.slow, t.ignored, t.late, t.rejected);
    if (const json::value* settings = answer.if_contains("settings")) {
        out += "settings\n";
        add_members(out, "", *settings);
    }
    const std::string past = transitions_of(answer);
    out += past.empty() ? "no transition yet\n" : "last transitions\n" + past;
    return out;
}

std::string explanation(const wire::breaker_view& b, const json::object& answer) {
    const json::object& told = answer.at("explanation").as_object();
    std::string out = fmt::format("{} is {}\n", b.name, std::string_view{told.at("why").as_string()});
    const std::string past = transitions_of(answer);
    if (!past.empty()) out += "\nhow it came about\n" + past;
    out += "\nwhat would change it\n";
    for (const json::value& change : told.at("changes").as_array()) {
        out += fmt::format("  {}\n", std::string_view{change.at("words").as_string()});
    }
    return out;
}

std::string transition_line(const wire::transition_view& t) {
    std::string out = fmt::format("{}  {}  ", time_text(to_json(t), "at"), t.name);
    out += t.from == t.to ? std::string(to_string(t.to)) : fmt::format("{} -> {}", to_string(t.from), to_string(t.to));
    out += fmt::format("  {}", to_string(t.cause));
    if (t.cause == cause::adaptive) {
        out += ": " + wire::evidence_words(t.evidence);
    } else if (t.evidence.threshold > 0) {
        out += fmt::format(" {:g} of {:g}", t.evidence.observed, t.evidence.threshold);
    }
    if (t.pause.count() > 0) out += fmt::format("  for {}", wait_words(t.pause));
    if (t.attempt > 1) out += fmt::format("  attempt {}", t.attempt);
    // It does not tell an override until lifted from a reset or a trip, which nobody can lift.
    if (t.order) out += fmt::format("  ({}{})", until_words(*t.order, ""), who_and_why(*t.order));
    return out + "\n";
}

}  // namespace switchgear::cli
