#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "answers.hpp"
#include "deadline.hpp"
#include "head_scan.hpp"
#include "header_rules.hpp"
#include "incoming.hpp"
#include "message_decoder.hpp"
#include "request_path.hpp"
#include "router.hpp"
#include "routing.hpp"
#include "stream.hpp"
#include "task.hpp"

namespace switchgear::gateway {

class exchange;
class worker;

/// One client's connection: its requests one after the other, each answered by the gateway itself or by an
/// `exchange` with a service.
///
/// Thread safety: its worker's thread only.
class client_session {
public:
    /// What becomes of a new connection.
    enum class welcome : std::uint8_t { serve, refuse };
    client_session(worker& on, tcp_socket socket, std::shared_ptr<asio::ssl::context> tls, welcome);
    ~client_session();
    client_session(const client_session&) = delete;
    client_session& operator=(const client_session&) = delete;

    /// Serves the connection to its end.
    task<> run();
    /// Ends the connection if no request is on it.
    void drain() noexcept;
    /// Ends it at once.
    void cut() noexcept;

    // What an exchange uses of it.
    worker& on() noexcept { return worker_; }
    stream& io() noexcept { return io_; }
    incoming& in() noexcept { return in_; }
    deadline& limits() noexcept { return deadline_; }
    request_decoder& body() noexcept { return body_; }
    const request_head& head() const noexcept { return head_; }
    std::string_view method() const noexcept { return method_; }
    client_identity identity() const noexcept { return {peer_, scheme_}; }
    bool to_head() const noexcept { return method_ == "HEAD"; }
    /// Whether the connection may go on after this answer.
    bool keeps_alive() const noexcept;
    /// The value of Connection in an answer that leaves the connection open, or not.
    std::string_view connection_value(bool keep) const noexcept;

    /// Writes the gateway's own answer.
    task<bool> answer(const own_answer&, bool keep);
    /// Reads what is left of the request's body and throws it away. Returns: whether all of it came; if not the
    /// connection must go.
    task<bool> drain_body();
    /// Ends the connection at once, as if it had failed: its end does not look orderly.
    void abort() noexcept;
    /// Ends it after what was written, whose framing shows that it is not the whole.
    void cut_short() noexcept;

private:
    enum class step : std::uint8_t { handshake, idle, head, serving, closing };

    task<> serve_connection();
    task<bool> handshake();
    task<bool> next_request();
    task<bool> refuse(unsigned status, std::string_view detail, std::string_view reason);
    task<bool> serve();
    task<bool> answer_locally(const own_answer&);
    void log_own(const own_answer&, std::uint64_t written_before);
    task<> linger();
    void limit_reached(limit) noexcept;
    void read_unawaited() noexcept;

    worker& worker_;
    stream io_;
    incoming in_;
    deadline deadline_;
    std::shared_ptr<asio::ssl::context> tls_;
    std::string peer_;
    url_scheme scheme_ = url_scheme::http;
    request_decoder body_;
    request_head head_;
    std::string method_;
    std::string out_;
    time_point head_began_{};
    step step_ = step::idle;
    bool timed_out_ = false;
    bool cut_ = false;
    bool aborted_ = false;
    welcome welcome_;
    exchange* exchange_ = nullptr;
};

}  // namespace switchgear::gateway
