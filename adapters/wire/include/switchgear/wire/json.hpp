#pragma once

#include <vector>

#include <boost/json/value.hpp>

#include <switchgear/result.hpp>
#include <switchgear/settings.hpp>

namespace switchgear::wire {

/// What was read; or everything that is wrong with it, each with the path of its field ("trip.window.last").
template <class T>
using parsed = result<T, std::vector<violation>>;

/// Reads T from its JSON form, the one that `to_json` writes. The headers beside this one say which types
/// have one.
template <class T>
[[nodiscard]] parsed<T> from_json(const boost::json::value&);

/// Settings as they stand in a configuration file: the same words, durations as texts ("5s"), null for what
/// is off. Members are in the order of the C++ struct. What it writes reads back the same; a number with more
/// than 15 digits may differ in its last place, because Boost.JSON 1.81 does not read those exactly.
[[nodiscard]] boost::json::object to_json(const settings&);

/// Members that are missing keep their default; "off" is taken for null, and "50%" for 0.5. Refuses unknown
/// members, wrong types, and all that `validate` refuses.
template <>
[[nodiscard]] parsed<settings> from_json<settings>(const boost::json::value&);

}  // namespace switchgear::wire
