#include <switchgear/cli/commands.hpp>

#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

namespace switchgear::cli {
namespace {

using ::testing::HasSubstr;

struct ending {
    int code = -1;
    std::string out, err;
};

/// What a command ends with that needs no gateway.
ending run(std::string command) {
    std::ostringstream out, err;
    std::function<int()> chosen;
    CLI::App app;
    add_commands(app, {out, err}, [&](std::function<int()> one) { chosen = std::move(one); });
    app.parse(std::move(command));
    const int code = chosen();
    return {code, out.str(), err.str()};
}

TEST(token_file, that_cannot_be_read_is_bad_usage) {
    for (const std::string path : {"/no/such/file", "/"}) {
        const ending told = run("list --admin http://127.0.0.1:1 --token-file " + path);
        EXPECT_EQ(told.code, bad_usage) << path;
        EXPECT_EQ(told.err, "switchgear list: --token-file: cannot read " + path + "\n");
    }
}

TEST(token_file, may_be_empty) {
    EXPECT_EQ(run("list --admin http://127.0.0.1:1 --token-file /dev/null").code, unreachable_gateway);
}

TEST(trip, help_names_the_cap_of_the_pause) {
    std::ostringstream out;
    CLI::App app;
    add_commands(app, {out, out}, [](const std::function<int()>&) {});
    EXPECT_THAT(app.get_subcommand("trip")->help(), HasSubstr("max_retry_after"));
}

}  // namespace
}  // namespace switchgear::cli
