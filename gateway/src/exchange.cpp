#include "exchange.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <switchgear/gateway/runtime.hpp>

#include "request_head.hpp"
#include "worker.hpp"

namespace switchgear::gateway {
namespace {

/// RFC 9110, section 9.2.2.
bool is_idempotent(std::string_view method) noexcept {
    for (const std::string_view one : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
        if (method == one) return true;
    }
    return false;
}

}  // namespace

exchange::exchange(client_session& with, std::shared_ptr<const routing> by, const live_service& of)
    : with_{with},
      by_{std::move(by)},
      of_{of},
      upload_{with,
              of.settings->timeouts.between_bytes,
              {[](void* whose, upload::outcome how) { static_cast<exchange*>(whose)->upload_ended(how); }, this}} {}

// An error of ours, such as no memory, left it where it was.
exchange::~exchange() { release_connection(false); }

task<bool> exchange::run(std::string_view path, std::string_view query) {
    begin_record();
    if (const auto refused = admit()) {
        const bool may_go_on = co_await answer_refused(*refused);
        co_return co_await end(may_go_on);
    }
    if (record_) record_->line.state = use_.counters->is_closed() ? state::closed : use_.what->observe().current;

    watch_for_overdue();
    watch_probe();
    with_.limits().set(limit::total, settings().timeouts.total);

    const std::string_view host = settings().host == host_policy::preserve
                                      ? with_.head().authority
                                      : std::string_view{of_.authorities[endpoint_]};
    write_request_head(head_text_, with_.head(), {path, query, host, with_.identity()});
    gateway::log& log = with_.on().runtime().log();
    if (log.enabled(log.calls())) {
        log.write(log.calls(), fmt::format("Calling downstream URL {}{}{}", to_string(settings().endpoints[endpoint_]),
                                           path, query));
    }

    head_outcome how = co_await attempt();
    if (how == head_outcome::stale) {
        if (may_send_again()) {
            fresh_only_ = true;
            how = co_await attempt();
        }
        if (how == head_outcome::stale) {
            how = upstream_failed(http::transport_error::reset, "reset", "connection_terminated");
        }
    }
    bool keep = false;
    if (how == head_outcome::arrived) {
        keep = co_await relay();
    } else if (how == head_outcome::failed) {
        keep = co_await answer_failed();
    } else {
        keep = co_await answer_stopped();
    }
    co_return co_await end(keep);
}

/// After the answer: its line in the access log, and what is left of the request's body, and of the limits.
task<bool> exchange::end(bool keep) {
    if (record_) write_record();
    if (upload_.running()) {
        upload_.discard();
        if (!keep) with_.io().cancel();
        co_await upload_.finished();
    }
    for (const limit each : {limit::step, limit::upload, limit::total, limit::overdue, limit::body})
        with_.limits().clear(each);
    // No && here: g++ 12 would drain the body in any case (see task.hpp).
    if (!keep || interrupted()) co_return false;
    co_return co_await with_.drain_body();
}

task<exchange::head_outcome> exchange::attempt() {
    if (record_) record_->note_attempt(now());
    if (!co_await obtain_connection()) co_return interrupted() ? head_outcome::stopped : head_outcome::failed;
    received_before_ = connection_->in.total();
    head_outcome how = co_await send_request();
    if (how == head_outcome::arrived) how = co_await await_head();
    if (interruption_ == interruption::upstream_slow) {
        interruption_ = interruption::none;
        how = upstream_failed(http::transport_error::timeout, error_.reason, "http_response_timeout");
    }
    if (how != head_outcome::arrived) {
        upload_.discard();
        co_await upload_.released();
        release_connection(false);
    }
    co_return how;
}

task<bool> exchange::obtain_connection() {
    const std::string& key = of_.pool_keys[endpoint_];
    if (!fresh_only_) connection_ = with_.on().pool().take(key, time_source::steady().coarse());
    if (!connection_) {
        step_ = step::connecting;
        watch_client();
        if (interrupted()) co_return false;
        set_time_limit(limit::step, settings().timeouts.connect, "connect_timeout");
        connector_.emplace(with_.on().loop(), with_.on().runtime().names(), with_.on().shared().descriptors,
                           &with_.on().pool());
        connector::outcome made = co_await connector_->run(
            settings().endpoints[endpoint_], of_.counters,
            std::min(with_.limits().at(limit::step), with_.limits().at(limit::total)), by_->client_tls);
        const connector::phase reached = connector_->now();
        connector_.reset();
        with_.limits().clear(limit::step);
        if (record_) record_->note_connection(now());
        if (interruption_ == interruption::upstream_slow) {
            connection_timed_out(reached);
            co_return false;
        }
        if (interrupted()) co_return false;
        if (made.own_limit) {
            interruption_ = interruption::own_limit;
            co_return false;
        }
        if (!made.connection) {
            upstream_failed(made.failed, http::to_string(made.failed), made.proxy_error);
            co_return false;
        }
        connection_ = std::move(made.connection);
    }
    of_.counters->connections_active.fetch_add(1, std::memory_order_relaxed);
    co_return true;
}

/// No name, no connection or no handshake in time is none at all: the service was not reached.
void exchange::connection_timed_out(connector::phase reached) {
    interruption_ = interruption::none;
    switch (reached) {
        case connector::phase::name: upstream_failed(http::transport_error::dns, error_.reason, "dns_timeout"); break;
        case connector::phase::connection:
            upstream_failed(http::transport_error::connect, error_.reason, "connection_timeout");
            break;
        case connector::phase::tls:
            upstream_failed(http::transport_error::tls, error_.reason, "tls_protocol_error");
            return;
    }
    error_.status = 504;
}

task<exchange::head_outcome> exchange::send_request() {
    step_ = step::sending;
    out_.clear();
    out_.add(head_text_);
    std::size_t consumed = 0;
    if (fresh_only_) {
        out_.add(early_body_);
    } else {
        request_decoder& body = with_.body();
        if (with_.head().expects_continue && with_.in().data().empty() && !body.done()) {
            static_cast<void>(co_await write_all{with_.io(), "HTTP/1.1 100 Continue\r\n\r\n"});
        }
        const request_decoder::progress parsed = body.parse_body(with_.in().data());
        consumed = parsed.consumed;
        if (parsed.bad) interrupt(interruption::client_malformed);
        if (interrupted()) co_return head_outcome::stopped;
        out_.add_body(body.pieces(), body.piece_bytes(), with_.head().framing, body.done());
        sent_whole_ = in_one_piece_ = body.done();
        if (connection_->reused && may_send_again()) keep_early_body();
    }
    set_time_limit(limit::step, settings().timeouts.between_bytes, "write_timeout");
    // A failure says nothing yet: a service that answers and closes before it has read everything is heard.
    static_cast<void>(co_await write_all{connection_->io, out_.parts()});
    with_.in().consume(consumed);
    if (interrupted()) co_return head_outcome::stopped;
    if (sent_whole_) {
        set_time_limit(limit::step, settings().timeouts.first_byte, "first_byte_timeout");
        watch_client();
    } else {
        with_.limits().clear(limit::step);
        upload_.begin(*connection_);
    }
    co_return interrupted() ? head_outcome::stopped : head_outcome::arrived;
}

void exchange::keep_early_body() {
    for (const auto& part : out_.parts().subspan(1)) {  // the first is the head
        early_body_.append(static_cast<const char*>(part.data()), part.size());
    }
}

bool exchange::may_send_again() const noexcept {
    return in_one_piece_ && !interrupted() && is_idempotent(with_.method());
}

task<exchange::head_outcome> exchange::await_head() {
    step_ = step::awaiting_head;
    incoming& in = connection_->in;
    scan_ = {};
    while (!interrupted()) {
        const head_scan::outcome seen = scan_.look(in.data());
        if (!examine_head(seen)) co_return head_outcome::failed;
        if (seen == head_scan::outcome::complete) {
            if (answer_.status >= 200) co_return head_outcome::arrived;
            if (!co_await forward_interim()) break;
            in.consume(scan_.length());
            scan_ = {};
            continue;
        }
        if (!in.pending() && in.full()) in.grow(by_->settings->limits.header_bytes + 1);
        if (co_await in.more() || interrupted()) continue;
        const bool silent = in.total() == received_before_;
        if (silent && connection_->reused) co_return head_outcome::stale;
        co_return upstream_failed(http::transport_error::reset, "reset",
                                  silent ? "connection_terminated" : "http_response_incomplete");
    }
    co_return head_outcome::stopped;
}

/// Parses a complete head. Returns: false if it, or what there is of one, is none; `error_` says why.
bool exchange::examine_head(head_scan::outcome seen) {
    const limits& most = by_->settings->limits;
    const bool complete = seen == head_scan::outcome::complete;
    const std::string_view data = connection_->in.data();
    if (complete) {
        decoder_.begin(with_.to_head());
        const std::string_view wrong = decoder_.parse_head(data.substr(0, scan_.length()), answer_);
        const auto problem = wrong.empty() ? check_answer_head(answer_, with_.to_head()) : std::optional{wrong};
        // Nobody asked for a change of protocol: Upgrade is not sent on.
        if (problem || answer_.status == 101) seen = head_scan::outcome::bad;
    }
    if (seen == head_scan::outcome::bad) {
        upstream_failed(http::transport_error::framing, "framing", "http_protocol_error");
        return false;
    }
    if ((complete ? scan_.length() : data.size()) > most.header_bytes ||
        (complete && answer_.fields.size() > most.header_count)) {
        upstream_failed(http::transport_error::framing, "head_too_large", "http_response_header_section_size");
        return false;
    }
    return true;
}

task<bool> exchange::forward_interim() {
    if (with_.head().version == 10) co_return true;
    std::string text;
    write_answer_head(text, answer_, {});
    step_ = step::writing_answer;
    with_.limits().set(limit::step, settings().timeouts.between_bytes);
    const error_code failed = co_await write_all{with_.io(), text};
    step_ = step::awaiting_head;
    if (sent_whole_) {
        set_time_limit(limit::step, settings().timeouts.first_byte, "first_byte_timeout");
    } else {
        with_.limits().clear(limit::step);
    }
    if (failed) interrupt(interruption::client_gone);
    co_return !failed;
}

exchange::head_outcome exchange::upstream_failed(http::transport_error what, std::string_view reason,
                                                 std::string_view proxy_error) {
    error_ = {what, reason, proxy_error, what == http::transport_error::timeout ? 504U : 502U};
    return head_outcome::failed;
}

void exchange::set_time_limit(limit which, std::optional<std::chrono::milliseconds> from_now, std::string_view reason) {
    step_reason_ = reason;
    with_.limits().set(which, from_now);
}

void exchange::upload_ended(upload::outcome how) noexcept {
    sent_whole_ = how == upload::outcome::complete;
    if (head_sent_) return;
    if (std::exchange(client_held_it_up_, false)) give_more_time();
    switch (how) {
        case upload::outcome::complete:
            set_time_limit(limit::step, settings().timeouts.first_byte, "first_byte_timeout");
            watch_client();
            break;
        case upload::outcome::client_gone: interrupt(interruption::client_gone); break;
        case upload::outcome::client_malformed: interrupt(interruption::client_malformed); break;
        case upload::outcome::drained:
        case upload::outcome::too_much:
            // The service ended its side while the body was on its way, and has not answered so far.
            set_time_limit(limit::step, settings().timeouts.first_byte, "first_byte_timeout");
            break;
    }
}

void exchange::interrupt(interruption why) noexcept {
    const bool again = interrupted();
    if (!again) interruption_ = why;
    if (connector_) connector_->cancel();
    if (connection_) connection_->io.cancel();
    const bool client_waits = step_ == step::writing_answer || upload_.now() == upload::state::reading;
    if (client_waits || again || why == interruption::cut) with_.io().cancel();
}

void exchange::limit_reached(limit which) noexcept {
    if (which == limit::overdue) {
        if (!permit_ || head_sent_) return;
        client_held_it_up_ = upload_.now() == upload::state::reading;
        if (client_held_it_up_) return give_more_time();
        permit_->overdue();
        return watch_for_overdue();
    }
    if (which == limit::body) {
        if (upload_.now() == upload::state::reading && !head_sent_) settle(verdict::ignored());
        return;
    }
    const bool on_upload = which == limit::upload || (which == limit::total && upload_.running());
    if (on_upload && upload_.now() == upload::state::reading) return interrupt(interruption::client_slow);
    if (step_ == step::writing_answer) return interrupt(interruption::client_slow);
    error_.reason = which == limit::total ? "total_timeout" : which == limit::upload ? "write_timeout" : step_reason_;
    interrupt(interruption::upstream_slow);
}

/// Sets the timer to the next limit after which the call counts as slow: the learned one and the slow rule's may both
/// come.
void exchange::watch_for_overdue() {
    const auto first = use_.what->slow_limit();
    if (!first) return;
    const time_point now = time_source::steady().now();
    if (admitted_ == time_point{}) admitted_ = now;
    // Not from before the permit: the breaker judges by the age of that.
    if (const auto next = use_.what->slow_limit(now - admitted_))
        with_.limits().set_at(limit::overdue, admitted_ + *next);
}

/// A probe's lease runs while its client sends the body (behaviour 21). At half of it a probe whose body is not there
/// gives its place back, unproven; so the service has the other half at least.
void exchange::watch_probe() noexcept {
    if (use_.counters->is_closed() || with_.body().done()) return;
    with_.limits().set(limit::body, settings().breaker.settings.recovery.probe_timeout / 2);
}

/// A call that waits for its client's body where it would be overdue is not the service's doing.
void exchange::give_more_time() noexcept {
    if (const auto allowed = use_.what->slow_limit())
        with_.limits().set_at(limit::overdue, time_source::steady().now() + *allowed);
}

void exchange::watch_client() noexcept {
    const error_code& ended = with_.in().ended();
    if (ended == asio::error::eof && settings().half_close == half_close_policy::serve) return;
    if (ended) return interrupt(interruption::client_gone);
    with_.in().start();
}

// It is the client's end, or more of its body, or an early next request; after that may come its end.
void exchange::client_read_ended() noexcept {
    const bool being_sent = step_ == step::sending || upload_.running();
    if (being_sent && !with_.in().ended()) return;  // a new read may move what is being written
    watch_client();
}

void exchange::cut() noexcept { interrupt(interruption::cut); }

void exchange::release_connection(bool reusable) {
    if (!connection_) return;
    upstream_pool& pool = with_.on().pool();
    if (reusable && !with_.on().draining()) {
        const time_point idle_until = time_source::steady().coarse() + settings().timeouts.idle;
        pool.give(of_.pool_keys[endpoint_], std::move(connection_), idle_until);
    } else {
        pool.discard(std::move(connection_));
    }
    // After it is counted as idle: a connection that is kept is at no time counted as gone.
    of_.counters->connections_active.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace switchgear::gateway
