#pragma once

#include <string_view>

namespace switchgear::simulation {

/// page/report.html, with {{TITLE}}, {{SUMMARY}} and {{DATA}} to be filled in.
extern const std::string_view report_page;

}  // namespace switchgear::simulation
