#include <csignal>
#include <cstdio>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <prometheus/text_serializer.h>

#include <switchgear/prometheus/collector.hpp>
#include <switchgear/registry.hpp>

namespace {

using namespace switchgear;

/// The exit code of `promtool check metrics`, fed with the text.
int promtool(const std::string& text) {
    FILE* tool = popen("promtool check metrics", "w");
    if (tool == nullptr) return -1;
    const bool written = std::fwrite(text.data(), 1, text.size(), tool) == text.size();
    const int status = pclose(tool);
    return written && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string text_of(const switchgear::prometheus::collector& metrics) {
    std::ostringstream out;
    ::prometheus::TextSerializer{}.Serialize(out, metrics.Collect());
    return out.str();
}

class promtool_check : public ::testing::Test {
protected:
    void SetUp() override {
        // If there is no promtool, its shell ends before it has read.
        std::signal(SIGPIPE, SIG_IGN);
        ASSERT_EQ(promtool("# HELP a_total A.\n# TYPE a_total counter\na_total 1\n"), 0)
            << "promtool is missing or does not work; it is in Debian's package prometheus";
        ASSERT_NE(promtool("# TYPE a counter\na{ 1\n"), 0) << "promtool accepts everything";
    }

    registry services;
    switchgear::prometheus::collector metrics{services};
};

TEST_F(promtool_check, accepts_the_exposition) {
    const auto payments = services.get("payments");
    payments->try_acquire().value().success();
    payments->try_acquire().value().failure(failure_class::custom_1);
    payments->trip({.reason = "test", .actor = "test"});
    (void)payments->try_acquire();
    services.get("orders")->force_open({.reason = "test", .actor = "test"});
    const std::string text = text_of(metrics);
    EXPECT_EQ(promtool(text), 0) << text;
}

TEST_F(promtool_check, accepts_names_with_any_character) {
    const auto odd = services.get("pay\"ments\\\n{}=,/über");
    odd->trip({.reason = "test", .actor = "test"});
    const std::string text = text_of(metrics);
    EXPECT_EQ(promtool(text), 0) << text;
}

TEST_F(promtool_check, accepts_names_with_any_bytes) {
    const auto odd = services.get("tenant-\xFF\xFE");
    odd->trip({.reason = "test", .actor = "test"});
    const std::string text = text_of(metrics);
    EXPECT_EQ(promtool(text), 0) << text;
}

TEST_F(promtool_check, accepts_the_exposition_of_no_breaker) {
    const std::string text = text_of(metrics);
    EXPECT_EQ(promtool(text), 0) << text;
}

}  // namespace
