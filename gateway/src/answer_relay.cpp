#include <charconv>
#include <utility>

#include <switchgear/gateway/runtime.hpp>

#include "classification.hpp"
#include "exchange.hpp"
#include "worker.hpp"

/// The end of an exchange: the verdict, and what the client gets.
namespace switchgear::gateway {

void exchange::settle(const verdict& how) {
    if (!permit_) return;
    if (record_) record_->line.judged = how;
    if (how.is_failure()) {
        log_failure(with_.on().runtime().log(), *use_.what, use_.counters->name, status_text_);
    }
    static_cast<void>(with_.on().runtime().clock().now());  // what the breaker reads is of this moment then
    {
        const settling_status scope{status_text_};
        permit_->settle(how);
    }
    permit_.reset();
}

void exchange::note_duration() {
    if (std::exchange(duration_noted_, true)) return;
    with_.limits().clear(limit::overdue);
    use_.counters->durations.observe(with_.on().runtime().clock().now() - began_);
}

task<bool> exchange::relay() {
    const auto digits =
        std::to_chars(status_digits_.data(), status_digits_.data() + status_digits_.size(), answer_.status);
    status_text_ = {status_digits_.data(), static_cast<std::size_t>(digits.ptr - status_digits_.data())};
    if (permit_) permit_->answered();
    note_duration();
    if (record_) record_->note_head(now());

    const verdict judged = judge_answer(settings(), answer_);
    if (!judged.is_success()) settle(judged);
    if (is_replaced(judged)) co_return co_await replace_answer(judged);

    const bool delimited = answer_.framing == body_framing::none || answer_.framing == body_framing::length;
    client_framing_ = delimited                    ? answer_.framing
                      : with_.head().version == 11 ? body_framing::chunked
                                                   : body_framing::until_close;
    const bool keep = with_.keeps_alive() && client_framing_ != body_framing::until_close;

    incoming& in = connection_->in;
    const answer_decoder::progress parsed = decoder_.parse_body(in.data().substr(scan_.length()));
    if (parsed.bad) {
        upload_.discard();
        co_await upload_.released();
        release_connection(false);
        upstream_failed(http::transport_error::framing, "framing", "http_protocol_error");
        co_return co_await answer_failed();
    }
    const bool complete = decoder_.done();
    if (complete) settle(judged);  // before it is told, so that who asks next meets the verdict

    head_text_.clear();
    write_answer_head(head_text_, answer_,
                      {client_framing_, with_.connection_value(keep), exposed_state(), with_.on().date()});
    answered(answer_.status);
    head_sent_ = true;
    out_.clear();
    out_.add(head_text_);
    const bool written = co_await write_answer(complete);
    in.consume(scan_.length() + parsed.consumed);
    bool passed = written;
    if (written && !complete) passed = co_await relay_body();
    // The service has said all it will; what it has not read of the request it will not read.
    const bool reusable = passed && sent_whole_ && answer_.keep_alive && in.data().empty() && !in.ended();
    upload_.discard();
    co_await upload_.released();
    release_connection(reusable);
    co_return (passed && keep);
}

/// Writes what `out_` has and the pieces that were parsed. Returns: false if the client is gone.
task<bool> exchange::write_answer(bool complete) {
    out_.add_body(decoder_.pieces(), decoder_.piece_bytes(), client_framing_, complete);
    if (out_.empty()) co_return true;
    step_ = step::writing_answer;
    with_.limits().set(limit::step, settings().timeouts.between_bytes);
    const error_code failed = co_await write_all{with_.io(), out_.parts()};
    with_.limits().clear(limit::step);
    out_.clear();
    if (!failed) co_return true;
    settle(verdict::ignored());
    with_.abort();
    co_return false;
}

/// Reads and writes on until the answer is complete. Returns: whether it is.
task<bool> exchange::relay_body() {
    incoming& in = connection_->in;
    for (;;) {
        if (!co_await read_piece()) co_return false;
        const answer_decoder::progress parsed = decoder_.parse_body(in.data());
        const bool over = in.data().size() == parsed.consumed && in.ended() == asio::error::eof;
        const bool complete = decoder_.done() || (over && !parsed.bad && decoder_.parse_end());
        if (parsed.bad) {
            abort_answer(http::transport_error::framing);
            co_return false;
        }
        if (complete) settle(verdict::success());
        const bool written = co_await write_answer(complete);
        in.consume(parsed.consumed);
        if (!written || complete) co_return written;
    }
}

/// Awaits more of the answer, or its end if the end of the connection is that. Settles and aborts otherwise.
task<bool> exchange::read_piece() {
    incoming& in = connection_->in;
    step_ = step::reading_answer;
    set_time_limit(limit::step, settings().timeouts.between_bytes, "between_bytes_timeout");
    bool more = false;
    if (!interrupted()) more = co_await in.more();
    with_.limits().clear(limit::step);
    if (more && !interrupted()) co_return true;
    if (interruption_ == interruption::upstream_slow) {
        abort_answer(http::transport_error::timeout);
    } else if (interrupted()) {
        settle(verdict::ignored());
        with_.abort();
    } else if (answer_.framing == body_framing::until_close && in.ended() == asio::error::eof) {
        co_return true;
    } else {
        abort_answer(http::transport_error::truncated);
    }
    co_return false;
}

/// The client must not take what it has for the whole: no last chunk, and no orderly end where the end is all there is.
void exchange::abort_answer(http::transport_error why) {
    settle(judge_error(settings(), why));
    if (client_framing_ == body_framing::until_close) {
        with_.abort();
    } else {
        with_.cut_short();
    }
}

bool exchange::is_replaced(const verdict& judged) const noexcept {
    if (!judged.is_failure()) return false;
    const auto& fallback = settings().fallback;
    return settings().on_failure == failure_answer::bad_gateway ||
           (fallback && fallback->when != fallback_when::refused);
}

task<bool> exchange::replace_answer(const verdict& judged) {
    const answer_decoder::progress parsed = decoder_.parse_body(connection_->in.data().substr(scan_.length()));
    connection_->in.consume(scan_.length() + parsed.consumed);
    const bool whole = decoder_.done() && connection_->in.data().empty() && !connection_->in.ended();
    const unsigned received = answer_.status;
    upload_.discard();
    co_await upload_.released();
    release_connection(whole && sent_whole_ && answer_.keep_alive);
    const own_answer answer{.status = 502,
                            .detail = "The service answered with a failure.",
                            .reason = to_string(judged.failed_with()),
                            .proxy_error = "destination_unavailable",
                            .received_status = received,
                            .breaker = tell(),
                            .allow = {},
                            .retry_later = false};
    co_return co_await answer_instead(answer, true);
}

task<bool> exchange::answer_failed() {
    status_text_ = http::to_string(error_.what);
    const verdict judged = judge_error(settings(), error_.what);
    if (!judged.is_ignored()) note_duration();
    settle(judged);
    const own_answer answer{.status = error_.status,
                            .detail = error_.status == 504
                                          ? "The service did not answer in time."
                                          : "The service could not be reached, or did not answer in HTTP.",
                            .reason = error_.reason,
                            .proxy_error = error_.proxy_error,
                            .received_status = 0,
                            .breaker = tell(),
                            .allow = {},
                            .retry_later = false};
    co_return co_await answer_instead(answer, judged.is_failure());
}

/// The client, or the gateway's own end, stopped it before there was an answer: nobody is charged.
task<bool> exchange::answer_stopped() {
    settle(verdict::ignored());
    with_.limits().clear(limit::total);
    own_answer answer{.status = 408,
                      .detail = "The request's body did not come in time.",
                      .reason = "between_bytes_timeout",
                      .proxy_error = "http_request_error",
                      .received_status = 0,
                      .breaker = {},
                      .allow = {},
                      .retry_later = false};
    switch (interruption_) {
        case interruption::client_slow: break;
        case interruption::client_malformed:
            answer.status = 400;
            answer.detail = "The framing of the request's body is malformed.";
            answer.reason = "framing";
            break;
        case interruption::own_limit:
            answer.status = 503;
            answer.detail = "The gateway has as many connections as it may have.";
            answer.reason = "connection_limit";
            answer.proxy_error = "connection_limit_reached";
            answer.retry_later = true;
            break;
        default:
            answered(499);
            with_.abort();
            co_return false;
    }
    answered(answer.status);
    co_return co_await with_.answer(answer, false);
}

/// The gateway's own answer or the fallback that stands in for it.
task<bool> exchange::answer_instead(const own_answer& answer, bool failed) {
    const auto& fallback = settings().fallback;
    const bool replaced = fallback &&
                          (fallback->when == fallback_when::both ||
                           fallback->when == (failed ? fallback_when::failed : fallback_when::refused)) &&
                          (failed || answer.status == 503);
    const bool keep = with_.keeps_alive() && !(with_.head().expects_continue && !with_.body().done());
    const answer_delivery delivery{with_.to_head(), with_.connection_value(keep), with_.on().date()};
    head_text_.clear();
    if (replaced) {
        write_fallback(head_text_, *fallback, answer, delivery);
        (failed ? of_.counters->fallbacks_failed : of_.counters->fallbacks_refused)
            .fetch_add(1, std::memory_order_relaxed);
    } else {
        write_own_answer(head_text_, answer, delivery);
    }
    answered(replaced ? fallback->status : answer.status);
    head_sent_ = true;
    out_.clear();
    out_.add(head_text_);
    decoder_.begin();
    const bool written = co_await write_answer(false);
    co_return (written && keep);
}

}  // namespace switchgear::gateway
