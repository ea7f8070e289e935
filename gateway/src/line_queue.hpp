#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace switchgear::gateway {

/// A file descriptor, closed with its owner. -1: none.
class descriptor {
public:
    explicit descriptor(int number = -1) noexcept : number_{number} {}
    descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor();

    /// Another one for what standard error is.
    static descriptor standard_error() noexcept;
    /// Opens for appending, or makes the file (0640). A pipe that nobody reads is refused, not waited for.
    /// Throws: std::runtime_error naming the file, and why.
    static descriptor appending_to(const std::string& file);

    int number() const noexcept { return number_; }

private:
    int number_;
};

/// Lines on their way to a descriptor: through a bounded queue, by a thread of their own. What finds the queue full
/// takes the place of the oldest line.
///
/// Thread safety: all members, from any thread; none of them waits for what is written to.
class line_queue {
public:
    line_queue(descriptor to, std::size_t most);
    /// Writes what is queued, for a second at most.
    ~line_queue();
    line_queue(const line_queue&) = delete;
    line_queue& operator=(const line_queue&) = delete;

    /// Requires: `line` has its end.
    void push(std::string_view line);
    /// Writes to something else what is pushed from now on. What is in the queue goes where it was meant for, unless that
    /// takes nothing at the time: then it is lost, and counted.
    void turn_to(descriptor);
    /// Lines lost because what is written to was too slow, or took no more.
    std::uint64_t dropped() const noexcept;

private:
    class implementation;
    std::unique_ptr<implementation> implementation_;
};

}  // namespace switchgear::gateway
