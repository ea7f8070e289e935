#include "classification.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;

answer_head answer(unsigned status, std::string_view retry_after = {}) {
    answer_head head;
    head.status = status;
    if (!retry_after.empty()) head.fields.push_back({"retry-after", retry_after});
    return head;
}

TEST(classification, without_rules_the_defaults_hold) {
    const service plain;
    EXPECT_TRUE(judge_answer(plain, answer(404)).is_success());
    EXPECT_EQ(judge_answer(plain, answer(503, "7")), verdict::failure(failure_class::overloaded, 7s));
    EXPECT_EQ(judge_error(plain, http::transport_error::dns), verdict::failure(failure_class::unreachable));
}

TEST(classification, the_first_rule_that_matches_wins) {
    service with;
    with.classify = {{.statuses = {404}, .as = rule_verdict::failure, .failed_with = failure_class::custom_1},
                     {.statuses = {404, 500}, .as = rule_verdict::ignored},
                     {.errors = {http::transport_error::tls}, .as = rule_verdict::ignored}};
    EXPECT_EQ(judge_answer(with, answer(404)), verdict::failure(failure_class::custom_1));
    EXPECT_TRUE(judge_answer(with, answer(500)).is_ignored());
    EXPECT_TRUE(judge_error(with, http::transport_error::tls).is_ignored());
    EXPECT_TRUE(judge_error(with, http::transport_error::dns).is_failure());
}

TEST(classification, a_rule_on_retry_after_passes_answers_without_a_good_one) {
    service with;
    with.classify = {{.statuses = {429}, .as = rule_verdict::trip, .when = rule_condition::retry_after}};
    EXPECT_EQ(judge_answer(with, answer(429, "7")), verdict::trip(7s, failure_class::overloaded));
    EXPECT_EQ(judge_answer(with, answer(429, "soon")), verdict::failure(failure_class::overloaded));
    EXPECT_EQ(judge_answer(with, answer(429)), verdict::failure(failure_class::overloaded));
}

TEST(classification, a_success_made_a_failure_has_the_class_error) {
    service with;
    with.classify = {{.statuses = {200}, .as = rule_verdict::failure}};
    EXPECT_EQ(judge_answer(with, answer(200)), verdict::failure(failure_class::error));
}

}  // namespace
}  // namespace switchgear::gateway
