// What comes over the admin API is taken whole or refused with reasons; what is taken can be written and
// read again without a change.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/error_code.hpp>

#include <switchgear/wire/json.hpp>
#include <switchgear/wire/requests.hpp>
#include <switchgear/wire/units.hpp>
#include <switchgear/wire/views.hpp>

#include "must.hpp"

using namespace switchgear;
using switchgear::fuzz::must;

namespace {

/// Equal, but for the last places of a number with more than 15 digits, which Boost.JSON 1.81 does not read
/// exactly.
bool same(const boost::json::value& a, const boost::json::value& b) {
    if (a.is_object() && b.is_object()) {
        const auto& other = b.get_object();
        return a.get_object().size() == other.size() && std::ranges::all_of(a.get_object(), [&](const auto& member) {
                   const auto* found = other.if_contains(member.key());
                   return found != nullptr && same(member.value(), *found);
               });
    }
    if (a.is_double() && b.is_double()) {
        const double x = a.get_double(), y = b.get_double();
        return x == y || std::abs(x - y) <= 1e-15 * std::max(std::abs(x), std::abs(y));
    }
    return a == b;
}

template <class T>
void read_and_write(const boost::json::value& given) {
    const auto taken = wire::from_json<T>(given);
    if (!taken) {
        must(!taken.error().empty(), "a refusal has a reason");
        for (const auto& wrong : taken.error()) must(!wrong.message.empty(), "a reason has words");
        return;
    }
    const boost::json::value written = wire::to_json(*taken);
    const auto again = wire::from_json<T>(boost::json::parse(boost::json::serialize(written)));
    must(again.has_value(), "what is written can be read");
    must(same(wire::to_json(*again), written), "what is read back is the same");
}

void read_units(std::string_view text) {
    if (const auto duration = wire::parse_duration(text)) {
        must(wire::parse_duration(wire::format_duration(*duration)) == duration, "a duration comes back the same");
    }
    if (const auto bytes = wire::parse_size(text)) {
        must(wire::parse_size(wire::format_size(*bytes)) == bytes, "a size comes back the same");
    }
    if (const auto ratio = wire::parse_ratio(text)) must(*ratio == *ratio, "a ratio is a number");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    read_units(text);

    boost::system::error_code error;
    const auto given = boost::json::parse({text.data(), text.size()}, error);
    if (error) return 0;
    read_and_write<settings>(given);
    read_and_write<wire::breaker_view>(given);
    read_and_write<wire::transition_view>(given);
    read_and_write<wire::order_view>(given);
    read_and_write<wire::override_request>(given);
    read_and_write<wire::reset_request>(given);
    read_and_write<wire::trip_request>(given);
    return 0;
}
