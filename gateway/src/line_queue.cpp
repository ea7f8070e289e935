#include "line_queue.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

namespace switchgear::gateway {
namespace {

constexpr std::chrono::seconds farewell{1};
/// How soon a reload gets a queue away from a pipe that is full.
constexpr int longest_poll_ms = 500;

/// Writes without stdio: a lock of stdio held by a blocked write would hang the end of the process.
class descriptor_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit descriptor_sink(descriptor to) : to_{std::move(to)} {}

    std::atomic<bool> writing{false};
    std::atomic<std::uint64_t> lost{0};

    /// How often this has turned: goes along with each line, so that it gets to where it was meant for.
    int turns() const noexcept { return turns_.load(std::memory_order_acquire); }

    /// Never waits for a write: the thread that writes turns with the first line that was pushed after this.
    void turn_to(descriptor next) {
        const std::lock_guard lock{turning_};
        const int turn = turns_.load(std::memory_order_relaxed) + 1;  // relaxed: written with the lock held alone
        next_.emplace_back(turn, std::move(next));
        // release: pairs with the acquire in turns(); who labels a line with the turn finds it in next_.
        turns_.store(turn, std::memory_order_release);
    }

private:
    void sink_it_(const spdlog::details::log_msg& line) override {
        writing.store(true, std::memory_order_relaxed);
        turn(line.source.line);
        if (!write({line.payload.data(), line.payload.size()})) lost.fetch_add(1, std::memory_order_relaxed);
        writing.store(false, std::memory_order_relaxed);
    }
    void flush_() override {}

    bool is_to_turn() {
        const std::lock_guard lock{turning_};
        return !next_.empty();
    }

    void turn(int to) {
        std::vector<descriptor> before;  // closed without the lock
        const std::lock_guard lock{turning_};
        while (!next_.empty() && next_.front().first <= to) {
            before.push_back(std::exchange(to_, std::move(next_.front().second)));
            next_.pop_front();
            torn_ = false;
        }
    }

    /// Returns: false if not all of it was taken: the disk is full, or nobody reads it any more.
    bool write(std::string_view line) {
        if (line.empty() || to_.number() < 0) return true;
        std::string_view end = "\n";
        if (torn_ && !write_all(end)) return false;
        std::string_view rest = line;
        const bool whole = write_all(rest);
        torn_ = !whole && rest.size() < line.size();
        return whole;
    }

    /// Leaves in `rest` what was not taken.
    bool write_all(std::string_view& rest) {
        while (!rest.empty()) {
            const ssize_t written = ::write(to_.number(), rest.data(), rest.size());
            if (written >= 0) {
                rest.remove_prefix(static_cast<std::size_t>(written));
            } else if (errno == EAGAIN) {
                if (is_to_turn()) return false;
                pollfd writable{to_.number(), POLLOUT, 0};
                ::poll(&writable, 1, longest_poll_ms);
            } else if (errno != EINTR) {
                return false;
            }
        }
        return true;
    }

    descriptor to_;
    bool torn_ = false;  ///< the last line is there without its end
    std::mutex turning_;
    std::deque<std::pair<int, descriptor>> next_;  // guarded by turning_; with the number of the turn
    std::atomic<int> turns_{0};
};

}  // namespace

descriptor::~descriptor() {
    if (number_ >= 0) ::close(number_);
}

descriptor descriptor::standard_error() noexcept { return descriptor{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)}; }

descriptor descriptor::appending_to(const std::string& file) {
    constexpr mode_t for_owner_and_group = 0640;
    const int opened =
        ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, for_owner_and_group);
    if (opened < 0) {
        throw std::runtime_error{"cannot write to " + file + ": " + std::generic_category().message(errno)};
    }
    return descriptor{opened};
}

class line_queue::implementation {
public:
    implementation(descriptor to, std::size_t most)
        : sink_{std::make_shared<descriptor_sink>(std::move(to))},
          pool_{std::make_shared<spdlog::details::thread_pool>(most, 1)},
          logger_{
              std::make_shared<spdlog::async_logger>("", sink_, pool_, spdlog::async_overflow_policy::overrun_oldest)} {
        logger_->set_level(spdlog::level::trace);
    }
    ~implementation() {
        const auto patience = std::chrono::steady_clock::now() + farewell;
        const auto busy = [&] { return pool_->queue_size() > 0 || sink_->writing.load(std::memory_order_relaxed); };
        while (busy() && std::chrono::steady_clock::now() < patience)
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        // A pool whose thread is stuck in a write cannot be joined; the process ends without it.
        if (busy()) static_cast<void>(new std::shared_ptr<spdlog::details::thread_pool>{pool_});
    }
    implementation(const implementation&) = delete;
    implementation& operator=(const implementation&) = delete;

    void push(std::string_view line) {
        // spdlog's place for the line of the source carries the number of the turn: it comes along with the line.
        logger_->log(spdlog::source_loc{"", sink_->turns(), ""}, spdlog::level::info,
                     spdlog::string_view_t{line.data(), line.size()});
    }
    void turn_to(descriptor next) {
        sink_->turn_to(std::move(next));
        push("");  // wakes the thread, so that a file that was moved away is closed even if nobody asks for anything
    }
    std::uint64_t dropped() const noexcept {
        return pool_->overrun_counter() + sink_->lost.load(std::memory_order_relaxed);
    }

private:
    std::shared_ptr<descriptor_sink> sink_;
    std::shared_ptr<spdlog::details::thread_pool> pool_;
    std::shared_ptr<spdlog::async_logger> logger_;
};

line_queue::line_queue(descriptor to, std::size_t most)
    : implementation_{std::make_unique<implementation>(std::move(to), most)} {}
line_queue::~line_queue() = default;

void line_queue::push(std::string_view line) { implementation_->push(line); }
void line_queue::turn_to(descriptor next) { implementation_->turn_to(std::move(next)); }
std::uint64_t line_queue::dropped() const noexcept { return implementation_->dropped(); }

}  // namespace switchgear::gateway
