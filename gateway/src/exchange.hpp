#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <switchgear/http/classify.hpp>
#include <switchgear/permit.hpp>

#include "access_record.hpp"
#include "answers.hpp"
#include "client_session.hpp"
#include "gather.hpp"
#include "head_scan.hpp"
#include "message_decoder.hpp"
#include "routing.hpp"
#include "task.hpp"
#include "upload.hpp"
#include "upstream_connection.hpp"

namespace switchgear::gateway {

/// One request and its service: asks the breaker, sends the request, judges and hands on the answer.
///
/// The permit is settled at the end of the answer, or as soon as it is known to be a failure; whatever
/// ends an exchange otherwise drops it, which gives a probe's slot back.
///
/// Why one coroutine and an `interruption`: everything that can stop an exchange from outside (a limit, the client's end,
/// a drain's end) notes why and cancels what is waited for; the coroutine finds the note where it wakes up.
class exchange {
public:
    exchange(client_session& with, std::shared_ptr<const routing> by, const live_service& of);
    ~exchange();
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    /// Serves the request. Returns: whether the client's connection may go on.
    task<bool> run(std::string_view path, std::string_view query);

    void limit_reached(limit) noexcept;
    /// The read that is left pending on the client's connection came back.
    void client_read_ended() noexcept;
    void cut() noexcept;

private:
    enum class interruption : std::uint8_t {
        none,
        client_gone,
        client_slow,       ///< sends its body too slowly
        client_malformed,  ///< its body's framing is wrong
        upstream_slow,
        own_limit,  ///< there is no descriptor, memory or port for a connection to the service
        cut
    };
    /// Whom it waits for at present.
    enum class step : std::uint8_t { connecting, sending, awaiting_head, reading_answer, writing_answer };

    /// How the attempt to get a head ended.
    enum class head_outcome : std::uint8_t {
        arrived,
        stale,   ///< a reused connection ended before it said anything
        failed,  ///< `error_` says how
        stopped  ///< `interruption_` says why
    };
    struct upstream_failure {
        http::transport_error what = http::transport_error::reset;
        std::string_view reason;
        std::string_view proxy_error;
        unsigned status = 502;
    };

    const service& settings() const noexcept { return *of_.settings; }
    bool interrupted() const noexcept { return interruption_ != interruption::none; }
    void interrupt(interruption) noexcept;

    // Admission: admission.cpp
    std::optional<rejection> admit();
    std::optional<rejection> admit_by(std::size_t endpoint, const breaker_use&);
    task<bool> answer_refused(const rejection&);
    told_state tell() const;
    std::string exposed_state() const;

    // The line in the access log: access_record.cpp
    void begin_record();
    time_point now() const noexcept;
    void write_record();
    void answered(unsigned status);

    // The way to a head: exchange.cpp
    task<bool> end(bool keep);
    task<head_outcome> attempt();
    task<bool> obtain_connection();
    void connection_timed_out(connector::phase);
    task<head_outcome> send_request();
    void keep_early_body();
    task<head_outcome> await_head();
    bool examine_head(head_scan::outcome);
    task<bool> forward_interim();
    head_outcome upstream_failed(http::transport_error, std::string_view reason, std::string_view proxy_error);
    bool may_send_again() const noexcept;
    void set_time_limit(limit, std::optional<std::chrono::milliseconds>, std::string_view reason);
    void watch_client() noexcept;
    void watch_for_overdue();
    void watch_probe() noexcept;
    void give_more_time() noexcept;
    void upload_ended(upload::outcome) noexcept;
    void release_connection(bool reusable);

    // The end of it: answer_relay.cpp
    task<bool> answer_failed();
    task<bool> answer_stopped();
    task<bool> relay();
    task<bool> replace_answer(const verdict&);
    bool is_replaced(const verdict&) const noexcept;
    task<bool> write_answer(bool complete);
    task<bool> relay_body();
    task<bool> read_piece();
    void abort_answer(http::transport_error);
    void settle(const verdict&);
    void note_duration();
    task<bool> answer_instead(const own_answer&, bool failed);

    client_session& with_;
    std::shared_ptr<const routing> by_;
    const live_service& of_;
    std::size_t endpoint_ = 0;
    breaker_use use_;
    std::optional<permit> permit_;  // after use_, so that it goes before it
    time_point began_{};
    std::unique_ptr<access_record> record_;  // if there is an access log
    time_point admitted_{};                  // at the latest; set where a call can become overdue
    bool client_held_it_up_ = false;         // it would have been overdue, had the client sent its body

    std::string head_text_;
    std::string early_body_;           // what the first write took of a body that may have to be sent again
    std::size_t received_before_ = 0;  // on this connection, before this request
    bool sent_whole_ = false;
    bool in_one_piece_ = false;  // head and body went out in one write, and can so again
    bool fresh_only_ = false;
    std::optional<connector> connector_;
    std::unique_ptr<upstream_connection> connection_;
    upload upload_;
    gather out_;

    head_scan scan_;
    answer_decoder decoder_;
    answer_head answer_;
    body_framing client_framing_ = body_framing::none;
    std::string_view status_text_;  // what the service said, for the log
    std::array<char, 4> status_digits_{};
    bool head_sent_ = false;
    bool duration_noted_ = false;

    step step_ = step::connecting;
    interruption interruption_ = interruption::none;
    upstream_failure error_;
    std::string_view step_reason_;  // of the limit that runs on the step
};

}  // namespace switchgear::gateway
