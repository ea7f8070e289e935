// A line of a recording is a call within its ranges, no call at all, or bad with a reason in one printable line:
// whatever the text, in each of the three formats.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <switchgear/simulation/recording.hpp>

#include "fields.hpp"
#include "line_format.hpp"
#include "must.hpp"

using namespace switchgear::simulation;
using switchgear::fuzz::must;

namespace {

bool is_one_printable_line(std::string_view text) {
    return !text.empty() && text.size() < 1'000 &&
           std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= ' '; });
}

void check(line_format& format, std::string_view line) {
    call_line read;
    std::string why;
    switch (format.read(line, read, why)) {
        case line_kind::call:
            must(read.start.count() >= 0 && read.start <= latest_time, "a call begins within the range");
            must(read.lasts.count() >= 0 && read.lasts <= longest_call, "a call lasts within the range");
            must(!read.how.retry_after() || read.how.is_failure(), "only a failure has a hint");
            break;
        case line_kind::other:
        case line_kind::lacks: must(why.empty(), "what is rightly no call has no reason"); break;
        case line_kind::bad: must(is_one_printable_line(why), "a bad line has a reason"); break;
    }
}

std::unique_ptr<line_format> format_for(std::string_view first) {
    switch (guess_format(first)) {
        case recording_format::json: return json_format();
        case recording_format::combined: return combined_format();
        case recording_format::csv: break;
    }
    return csv_format(first, "F");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text{reinterpret_cast<const char*>(data), size};
    try {
        const auto format = format_for(text.substr(0, text.find('\n')));
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            check(*format, text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
    } catch (const unreadable_recording& error) {
        must(is_one_printable_line(error.what()), "a file that is none has a reason");
    }
    return 0;
}
