#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "head_scan.hpp"
#include "message_decoder.hpp"
#include "request_head.hpp"

namespace switchgear::gateway {

/// A request's or an answer's head parsed from text that it keeps.
template <class Decoder>
struct parsed_head {
    explicit parsed_head(std::string head_text) : text{std::move(head_text)} {
        head_scan scan;
        if (scan.look(text) != head_scan::outcome::complete) throw std::invalid_argument{"no head: " + text};
        decoder.begin();
        const auto wrong = decoder.parse_head(std::string_view{text}.substr(0, scan.length()), head);
        if (!wrong.empty()) throw std::invalid_argument{std::string{wrong}};
    }
    parsed_head(const parsed_head&) = delete;
    parsed_head& operator=(const parsed_head&) = delete;

    std::string text;
    Decoder decoder;
    typename Decoder::head_type head;
};
using parsed_request = parsed_head<request_decoder>;
using parsed_answer = parsed_head<answer_decoder>;

}  // namespace switchgear::gateway
