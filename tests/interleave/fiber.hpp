#pragma once

#include <ucontext.h>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace switchgear::interleave {

/// A stack of its own on which a body runs, again and again, until it switches elsewhere.
///
/// ucontext makes the stack; after that _setjmp and _longjmp switch, because swapcontext asks the kernel
/// for the signal mask each time and this switches a million times a second.
class fiber {
public:
    fiber() = default;  ///< the stack that is running now
    explicit fiber(std::function<void()> body) : body_{std::move(body)}, stack_{new std::byte[stack_size]} {
        getcontext(&context_);
        context_.uc_stack.ss_sp = stack_.get();
        context_.uc_stack.ss_size = stack_size;
        context_.uc_link = nullptr;
        const auto self = reinterpret_cast<std::uintptr_t>(this);
        makecontext(&context_, reinterpret_cast<void (*)()>(&fiber::enter), 2, static_cast<unsigned>(self >> 32),
                    static_cast<unsigned>(self));
    }
    fiber(const fiber&) = delete;
    fiber& operator=(const fiber&) = delete;

    /// Goes on in `to`; returns when somebody switches back to `from`.
    [[gnu::noinline]] static void change(fiber& from, fiber& to) noexcept {
        if (_setjmp(from.place_) != 0) return;
        if (to.stack_ && !to.entered_) {
            to.entered_ = true;
            setcontext(&to.context_);
        }
        _longjmp(to.place_, 1);
    }

private:
    static constexpr std::size_t stack_size = 256 * 1024;

    static void enter(unsigned high, unsigned low) {
        auto* self = reinterpret_cast<fiber*>(std::uintptr_t{high} << 32 | low);
        for (;;) self->body_();
    }

    std::function<void()> body_;
    std::unique_ptr<std::byte[]> stack_;
    ucontext_t context_{};
    std::jmp_buf place_{};
    bool entered_ = false;
};

}  // namespace switchgear::interleave
