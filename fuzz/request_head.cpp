// A request that is accepted means one thing only: what is sent on is accepted too, and means the same.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "head_scan.hpp"
#include "header_rules.hpp"
#include "message_decoder.hpp"
#include "must.hpp"
#include "request_head.hpp"
#include "request_path.hpp"

using namespace switchgear::gateway;
using switchgear::fuzz::must;

namespace {

struct accepted {
    request_decoder decoder;
    request_head head;
    std::size_t length = 0;
};

bool accept(std::string_view bytes, accepted& into) {
    head_scan scan;
    if (scan.look(bytes) != head_scan::outcome::complete) return false;
    into.length = scan.length();
    into.decoder.begin();
    const std::string_view text = bytes.substr(0, into.length);
    if (!into.decoder.parse_head(text, into.head).empty()) {
        must(status_of_malformed(text) >= 400, "a malformed head has its status");
        return false;
    }
    return !check_request_head(into.head);
}

/// The body, fed in steps of `step` bytes. Empty if it is malformed or not complete.
std::optional<std::string> body_of(request_decoder& decoder, std::string_view bytes, std::size_t step) {
    std::string body;
    std::size_t used = 0;
    for (std::size_t there = std::min(step, bytes.size()); !decoder.done();) {
        const auto parsed = decoder.parse_body(bytes.substr(used, there - used));
        must(parsed.consumed <= there - used, "no more is consumed than there is");
        if (parsed.bad) return std::nullopt;
        for (const std::string_view piece : decoder.pieces()) body.append(piece);
        used += parsed.consumed;
        if (parsed.consumed > 0) continue;
        if (there == bytes.size()) break;
        there = std::min(there + step, bytes.size());
    }
    if (!decoder.done()) return std::nullopt;
    return body;
}

void check_path(const std::string& path) {
    must(path == "*" || path.starts_with('/'), "a path begins with a slash");
    must(path.find("//") == std::string::npos, "a path has no empty segment");
    must((path + "/").find("/../") == std::string::npos, "a path has no parent segment");
    const auto again = normalise_target(path);
    must(again && again->path == path, "a normalised path stays what it is");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input{reinterpret_cast<const char*>(data), size};
    accepted request;
    if (!accept(input, request)) return 0;
    const request_head& head = request.head;
    must(!(head.framing == body_framing::chunked && head.has_content_length), "a body is delimited in one way");

    const auto target = normalise_target(head.target);
    if (target) {
        check_path(target->path);
        std::string text;
        write_request_head(text, head, {target->path, target->query, "service.test", {"192.0.2.1", {}}});
        accepted sent;
        must(accept(text, sent), "what is sent on is well-formed");
        must(sent.length == text.size(), "what is sent on is one head");
        must(sent.head.method == head.method && sent.head.target == target->path + std::string{target->query},
             "what is sent on asks for the same");
        must(sent.head.framing == head.framing && sent.head.content_length == head.content_length,
             "what is sent on has the same body");
        must(sent.head.authority == "service.test", "what is sent on has one host");
        must(is_loop(sent.head), "what is sent on says where it came through");
    }

    const std::string_view rest = std::string_view{input}.substr(request.length);
    const auto whole = body_of(request.decoder, rest, rest.size() + 1);
    accepted stepwise;
    must(accept(input, stepwise), "the same bytes are judged the same");
    const auto in_steps = body_of(stepwise.decoder, rest, 1);
    must(whole == in_steps, "a body does not depend on how it arrives");
    return 0;
}
