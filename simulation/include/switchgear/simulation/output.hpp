#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchgear/event.hpp>
#include <switchgear/simulation/advice.hpp>
#include <switchgear/simulation/advice_trial.hpp>
#include <switchgear/simulation/outages.hpp>
#include <switchgear/simulation/recording.hpp>
#include <switchgear/simulation/replay.hpp>

/// What was found, for programs (one JSON object a line) and for people. Every function returns whole lines.
namespace switchgear::simulation {

/// {"type":"transition","settings":…,"key":…,"time":…,"from":…,"to":…,"cause":…,"evidence":{…},"pause_ms":…,"attempt":…}
///
/// `key` is null where one breaker serves all calls; `time` is in seconds, as the recording counts them.
std::string transition_json(std::string_view settings, const transition&, recorded_time at);
/// {"type":"summary","settings":…,"calls":…,"admitted":…,"refused_good":…,"refused_bad":…,"admitted_bad":…,"trips":…,
/// "open_seconds":…,"admitted_good":…,"refused_ignored":…,"opened":…}
std::string summary_json(std::string_view settings, const outcome&);

/// All candidates side by side, and the first times that each was open.
std::string summary_text(const std::vector<candidate>&, const std::vector<outcome>&);

/// What opened it: the cause and its evidence.
std::string cause_words(const open_period&);

/// Everything that `advise` tells.
struct advice_told {
    const history& seen;
    const advice& given;
    const std::vector<std::string>& keys;
    /// Empty: the recording could be read only once.
    std::optional<tried_advice> tried{};
    key_meaning keys_are = key_meaning::keys;
};
/// {"type":"normal",…}, {"type":"outage",…} for each, {"type":"advice","settings":{…},"reasons":{…}}, and if it was
/// tried {"type":"trial",…} for the advice and for the adaptive rule.
std::string advice_json(const advice_told&);
std::string advice_text(const advice_told&);

/// What normal looks like, in sentences.
std::vector<std::string> normal_words(const history&, const advice&);
/// What the advice and the adaptive rule would have done, and what to think of it, in sentences.
std::vector<std::string> trial_words(const advice_told&);
/// What of an outage failed: "error 93 %, timeout 7 %; key shard-3 88 %".
std::string outage_words(const outage&, const std::vector<std::string>& keys, key_meaning keys_are = key_meaning::keys);

/// That a log holds the calls of several services, and what to do; empty if it does not.
std::string several_services_words(const recording&);

/// What is wrong with the recording, empty if nothing is: the first bad lines, and how many there are. Where no line is a
/// call, how many were passed over for what they lack.
std::string bad_lines_text(std::string_view file, const recording::counts&);
/// More than one line in a hundred.
bool too_many_bad(const recording::counts&) noexcept;

}  // namespace switchgear::simulation
