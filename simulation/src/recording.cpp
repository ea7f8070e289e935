#include <switchgear/simulation/recording.hpp>

#include <functional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "call_order.hpp"
#include "fields.hpp"
#include "line_format.hpp"
#include "line_source.hpp"

namespace switchgear::simulation {
namespace {

using std::chrono::nanoseconds;

std::string_view trimmed_front(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view{} : line.substr(first);
}

/// Gives texts numbers, in order of appearance.
class key_table {
public:
    key_table() { number_of(""); }

    std::uint32_t number_of(std::string_view key) {
        // Most recordings have one key, or the same one several times in a row.
        if (!names_.empty() && names_[last_] == key) return last_;
        const auto found = numbers_.find(key);
        if (found != numbers_.end()) return last_ = found->second;
        last_ = static_cast<std::uint32_t>(names_.size());
        names_.emplace_back(key);
        numbers_.emplace(names_.back(), last_);
        return last_;
    }
    const std::vector<std::string>& names() const noexcept { return names_; }

private:
    struct hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::vector<std::string> names_{};
    std::unordered_map<std::string, std::uint32_t, hash, std::equal_to<>> numbers_{};
    std::uint32_t last_ = 0;
};

}  // namespace

recording_format guess_format(std::string_view first_line) {
    const std::string_view text = trimmed_front(first_line);
    if (text.starts_with('{')) return recording_format::json;
    const std::size_t bracket = text.find(" [");
    if (bracket != std::string_view::npos && text.find("] \"", bracket) != std::string_view::npos)
        return recording_format::combined;
    return recording_format::csv;
}

std::string_view to_string(recording_format format) noexcept {
    switch (format) {
        case recording_format::csv: return "csv";
        case recording_format::json: return "json";
        case recording_format::combined: return "combined";
    }
    return "";
}

class recording::reader {
public:
    explicit reader(options with) : with_{std::move(with)}, lines_{with_.path} {
        const auto first = next_line();
        if (!first) throw unreadable_recording(fmt::format("{}: the file is empty", lines_.name()));
        if (first->find('\0') != std::string_view::npos)
            throw unreadable_recording(fmt::format("{}: it is no text, and not compressed by gzip", lines_.name()));
        format_ = with_.format.value_or(guess_format(*first));
        switch (format_) {
            case recording_format::csv:
                parser_ = csv_format(*first, lines_.name());
                held_.reset();
                break;
            case recording_format::json:
                parser_ = json_format();
                held_ = first;
                break;
            case recording_format::combined:
                parser_ = combined_format();
                held_ = first;
                break;
        }
        order_ = call_order{tolerance()};
    }

    std::optional<recorded_call> next() {
        while (true) {
            if (auto call = order_.next()) return call;
            if (at_end_) return std::nullopt;
            take_line();
        }
    }

    recording_format format() const noexcept { return format_; }
    nanoseconds tolerance() const noexcept {
        return format_ == recording_format::csv ? std::chrono::seconds{10} : std::chrono::minutes{2};
    }
    const counts& counted() const noexcept { return counts_; }
    const std::vector<std::string>& keys() const noexcept { return keys_.names(); }

private:
    /// The next line with something in it.
    std::optional<std::string_view> next_line() {
        if (held_) return std::exchange(held_, std::nullopt);
        while (true) {
            const auto line = lines_.next();
            if (!line || !trimmed_front(*line).empty()) return line;
        }
    }

    void take_line() {
        const auto line = next_line();
        if (!line) {
            at_end_ = true;
            order_.end();
            return;
        }
        call_line read;
        why_.clear();
        if (lines_.was_cut()) return refuse(fmt::format("longer than {} bytes", line_source::longest_line));
        const line_kind kind = parser_->read(*line, read, why_);
        if (kind == line_kind::bad) return refuse(why_);
        if (kind == line_kind::other || !is_asked_for(read)) {
            ++counts_.other;
            return;
        }
        const recorded_call call{read.start, read.lasts, read.how, keys_.number_of(read.key)};
        if (!order_.add(call)) {
            return refuse(fmt::format("it began at {}, more than {} s before a call above", format_seconds(call.start),
                                      format_seconds(tolerance())));
        }
        ++counts_.lines;
    }

    bool is_asked_for(const call_line& read) const {
        return with_.service.empty() || read.service.empty() || read.service == with_.service;
    }

    void refuse(std::string why) {
        ++counts_.lines;
        ++counts_.bad;
        if (counts_.first_bad.size() < most_shown) counts_.first_bad.push_back({lines_.number(), std::move(why)});
    }

    options with_;
    line_source lines_;
    recording_format format_ = recording_format::csv;
    std::unique_ptr<line_format> parser_{};
    call_order order_{nanoseconds::zero()};
    key_table keys_{};
    counts counts_{};
    /// The first line, if it is no header.
    std::optional<std::string_view> held_{};
    std::string why_{};
    bool at_end_ = false;
};

recording::recording(options with) : reader_{std::make_unique<reader>(std::move(with))} {}
recording::~recording() = default;

std::optional<recorded_call> recording::next() { return reader_->next(); }
recording_format recording::format() const noexcept { return reader_->format(); }
nanoseconds recording::tolerance() const noexcept { return reader_->tolerance(); }
const recording::counts& recording::counted() const noexcept { return reader_->counted(); }
const std::vector<std::string>& recording::keys() const noexcept { return reader_->keys(); }

}  // namespace switchgear::simulation
