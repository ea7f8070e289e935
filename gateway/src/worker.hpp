#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include <switchgear/gateway/runtime.hpp>

#include "descriptor_budget.hpp"
#include "http_date.hpp"
#include "routing.hpp"
#include "stream.hpp"
#include "upstream_pool.hpp"

namespace switchgear::gateway {

class client_session;

/// What all workers share.
class worker_shared {
public:
    worker_shared(gateway::runtime& of, std::size_t threads);

    gateway::runtime& runtime;
    std::atomic<bool> draining{false};
    /// Client connections that are told that there is no room, over all workers; runtime::connections has the others.
    std::atomic<std::size_t> refused{0};
    const descriptor_budget descriptors;
    /// Idle connections to the endpoints, over all workers.
    std::atomic<std::size_t> idle_upstreams{0};
};

/// One thread's loop with its sessions and its connections to the endpoints. Workers share nothing but the
/// breakers and the counters.
///
/// Thread safety: what is marked so; everything else on the worker's own thread.
class worker {
public:
    explicit worker(worker_shared&);
    ~worker();
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    /// Carries connections until `cut`. On the worker's thread.
    void run();
    /// Thread-safe: takes over a connection that was accepted for this loop; served if fewer than `most` are.
    /// Returns: false if so many are being refused that this one is only closed.
    bool adopt(tcp_socket, std::shared_ptr<asio::ssl::context> tls, std::size_t most);
    /// Thread-safe: ends idle connections; the rest end with their answers.
    void drain();
    /// Thread-safe: ends every connection and then `run`.
    void cut();
    /// Thread-safe.
    std::size_t sessions() const noexcept { return session_count_.load(std::memory_order_acquire); }

    asio::io_context& loop() noexcept { return loop_; }
    worker_shared& shared() noexcept { return shared_; }
    gateway::runtime& runtime() noexcept { return shared_.runtime; }
    bool draining() const noexcept { return shared_.draining.load(std::memory_order_relaxed); }
    upstream_pool& pool() noexcept { return pool_; }
    /// The value of Date in an answer of this moment.
    std::string_view date() { return date_.now(); }

    /// How many connections clients may have at a time, by the configuration and by the descriptors there are.
    std::size_t most_connections();

    /// The routing in force. Cost: one load while nothing was reloaded.
    const std::shared_ptr<const routing>& current();

private:
    void tick();
    void end_if_empty();

    worker_shared& shared_;
    asio::io_context loop_{1};
    asio::executor_work_guard<asio::io_context::executor_type> open_{loop_.get_executor()};
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>
        ticking_;
    upstream_pool pool_{shared_.idle_upstreams, shared_.descriptors.idle_connections()};
    http_date date_;
    std::list<std::unique_ptr<client_session>> sessions_;
    std::atomic<std::size_t> session_count_{0};
    bool cut_ = false;
    std::uint64_t generation_ = 0;
    std::shared_ptr<const routing> routing_;
};

}  // namespace switchgear::gateway
