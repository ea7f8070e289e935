#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <string_view>

#include "stream.hpp"

namespace switchgear::gateway {

/// The bytes that arrive on a stream, in one buffer that is used again and again.
///
/// A read may be left pending while its owner does something else; that is how the end of an idle
/// connection, or of a client that does not wait any more, is noticed without a system call for it. When it
/// ends and nobody awaits it, `unawaited` is called.
///
/// Lifetime: must outlive its pending read; `settled()` awaits its end after a cancel or close.
class incoming {
public:
    struct observer {
        void (*call)(void* whose) = nullptr;
        void* whose = nullptr;
    };

    incoming(stream& from, std::size_t capacity) : from_{from}, initial_capacity_{capacity} {}
    incoming(const incoming&) = delete;
    incoming& operator=(const incoming&) = delete;

    void unawaited(observer who) noexcept { observer_ = who; }

    std::string_view data() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }
    void consume(std::size_t bytes) noexcept {
        begin_ += bytes;
        if (begin_ == end_ && !pending_) begin_ = end_ = 0;
    }
    /// Why nothing more comes: the peer's end (eof) or a failure.
    const error_code& ended() const noexcept { return ended_; }
    bool pending() const noexcept { return pending_; }

    /// Leaves a read pending, unless there is one, the stream has ended, or the buffer is full.
    /// Invalidates views of `data()`, except when a read is pending already.
    void start();
    /// Whether what is there leaves no room, so that nothing more can come before some of it is consumed.
    bool full() const noexcept { return end_ - begin_ == capacity_ && capacity_ > 0; }
    /// More room, for a large message head: twice as much, but not above `most`. Given back once it is
    /// empty. Requires: no read is pending.
    void grow(std::size_t most);

    /// Awaits more data. Returns: false if there is none to come, or no room for it.
    auto more() noexcept { return waiting_for_more{*this}; }
    /// Awaits the end of a read that was cancelled.
    auto settled() noexcept { return waiting_for_end{*this}; }

    /// Bytes ever read.
    std::size_t total() const noexcept { return total_; }

private:
    struct waiting_for_more {
        incoming& in;
        std::size_t before = 0;
        bool await_ready();
        void await_suspend(std::coroutine_handle<> waiting) noexcept { in.waiting_ = waiting; }
        bool await_resume() const noexcept { return in.total_ > before; }
    };
    struct waiting_for_end {
        incoming& in;
        bool await_ready() const noexcept { return !in.pending_; }
        void await_suspend(std::coroutine_handle<> waiting) noexcept { in.waiting_ = waiting; }
        void await_resume() const noexcept {}
    };
    static void read_ended(void* whose, error_code failed, std::size_t bytes);

    stream& from_;
    std::size_t initial_capacity_;
    std::size_t capacity_ = 0;
    std::unique_ptr<char[]> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t total_ = 0;
    bool pending_ = false;
    error_code ended_;
    std::coroutine_handle<> waiting_;
    observer observer_;
};

}  // namespace switchgear::gateway
