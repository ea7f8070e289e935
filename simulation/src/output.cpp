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
    if (seen.calls == 0) return text;
    if (one.cause == cause::slow_ratio)
        return text + fmt::format(" ({} of {} slow)", seen.slow, counted(seen.calls, "call"));
    const std::string failed = fmt::format("{} of {} failed", seen.failures, counted(seen.calls, "call"));
    // Thin traffic: the window has forgotten the first failures of the run.
    const bool is_older =
        one.cause == cause::consecutive_failures && seen.observed > static_cast<double>(seen.failures);
    return text + (is_older ? fmt::format(" (the run is longer than the window, in which {})", failed)
                            : fmt::format(" ({})", failed));
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

std::string several_services_words(const recording& read) {
    constexpr std::size_t most_named = 10;
    std::vector<std::string> names;
    for (const std::string& one : read.services()) {
        if (!one.empty()) names.push_back(excerpt(one));
    }
    if (names.size() < 2) return {};
    std::ranges::sort(names);
    const std::size_t named = std::min(most_named, names.size());
    return fmt::format(
        "it holds the calls of {} services, and each has a normal of its own: choose one with --service "
        "NAME, of {}{}",
        names.size(), fmt::join(std::span{names}.first(named), ", "), names.size() > named ? " and others" : "");
}

std::string bad_lines_text(std::string_view file, const recording::counts& read) {
    std::string out;
    if (read.lines == 0 && read.lacking != 0) {
        out += fmt::format("{}: {} passed over: a call needs duration_ms or duration, and status or verdict\n", file,
                           counted(read.lacking, "line"));
    }
    for (const bad_line& one : read.first_bad) out += fmt::format("{}:{}: {}\n", file, one.number, one.why);
    if (read.bad == 0) return out;
    out += fmt::format("{}: {} of {} bad, left out{}\n", file, read.bad, counted(read.lines, "line"),
                       read.bad > read.first_bad.size() ? "; the first are above" : "");
    if (too_many_bad(read) && read.late * 2 > read.bad)
        out += fmt::format("{}: {} began before calls above: are the files in the order of time?\n", file, read.late);
    return out;
}

bool too_many_bad(const recording::counts& read) noexcept { return read.bad * 100 > read.lines; }

}  // namespace switchgear::simulation
