#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include <switchgear/simulation/recording.hpp>

namespace switchgear::simulation {

/// A file that is gone after the test.
class recording_file {
public:
    explicit recording_file(std::string_view content) {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        static int number = 0;
        path_ = std::filesystem::path{testing::TempDir()} /
                (std::string{test->test_suite_name()} + "." + test->name() + std::to_string(++number));
        std::ofstream{path_, std::ios::binary} << content;
    }
    ~recording_file() { std::filesystem::remove(path_); }
    recording_file(const recording_file&) = delete;
    recording_file& operator=(const recording_file&) = delete;

    std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

inline std::string gzipped(std::string_view text) {
    std::string out(compressBound(static_cast<uLong>(text.size())) + 64, '\0');
    z_stream stream{};
    constexpr int with_gzip_header = 15 + 16;
    deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, with_gzip_header, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

/// Everything in a recording.
struct read_recording {
    std::vector<recorded_call> calls{};
    recording::counts counts{};
    std::vector<std::string> keys{};
    key_meaning keys_are{};
    std::vector<std::string> services{};
    recording_format format{};

    explicit read_recording(std::string_view content, recording::options with = {}) {
        const recording_file file{content};
        with.path = file.path();
        recording from{with};
        while (const auto call = from.next()) calls.push_back(*call);
        counts = from.counted();
        keys = from.keys();
        keys_are = from.keys_are();
        services = from.services();
        format = from.format();
    }
};

}  // namespace switchgear::simulation
