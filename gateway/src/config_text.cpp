#include <switchgear/gateway/config_text.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/wire/units.hpp>

#include "config_words.hpp"

namespace switchgear::gateway {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

json::string text(std::string_view value) { return json::string{value}; }
json::value shown(milliseconds value) { return text(wire::format_duration(value)); }
json::value shown(double value) { return value; }
json::value shown(std::uint32_t value) { return value; }
json::value shown(std::uint64_t value) { return value; }

json::value shown(const slow_rule& rule) { return json::object{{"after", shown(rule.after)}, {"ratio", rule.ratio}}; }
json::value shown(const adaptive_rule&);
json::value shown(const ramp_rule& rule) {
    return json::object{{"over", shown(rule.over)}, {"from", rule.from}, {"by", text(to_string(rule.by))}};
}

json::value shown(const tls_files& files) {
    return json::object{{"certificate", text(files.certificate)}, {"key", text(files.key)}};
}

json::value shown(const fallback_answer&);
json::value shown(const health_check_settings&);

template <class T>
json::value shown(const std::optional<T>& value) {
    return value ? shown(*value) : json::value(nullptr);
}

json::value shown(const adaptive_rule& rule) {
    return json::object{{"false_trip_budget", shown(milliseconds{rule.false_trip_budget})},
                        {"care", rule.care},
                        {"slow_care", rule.slow_care},
                        {"deadline", shown(rule.deadline)},
                        {"memory", shown(milliseconds{rule.memory})}};
}

template <class Classes>
json::value by_class(const Classes& of) {
    return json::object{
        {"error", shown(of.error)},           {"timeout", shown(of.timeout)},   {"unreachable", shown(of.unreachable)},
        {"overloaded", shown(of.overloaded)}, {"custom_1", shown(of.custom_1)}, {"custom_2", shown(of.custom_2)},
        {"custom_3", shown(of.custom_3)},     {"custom_4", shown(of.custom_4)}};
}

json::value shown(const window& value) {
    if (const auto* time = std::get_if<last>(&value)) return json::object{{"last", shown(time->span)}};
    return json::object{{"last_calls", std::get<last_calls>(value).count}};
}

json::value shown(const trip_rules& trip) {
    return json::object{{"consecutive_failures", shown(trip.consecutive_failures)},
                        {"failures", shown(trip.failures)},
                        {"failure_ratio", shown(trip.failure_ratio)},
                        {"slow", shown(trip.slow)},
                        {"limits", by_class(trip.limits)},
                        {"adaptive", shown(trip.adaptive)},
                        {"weights", by_class(trip.weights)},
                        {"window", shown(trip.window)},
                        {"minimum_calls", trip.minimum_calls}};
}

json::value shown(const recovery_rules& recovery) {
    return json::object{{"open_for", shown(recovery.open_for)},
                        {"backoff", recovery.backoff},
                        {"max_open_for", shown(recovery.max_open_for)},
                        {"jitter", recovery.jitter},
                        {"jitter_seed", shown(recovery.jitter_seed)},
                        {"max_retry_after", shown(recovery.max_retry_after)},
                        {"probes", recovery.probes},
                        {"successes_to_close", recovery.successes_to_close},
                        {"probe_timeout", shown(recovery.probe_timeout)},
                        {"ramp", shown(recovery.ramp)},
                        {"pacing", text(to_string(recovery.pacing))},
                        {"probe_price", recovery.probe_price}};
}

json::value shown(const breaker_rules& rules) {
    json::object object{{"scope", text(to_string(rules.scope))}};
    if (rules.scope == breaker_scope::key) {
        object["key"] = json::object{{"header", text(rules.key_header)}};
        object["max_keys"] = rules.max_keys;
    }
    object["trip"] = shown(rules.settings.trip);
    object["recovery"] = shown(rules.settings.recovery);
    object["mode"] = text(to_string(rules.settings.mode));
    return object;
}

json::value shown(const timeouts& times) {
    return json::object{{"connect", shown(times.connect)},       {"request_headers", shown(times.request_headers)},
                        {"first_byte", shown(times.first_byte)}, {"between_bytes", shown(times.between_bytes)},
                        {"total", shown(times.total)},           {"idle", shown(times.idle)}};
}

json::value shown(const classify_rule& rule) {
    json::object object;
    if (!rule.statuses.empty()) object["status"] = json::array(rule.statuses.begin(), rule.statuses.end());
    if (!rule.errors.empty()) {
        json::array errors;
        for (const auto error : rule.errors) errors.push_back(text(http::to_string(error)));
        object["error"] = std::move(errors);
    }
    object["as"] = text(to_string(rule.as));
    if (rule.failed_with) object["class"] = text(switchgear::to_string(*rule.failed_with));
    if (rule.when == rule_condition::retry_after) object["when"] = text("retry_after");
    return object;
}

/// Headers that carry credentials.
bool is_secret(std::string_view name) {
    const auto same = [name](std::string_view secret) {
        return std::ranges::equal(name, secret, [](char a, char b) { return (a | 0x20) == (b | 0x20); });
    };
    return same("Authorization") || same("Proxy-Authorization") || same("Cookie") || same("Set-Cookie");
}

json::value shown(const fallback_answer& answer) {
    json::object headers;
    for (const auto& [name, value] : answer.headers)
        headers[name] = text(is_secret(name) ? "***" : std::string_view{value});
    return json::object{{"when", text(to_string(answer.when))},
                        {"status", answer.status},
                        {"headers", std::move(headers)},
                        {"body", text(answer.body)}};
}

json::value shown(const health_check_settings& check) {
    return json::object{{"path", text(check.path)},
                        {"every", shown(check.every)},
                        {"timeout", shown(check.timeout)},
                        {"while", text("open")}};
}

json::value shown(const service& one) {
    json::array endpoints;
    for (const auto& server : one.endpoints) endpoints.push_back(text(to_string(server)));
    json::array rules;
    for (const auto& rule : one.classify) rules.push_back(shown(rule));
    return json::object{{"endpoints", std::move(endpoints)},
                        {"host", text(to_string(one.host))},
                        {"breaker", shown(one.breaker)},
                        {"classify", std::move(rules)},
                        {"on_failure", text(to_string(one.on_failure))},
                        {"fallback", shown(one.fallback)},
                        {"health_check", shown(one.health_check)},
                        {"expose", one.expose},
                        {"half_close", text(to_string(one.half_close))},
                        {"timeouts", shown(one.timeouts)}};
}

json::value shown(const route& one) {
    json::object match{{"path_prefix", text(one.path_prefix)}};
    if (!one.methods.empty()) {
        json::array methods;
        for (const auto& method : one.methods) methods.push_back(text(method));
        match["methods"] = std::move(methods);
    }
    return json::object{
        {"match", std::move(match)}, {"service", text(one.service)}, {"strip_prefix", one.strip_prefix}};
}

json::value shown(const access_log_settings& log) {
    switch (log.place) {
        case access_log_place::off: break;
        case access_log_place::standard_error: return text("stderr");
        case access_log_place::file: return text(log.file);
    }
    return nullptr;
}

/// What a listener and the admin port have alike.
json::object address_of(const auto& port) {
    json::object object{{"address", text(to_string(port.address))}};
    if (port.tls) object["tls"] = shown(*port.tls);
    return object;
}

}  // namespace

std::string config_json(const config& all) {
    json::array listeners;
    for (const auto& one : all.listeners) listeners.push_back(address_of(one));
    json::object admin = address_of(all.admin);
    admin["token_file"] = all.admin.token_file.empty() ? json::value(nullptr) : json::value(text(all.admin.token_file));
    json::object services;
    for (const auto& one : all.services) services[one.name] = shown(one);
    json::array routes;
    for (const auto& one : all.routes) routes.push_back(shown(one));
    return json::serialize(json::object{{"listeners", std::move(listeners)},
                                        {"admin", std::move(admin)},
                                        {"access_log", shown(all.access_log)},
                                        {"limits",
                                         {{"header_bytes", text(wire::format_size(all.limits.header_bytes))},
                                          {"header_count", all.limits.header_count},
                                          {"connections", all.limits.connections}}},
                                        {"services", std::move(services)},
                                        {"routes", std::move(routes)}});
}

}  // namespace switchgear::gateway
