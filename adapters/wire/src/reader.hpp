#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <switchgear/settings.hpp>
#include <switchgear/wire/views.hpp>
#include <switchgear/wire/words.hpp>

/// Reading JSON into our structs: `read` for each kind of field, and `object_reader` for their members. What
/// does not fit leaves its field as it was and is noted; reading goes on, so that all of it is told.
namespace switchgear::wire {

/// Which field is being read, and where to tell what is wrong with it.
class place {
public:
    place(std::string path, std::vector<violation>& found) : path_{std::move(path)}, found_{&found} {}

    place member(std::string_view name) const;
    void refuse(std::string_view why) const;
    /// Tells the value and what would have been right.
    void refuse(const boost::json::value& given, std::string_view allowed) const;

private:
    std::string path_;
    std::vector<violation>* found_;
};

/// A field whose texts may be in percent.
template <class T>
struct as_ratio {
    T& into;
};
/// A count and the range allowed, which is told of a number that the field cannot even hold. Whether one that it holds
/// is within it is for `validate` to say.
template <class T>
struct as_count {
    T& into;
    std::uint32_t least, most;
};
/// A duration that is written as a number of milliseconds.
struct as_number_of_ms {
    std::chrono::milliseconds& into;
};

void read(const boost::json::value&, const place&, bool& into);
void read(const boost::json::value&, const place&, std::uint32_t& into);
void read(const boost::json::value&, const place&, std::uint64_t& into);
void read(const boost::json::value&, const place&, double& into);
void read(const boost::json::value&, const place&, std::string& into);
/// A text such as "5s".
void read(const boost::json::value&, const place&, std::chrono::milliseconds& into);
void read(const boost::json::value&, const place&, wall_time& into);
void read(const boost::json::value&, const place&, as_ratio<double>);
void read(const boost::json::value&, const place&, as_number_of_ms);
void read(const boost::json::value&, const place&, as_count<std::uint32_t>);

bool is_off(const boost::json::value&) noexcept;

template <class Enum>
    requires std::is_enum_v<Enum>
void read(const boost::json::value& from, const place& at, Enum& into) {
    if (const auto* text = from.if_string()) {
        if (const auto value = from_string<Enum>({text->data(), text->size()})) {
            into = *value;
            return;
        }
    }
    std::string words;
    for_each_enumerator<Enum>(
        [&](Enum value) { words += (words.empty() ? "" : ", ") + std::string{to_string(value)}; });
    at.refuse(from, "one of " + words);
}

/// Null and "off" empty it.
template <class T>
void read(const boost::json::value& from, const place& at, std::optional<T>& into) {
    if (is_off(from)) {
        into.reset();
    } else {
        read(from, at, into.emplace());
    }
}

inline void read(const boost::json::value& from, const place& at, as_ratio<std::optional<double>> ratio) {
    if (is_off(from)) {
        ratio.into.reset();
    } else {
        read(from, at, as_ratio<double>{ratio.into.emplace()});
    }
}

inline void read(const boost::json::value& from, const place& at, as_count<std::optional<std::uint32_t>> count) {
    if (is_off(from)) {
        count.into.reset();
    } else {
        read(from, at, as_count<std::uint32_t>{count.into.emplace(), count.least, count.most});
    }
}

/// The members of one object.
class object_reader {
public:
    /// Refuses what is no object; then every member counts as missing, and no more is said about it.
    object_reader(const boost::json::value& from, place at);

    template <class T>
    void required(std::string_view name, T&& into) {
        if (const auto* value = find(name)) {
            read(*value, at_.member(name), into);
        } else if (object_ != nullptr) {
            at_.member(name).refuse("is missing");
        }
    }

    /// A missing member leaves its field as it is.
    template <class T>
    void optional(std::string_view name, T&& into) {
        if (const auto* value = find(name)) read(*value, at_.member(name), into);
    }

    const boost::json::value* find(std::string_view name);
    place at(std::string_view name) const { return at_.member(name); }

    /// Refuses the members that nobody has asked for.
    void no_others() const;

private:
    const boost::json::object* object_;
    place at_;
    std::vector<std::string_view> asked_;
};

}  // namespace switchgear::wire
