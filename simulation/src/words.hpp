#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <switchgear/simulation/recorded_call.hpp>
#include <switchgear/simulation/recording.hpp>

/// Numbers as people read them.
namespace switchgear::simulation {

/// 0.0042 -> "0.42 %"
std::string share_words(double share);
/// Three digits: "1.25", "1250".
std::string number_words(double value);
/// 1, "call" -> "1 call"; 2, "call" -> "2 calls"
std::string counted(std::uint64_t number, std::string_view what);
/// "12 ms", "3.4 s", "5 min 20 s", "2 h 5 min", "3 d 4 h".
std::string time_words(std::chrono::nanoseconds);
/// How long calls took, of a quantile: "within 12 ms", and at the ends "below 0.1 ms" and "in more than 200 s".
std::string within_words(std::chrono::nanoseconds quantile);
/// The same as a thing: "12 ms", "below 0.1 ms", "more than 200 s".
std::string latency_words(std::chrono::nanoseconds quantile);
/// What one of them is called: "key" or "breaker".
std::string_view noun(key_meaning) noexcept;
/// An instant of a recording: "2024-11-22 15:31:00.250 UTC" if it counts from 1970, else "12.25 s".
std::string instant_words(recorded_time);

}  // namespace switchgear::simulation
