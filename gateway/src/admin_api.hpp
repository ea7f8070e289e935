#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>

#include "admin_feed.hpp"
#include "admin_message.hpp"
#include "admin_target.hpp"
#include "transition_history.hpp"

namespace switchgear::gateway {

class runtime;

/// What the admin API needs of the process around it.
struct admin_hooks {
    /// Reads the configuration again. Returns: empty if it is in force, else what is wrong, one a line.
    std::function<std::optional<std::string>()> reload;
    /// `GET /v1/config`.
    std::function<boost::json::object()> configuration;
    /// `GET /metrics`, in Prometheus' text format.
    std::function<std::string()> metrics;
    /// Empty: ready; else why not.
    std::function<std::optional<std::string>()> not_ready;
};

/// What requests to the admin port mean.
///
/// Thread safety: none; lives on the control thread. Lifetime: the runtime must outlive it.
class admin_api {
public:
    admin_api(boost::asio::io_context&, runtime&, admin_hooks);
    ~admin_api();
    admin_api(const admin_api&) = delete;
    admin_api& operator=(const admin_api&) = delete;

    /// Empty: nobody is asked for one.
    void set_token(std::optional<std::string> token) { token_ = std::move(token); }

    admin_answer answer(const admin_request&);

    /// To be called once a second: publishes a snapshot, forgets what is gone.
    void tick();

    std::uint64_t dropped_clients() const noexcept { return hub_.dropped_clients(); }

private:
    admin_answer read(const admin_target&);
    admin_answer show(const std::string& name) const;
    admin_answer follow();
    admin_answer reload(const admin_request&);
    boost::json::object snapshot_of_all() const;

    boost::asio::io_context& io_;
    runtime& state_;
    admin_hooks hooks_;
    std::optional<std::string> token_;
    event_hub hub_;
    transition_history history_;
    std::shared_ptr<void> subscription_;
};

}  // namespace switchgear::gateway
