#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <switchgear/gateway/config.hpp>
#include <switchgear/gateway/counters.hpp>
#include <switchgear/http/classify.hpp>

#include "descriptor_budget.hpp"
#include "incoming.hpp"
#include "name_lookup.hpp"
#include "stream.hpp"
#include "task.hpp"

namespace switchgear::gateway {

class upstream_pool;

/// A connection to an endpoint.
struct upstream_connection {
    upstream_connection(asio::io_context& loop, std::shared_ptr<service_counters> of);
    ~upstream_connection();
    upstream_connection(const upstream_connection&) = delete;
    upstream_connection& operator=(const upstream_connection&) = delete;

    stream io;
    incoming in;
    std::shared_ptr<service_counters> counters;
    /// It carried a request before: its end before any answer may be a keep-alive that ran out.
    bool reused = false;
    time_point idle_until{};
    // The pool's: where it lies while it is idle.
    upstream_pool* pool = nullptr;
    std::vector<std::unique_ptr<upstream_connection>>* home = nullptr;
};

/// Makes one connection: name, addresses in turn, TLS.
///
/// Lifetime: must outlive `run`; `cancel` ends it soon.
class connector {
public:
    struct outcome {
        std::unique_ptr<upstream_connection> connection;
        /// Why there is none.
        http::transport_error failed = http::transport_error::connect;
        std::string_view proxy_error;  ///< RFC 9209
        /// It was for want of a descriptor, memory or port of ours, which says nothing of the endpoint.
        bool own_limit = false;
    };

    /// `idle`: whose connections make room if there is no descriptor left for this one; null if nobody's do.
    connector(asio::io_context& loop, name_lookup& names, const descriptor_budget& descriptors, upstream_pool* idle)
        : loop_{loop}, names_{names}, descriptors_{descriptors}, idle_{idle} {}

    /// `until`: when whoever runs it will `cancel` it. An address that is silent has its share of that time, so that
    /// those after it are tried. `tls`: needed for https only.
    task<outcome> run(const endpoint& to, std::shared_ptr<service_counters> counters, time_point until,
                      std::shared_ptr<asio::ssl::context> tls);
    void cancel() noexcept;

    /// What is under way, or was last: whose failure it is if there is no time left for it.
    enum class phase : std::uint8_t { name, connection, tls };
    phase now() const noexcept { return phase_; }

private:
    struct resolution;
    task<looked_up> resolve(const std::string& name);
    error_code open(stream& io, const asio::ip::tcp& protocol) const;
    task<error_code> connect(stream& io, const asio::ip::tcp::endpoint& to);
    task<error_code> connect_by(time_point end, stream& io, const asio::ip::tcp::endpoint& to);

    asio::io_context& loop_;
    name_lookup& names_;
    const descriptor_budget& descriptors_;
    upstream_pool* idle_;
    std::shared_ptr<resolution> resolving_;
    stream* connecting_ = nullptr;
    bool cancelled_ = false;
    phase phase_ = phase::name;
};

}  // namespace switchgear::gateway
