#include "access_log.hpp"

#include <gtest/gtest.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace switchgear::gateway {
namespace {

using namespace std::chrono_literals;

constexpr log_time noon{1'700'000'000, 7};

access_line a_call() {
    return {.method = "GET",
            .path = "/pay/1",
            .status = 503,
            .bytes = 321,
            .took = 12'345'678ns,
            .connect = 500us,
            .first_byte = 11ms,
            .body = 845'678ns,
            .service = "pay",
            .endpoint = "http://127.0.0.1:9000",
            .breaker = "pay/tenant-7",
            .key = "tenant-7",
            .state = state::half_open,
            .judged = verdict::failure(failure_class::overloaded, 1500ms),
            .attempt = 1,
            .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"};
}

boost::json::object read_back(const access_line& line) {
    return boost::json::parse(render_access_line(log_format::json, noon, line)).as_object();
}

std::string shown(const access_line& line, std::string_view field) {
    return std::string{read_back(line).at(field).as_string()};
}

TEST(access_log, a_line_tells_all_of_a_call) {
    EXPECT_EQ(render_access_line(log_format::json, noon, a_call()),
              R"({"time":"2023-11-14T22:13:20.007Z","level":"info","message":"Request ended.","method":"GET",)"
              R"("path":"/pay/1","status":503,"bytes":321,"duration_ms":12.346,"connect_ms":0.5,"first_byte_ms":11,)"
              R"("body_ms":0.846,"service":"pay","endpoint":"http://127.0.0.1:9000","breaker":"pay/tenant-7",)"
              R"("key":"tenant-7","state":"half_open","verdict":"failure","class":"overloaded","retry_after_ms":1500,)"
              R"("attempt":1,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"})");
}

TEST(access_log, what_is_not_known_is_left_out) {
    EXPECT_EQ(render_access_line(log_format::text, noon, {.status = 400, .bytes = 99, .reason = "bad_request"}),
              "2023-11-14T22:13:20.007Z [INFO] Request ended. status=400 bytes=99 duration_ms=0 verdict=none "
              "reason=bad_request");
}

TEST(access_log, the_verdict_is_told_in_a_word) {
    access_line line = a_call();
    line.judged = verdict::success();
    EXPECT_EQ(read_back(line).at("verdict"), "success");
    EXPECT_FALSE(read_back(line).contains("class"));
    line.judged = verdict::ignored();
    EXPECT_EQ(read_back(line).at("verdict"), "ignored");
    line.judged = verdict::trip(2s);
    EXPECT_EQ(read_back(line).at("verdict"), "failure");
    EXPECT_EQ(read_back(line).at("retry_after_ms"), 2000);
    line.judged.reset();
    EXPECT_EQ(read_back(line).at("verdict"), "none");
}

TEST(access_log, a_path_forges_no_line_and_no_field) {
    const std::string hostile = std::string{"/a\r\n{\"time\"} status=200 \"\\\x7f\xC3\xA9\xFF"} + '\0';
    const std::string expected = "/a%0D%0A{\"time\"}%20status=200%20\"\\%7F%C3%A9%FF%00";
    EXPECT_EQ(shown({.path = hostile}, "path"), expected);
    const std::string text = render_access_line(log_format::text, noon, {.path = hostile});
    EXPECT_EQ(text.find_first_of("\r\n"), std::string::npos) << text;
    EXPECT_NE(text.find(R"( path="/a%0D%0A{\"time\"}%20status=200%20\"\\%7F%C3%A9%FF%00" status=499)"),
              std::string::npos)
        << text;
}

TEST(access_log, a_long_path_and_a_long_method_are_cut) {
    const std::string longest(2'048, 'x');
    EXPECT_EQ(shown({.path = longest}, "path"), longest);
    EXPECT_EQ(shown({.path = longest + "y"}, "path"), longest + "...");
    EXPECT_EQ(shown({.method = longest}, "method"), std::string(32, 'x'));
}

TEST(access_log, no_time_is_negative) { EXPECT_EQ(read_back({.took = -1ms}).at("duration_ms"), 0); }

TEST(access_log, a_trace_is_named_by_a_sound_traceparent_alone) {
    const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const std::string parent = "00f067aa0ba902b7";
    const std::string zeros(32, '0');
    EXPECT_EQ(trace_id_of("00-" + trace + "-" + parent + "-01"), trace);
    EXPECT_EQ(trace_id_of("cc-" + trace + "-" + parent + "-01-what-comes-later"), trace);
    for (const std::string& wrong :
         {std::string{}, trace, "00-" + trace + "-" + parent, "00-" + trace + "-" + parent + "-01-more",
          "ff-" + trace + "-" + parent + "-01", "00-" + zeros + "-" + parent + "-01",
          "00-" + trace + "-" + zeros.substr(16) + "-01", "00-" + trace + "_" + parent + "-01",
          "00-" + trace.substr(1) + "G-" + parent + "-01", "cc-" + trace + "-" + parent + "-01x"}) {
        EXPECT_EQ(trace_id_of(wrong), "") << wrong;
    }
}

struct access_log_file : ::testing::Test {
    std::filesystem::path folder =
        std::filesystem::path{::testing::TempDir()} / ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::path file = folder / "access.log";
    log quiet{{.level = log_level::off}};
    access_log_settings to{access_log_place::file, file.string()};

    access_log_file() { std::filesystem::create_directories(folder); }
    ~access_log_file() override { std::filesystem::remove_all(folder); }

    static std::string content(const std::filesystem::path& of) {
        std::ifstream in{of};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
};

TEST_F(access_log_file, gets_a_line_of_json_for_each_request_after_what_it_has) {
    std::ofstream{file} << "before\n";
    {
        access_log requests{quiet};
        requests.use(access_log::open(to));
        requests.write({.path = "/1"}, to);
        requests.write({.path = "/2"}, to);
        requests.write({.path = "/off"}, {});
    }
    const std::string all = content(file);
    EXPECT_TRUE(all.starts_with("before\n{\"time\":")) << all;
    EXPECT_LT(all.find("\"/1\""), all.find("\"/2\""));
    EXPECT_EQ(all.find("/off"), std::string::npos);
    EXPECT_TRUE(all.ends_with("}\n"));
}

TEST_F(access_log_file, is_made_anew_where_it_was_moved_away) {
    {
        access_log requests{quiet};
        requests.use(access_log::open(to));
        std::filesystem::rename(file, folder / "access.log.1");
        requests.use(access_log::open(to));
        requests.write({.path = "/after"}, to);
    }
    EXPECT_NE(content(file).find("/after"), std::string::npos);
    EXPECT_EQ(content(folder / "access.log.1"), "");
}

TEST_F(access_log_file, that_cannot_be_opened_is_named_with_the_reason) {
    const access_log_settings nowhere{access_log_place::file, (folder / "none" / "x").string()};
    try {
        static_cast<void>(access_log::open(nowhere));
        FAIL() << "expected an error";
    } catch (const std::runtime_error& failed) {
        EXPECT_EQ(failed.what(), "access_log: cannot write to " + nowhere.file + ": No such file or directory");
    }
}

TEST_F(access_log_file, counts_what_it_cannot_take) {
    const access_log_settings full{access_log_place::file, "/dev/full"};
    access_log requests{quiet};
    requests.use(access_log::open(full));
    requests.write({.path = "/1"}, full);
    requests.write({.path = "/2"}, full);
    while (requests.dropped() < 2) {  // told by another thread
    }
}

}  // namespace
}  // namespace switchgear::gateway
