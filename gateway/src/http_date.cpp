#include "http_date.hpp"

#include <fmt/format.h>

namespace switchgear::gateway {

std::string_view http_date::at(std::time_t second) {
    if (second != second_) {
        constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        std::tm parts{};
        gmtime_r(&second, &parts);
        // Not strftime, whose names are those of the locale.
        fmt::format_to_n(text_.data(), text_.size(), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                         days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                         months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1'900, parts.tm_hour,
                         parts.tm_min, parts.tm_sec);
        second_ = second;
    }
    return {text_.data(), text_.size()};
}

}  // namespace switchgear::gateway
