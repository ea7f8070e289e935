#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/simulation/output.hpp>
#include <switchgear/wire/json.hpp>

#include "fields.hpp"
#include "words.hpp"

namespace switchgear::simulation {
namespace {

namespace json = boost::json;
using std::chrono::nanoseconds;

constexpr std::string_view adaptive_yaml = "trip: {adaptive: true}";

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
    json::object rest{{"calls", one.total.calls},
                      {"failures", one.total.failures},
                      {"failing", one.failing},
                      {"slow", one.slow},
                      {"classes", classes_json(one.total)}};
    // What may be too low has a name that says so.
    const bool exact = one.total.failing.missing() == 0;
    rest.emplace("keys", exact ? json::value(keys_json(one.total, keys)) : json::value(nullptr));
    if (!exact) rest.emplace("keys_at_least", keys_json(one.total, keys));
    rest.emplace("median_seconds", seconds_json(one.total.took.quantile(0.5)));
    rest.emplace("unfinished", one.unfinished);
    return fmt::format("{{\"type\":\"outage\",\"begin\":{},\"end\":{},\"seconds\":{},{}\n", format_seconds(one.begin),
                       format_seconds(one.end), format_seconds(one.end - one.begin), json::serialize(rest).substr(1));
}

std::string trial_json(std::string_view name, const tried_settings& tried, bool better) {
    const outcome& did = tried.did;
    return json::serialize(json::object{{"type", "trial"},
                                        {"settings", json::string_view{name.data(), name.size()}},
                                        {"calls", did.calls},
                                        {"admitted", did.admitted},
                                        {"refused_good", did.refused_good},
                                        {"refused_bad", did.refused_bad},
                                        {"admitted_bad", did.admitted_bad},
                                        {"trips", did.trips},
                                        {"opened", did.opened},
                                        {"outages_met", tried.outages_met},
                                        {"opened_outside", tried.opened_outside},
                                        {"better", better}}) +
           "\n";
}

std::string class_words(const slice& total) {
    std::vector<std::pair<std::string_view, std::uint32_t>> classes;
    for (std::size_t i = 0; i < failure_class_count; ++i) {
        const std::uint32_t number = total.failures_by_class[i];
        if (number != 0) classes.emplace_back(to_string(static_cast<failure_class>(i)), number);
    }
    std::ranges::sort(classes, [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string out;
    for (const auto& [name, number] : classes) {
        out += fmt::format("{}{} {:.0f} %", out.empty() ? "" : ", ", name, 100.0 * number / total.failures);
    }
    return out;
}

std::string name_of(const failing_keys::entry& one, const std::vector<std::string>& keys) {
    return keys[one.key].empty() ? "(none)" : excerpt(keys[one.key]);
}

/// Whose the failures were. Of more keys than are counted exactly only what is sure is said.
std::string key_words(const slice& total, const std::vector<std::string>& keys, key_meaning keys_are) {
    constexpr std::size_t most_named = 5;
    constexpr double worth_naming = 0.1;
    const auto failing = total.failing.entries();
    const std::uint32_t missing = total.failing.missing();
    const double all = total.failures;
    if (missing == 0 && std::ranges::all_of(failing, [&](const auto& one) { return keys[one.key].empty(); })) return {};
    std::string named;
    std::size_t count = 0;
    for (const auto& one : failing) {
        if (count == most_named || (missing != 0 && one.failures < worth_naming * all)) break;
        named += fmt::format("{}{}{} {:.0f} %", count++ == 0 ? fmt::format("; {} ", noun(keys_are)) : ", ",
                             name_of(one, keys), missing == 0 ? "" : " at least",
                             std::floor(100 * one.failures / all + (missing == 0 ? 0.5 : 0)));
    }
    if (missing == 0 && count < failing.size()) named += fmt::format(", {} more", failing.size() - count);
    if (count != 0) return named;
    const double most = (failing.empty() ? 0 : failing.front().failures) + missing;
    return fmt::format("; of more than {} {}s, none with more than {:.0f} %", failing_keys::places, noun(keys_are),
                       std::ceil(100 * most / all));
}

std::string did_words(const tried_settings& tried, std::uint64_t outages) {
    const outcome& did = tried.did;
    std::string text = "opened " + counted(did.opened, "time");
    if (did.trips > did.opened) text += fmt::format(" ({} with failed recoveries)", counted(did.trips, "trip"));
    text += fmt::format(", refused {} and kept {} away", counted(did.refused_good, "good call"),
                        counted(did.refused_bad, "bad one"));
    if (outages == 0) return text;
    return text + fmt::format("; in {} of {}, {} outside of any", tried.outages_met, counted(outages, "outage"),
                              counted(tried.opened_outside, "time"));
}

}  // namespace

std::string outage_words(const outage& one, const std::vector<std::string>& keys, key_meaning keys_are) {
    std::string text = fmt::format("{} of {} failed", one.total.failures, counted(one.total.calls, "call"));
    if (one.failing && one.total.failures != 0)
        text += ": " + class_words(one.total) + key_words(one.total, keys, keys_are);
    if (one.slow) text += fmt::format("; slow, with a median of {}", latency_words(*one.total.took.quantile(0.5)));
    if (one.unfinished) text += "; the recording ends in it";
    return text;
}

std::vector<std::string> normal_words(const history& seen, const advice& given) {
    const normal& usual = seen.normal;
    std::vector<std::string> told;
    told.push_back(fmt::format("{} at {} a second ({} in the quietest tenth of the time)", counted(usual.calls, "call"),
                               number_words(usual.rate), number_words(usual.quiet_rate)));
    told.push_back(share_words(usual.failing_share) + " failing");
    if (usual.failures == 0)
        told.back() += fmt::format("; one call in all, {}, is taken for it", share_words(given.normal_share));
    if (usual.median) {
        told.push_back(fmt::format("half of them {}, 90 % {}, 99 % {}", within_words(*usual.median),
                                   within_words(*usual.p90), within_words(*usual.p99)));
    }
    if (!given.warning.empty()) told.push_back(given.warning);
    return told;
}

std::vector<std::string> trial_words(const advice_told& of) {
    if (!of.tried) return {"not tried: what is no file can be read only once"};
    const tried_advice& tried = *of.tried;
    std::vector<std::string> told{
        fmt::format("these settings: {}", did_words(tried.advised, tried.outages)),
        fmt::format("{}: {}", adaptive_yaml, did_words(tried.adaptive, tried.outages)),
    };
    if (tried.any_slow) told.emplace_back("of the good calls refused some are slow ones of an outage");
    if (tried.advice_does_harm())
        told.emplace_back("these settings refuse more good calls than they keep bad ones away");
    if (tried.adaptive_is_better()) told.push_back(fmt::format("on this recording {} does better", adaptive_yaml));
    return told;
}

std::string advice_json(const advice_told& of) {
    const normal& usual = of.seen.normal;
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
    for (const outage& one : of.seen.outages) out += outage_json(one, of.keys);
    json::object reasons;
    for (const reason& one : of.given.reasons) reasons.emplace(one.field, one.why);
    const json::object settings = wire::to_json(of.given.settings);
    json::object told{{"type", "advice"}, {"settings", settings}, {"reasons", reasons}};
    if (!of.given.warning.empty()) told.emplace("warning", of.given.warning);
    if (!of.given.notes.empty()) told.emplace("note", fmt::format("{}", fmt::join(of.given.notes, "; ")));
    out += json::serialize(told) + "\n";
    if (!of.tried) return out;
    const bool other = of.tried->adaptive_is_better();
    return out + trial_json("advised", of.tried->advised, false) + trial_json("adaptive", of.tried->adaptive, other);
}

std::string advice_text(const advice_told& of) {
    const history& seen = of.seen;
    std::string out = "# What normal looks like\n";
    for (const std::string& one : normal_words(seen, of.given)) out += "#   " + one + "\n";
    out += seen.outages.empty() ? "# No outage found\n"
                                : fmt::format("# {} found\n", counted(seen.outages.size(), "outage"));
    for (const outage& one : seen.outages) {
        out += fmt::format("#   {}  for {}: {}\n", instant_words(one.begin), time_words(one.end - one.begin),
                           outage_words(one, of.keys, of.keys_are));
    }
    out += fmt::format("# Tried on this recording{}\n", of.keys.size() <= 2 ? ""
                                                        : of.keys_are == key_meaning::keys
                                                            ? ", a breaker for each key"
                                                            : ", with the breakers of its log");
    for (const std::string& one : trial_words(of)) out += "#   " + one + "\n";
    out += "\n" + to_yaml(of.given);
    if (of.tried && of.tried->adaptive_is_better())
        out += fmt::format("\n# Instead of all this, better on this recording:\n# {}\n", adaptive_yaml);
    return out;
}

}  // namespace switchgear::simulation
