#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "upstream_connection.hpp"

namespace switchgear::gateway {

/// One worker's idle connections to the endpoints, by service and endpoint. Each keeps a read pending, so
/// that one which the endpoint ends leaves at once.
///
/// Thread safety: none, by design: each worker has its own.
class upstream_pool {
public:
    /// Idle connections kept for one endpoint.
    static constexpr std::size_t most_idle = 256;

    /// `idle_of_all`: counts those of all workers, of which there may be `most_of_all`.
    upstream_pool(std::atomic<std::size_t>& idle_of_all, std::size_t most_of_all)
        : idle_of_all_{idle_of_all}, most_of_all_{most_of_all} {}
    upstream_pool(const upstream_pool&) = delete;
    upstream_pool& operator=(const upstream_pool&) = delete;

    /// The connection that was used last. Null if there is none. Those found to be idle for too long are closed: the
    /// endpoint may be about to end them, and a request that met that end could be lost.
    std::unique_ptr<upstream_connection> take(const std::string& key, time_point now);
    /// Keeps it; if all workers have as many as they may, in the place of our oldest. If we have none, it is closed.
    void give(const std::string& key, std::unique_ptr<upstream_connection>, time_point idle_until);
    /// Closes it; it goes when its pending read has ended.
    void discard(std::unique_ptr<upstream_connection>);

    /// Closes the connection whose time ends first, for the sake of its descriptor. Returns: whether there was one.
    bool close_oldest();
    /// Closes what was idle for too long, so that it does not stay when nothing is taken.
    void sweep(time_point now);
    void close_all();
    /// Nothing is idle and nothing is going.
    bool empty() const noexcept { return idle_count_ == 0 && going_.empty(); }

private:
    using connections = std::vector<std::unique_ptr<upstream_connection>>;
    static void idle_ended(void* connection);
    static void going_ended(void* connection);
    std::unique_ptr<upstream_connection> remove(connections& from, std::size_t at);

    std::atomic<std::size_t>& idle_of_all_;
    const std::size_t most_of_all_;
    std::unordered_map<std::string, connections> idle_;
    std::size_t idle_count_ = 0;
    connections going_;
};

}  // namespace switchgear::gateway
