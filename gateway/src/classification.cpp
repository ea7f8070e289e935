#include "classification.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>

#include <switchgear/http/classify.hpp>

namespace switchgear::gateway {
namespace {

verdict by_rule(const classify_rule& rule, const verdict& by_default, std::optional<duration> hint) {
    const failure_class otherwise = by_default.is_failure()         ? by_default.failed_with()
                                    : rule.as == rule_verdict::trip ? failure_class::overloaded
                                                                    : failure_class::error;
    const failure_class failed = rule.failed_with.value_or(otherwise);
    switch (rule.as) {
        case rule_verdict::success: return verdict::success();
        case rule_verdict::ignored: return verdict::ignored();
        case rule_verdict::failure: return verdict::failure(failed, hint);
        case rule_verdict::trip: return verdict::trip(hint.value_or(duration::zero()), failed);
    }
    return by_default;
}

}  // namespace

verdict judge_answer(const service& by, const answer_head& head) {
    const auto lookup = [&](std::string_view name) { return head.find(name); };
    const verdict by_default = http::classify(head.status, lookup);

    for (const classify_rule& rule : by.classify) {
        if (std::find(rule.statuses.begin(), rule.statuses.end(), head.status) == rule.statuses.end()) continue;
        const auto hint = http::retry_after_of(lookup, std::chrono::system_clock::now());
        if (rule.when == rule_condition::retry_after && !hint) continue;
        return by_rule(rule, by_default, hint);
    }
    return by_default;
}

verdict judge_error(const service& by, http::transport_error error) {
    const verdict by_default = http::classify(error);
    for (const classify_rule& rule : by.classify) {
        if (std::find(rule.errors.begin(), rule.errors.end(), error) == rule.errors.end()) continue;
        return by_rule(rule, by_default, std::nullopt);
    }
    return by_default;
}

}  // namespace switchgear::gateway
