#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <boost/url/parse.hpp>

#include "config_sections.hpp"

namespace switchgear::gateway {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::size_t longest_name = 128;

bool is_service_name(std::string_view name) {
    return !name.empty() && name.size() <= longest_name && std::ranges::all_of(name, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               std::string_view{"._~-"}.find(c) != std::string_view::npos;
    });
}

void read_health_check(config_reader& in, merged from, reading what, std::optional<health_check_settings>& out) {
    if (!from || from.is_off() || !in.section(from, {"path", "every", "timeout", "while"})) return;
    out.emplace().at = from.node()->at;
    const merged path = from.child("path");
    if (!path && what == reading::a_service) in.missing(*from.node(), "path", "what to ask for, such as /healthz");
    if (in.read(path, out->path) && !boost::urls::parse_origin_form(out->path)) {
        in.refuse(*path.node(),
                  fmt::format("\"{}\" is no path of a request: expected one such as /healthz", excerpt(out->path)));
    }
    in.read(from.child("every"), out->every, {milliseconds{100}, hours{1}});
    in.read(from.child("timeout"), out->timeout, {milliseconds{1}, hours{1}});
    // While the breaker is closed the calls themselves tell, so there is one word for now.
    enum class health_while { open };
    constexpr word<health_while> whiles[] = {{"open", health_while::open}};
    auto asked = health_while::open;
    in.read_word(from.child("while"), whiles, asked);
}

void read_endpoints(config_reader& in, const yaml_node& from, service& out) {
    const yaml_node* list = from.find("endpoints");
    if (list == nullptr) return in.missing(from, "endpoints", "at least one URL, such as [http://127.0.0.1:9000]");
    if (list->is == yaml_node::kind::list && list->children.empty()) in.refuse(*list, "has no endpoint");
    for (const yaml_node* item : in.items(*list, config_reader::single::refused)) read_endpoint(in, *item, out);
}

}  // namespace

void read_timeouts(config_reader& in, merged from, timeouts& out) {
    if (!in.section(from, {"connect", "request_headers", "first_byte", "between_bytes", "total", "idle"})) return;
    constexpr range<milliseconds> allowed{milliseconds{1}, hours{24}};
    const auto within = [&in, allowed](merged value, milliseconds& time) { return in.read(value, time, allowed); };
    in.read(from.child("connect"), out.connect, allowed);
    in.read(from.child("request_headers"), out.request_headers, allowed);
    in.read_optional(from.child("first_byte"), out.first_byte, within);
    in.read_optional(from.child("between_bytes"), out.between_bytes, within);
    in.read_optional(from.child("total"), out.total, within);
    in.read(from.child("idle"), out.idle, allowed);
}

void read_service(config_reader& in, merged from, reading what, const service& defaults, service& out) {
    in.read_word(from.child("host"), host_policy_words, out.host);
    read_breaker(in, from.section("breaker"), what, out.breaker);
    // The large ones are copied where they are inherited whole, rather than read again for every service.
    const merged rules = from.child("classify");
    if (rules.own == nullptr) {
        out.classify = defaults.classify;
    } else if (!rules.is_off()) {
        read_classify(in, *rules.own, out.classify);
    }
    in.read_word(from.child("on_failure"), failure_answer_words, out.on_failure);
    const merged fallback = from.child("fallback");
    if (fallback.own == nullptr) {
        out.fallback = defaults.fallback;
    } else {
        read_fallback(in, fallback, out.fallback);
    }
    read_health_check(in, from.child("health_check"), what, out.health_check);
    out.expose = out.breaker.scope != breaker_scope::key;
    in.read(from.child("expose"), out.expose);
    in.read_word(from.child("half_close"), half_close_policy_words, out.half_close);
    read_timeouts(in, from.section("timeouts"), out.timeouts);
}

void read_services(config_reader& in, const yaml_node& root, config& out) {
    service unnamed;
    const yaml_node* defaults = root.find("defaults");
    if (in.section({defaults}, {"host", "breaker", "classify", "on_failure", "fallback", "health_check", "expose",
                                "half_close", "timeouts"})) {
        read_service(in, {defaults}, reading::defaults, {}, unnamed);
        out.client_timeouts = unnamed.timeouts;
    } else {
        defaults = nullptr;
    }

    const yaml_node* list = root.find("services");
    if (list == nullptr)
        return in.missing(root, "services", "at least one, such as payments: {endpoints: [http://127.0.0.1:9000]}");
    if (!in.named_map(*list, "service")) return;
    for (const yaml_node* item : list->children) {
        service one{.name = item->name, .at = item->at};
        if (!is_service_name(item->name)) {
            in.refuse_key(*item, fmt::format("a service is named with 1 to {} of A-Z a-z 0-9 . _ ~ -", longest_name));
        }
        if (item->is == yaml_node::kind::null) {
            in.missing(*item, "endpoints", "at least one URL, such as [http://127.0.0.1:9000]");
        } else if (in.section({item}, {"endpoints", "host", "breaker", "classify", "on_failure", "fallback",
                                       "health_check", "expose", "half_close", "timeouts"})) {
            read_endpoints(in, *item, one);
            read_service(in, {item, defaults}, reading::a_service, unnamed, one);
        }
        out.client_timeouts.request_headers =
            std::max(out.client_timeouts.request_headers, one.timeouts.request_headers);
        // A broken one too, so that routes to it are not refused on top.
        out.services.push_back(std::move(one));
    }
}

}  // namespace switchgear::gateway
