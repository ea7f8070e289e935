#include "client_session.hpp"

#include <exception>
#include <utility>

#include <boost/asio/ip/tcp.hpp>

#include <switchgear/gateway/runtime.hpp>

#include "access_record.hpp"
#include "exchange.hpp"
#include "request_head.hpp"
#include "worker.hpp"

namespace switchgear::gateway {
namespace {

constexpr std::size_t client_buffer = std::size_t{8} * 1'024;
/// Of a body that nobody wants: more is not worth reading only to keep the connection.
constexpr std::size_t most_drained = std::size_t{64} * 1'024;
/// For all of it, however it drips.
constexpr std::chrono::milliseconds drain_patience{2'000};
constexpr std::chrono::milliseconds goodbye_patience{1'000};

std::string address_text(const tcp_socket& socket) {
    error_code failed;
    const auto peer = socket.remote_endpoint(failed);
    if (failed) return "unknown";
    asio::ip::address address = peer.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    return address.to_string();
}

}  // namespace

client_session::client_session(worker& on, tcp_socket socket, std::shared_ptr<asio::ssl::context> tls, welcome how)
    : worker_{on},
      io_{std::move(socket)},
      in_{io_, client_buffer},
      deadline_{on.loop(),
                {[](void* whose, limit which) { static_cast<client_session*>(whose)->limit_reached(which); }, this}},
      tls_{std::move(tls)},
      peer_{address_text(io_.socket())},
      scheme_{tls_ ? url_scheme::https : url_scheme::http},
      welcome_{how} {
    in_.unawaited({[](void* whose) { static_cast<client_session*>(whose)->read_unawaited(); }, this});
}

client_session::~client_session() = default;

task<> client_session::run() {
    try {
        co_await serve_connection();
    } catch (const std::exception& failed) {
        worker_.runtime().log().write(log_level::error, "A connection was ended by an error.",
                                      {{"error", std::string_view{failed.what()}}});
    }
    io_.close();
    co_await in_.settled();
    co_await deadline_.finished();
}

task<> client_session::serve_connection() {
    if (tls_) {
        if (!co_await handshake()) co_return;
    }
    if (welcome_ == welcome::refuse) {
        step_ = step::closing;
        co_await refuse(503, "The gateway has as many connections as it may have.", "connection_limit");
        co_return co_await linger();
    }
    while (co_await next_request()) {
        step_ = step::serving;
        const bool keep = co_await serve();
        if (!keep) break;
    }
    if (!aborted_ && !cut_) co_await linger();
}

task<bool> client_session::handshake() {
    if (cut_) co_return false;  // it was adopted after the cut, which found nothing to cancel
    step_ = step::handshake;
    deadline_.set(limit::step, worker_.current()->settings->client_timeouts.request_headers);
    const io_result ended =
        co_await awaited_operation{[&](completion then) { io_.start_server_handshake(*tls_, then); }};
    deadline_.clear(limit::step);
    co_return !ended.failed && !cut_;
}

task<bool> client_session::next_request() {
    // Copies: while the connection is idle a reload may let the configuration go.
    const config& by = *worker_.current()->settings;
    const std::chrono::milliseconds idle_limit = by.client_timeouts.idle;
    const std::chrono::milliseconds head_limit = by.client_timeouts.request_headers;
    const std::size_t most_bytes = by.limits.header_bytes;
    const std::size_t most_fields = by.limits.header_count;
    method_.clear();
    head_.keep_alive = false;
    timed_out_ = false;
    for (bool limited = false;;) {  // an empty line before a request is skipped (RFC 9112, section 2.2)
        // Here and below, after each read: what had completed when the cut came was not cancelled by it.
        if (cut_) co_return false;
        while (in_.data().starts_with("\r\n")) in_.consume(2);
        if (!in_.data().empty() && in_.data() != "\r") break;
        step_ = step::idle;
        // The limit may be over though there was something to read: it is not set anew.
        if (worker_.draining() || timed_out_) co_return false;
        if (!limited) deadline_.set(limit::step, idle_limit);
        limited = true;
        if (!co_await in_.more()) co_return false;
    }
    step_ = step::head;
    head_began_ = time_source::steady().coarse();
    head_scan scan;
    for (bool limited = false;;) {
        const head_scan::outcome seen = scan.look(in_.data());
        if (seen == head_scan::outcome::bad) co_return co_await refuse(400, scan.problem(), "bad_request");
        const std::size_t bytes = seen == head_scan::outcome::complete ? scan.length() : in_.data().size();
        if (bytes > most_bytes || scan.lines() > most_fields + 2) {
            co_return co_await refuse(431, "The request's head is larger than is allowed here.", "head_too_large");
        }
        if (seen == head_scan::outcome::complete) break;
        if (!limited) {
            timed_out_ = false;
            deadline_.set(limit::step, head_limit);
        }
        limited = true;
        if (!in_.pending() && in_.full()) in_.grow(most_bytes + 1);
        const bool more = co_await in_.more();
        if (cut_) co_return false;
        if (timed_out_) {
            co_return co_await refuse(408, "The request's head did not come in time.", "request_headers_timeout");
        }
        if (!more) co_return false;
    }
    deadline_.clear(limit::step);
    body_.begin();
    const std::string_view text = in_.data().substr(0, scan.length());
    const std::string_view wrong = body_.parse_head(text, head_);
    if (!wrong.empty()) co_return co_await refuse(status_of_malformed(text), wrong, "bad_request");
    if (const auto problem = check_request_head(head_)) {
        co_return co_await refuse(problem->status, problem->detail, "bad_request");
    }
    method_.assign(head_.method);
    in_.consume(scan.length());  // what the head points to stays where it is until the next read begins
    co_return true;
}

/// A request that cannot be served, and after which nothing on the connection can be trusted.
task<bool> client_session::refuse(unsigned status, std::string_view detail, std::string_view reason) {
    const own_answer refusal{.status = status,
                             .detail = detail,
                             .reason = reason,
                             .proxy_error = status == 503 ? "connection_limit_reached" : "http_request_error",
                             .received_status = 0,
                             .breaker = {},
                             .allow = {},
                             .retry_later = status == 503};
    step_ = step::closing;
    timed_out_ = false;
    const std::uint64_t written_before = io_.written();
    co_await answer(refusal, false);
    log_own(refusal, written_before);
    co_return false;
}

task<bool> client_session::serve() {
    const std::shared_ptr<const routing> by = worker_.current();
    own_answer local{.status = 404,
                     .detail = "No route leads there.",
                     .reason = "no_route",
                     .proxy_error = "http_request_error",
                     .received_status = 0,
                     .breaker = {},
                     .allow = {},
                     .retry_later = false};
    if (is_loop(head_)) {
        local.status = 508;
        local.detail = "The request came through this gateway before.";
        local.reason = "loop";
        local.proxy_error = "proxy_loop_detected";
        co_return co_await answer_locally(local);
    }
    const std::optional<request_path> target = normalise_target(head_.target);
    if (!target) co_return co_await refuse(400, "the request target is malformed", "bad_request");

    const routed found = find_route(by->settings->routes, method_, target->path);
    if (found.to == nullptr) {
        if (!found.allow.empty()) {
            local.status = 405;
            local.detail = "The route does not take this method.";
            local.reason = "method_not_allowed";
            local.allow = found.allow;
        }
        co_return co_await answer_locally(local);
    }
    const live_service& of = *by->services[found.to->service_index];
    if (time_source::steady().coarse() - head_began_ > of.settings->timeouts.request_headers) {
        co_return co_await refuse(408, "The request's head did not come in time.", "request_headers_timeout");
    }
    std::string storage;
    const std::string_view path = path_after(*found.to, target->path, storage);
    exchange with_service{*this, by, of};
    exchange_ = &with_service;
    bool keep = false;
    try {
        keep = co_await with_service.run(path, target->query);
    } catch (...) {
        exchange_ = nullptr;
        throw;
    }
    exchange_ = nullptr;
    co_return keep;
}

task<bool> client_session::answer_locally(const own_answer& what) {
    const bool keep = keeps_alive() && !(head_.expects_continue && !body_.done());
    const std::uint64_t written_before = io_.written();
    const bool may_go_on = co_await answer(what, keep);
    log_own(what, written_before);
    // No && here: g++ 12 would drain the body in any case (see task.hpp).
    if (!may_go_on) co_return false;
    co_return co_await drain_body();
}

/// The access log's line of a request that no service was asked about. Its method and path are known once the head was
/// found to be sound, and still where they came.
void client_session::log_own(const own_answer& what, std::uint64_t written_before) {
    const access_log_settings& to = worker_.current()->settings->access_log;
    if (to.place == access_log_place::off) return;
    access_line line{.status = what.status, .bytes = io_.written() - written_before, .reason = what.reason};
    if (head_began_ != time_point{}) line.took = time_source::steady().now() - head_began_;
    if (!method_.empty()) {
        line.method = method_;
        line.path = without_query(head_.target);
        if (const auto trace = head_.find("traceparent")) line.trace_id = trace_id_of(*trace);
    }
    worker_.runtime().access().write(line, to);
}

bool client_session::keeps_alive() const noexcept { return head_.keep_alive && !worker_.draining(); }

std::string_view client_session::connection_value(bool keep) const noexcept {
    if (!keep) return "close";
    return head_.version == 10 ? std::string_view{"keep-alive"} : std::string_view{};
}

task<bool> client_session::answer(const own_answer& what, bool keep) {
    out_.clear();
    write_own_answer(out_, what, {to_head(), connection_value(keep), worker_.date()});
    deadline_.set(limit::step, worker_.current()->settings->client_timeouts.between_bytes);
    const error_code failed = co_await write_all{io_, out_};
    deadline_.clear(limit::step);
    if (failed) abort();
    co_return !failed && keep;
}

task<bool> client_session::drain_body() {
    std::size_t drained = 0;
    timed_out_ = false;
    if (!body_.done()) deadline_.set(limit::step, drain_patience);
    while (!body_.done()) {
        const request_decoder::progress parsed = body_.parse_body(in_.data());
        in_.consume(parsed.consumed);
        drained += parsed.consumed;
        if (parsed.bad || drained > most_drained) co_return false;
        if (parsed.consumed > 0 || body_.done()) continue;
        const bool more = co_await in_.more();
        if (!more || timed_out_ || cut_) co_return false;
    }
    deadline_.clear(limit::step);
    // After the client's orderly end there may be requests that came before it.
    co_return !in_.ended() || in_.ended() == asio::error::eof;
}

/// Ends the connection so that what was written arrives: a close with unread input would reset it.
task<> client_session::linger() {
    step_ = step::closing;
    timed_out_ = false;
    deadline_.set(limit::step, goodbye_patience);
    if (io_.is_tls()) {
        if (in_.pending()) io_.cancel();
        co_await in_.settled();
        const io_result parted = co_await awaited_operation{[&](completion then) { io_.start_goodbye(then); }};
        if (!parted.failed) co_return;
        // The client has not finished: more of its request came instead of its own goodbye.
        io_.leave_tls();
    }
    if (in_.ended()) co_return;
    error_code ignored;
    io_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
    in_.consume(in_.data().size());
    while (!timed_out_ && !cut_) {
        if (!co_await in_.more()) break;
        in_.consume(in_.data().size());
    }
}

void client_session::limit_reached(limit which) noexcept {
    if (exchange_ != nullptr) return exchange_->limit_reached(which);
    timed_out_ = true;
    io_.cancel();
}

void client_session::read_unawaited() noexcept {
    if (exchange_ != nullptr) exchange_->client_read_ended();
}

void client_session::abort() noexcept {
    aborted_ = true;
    io_.reset();
}

void client_session::cut_short() noexcept {
    aborted_ = true;
    io_.close();
}

void client_session::drain() noexcept {
    if (step_ == step::idle) io_.cancel();
}

void client_session::cut() noexcept {
    cut_ = true;
    if (exchange_ != nullptr) exchange_->cut();
    io_.cancel();
}

}  // namespace switchgear::gateway
