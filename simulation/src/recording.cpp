#include <switchgear/simulation/recording.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "call_order.hpp"
#include "fields.hpp"
#include "jump_watch.hpp"
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

recording_format guess_format(std::string_view line) {
    const std::string_view text = trimmed_front(line);
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
        const auto first = read_line();
        if (!first) throw unreadable_recording(fmt::format("{}: the file is empty", lines_.name()));
        if (first->text.find('\0') != std::string_view::npos)
            throw unreadable_recording(fmt::format("{}: it is no text, and not compressed by gzip", lines_.name()));
        hold(*first);
        format_ = with_.format.value_or(guess_format(first->text));
        if (format_ == recording_format::csv) {
            begin_csv();
        } else {
            parser_ = log_format(format_);
        }
        order_ = call_order{tolerance()};
        watch_ = jump_watch{tolerance()};
    }

    std::optional<recorded_call> next() {
        while (true) {
            if (auto call = order_.next()) return call;
            if (const auto told = watch_.next()) {
                put_in_order(*told);
            } else if (!at_end_) {
                take_line();
            } else if (!std::exchange(order_ended_, true)) {
                order_.end();
            } else {
                return std::nullopt;
            }
        }
    }

    recording_format format() const noexcept { return format_; }
    nanoseconds tolerance() const noexcept {
        return format_ == recording_format::csv ? std::chrono::seconds{10} : std::chrono::minutes{2};
    }
    const counts& counted() const noexcept { return counts_; }
    std::string doubt() const { return parser_->doubt(); }
    const std::vector<std::string>& keys() const noexcept { return keys_.names(); }
    key_meaning keys_are() const noexcept { return keys_are_; }
    const std::vector<std::string>& services() const noexcept { return services_.names(); }

private:
    struct line {
        std::string_view text;
        std::uint64_t number;
        bool cut;
    };
    struct held_line {
        std::string text;
        std::uint64_t number;
        bool cut;
    };

    static std::unique_ptr<line_format> log_format(recording_format which) {
        return which == recording_format::json ? json_format() : combined_format();
    }

    /// A log may begin within a line, as what `tail -c` gives does; then its next lines tell the format.
    void begin_csv() {
        try {
            parser_ = csv_format(held_.front().text, lines_.name());
            held_.pop_front();
        } catch (const unreadable_recording&) {
            if (with_.format) throw;
            format_ = format_of_next_lines();
            if (format_ == recording_format::csv) throw;
            parser_ = log_format(format_);
        }
    }

    recording_format format_of_next_lines() {
        constexpr std::size_t most_lines = 4;
        for (std::size_t i = 0; i < most_lines; ++i) {
            const auto another = read_line();
            if (!another) break;
            hold(*another);
            const recording_format seen = guess_format(another->text);
            if (seen != recording_format::csv) return seen;
        }
        return recording_format::csv;
    }

    void hold(const line& one) { held_.push_back({std::string{one.text}, one.number, one.cut}); }

    /// The next line of the file with something in it.
    std::optional<line> read_line() {
        while (true) {
            const auto text = lines_.next();
            if (!text) return std::nullopt;
            if (!trimmed_front(*text).empty()) return line{*text, lines_.number(), lines_.was_cut()};
        }
    }

    void take_line() {
        if (held_.empty()) {
            const auto next = read_line();
            if (next) return take(*next);
            at_end_ = true;
            watch_.end();
        } else {
            const held_line next = std::move(held_.front());
            held_.pop_front();
            take({next.text, next.number, next.cut});
        }
    }

    void take(const line& given) {
        call_line read;
        why_.clear();
        if (given.cut) return refuse(given.number, fmt::format("longer than {} bytes", line_source::longest_line));
        const line_kind kind = parser_->read(given.text, read, why_);
        if (kind == line_kind::bad) return refuse(given.number, why_);
        if (kind == line_kind::call) services_.number_of(read.service);
        if (kind == line_kind::lacks) ++counts_.lacking;
        if (kind != line_kind::call || !is_asked_for(read)) {
            ++counts_.other;
            return;
        }
        watch_.add({read.start, read.lasts, read.how, keys_.number_of(key_of(read))}, given.number);
    }

    /// Valid until the next call.
    std::string_view key_of(const call_line& read) {
        if (with_.keys == key_source::endpoint) return read.endpoint;
        if (read.key.empty()) return with_.keys == key_source::any ? read.breaker : std::string_view{};
        keys_are_ = key_meaning::keys;
        if (read.service.empty() || !with_.service.empty()) return read.key;
        key_.assign(read.service).append("/").append(read.key);
        return key_;
    }

    void put_in_order(const jump_watch::judged& told) {
        if (told.believed && order_.add(told.call)) {
            ++counts_.lines;
            counts_.without_key += told.call.key == 0;
            return;
        }
        if (told.believed && !took_too_long(told.call)) ++counts_.late;
        refuse(told.line, why_out_of_order(told));
    }

    /// A line of a log stands where its call ended.
    bool took_too_long(const recorded_call& call) const noexcept {
        return format_ != recording_format::csv && call.lasts > tolerance();
    }

    std::string why_out_of_order(const jump_watch::judged& told) const {
        const std::string most = format_seconds(tolerance());
        if (told.believed && took_too_long(told.call)) {
            return fmt::format("it took {} s; in a log, calls of more than {} s cannot be put in order",
                               format_seconds(told.call.lasts), most);
        }
        return fmt::format("it began at {}, more than {} s {}", format_seconds(told.call.start), most,
                           told.believed ? "before a call above" : "after most of the calls below");
    }

    bool is_asked_for(const call_line& read) const {
        return with_.service.empty() || read.service.empty() || read.service == with_.service;
    }

    void refuse(std::uint64_t number, std::string why) {
        ++counts_.lines;
        ++counts_.bad;
        // A line that had to wait is told after some below it.
        auto& shown = counts_.first_bad;
        if (shown.size() == most_shown && shown.back().number < number) return;
        shown.insert(std::ranges::upper_bound(shown, number, {}, &bad_line::number), {number, std::move(why)});
        if (shown.size() > most_shown) shown.pop_back();
    }

    options with_;
    line_source lines_;
    recording_format format_ = recording_format::csv;
    std::unique_ptr<line_format> parser_{};
    jump_watch watch_{nanoseconds::zero()};
    call_order order_{nanoseconds::zero()};
    key_table keys_{};
    key_table services_{};
    key_meaning keys_are_ = key_meaning::breakers;
    counts counts_{};
    /// Lines that were looked at to tell the format.
    std::deque<held_line> held_{};
    std::string why_{};
    std::string key_{};
    bool at_end_ = false;
    bool order_ended_ = false;
};

recording::recording(options with) : reader_{std::make_unique<reader>(std::move(with))} {}
recording::~recording() = default;

std::optional<recorded_call> recording::next() { return reader_->next(); }
recording_format recording::format() const noexcept { return reader_->format(); }
nanoseconds recording::tolerance() const noexcept { return reader_->tolerance(); }
const recording::counts& recording::counted() const noexcept { return reader_->counted(); }
std::string recording::doubt() const { return reader_->doubt(); }
const std::vector<std::string>& recording::keys() const noexcept { return reader_->keys(); }
key_meaning recording::keys_are() const noexcept { return reader_->keys_are(); }
const std::vector<std::string>& recording::services() const noexcept { return reader_->services(); }

}  // namespace switchgear::simulation
