#include "upstream_pool.hpp"

#include <algorithm>
#include <utility>

namespace switchgear::gateway {
namespace {

template <class Connections>
std::size_t position(const Connections& in, const upstream_connection* of) {
    const auto found = std::find_if(in.begin(), in.end(), [&](const auto& one) { return one.get() == of; });
    return static_cast<std::size_t>(found - in.begin());
}

}  // namespace

std::unique_ptr<upstream_connection> upstream_pool::remove(connections& from, std::size_t at) {
    std::unique_ptr<upstream_connection> taken = std::move(from[at]);
    from.erase(from.begin() + static_cast<std::ptrdiff_t>(at));
    taken->in.unawaited({});
    taken->counters->connections_idle.fetch_sub(1, std::memory_order_relaxed);
    --idle_count_;
    idle_of_all_.fetch_sub(1, std::memory_order_relaxed);
    return taken;
}

std::unique_ptr<upstream_connection> upstream_pool::take(const std::string& key, time_point now) {
    const auto found = idle_.find(key);
    if (found == idle_.end()) return nullptr;
    connections& of_key = found->second;
    while (!of_key.empty()) {
        auto last = remove(of_key, of_key.size() - 1);
        if (last->idle_until > now) return last;
        discard(std::move(last));
    }
    return nullptr;
}

void upstream_pool::give(const std::string& key, std::unique_ptr<upstream_connection> connection,
                         time_point idle_until) {
    connections& of_key = idle_[key];
    connection->in.start();
    if (of_key.size() >= most_idle || !connection->in.pending()) return discard(std::move(connection));
    // relaxed: a number and nothing else; that workers at the same time keep a few too many does no harm.
    const bool full = idle_of_all_.load(std::memory_order_relaxed) >= most_of_all_;
    if (full && !close_oldest()) return discard(std::move(connection));
    connection->reused = true;
    connection->idle_until = idle_until;
    connection->pool = this;
    connection->home = &of_key;
    connection->in.unawaited({&idle_ended, connection.get()});
    connection->counters->connections_idle.fetch_add(1, std::memory_order_relaxed);
    ++idle_count_;
    idle_of_all_.fetch_add(1, std::memory_order_relaxed);
    of_key.push_back(std::move(connection));
}

void upstream_pool::discard(std::unique_ptr<upstream_connection> connection) {
    connection->io.close();
    if (!connection->in.pending()) return;
    connection->pool = this;
    connection->in.unawaited({&going_ended, connection.get()});
    going_.push_back(std::move(connection));
}

// The endpoint ended it, or said something that nobody asked for.
void upstream_pool::idle_ended(void* whose) {
    auto* const connection = static_cast<upstream_connection*>(whose);
    upstream_pool& pool = *connection->pool;
    pool.discard(pool.remove(*connection->home, position(*connection->home, connection)));
}

void upstream_pool::going_ended(void* whose) {
    auto* const connection = static_cast<upstream_connection*>(whose);
    connections& going = connection->pool->going_;
    going.erase(going.begin() + static_cast<std::ptrdiff_t>(position(going, connection)));
}

bool upstream_pool::close_oldest() {
    connections* oldest = nullptr;
    for (auto& [key, of_key] : idle_) {
        if (of_key.empty()) continue;
        // The first is the one that was given first.
        if (oldest == nullptr || of_key.front()->idle_until < oldest->front()->idle_until) oldest = &of_key;
    }
    if (oldest == nullptr) return false;
    discard(remove(*oldest, 0));
    return true;
}

void upstream_pool::sweep(time_point now) {
    for (auto of_key = idle_.begin(); of_key != idle_.end();) {
        connections& present = of_key->second;
        for (std::size_t at = present.size(); at-- > 0;) {
            if (present[at]->idle_until <= now) discard(remove(present, at));
        }
        of_key = present.empty() ? idle_.erase(of_key) : std::next(of_key);
    }
}

void upstream_pool::close_all() { sweep(time_point::max()); }

}  // namespace switchgear::gateway
