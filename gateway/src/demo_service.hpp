#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <switchgear/gateway/config.hpp>

namespace switchgear::gateway {

/// A service that is flaky by plan: it answers 200 to its first `healthy` requests, 503 to the `failing`
/// after them, 200 to the `recovered` after those, and so on from the beginning. Real HTTP over a real
/// socket, on a thread of its own.
///
/// Thread safety: all members, from any thread.
class demo_service {
public:
    struct plan {
        std::size_t healthy, failing, recovered;
        /// What the request of that number, from 0, is answered.
        unsigned status_of(std::size_t request) const noexcept;
    };

    /// Listens on a free loopback port. Throws: std::runtime_error.
    explicit demo_service(plan);
    ~demo_service();
    demo_service(const demo_service&) = delete;
    demo_service& operator=(const demo_service&) = delete;

    socket_address address() const;
    /// What each request so far was answered.
    std::vector<unsigned> answers() const;

private:
    class server;
    std::unique_ptr<server> server_;
};

}  // namespace switchgear::gateway
