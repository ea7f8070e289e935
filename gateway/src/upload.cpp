#include "upload.hpp"

#include <utility>

#include "client_session.hpp"

namespace switchgear::gateway {
namespace {

/// More than this is not read only to be thrown away; the connection goes instead.
constexpr std::size_t most_discarded = std::size_t{256} * 1'024;
constexpr std::chrono::milliseconds discard_patience{2'000};

}  // namespace

void upload::begin(upstream_connection& to) {
    to_ = &to;
    state_ = state::reading;
    start(pump(), [this] { end(); });
}

void upload::discard() {
    if (!running() || discarding_) return;
    discarding_ = true;
    between_bytes_ = discard_patience;
    if (state_ == state::writing) to_->io.cancel();
    if (state_ == state::reading) from_.limits().set(limit::upload, between_bytes_);
}

task<bool> upload::read_more() {
    state_ = state::reading;
    from_.limits().set(limit::upload, between_bytes_);
    const bool more = co_await from_.in().more();
    from_.limits().clear(limit::upload);
    // Full without a step forward: a line of the framing that does not end.
    if (!more) outcome_ = from_.in().ended() ? outcome::client_gone : outcome::client_malformed;
    co_return more;
}

task<> upload::pump() {
    request_decoder& body = from_.body();
    outcome_ = outcome::complete;
    while (!body.done()) {
        const request_decoder::progress parsed = body.parse_body(from_.in().data());
        if (parsed.bad) {
            outcome_ = outcome::client_malformed;
            co_return;
        }
        if (parsed.consumed == 0 && !body.done()) {
            if (!co_await read_more()) co_return;
            continue;
        }
        if (discarding_) {
            discarded_ += parsed.consumed;
        } else {
            co_await send_pieces();
        }
        from_.in().consume(parsed.consumed);
        if (discarded_ > most_discarded) {
            outcome_ = outcome::too_much;
            co_return;
        }
    }
    if (discarding_) outcome_ = outcome::drained;
}

task<> upload::send_pieces() {
    request_decoder& body = from_.body();
    out_.clear();
    out_.add_body(body.pieces(), body.piece_bytes(), from_.head().framing, body.done());
    if (out_.empty()) co_return;
    state_ = state::writing;
    from_.limits().set(limit::upload, between_bytes_);
    // On failure the service does not want more of it; perhaps it has answered already.
    if (co_await write_all{to_->io, out_.parts()}) discarding_ = true;
    from_.limits().clear(limit::upload);
    state_ = state::reading;
    if (auto waiting = std::exchange(waiting_for_write_, nullptr)) waiting.resume();
}

void upload::end() {
    state_ = state::ended;
    from_.limits().clear(limit::upload);
    if (auto waiting = std::exchange(waiting_, nullptr)) {
        waiting.resume();
    } else {
        observer_.call(observer_.whose, outcome_);
    }
}

}  // namespace switchgear::gateway
