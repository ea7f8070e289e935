#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace switchgear::gateway {

/// A coroutine of the proxy: begins when awaited, goes on in its caller when it ends.
///
/// Why not boost::asio::awaitable: it takes a frame and a type-erased executor for every single read and
/// write, and cannot leave a read pending while the coroutine does something else, which a proxy needs in order
/// to notice that a client has gone. Everything here runs on one worker's thread, so there is nothing to
/// erase and nothing to lock. Cancellation is by cancelling the socket.
///
/// A `co_await` never stands behind `&&`, `||` or `?`: g++ 12 awaits it in a co_return, in the condition of a loop and
/// in an argument, whatever stands before it (tools/check_layers.py looks for it).
///
/// Thread safety: none; a task belongs to one thread.
template <class T = void>
class [[nodiscard]] task;

namespace task_detail {

struct resume_caller {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
        return ended.promise().caller;
    }
    void await_resume() const noexcept {}
};

struct promise_base {
    std::coroutine_handle<> caller = std::noop_coroutine();
    std::exception_ptr thrown;

    std::suspend_always initial_suspend() const noexcept { return {}; }
    resume_caller final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { thrown = std::current_exception(); }
};

template <class T>
struct promise : promise_base {
    std::optional<T> value;
    task<T> get_return_object() noexcept;
    template <class U>
    void return_value(U&& v) {
        value.emplace(std::forward<U>(v));
    }
    T take() {
        if (thrown) std::rethrow_exception(thrown);
        return std::move(*value);
    }
};

template <>
struct promise<void> : promise_base {
    task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void take() const {
        if (thrown) std::rethrow_exception(thrown);
    }
};

}  // namespace task_detail

template <class T>
class [[nodiscard]] task {
public:
    using promise_type = task_detail::promise<T>;

    explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_{frame} {}
    task(task&& other) noexcept : frame_{std::exchange(other.frame_, nullptr)} {}
    task& operator=(task&&) = delete;
    task(const task&) = delete;
    ~task() {
        if (frame_) frame_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
        frame_.promise().caller = caller;
        return frame_;
    }
    T await_resume() { return frame_.promise().take(); }

private:
    std::coroutine_handle<promise_type> frame_;
};

namespace task_detail {

template <class T>
task<T> promise<T>::get_return_object() noexcept {
    return task<T>{std::coroutine_handle<promise>::from_promise(*this)};
}
inline task<void> promise<void>::get_return_object() noexcept {
    return task<void>{std::coroutine_handle<promise>::from_promise(*this)};
}

/// A coroutine that nobody awaits; its frame goes when it ends.
struct detached {
    struct promise_type {
        detached get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }
    };
};

}  // namespace task_detail

/// Begins a task that nobody waits for, and calls `then` when it has ended. A task that throws ends the
/// program: whoever starts one sees to it that it does not.
template <class Then>
task_detail::detached start(task<> work, Then then) {
    co_await work;
    then();
}

}  // namespace switchgear::gateway
