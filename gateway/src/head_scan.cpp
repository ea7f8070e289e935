#include "head_scan.hpp"

#include <cstring>

namespace switchgear::gateway {

head_scan::outcome head_scan::look(std::string_view buffer) noexcept {
    const auto refuse = [&](std::string_view problem) {
        problem_ = problem;
        return outcome::bad;
    };
    while (line_ < buffer.size()) {
        const char* const begin = buffer.data() + line_;
        const std::size_t rest = buffer.size() - line_;
        if (lines_ > 0 && (*begin == ' ' || *begin == '\t'))
            return refuse("a header field is folded over several lines");
        const auto* const end = static_cast<const char*>(std::memchr(begin, '\n', rest));
        const auto* const carriage_return = static_cast<const char*>(
            std::memchr(begin, '\r', end == nullptr ? rest : static_cast<std::size_t>(end - begin)));
        if (carriage_return != nullptr && carriage_return + 1 != end && carriage_return + 1 != begin + rest) {
            return refuse("a CR without LF in the head");
        }
        if (end == nullptr) return outcome::incomplete;
        if (carriage_return == nullptr) return refuse("a LF without CR in the head");
        const auto length = static_cast<std::size_t>(end - begin) + 1;
        if (std::memchr(begin, '\0', length) != nullptr) return refuse("a NUL in the head");
        line_ += length;
        ++lines_;
        if (length == 2 && lines_ > 1) return outcome::complete;
    }
    return outcome::incomplete;
}

}  // namespace switchgear::gateway
