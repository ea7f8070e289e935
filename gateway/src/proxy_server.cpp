#include <switchgear/gateway/proxy_server.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <switchgear/gateway/runtime.hpp>

#include "acceptor.hpp"
#include "worker.hpp"

namespace switchgear::gateway {

class proxy_server::implementation {
public:
    implementation(runtime& of, unsigned threads) : shared_{of, std::max(threads, 1U)} {
        tell_of_descriptors();
        for (unsigned i = 0; i < std::max(threads, 1U); ++i) workers_.push_back(std::make_unique<worker>(shared_));
        for (const auto& each : workers_) {
            threads_.emplace_back([&one = *each] { one.run(); });
        }
    }

    std::function<void()> prepare(const std::vector<listener>& wanted) {
        std::vector<entry> next;
        std::vector<std::shared_ptr<asio::ssl::context>> contexts;
        for (const listener& each : wanted) {
            contexts.push_back(each.tls ? make_server_tls(each.tls->certificate, each.tls->key) : nullptr);
            const auto kept = std::find_if(entries_.begin(), entries_.end(),
                                           [&](const entry& one) { return one.asked == each.address; });
            next.push_back(kept != entries_.end()
                               ? *kept
                               : entry{each.address, std::make_shared<acceptor>(workers_, each.address)});
        }
        return [this, next = std::move(next), contexts = std::move(contexts)]() mutable {
            for (std::size_t i = 0; i < next.size(); ++i) {
                next[i].at->use(contexts[i]);
                if (!is_in(entries_, next[i])) next[i].at->begin();
            }
            for (const entry& old : entries_) {
                if (!is_in(next, old)) old.at->close();
            }
            entries_ = std::move(next);
        };
    }

    std::vector<socket_address> addresses() const {
        std::vector<socket_address> bound;
        for (const entry& each : entries_) bound.push_back(each.at->bound());
        return bound;
    }

    bool drain(std::chrono::milliseconds within) {
        shared_.draining.store(true, std::memory_order_relaxed);
        for (const entry& each : entries_) each.at->close();
        entries_.clear();
        for (const auto& each : workers_) each->drain();
        const auto until = std::chrono::steady_clock::now() + within;
        while (sessions() > 0 && std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
        const bool all_ended = sessions() == 0;
        stop();
        return all_ended;
    }

    void stop() {
        for (const entry& each : entries_) each.at->close();
        entries_.clear();
        for (const auto& each : workers_) each->cut();
        for (std::thread& each : threads_) {
            if (each.joinable()) each.join();
        }
    }

private:
    struct entry {
        socket_address asked;
        std::shared_ptr<acceptor> at;
    };

    static bool is_in(const std::vector<entry>& some, const entry& one) {
        return std::any_of(some.begin(), some.end(), [&](const entry& each) { return each.at == one.at; });
    }

    void tell_of_descriptors() const {
        const auto asked = shared_.runtime.configuration()->limits.connections;
        const descriptor_budget& available = shared_.descriptors;
        if (asked <= available.client_connections()) return;
        shared_.runtime.log().write(log_level::warning,
                                    "The process may have too few descriptors for limits.connections.",
                                    {{"limits.connections", std::uint64_t{asked}},
                                     {"descriptors", std::uint64_t{available.most()}},
                                     {"client_connections", std::uint64_t{available.client_connections()}}});
    }

    std::size_t sessions() const {
        std::size_t present = 0;
        for (const auto& each : workers_) present += each->sessions();
        return present;
    }

    worker_shared shared_;
    std::vector<std::unique_ptr<worker>> workers_;
    std::vector<std::thread> threads_;
    std::vector<entry> entries_;
};

proxy_server::proxy_server(runtime& of, unsigned threads)
    : implementation_{std::make_unique<implementation>(of, threads)} {}

proxy_server::~proxy_server() { stop(); }

std::function<void()> proxy_server::prepare(const std::vector<listener>& wanted) {
    return implementation_->prepare(wanted);
}
std::vector<socket_address> proxy_server::addresses() const { return implementation_->addresses(); }
bool proxy_server::drain(std::chrono::milliseconds within) { return implementation_->drain(within); }
void proxy_server::stop() { implementation_->stop(); }

}  // namespace switchgear::gateway
