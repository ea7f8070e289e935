// What a server writes into Retry-After is a wait within bounds or nothing, whatever it writes and
// whatever the wall clock says.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fuzzer/FuzzedDataProvider.h>

#include <switchgear/http/classify.hpp>
#include <switchgear/http/retry_after.hpp>

#include "must.hpp"

using namespace switchgear;
using switchgear::fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider input{data, size};
    // The years 1843 to 2223, from the end of the input, so that the text can be read in the seeds.
    const std::chrono::seconds since_1970{input.ConsumeIntegralInRange<std::int64_t>(-4'000'000'000, 8'000'000'000)};
    const std::chrono::milliseconds fraction{input.ConsumeIntegralInRange<int>(0, 999)};
    const http::wall_time now{since_1970 + fraction};
    const std::string text = input.ConsumeRemainingBytesAsString();

    for (const auto& hint : {http::parse_retry_after(text, now), http::parse_retry_after_ms(text)}) {
        if (!hint) continue;
        must(*hint >= duration::zero() && *hint <= http::longest_retry_after, "a hint is within its bounds");
        const auto again = http::parse_retry_after(http::format_retry_after(*hint), now);
        must(again && *again >= *hint, "what is written is never read back shorter");
        must(*again - *hint <= std::chrono::seconds{1}, "what is written is at most a second longer");
    }
    const verdict judged = http::classify(503, [&](auto) { return std::optional<std::string_view>{text}; }, now);
    must(judged.is_failure() && judged.failed_with() == failure_class::overloaded, "503 is an overload");
    return 0;
}
