#include "worker.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "client_session.hpp"

namespace switchgear::gateway {
namespace {

/// How often idle connections to the endpoints are looked through.
constexpr std::chrono::milliseconds sweep_interval{1'000};

/// Counts one more, from whatever thread. Returns: false if there are `most`; it is not counted then.
bool count_one_more(std::atomic<std::size_t>& counted, std::size_t most) noexcept {
    std::size_t before = counted.load(std::memory_order_relaxed);
    while (before < most) {
        // relaxed: it is a number of places, and nothing is read because of it
        if (counted.compare_exchange_weak(before, before + 1, std::memory_order_relaxed)) return true;
    }
    return false;
}

}  // namespace

worker_shared::worker_shared(gateway::runtime& of, std::size_t threads)
    : runtime{of},
      descriptors{
          descriptor_budget::of_process({.threads = threads, .listeners = of.configuration()->listeners.size()})} {}

worker::worker(worker_shared& of) : shared_{of}, ticking_{loop_} {}

worker::~worker() = default;

void worker::run() {
    tick();
    loop_.run();
}

void worker::tick() {
    if (cut_) return;
    ticking_.expires_after(sweep_interval);
    ticking_.async_wait([this](const error_code& failed) {
        if (failed || cut_) return;
        pool_.sweep(time_source::steady().coarse());
        tick();
    });
}

const std::shared_ptr<const routing>& worker::current() {
    const std::uint64_t present = runtime().generation();
    if (generation_ != present) {
        routing_ = runtime().current();
        generation_ = present;
    }
    return routing_;
}

std::size_t worker::most_connections() {
    return std::min<std::size_t>(current()->settings->limits.connections, shared_.descriptors.client_connections());
}

bool worker::adopt(tcp_socket socket, std::shared_ptr<asio::ssl::context> tls, std::size_t most) {
    // Counted apart: whoever lingers over a refusal must not keep a place from one who would be served.
    const bool served = count_one_more(runtime().connections, most);
    if (!served && !count_one_more(shared_.refused, shared_.descriptors.refused_connections())) return false;
    std::atomic<std::size_t>& counted = served ? runtime().connections : shared_.refused;
    const auto how = served ? client_session::welcome::serve : client_session::welcome::refuse;
    session_count_.fetch_add(1, std::memory_order_relaxed);
    asio::post(loop_, [this, how, &counted, socket = std::move(socket), tls = std::move(tls)]() mutable {
        error_code ignored;
        socket.non_blocking(true, ignored);
        socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
        const auto at = sessions_.insert(sessions_.end(), nullptr);
        *at = std::make_unique<client_session>(*this, std::move(socket), std::move(tls), how);
        if (cut_) (*at)->cut();
        start((*at)->run(), [this, at, &counted] {
            counted.fetch_sub(1, std::memory_order_relaxed);
            // Not from here: the session's own coroutine is still on the stack.
            asio::post(loop_, [this, at] {
                sessions_.erase(at);
                session_count_.fetch_sub(1, std::memory_order_release);
                end_if_empty();
            });
        });
    });
    return true;
}

void worker::drain() {
    asio::post(loop_, [this] {
        for (const auto& session : sessions_) session->drain();
    });
}

void worker::cut() {
    asio::post(loop_, [this] {
        cut_ = true;
        for (const auto& session : sessions_) session->cut();
        end_if_empty();
    });
}

void worker::end_if_empty() {
    if (!cut_ || !sessions_.empty()) return;
    ticking_.cancel();
    pool_.close_all();
    // What is left are handlers of what was just closed.
    open_.reset();
    if (pool_.empty()) return loop_.stop();
    asio::post(loop_, [this] { end_if_empty(); });
}

}  // namespace switchgear::gateway
