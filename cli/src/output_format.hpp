#pragma once

namespace switchgear::cli {

/// How a command prints.
enum class output_format { text, json };

}  // namespace switchgear::cli
