#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "config_marked_text.hpp"

namespace switchgear::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::with_service;

class config_check : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "switchgear-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string write(const std::string& name, const std::string& text) const {
        const std::string path = (folder_ / name).string();
        std::ofstream{path, std::ios::binary} << text;
        return path;
    }
    int check(const std::string& path, output_format format = output_format::text) {
        out_.str({});
        err_.str({});
        return check_config(path, out_, err_, format);
    }
    std::string out() const { return out_.str(); }
    std::string err() const { return err_.str(); }
    std::string folder() const { return folder_.string(); }

private:
    std::filesystem::path folder_;
    std::ostringstream out_;
    std::ostringstream err_;
};

TEST_F(config_check, a_good_file_is_one_line_and_exit_code_0) {
    const std::string path = write("a.yaml", with_service("  b: {endpoints: [http://b]}\n"));
    EXPECT_EQ(check(path), 0);
    EXPECT_EQ(out(), path + ": ok: 1 listener, 2 services, 1 route\n");
    EXPECT_EQ(err(), "");
}

TEST_F(config_check, a_bad_file_is_a_line_for_each_violation_and_exit_code_2) {
    const std::string path = write("a.yaml", with_service("    host: mine\n    what: 1\n"));
    EXPECT_EQ(check(path), 2);
    EXPECT_EQ(out(), "");
    EXPECT_THAT(err(), StartsWith(path + ":6:11: services.a.host: unknown word \"mine\""));
    EXPECT_THAT(err(), HasSubstr("\n" + path + ":7:5: services.a.what: unknown key"));
}

TEST_F(config_check, as_json_a_good_file_has_its_numbers) {
    const std::string path = write("a.yaml", with_service(""));
    EXPECT_EQ(check(path, output_format::json), 0);
    const auto shown = boost::json::parse(out());
    EXPECT_EQ(shown.at("ok"), true);
    EXPECT_EQ(shown.at("services"), 1);
}

TEST_F(config_check, as_json_a_bad_file_has_its_violations_and_exit_code_2) {
    const std::string path = write("a.yaml", with_service("    host: mine\n"));
    EXPECT_EQ(check(path, output_format::json), 2);
    const auto shown = boost::json::parse(out());
    EXPECT_EQ(shown.at("ok"), false);
    const auto& one = shown.at_pointer("/violations/0");
    EXPECT_EQ(one.at("file").as_string(), path);
    EXPECT_EQ(one.at("line"), 6);
    EXPECT_EQ(one.at("column"), 11);
    EXPECT_EQ(one.at("path"), "services.a.host");
}

TEST_F(config_check, a_file_that_cannot_be_read_is_said_so_in_words) {
    EXPECT_EQ(check(folder() + "/none.yaml"), 2);
    EXPECT_EQ(err(), folder() + "/none.yaml: cannot be read: No such file or directory\n");
    EXPECT_EQ(check(folder()), 2);
    EXPECT_EQ(err(), folder() + ": cannot be read: Is a directory\n");
}

TEST_F(config_check, a_file_that_never_ends_is_refused_by_its_size) {
    EXPECT_EQ(check("/dev/zero"), 2);
    EXPECT_THAT(err(), HasSubstr("a configuration is at most"));
}

TEST_F(config_check, certificates_that_can_be_read_are_accepted) {
    const std::string pem = write("server.pem", "-----BEGIN CERTIFICATE-----\n");
    const std::string yaml = "listeners: [{address: 127.0.0.1:8443, tls: {certificate: " + pem + ", key: " + pem +
                             "}}]\n"
                             "services: {a: {endpoints: [http://h]}}\nroutes: [{service: a}]\n";
    const auto loaded = load_config(yaml, "F");
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->listeners.at(0).tls, (tls_files{pem, pem}));
}

TEST_F(config_check, an_empty_certificate_and_a_folder_are_refused) {
    const std::string empty = write("empty.pem", "");
    const std::string path =
        write("a.yaml", "listeners: [{address: 127.0.0.1:8443, tls: {certificate: " + empty + ", key: " + folder() +
                            "}}]\nservices: {a: {endpoints: [http://h]}}\nroutes: [{service: a}]\n");
    EXPECT_EQ(check(path), 2);
    EXPECT_THAT(err(), HasSubstr("listeners[0].tls.certificate: the file"));
    EXPECT_THAT(err(), HasSubstr("listeners[0].tls.key: the file"));
}

}  // namespace
}  // namespace switchgear::gateway
