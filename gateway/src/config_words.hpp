#pragma once

#include <string_view>

#include <switchgear/gateway/config.hpp>

/// The words that stand for the enumerators, one table each: what the loader accepts is what is shown.
namespace switchgear::gateway {

template <class E>
struct word {
    std::string_view text;
    E value;
};

inline constexpr word<url_scheme> url_scheme_words[] = {{"http", url_scheme::http}, {"https", url_scheme::https}};
inline constexpr word<host_policy> host_policy_words[] = {{"endpoint", host_policy::endpoint},
                                                          {"preserve", host_policy::preserve}};
inline constexpr word<breaker_scope> breaker_scope_words[] = {
    {"service", breaker_scope::service}, {"endpoint", breaker_scope::endpoint}, {"key", breaker_scope::key}};
inline constexpr word<http::transport_error> transport_error_words[] = {
    {"dns", http::transport_error::dns},         {"connect", http::transport_error::connect},
    {"tls", http::transport_error::tls},         {"reset", http::transport_error::reset},
    {"timeout", http::transport_error::timeout}, {"truncated", http::transport_error::truncated},
    {"framing", http::transport_error::framing}};
inline constexpr word<rule_verdict> rule_verdict_words[] = {{"success", rule_verdict::success},
                                                            {"failure", rule_verdict::failure},
                                                            {"trip", rule_verdict::trip},
                                                            {"ignored", rule_verdict::ignored}};
inline constexpr word<failure_answer> failure_answer_words[] = {{"pass", failure_answer::pass},
                                                                {"bad_gateway", failure_answer::bad_gateway}};
inline constexpr word<half_close_policy> half_close_policy_words[] = {{"abort", half_close_policy::abort},
                                                                      {"continue", half_close_policy::serve}};
inline constexpr word<fallback_when> fallback_when_words[] = {
    {"refused", fallback_when::refused}, {"failed", fallback_when::failed}, {"both", fallback_when::both}};
inline constexpr word<failure_class> failure_class_words[] = {{"error", failure_class::error},
                                                              {"timeout", failure_class::timeout},
                                                              {"unreachable", failure_class::unreachable},
                                                              {"overloaded", failure_class::overloaded},
                                                              {"custom_1", failure_class::custom_1},
                                                              {"custom_2", failure_class::custom_2},
                                                              {"custom_3", failure_class::custom_3},
                                                              {"custom_4", failure_class::custom_4}};
inline constexpr word<mode> mode_words[] = {{"enforce", mode::enforce}, {"observe", mode::observe}};
inline constexpr word<pacing> pacing_words[] = {{"fixed", pacing::fixed}, {"learned", pacing::learned}};
inline constexpr word<ramp_by> ramp_by_words[] = {{"time", ramp_by::time}, {"evidence", ramp_by::evidence}};
inline constexpr word<rule_condition> rule_condition_words[] = {{"retry_after", rule_condition::retry_after}};

}  // namespace switchgear::gateway
