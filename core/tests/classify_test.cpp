#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include <switchgear/classify.hpp>
#include <switchgear/result.hpp>

namespace switchgear {
namespace {

using namespace std::chrono_literals;

TEST(verdict, says_what_it_is) {
    EXPECT_TRUE(verdict::success().is_success());
    EXPECT_TRUE(verdict::ignored().is_ignored());

    const verdict failed = verdict::failure(failure_class::timeout, 3s);
    EXPECT_TRUE(failed.is_failure());
    EXPECT_FALSE(failed.is_trip());
    EXPECT_FALSE(failed.is_success());
    EXPECT_EQ(failed.failed_with(), failure_class::timeout);
    EXPECT_EQ(failed.retry_after(), 3s);
    EXPECT_EQ(verdict::failure().failed_with(), failure_class::error);
    EXPECT_EQ(verdict::failure().retry_after(), std::nullopt);

    const verdict trip = verdict::trip(5s);
    EXPECT_TRUE(trip.is_trip());
    EXPECT_TRUE(trip.is_failure());
    EXPECT_EQ(trip.failed_with(), failure_class::overloaded);
    EXPECT_EQ(trip.retry_after(), 5s);
    static_assert(std::is_trivially_copyable_v<verdict>);
}

TEST(default_classifier, takes_what_is_not_a_result_for_success) {
    EXPECT_TRUE(default_classifier{}(7).is_success());
    EXPECT_TRUE(default_classifier{}(std::string{}).is_success());
    EXPECT_TRUE(default_classifier{}(false).is_success());
    EXPECT_TRUE(default_classifier{}(std::optional<int>{}).is_success());  // no error(): not result-like
}

TEST(default_classifier, takes_an_empty_result_for_a_failure) {
    using reply = result<int, std::string>;
    EXPECT_TRUE(default_classifier{}(reply{7}).is_success());
    EXPECT_TRUE(default_classifier{}(reply{std::string{"no"}}).is_failure());
    EXPECT_TRUE(default_classifier{}(result<void, std::string>{}).is_success());
}

TEST(default_classifier, takes_anything_result_like) {
    struct foreign {
        bool ok;
        bool has_value() const { return ok; }
        int error() const { return 1; }
    };
    EXPECT_TRUE(default_classifier{}(foreign{true}).is_success());
    EXPECT_TRUE(default_classifier{}(foreign{false}).is_failure());
}

TEST(default_classifier, takes_an_inner_refusal_as_ignored) {
    const result<int> refused = rejection{reject_reason::open, 1s};
    EXPECT_TRUE(default_classifier{}(refused).is_ignored());
}

TEST(default_classifier, takes_every_exception_for_a_failure) {
    EXPECT_TRUE(default_classifier{}(std::make_exception_ptr(42)).is_failure());
    EXPECT_TRUE(default_classifier{}(std::make_exception_ptr(std::runtime_error{"x"})).is_failure());
}

TEST(default_classifier, takes_no_exception_for_a_success) {
    EXPECT_TRUE(default_classifier{}(std::exception_ptr{}).is_success());
}

TEST(classify_by, glues_lambdas) {
    const auto judge =
        classify_by{[](const int& status) { return status < 500 ? verdict::success() : verdict::failure(); },
                    [](const std::exception_ptr&) { return verdict::failure(failure_class::unreachable); }};
    EXPECT_TRUE(judge(200).is_success());
    EXPECT_TRUE(judge(500).is_failure());
    EXPECT_EQ(judge(std::make_exception_ptr(1)).failed_with(), failure_class::unreachable);
}

}  // namespace
}  // namespace switchgear
