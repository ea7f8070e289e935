#include "name_lookup.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

namespace switchgear::gateway {

namespace asio = boost::asio;

looked_up name_lookup::ask_system(const std::string& name) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    errno = 0;
    const int failed = ::getaddrinfo(name.c_str(), nullptr, &wanted, &found);
    const bool nothing_left = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (failed == EAI_MEMORY || (failed != 0 && nothing_left)) return {looked_up::how::own_limit, {}};
    if (failed == EAI_NONAME || failed == EAI_NODATA) return {looked_up::how::answered, {}};
    if (failed != 0) return {looked_up::how::failed, {}};

    looked_up out{looked_up::how::answered, {}};
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        asio::ip::tcp::endpoint at;
        if (each->ai_addrlen > at.capacity()) continue;
        std::memcpy(at.data(), each->ai_addr, each->ai_addrlen);
        at.resize(each->ai_addrlen);
        out.addresses.push_back(at.address());
    }
    ::freeaddrinfo(found);
    return out;
}

/// Lives until the last thread that is in a look-up comes back.
class name_lookup::shared : public std::enable_shared_from_this<shared> {
public:
    explicit shared(function by) : look_up_{std::move(by)} {}

    question ask(const std::string& name, asio::io_context& loop, std::function<void(const looked_up&)> then) {
        const std::lock_guard lock{mutex_};
        entry& of = entries_[name];
        const std::size_t number = ++asked_;
        of.waiting.push_back({number, &loop, std::move(then)});
        if (!std::exchange(of.under_way, true)) {
            queue_.push_back(name);
            work_.notify_one();
            if (idle_ < queue_.size() && threads_ < most_threads && !add_thread() && threads_ == 0) {
                queue_.clear();
                tell(of, {looked_up::how::own_limit, {}});
            }
        }
        return {nullptr, [self = shared_from_this(), name, number](void*) { self->forget(name, number); }};
    }

    addresses last_found(const std::string& name) const {
        const std::lock_guard lock{mutex_};
        const auto of = entries_.find(name);
        return of == entries_.end() ? addresses{} : of->second.found;
    }

    void end() {
        const std::lock_guard lock{mutex_};
        ended_ = true;
        work_.notify_all();
    }

private:
    struct waiter {
        std::size_t number;
        asio::io_context* loop;
        std::function<void(const looked_up&)> then;
    };
    struct entry {
        bool under_way = false;
        std::vector<waiter> waiting{};
        addresses found{};
    };

    void forget(const std::string& name, std::size_t number) {
        std::function<void(const looked_up&)> gone;  // after the lock
        const std::lock_guard lock{mutex_};
        std::vector<waiter>& waiting = entries_[name].waiting;
        const auto it =
            std::find_if(waiting.begin(), waiting.end(), [&](const waiter& one) { return one.number == number; });
        if (it == waiting.end()) return;
        gone = std::move(it->then);
        waiting.erase(it);
    }

    bool add_thread() {
        try {
            std::thread{[self = shared_from_this()] { self->work(); }}.detach();
        } catch (const std::system_error&) {
            return false;  // there are as many as the system lets us have
        }
        ++threads_;
        return true;
    }

    void work() {
        std::unique_lock lock{mutex_};
        for (;;) {
            ++idle_;
            work_.wait(lock, [this] { return ended_ || !queue_.empty(); });
            --idle_;
            if (ended_) return;
            const std::string name = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            looked_up result = look_up_(name);
            lock.lock();
            if (ended_) return;
            tell(entries_[name], std::move(result));
        }
    }

    /// Only posts: nothing of whoever asked runs under the lock, and whoever withdraws a question knows after that
    /// that nothing is posted any more.
    void tell(entry& of, looked_up result) {
        of.under_way = false;
        if (result.ended == looked_up::how::answered) {
            of.found = result.addresses;
        } else if (!of.found.empty()) {
            result = {looked_up::how::answered, of.found};
        }
        for (waiter& each : std::exchange(of.waiting, {})) {
            asio::post(*each.loop, [then = std::move(each.then), result] { then(result); });
        }
    }

    const function look_up_;
    mutable std::mutex mutex_;  // guards all below
    std::condition_variable work_;
    std::unordered_map<std::string, entry> entries_;
    std::deque<std::string> queue_;
    std::size_t asked_ = 0;
    std::size_t idle_ = 0;
    unsigned threads_ = 0;
    bool ended_ = false;
};

name_lookup::name_lookup(function by) : shared_{std::make_shared<shared>(std::move(by))} {}

name_lookup::~name_lookup() { shared_->end(); }

name_lookup::question name_lookup::ask(const std::string& name, asio::io_context& loop,
                                       std::function<void(const looked_up&)> then) {
    return shared_->ask(name, loop, std::move(then));
}

name_lookup::addresses name_lookup::last_found(const std::string& name) const { return shared_->last_found(name); }

}  // namespace switchgear::gateway
