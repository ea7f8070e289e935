#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "config_sections.hpp"

namespace switchgear::gateway {
namespace {

constexpr std::size_t most_rules = 100;
constexpr range<std::size_t> final_status{200, 599};

/// Reads `404` and `[429, 503]` alike.
template <class T, class Read>
void read_one_or_many(config_reader& in, const yaml_node& value, std::vector<T>& out, Read read_one) {
    const auto items = in.items(value, config_reader::single::allowed, final_status.most - final_status.least + 1);
    if (value.is == yaml_node::kind::list && items.empty())
        in.refuse(value, "is empty, so that the rule matches nothing");
    for (const yaml_node* item : items) {
        if (const std::optional<T> one = read_one(*item)) out.push_back(*one);
    }
}

/// What earlier rules leave for later ones.
class coverage {
public:
    /// Returns: the line of the earlier rule that takes all this one could; 0: none.
    std::uint32_t taken(std::uint16_t status, rule_condition when) const {
        return std::max(lines_[0][status], when == rule_condition::retry_after ? lines_[1][status] : 0);
    }
    std::uint32_t taken(http::transport_error error) const { return errors_[static_cast<std::size_t>(error)]; }
    void take(std::uint16_t status, rule_condition when, std::uint32_t line) {
        lines_[when == rule_condition::retry_after ? 1 : 0][status] = line;
    }
    void take(http::transport_error error, std::uint32_t line) { errors_[static_cast<std::size_t>(error)] = line; }

private:
    std::array<std::array<std::uint32_t, 600>, 2> lines_{};
    std::array<std::uint32_t, 7> errors_{};
};

void refuse_hidden(config_reader& in, const yaml_node& item, std::uint32_t line) {
    in.refuse(item, fmt::format("{} never comes here: the rule on line {} takes it first", excerpt(item.text), line));
}

void read_statuses(config_reader& in, const yaml_node& value, coverage& before, classify_rule& rule) {
    read_one_or_many(in, value, rule.statuses, [&](const yaml_node& item) -> std::optional<std::uint16_t> {
        std::size_t number = 0;
        if (!in.read_count({&item}, number, final_status)) return std::nullopt;
        const auto status = static_cast<std::uint16_t>(number);
        if (const auto line = before.taken(status, rule.when); line != 0) refuse_hidden(in, item, line);
        before.take(status, rule.when, item.at.line);
        return status;
    });
}

void read_errors(config_reader& in, const yaml_node& value, coverage& before, classify_rule& rule) {
    read_one_or_many(in, value, rule.errors, [&](const yaml_node& item) -> std::optional<http::transport_error> {
        auto error = http::transport_error::dns;
        if (!in.read_word(item, transport_error_words, error)) return std::nullopt;
        if (const auto line = before.taken(error); line != 0) refuse_hidden(in, item, line);
        before.take(error, item.at.line);
        return error;
    });
}

void read_rule(config_reader& in, const yaml_node& item, coverage& before, classify_rule& rule) {
    const merged from{&item};
    rule.at = item.at;
    const merged when = from.child("when");
    if (in.read_word(when, rule_condition_words, rule.when)) rule.when = rule_condition::retry_after;
    const merged status = from.child("status");
    const merged error = from.child("error");
    if (!status && !error) in.refuse(item, "matches nothing: needs status or error");
    if (status && error) in.refuse_key(*error.node(), "is given beside status: a rule is for one of the two");
    if (status) read_statuses(in, *status.node(), before, rule);
    if (error && !status) read_errors(in, *error.node(), before, rule);
    if (when && error && !status) in.refuse_key(*when.node(), "has no effect: an error comes without a Retry-After");

    const merged as = from.child("as");
    if (!as) in.missing(item, "as", "success, failure, trip or ignored");
    const bool has_verdict = in.read_word(as, rule_verdict_words, rule.as);
    const merged failed_with = from.child("class");
    if (!failed_with) return;
    auto named = failure_class::error;
    if (in.read_word(failed_with, failure_class_words, named)) rule.failed_with = named;
    if (has_verdict && (rule.as == rule_verdict::success || rule.as == rule_verdict::ignored)) {
        in.refuse_key(*failed_with.node(), fmt::format("has no effect with as: {}", to_string(rule.as)));
    }
}

}  // namespace

void read_classify(config_reader& in, const yaml_node& list, std::vector<classify_rule>& out) {
    coverage before;
    for (const yaml_node* item : in.items(list, config_reader::single::refused, most_rules)) {
        if (item->is == yaml_node::kind::null) in.refuse(*item, "matches nothing: needs status or error");
        if (!in.section({item}, {"status", "error", "as", "class", "when"})) continue;
        read_rule(in, *item, before, out.emplace_back());
    }
}

}  // namespace switchgear::gateway
