// A configuration is loaded or refused, whatever the text: what is loaded is sound and can be shown, and
// what is refused has violations in the order of the file.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <switchgear/gateway/config_load.hpp>
#include <switchgear/gateway/config_text.hpp>

#include "must.hpp"

using namespace switchgear;
using switchgear::fuzz::must;

namespace {

void check_loaded(const gateway::config& all) {
    must(!all.listeners.empty() && !all.services.empty() && !all.routes.empty(), "nothing needed is missing");
    for (const auto& one : all.services) {
        must(!one.endpoints.empty(), "a service has an endpoint");
        must(validate(one.breaker.settings).empty(), "a breaker can be made of the settings");
        must((one.breaker.scope == gateway::breaker_scope::key) == !one.breaker.key_header.empty(),
             "a key has a header exactly if the scope asks for it");
    }
    for (const auto& one : all.routes) {
        must(one.service_index < all.services.size() && all.services[one.service_index].name == one.service,
             "a route leads to its service");
        must(one.path_prefix.starts_with('/'), "a prefix begins with a slash");
    }
    must(boost::json::parse(gateway::config_json(all)).is_object(), "what is in force can be shown");
}

void check_refused(const std::vector<gateway::config_violation>& found, std::string_view text) {
    must(!found.empty() && found.size() <= 1'001, "there are violations, and not without end");
    must(std::ranges::is_sorted(
             found.begin(), found.end() - 1,
             [](const auto& a, const auto& b) { return std::pair{a.line, a.column} < std::pair{b.line, b.column}; }),
         "violations are in the order of the file");
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    for (const auto& one : found) {
        must(one.line <= lines, "a violation is within the file");
        must(to_string(one).find('\n') == std::string::npos, "a violation is one line");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto loaded = gateway::load_config(text, "F");
    if (loaded) {
        check_loaded(*loaded);
    } else {
        check_refused(loaded.error(), text);
    }
    return 0;
}
