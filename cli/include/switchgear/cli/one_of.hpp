#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace switchgear::cli {

/// For CLI::Option::transform(): an option that takes one of a few words and stands for an enumerator. Anything
/// else is refused in words ("yaml: must be text or json"); the help says nothing more than the type's name.
/// Requires: at least one word.
template <class Enum>
CLI::Validator one_of(std::vector<std::pair<std::string, Enum>> words) {
    static_assert(std::is_enum_v<Enum>);
    const auto take = [words = std::move(words)](std::string& given) -> std::string {
        std::string all;
        for (std::size_t i = 0; i < words.size(); ++i) {
            const auto& [word, means] = words[i];
            if (word == given) {
                // The library reads an enumerator from its number.
                given = std::to_string(static_cast<std::underlying_type_t<Enum>>(means));
                return {};
            }
            if (i > 0) all += i + 1 == words.size() ? " or " : ", ";
            all += word;
        }
        return given + ": must be " + all;
    };
    return {take, ""};
}

}  // namespace switchgear::cli
