#pragma once

#include <cstdint>

namespace switchgear {

class time_source;
class verdict;
class permit;
class breaker;
class registry;
class subscription;
class invalid_settings;
struct rejection;
struct settings;
struct snapshot;
struct transition;
struct order;
enum class state : std::uint8_t;
enum class override_mode : std::uint8_t;
enum class reject_reason : std::uint8_t;
enum class failure_class : std::uint8_t;
enum class cause : std::uint8_t;
enum class mode : std::uint8_t;
template <class T, class E>
class result;

}  // namespace switchgear
