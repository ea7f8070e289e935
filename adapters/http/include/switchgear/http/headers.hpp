#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string_view>

namespace switchgear::http {

/// Finds a header field by its name, whatever its letters' case: called with a name it returns the
/// value of the first such field, or nothing: a view, or a string of its own. So a library's field
/// container needs one lambda and no adapter:
///
///     auto of = [&](std::string_view name) -> std::optional<std::string_view> {
///         auto found = response.find(name);
///         if (found == response.end()) return std::nullopt;
///         return found->value();
///     };
template <class Lookup>
concept header_lookup = requires(const Lookup& of, std::string_view name) {
    { std::invoke(of, name) } -> std::convertible_to<std::optional<std::string_view>>;
};

/// The lookup of an answer that has no header fields.
struct no_headers {
    constexpr std::optional<std::string_view> operator()(std::string_view) const noexcept { return std::nullopt; }
};

}  // namespace switchgear::http
