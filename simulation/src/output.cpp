#include <switchgear/simulation/output.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/state.hpp>
#include <switchgear/wire/evidence_words.hpp>
#include <switchgear/wire/json.hpp>
#include <switchgear/wire/views.hpp>

#include "fields.hpp"
#include "words.hpp"

namespace switchgear::simulation {
namespace {

namespace json = boost::json;
using std::chrono::nanoseconds;

constexpr std::size_t periods_shown = 10;

std::string quoted(std::string_view text) { return json::serialize(json::string_view{text.data(), text.size()}); }

std::string key_json(std::string_view key) { return key.empty() ? "null" : quoted(key); }

/// The evidence in the words of the wire format.
std::string evidence_json(const transition& told) {
    const json::object all = wire::to_json(wire::view_of(told, {}));
    return json::serialize(all.at("evidence"));
}

std::string counted(std::uint64_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string sentence(const candidate& of, const outcome& did) {
    std::string text = fmt::format("{} would have opened {}", of.name, counted(did.opened, "time"));
    if (did.trips > did.opened) text += fmt::format(" ({} with failed recoveries)", counted(did.trips, "trip"));
    if (of.settings.mode == mode::observe) return text + "; it observes, and refuses nothing.\n";
    text += fmt::format(", refused {} and kept {} away from the service.\n", counted(did.refused_good, "good call"),
                        counted(did.refused_bad, "bad one"));
    return text;
}

std::string table(const std::vector<candidate>& candidates, const std::vector<outcome>& outcomes) {
    constexpr std::size_t columns = 9;
    std::vector<std::array<std::string, columns>> rows{
        {"SETTINGS", "CALLS", "ADMITTED", "OF THEM BAD", "REFUSED GOOD", "REFUSED BAD", "OPENED", "TRIPS", "OPEN FOR"}};
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const outcome& did = outcomes[i];
        const auto text = [](std::uint64_t number) { return fmt::format("{}", number); };
        rows.push_back({candidates[i].name, text(did.calls), text(did.admitted), text(did.admitted_bad),
                        text(did.refused_good), text(did.refused_bad), text(did.opened), text(did.trips),
                        did.open_time.count() == 0 ? "-" : time_words(did.open_time)});
    }
    std::array<std::size_t, columns> widths{};
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string out;
    for (const auto& row : rows) {
        out += fmt::format("{:<{}}", row[0], widths[0]);
        for (std::size_t i = 1; i < columns; ++i) out += fmt::format("  {:>{}}", row[i], widths[i]);
        out += "\n";
    }
    return out;
}

}  // namespace

std::string cause_words(const open_period& one) {
    std::string text{to_string(one.cause)};
    const evidence& seen = one.evidence;
    if (one.cause == cause::adaptive) return text + ": " + wire::evidence_words(seen);
    if (seen.threshold > 0) text += fmt::format(" {} of {}", number_words(seen.observed), number_words(seen.threshold));
    if (seen.calls > 0) text += fmt::format(" ({} of {} failed)", seen.failures, counted(seen.calls, "call"));
    return text;
}

namespace {

std::string period_line(const open_period& one) {
    std::string text = fmt::format("  {}  {}", instant_words(one.begin),
                                   one.end ? "for " + time_words(*one.end - one.begin) : "until the end");
    if (!one.key.empty()) text += "  " + excerpt(one.key);
    text += "  " + cause_words(one);
    if (one.trips > 1) text += fmt::format("  {} trips", one.trips);
    return text + "\n";
}

std::string periods_text(const candidate& of, const outcome& did) {
    if (did.periods.empty()) return {};
    std::string out = fmt::format("\n{} was open\n", of.name);
    for (const open_period& one : std::span{did.periods}.first(std::min(periods_shown, did.periods.size()))) {
        out += period_line(one);
    }
    if (did.opened > periods_shown) out += fmt::format("  and {} more\n", counted(did.opened - periods_shown, "time"));
    return out;
}

json::value seconds_json(const std::optional<nanoseconds>& time) {
    return time ? json::value(std::chrono::duration<double>(*time).count()) : json::value(nullptr);
}

json::object classes_json(const slice& total) {
    json::object out;
    for (std::size_t i = 0; i < failure_class_count; ++i) {
        const std::string_view name = to_string(static_cast<failure_class>(i));
        if (total.failures_by_class[i] != 0)
            out.emplace(json::string_view{name.data(), name.size()}, total.failures_by_class[i]);
    }
    return out;
}

json::object keys_json(const slice& total, const std::vector<std::string>& keys) {
    json::object out;
    for (const auto& one : total.failing.entries()) {
        if (!keys[one.key].empty()) out.emplace(keys[one.key], one.failures);
    }
    return out;
}

std::string outage_json(const outage& one, const std::vector<std::string>& keys) {
    const json::object rest{{"calls", one.total.calls},
                            {"failures", one.total.failures},
                            {"failing", one.failing},
                            {"slow", one.slow},
                            {"classes", classes_json(one.total)},
                            {"keys", keys_json(one.total, keys)},
                            {"median_seconds", seconds_json(one.total.took.quantile(0.5))},
                            {"unfinished", one.unfinished}};
    return fmt::format("{{\"type\":\"outage\",\"begin\":{},\"end\":{},\"seconds\":{},{}\n", format_seconds(one.begin),
                       format_seconds(one.end), format_seconds(one.end - one.begin), json::serialize(rest).substr(1));
}

/// The largest first, as shares of all.
template <class Name>
std::string shares_of(std::vector<std::pair<Name, std::uint32_t>> parts, double all) {
    std::ranges::sort(parts, [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string out;
    for (const auto& [name, number] : parts) {
        out += fmt::format("{}{} {:.0f} %", out.empty() ? "" : ", ", name, 100 * number / all);
    }
    return out;
}

}  // namespace

std::string transition_json(std::string_view settings, const transition& told, recorded_time at) {
    return fmt::format(
        "{{\"type\":\"transition\",\"settings\":{},\"key\":{},\"time\":{},\"from\":{},\"to\":{},\"cause\":{},"
        "\"evidence\":{},"
        "\"pause_ms\":{},\"attempt\":{}}}\n",
        quoted(settings), key_json(told.name), format_seconds(at), quoted(to_string(told.from)),
        quoted(to_string(told.to)), quoted(to_string(told.cause)), evidence_json(told),
        std::chrono::ceil<std::chrono::milliseconds>(told.pause).count(), told.attempt);
}

std::string summary_json(std::string_view settings, const outcome& did) {
    return fmt::format(
        "{{\"type\":\"summary\",\"settings\":{},\"calls\":{},\"admitted\":{},\"refused_good\":{},\"refused_bad\":{},"
        "\"admitted_bad\":{},\"trips\":{},\"open_seconds\":{},\"admitted_good\":{},\"refused_ignored\":{},\"opened\":{}"
        "}}\n",
        quoted(settings), did.calls, did.admitted, did.refused_good, did.refused_bad, did.admitted_bad, did.trips,
        format_seconds(did.open_time), did.admitted_good, did.refused_ignored, did.opened);
}

std::string summary_text(const std::vector<candidate>& candidates, const std::vector<outcome>& outcomes) {
    std::string out;
    for (std::size_t i = 0; i < outcomes.size(); ++i) out += sentence(candidates[i], outcomes[i]);
    out += "\n" + table(candidates, outcomes);
    for (std::size_t i = 0; i < outcomes.size(); ++i) out += periods_text(candidates[i], outcomes[i]);
    return out;
}

std::string outage_words(const outage& one, const std::vector<std::string>& keys) {
    std::vector<std::pair<std::string_view, std::uint32_t>> classes;
    std::vector<std::pair<std::string, std::uint32_t>> failing;
    for (std::size_t i = 0; i < failure_class_count; ++i) {
        const std::uint32_t number = one.total.failures_by_class[i];
        if (number != 0) classes.emplace_back(to_string(static_cast<failure_class>(i)), number);
    }
    for (const auto& entry : one.total.failing.entries()) {
        if (!keys[entry.key].empty()) failing.emplace_back(excerpt(keys[entry.key]), entry.failures);
    }
    const double all = one.total.failures;
    std::string text = fmt::format("{} of {} failed", one.total.failures, counted(one.total.calls, "call"));
    if (one.failing && !classes.empty()) text += ": " + shares_of(classes, all);
    if (one.failing && !failing.empty()) text += "; key " + shares_of(failing, all);
    if (one.slow) text += fmt::format("; slow, with a median of {}", time_words(*one.total.took.quantile(0.5)));
    if (one.unfinished) text += "; the recording ends in it";
    return text;
}

std::string advice_json(const history& seen, const advice& given, const std::vector<std::string>& keys) {
    const normal& usual = seen.normal;
    std::string out = json::serialize(json::object{{"type", "normal"},
                                                   {"calls", usual.calls},
                                                   {"failures", usual.failures},
                                                   {"failing_share", usual.failing_share},
                                                   {"calls_per_second", usual.rate},
                                                   {"quiet_calls_per_second", usual.quiet_rate},
                                                   {"median_seconds", seconds_json(usual.median)},
                                                   {"p90_seconds", seconds_json(usual.p90)},
                                                   {"p99_seconds", seconds_json(usual.p99)}}) +
                      "\n";
    for (const outage& one : seen.outages) out += outage_json(one, keys);
    json::object reasons;
    for (const reason& one : given.reasons) reasons.emplace(one.field, one.why);
    const json::object settings = wire::to_json(given.settings);
    json::object told{{"type", "advice"}, {"settings", settings}, {"reasons", reasons}};
    if (!given.note.empty()) told.emplace("note", given.note);
    return out + json::serialize(told) + "\n";
}

std::string advice_text(const history& seen, const advice& given, const std::vector<std::string>& keys) {
    const normal& usual = seen.normal;
    std::string out = "# What normal looks like\n";
    out += fmt::format("#   {} at {} a second ({} in the quietest tenth of the time)\n", counted(usual.calls, "call"),
                       number_words(usual.rate), number_words(usual.quiet_rate));
    out += fmt::format("#   {} failing\n", share_words(usual.failing_share));
    if (usual.median) {
        out += fmt::format("#   half of them within {}, 90 % within {}, 99 % within {}\n", time_words(*usual.median),
                           time_words(*usual.p90), time_words(*usual.p99));
    }
    out += seen.outages.empty() ? "# No outage found\n"
                                : fmt::format("# {} found\n", counted(seen.outages.size(), "outage"));
    for (const outage& one : seen.outages) {
        out += fmt::format("#   {}  for {}: {}\n", instant_words(one.begin), time_words(one.end - one.begin),
                           outage_words(one, keys));
    }
    return out + "\n" + to_yaml(given);
}

std::string bad_lines_text(std::string_view file, const recording::counts& read) {
    std::string out;
    for (const bad_line& one : read.first_bad) out += fmt::format("{}:{}: {}\n", file, one.number, one.why);
    if (read.bad == 0) return out;
    out += fmt::format("{}: {} of {} bad, left out{}\n", file, read.bad, counted(read.lines, "line"),
                       read.bad > read.first_bad.size() ? "; the first are above" : "");
    return out;
}

bool too_many_bad(const recording::counts& read) noexcept { return read.bad * 100 > read.lines; }

}  // namespace switchgear::simulation
