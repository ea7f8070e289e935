#pragma once

#include <cstddef>

namespace switchgear::gateway {

/// Who may have how many of the process's descriptors. Every connection is one; when none is left, nobody can be
/// accepted, called or told why, on the admin port neither.
///
/// The gateway itself has some; the last ones are kept for the admin port and for files, some are for clients that are
/// only told that there is no room; of the rest, half are for clients, because a request needs one for its client and
/// one for its service.
///
/// Thread safety: all members, from any thread.
class descriptor_budget {
public:
    /// What of a gateway holds descriptors when nobody is connected.
    struct parts {
        std::size_t threads = 1;
        std::size_t listeners = 1;
    };

    /// Of a process that may have `most`.
    descriptor_budget(std::size_t most, parts of_gateway) noexcept;
    /// By the process's limit at present.
    static descriptor_budget of_process(parts of_gateway) noexcept;

    std::size_t most() const noexcept { return most_; }
    /// Client connections at a time, at the most; at least one.
    std::size_t client_connections() const noexcept { return client_connections_; }
    /// Connections to services at a time that are kept without a request on them.
    std::size_t idle_connections() const noexcept { return client_connections_; }
    /// Client connections beyond that which are being refused at a time; at least one.
    std::size_t refused_connections() const noexcept { return refused_connections_; }
    /// Whether a connection of a client or a service that got this descriptor has one of those that are kept. The
    /// system gives the lowest that is free, so that the number tells how many are in use.
    bool is_kept(int descriptor) const noexcept { return static_cast<std::size_t>(descriptor) >= first_kept_; }

private:
    std::size_t most_;
    std::size_t first_kept_;
    std::size_t refused_connections_;
    std::size_t client_connections_;
};

/// Lets the process have as many descriptors as it may ask for: the usual soft limit of 1,024 is for programs that use
/// select().
void raise_descriptor_limit() noexcept;

}  // namespace switchgear::gateway
