#include "upstream_connection.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>

#include "upstream_pool.hpp"

namespace switchgear::gateway {
namespace {

using timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                         asio::io_context::executor_type>;

// An answer's head and 16 KiB of its body fit into one read.
constexpr std::size_t upstream_buffer = std::size_t{17} * 1'024;

/// An address has this time at least, or of many that are far away none could be reached.
constexpr std::chrono::milliseconds least_share{250};

std::string_view proxy_error_of(const error_code& failed) {
    if (failed == asio::error::connection_refused) return "connection_refused";
    if (failed == asio::error::timed_out) return "connection_timeout";
    if (failed == asio::error::network_unreachable || failed == asio::error::host_unreachable) {
        return "destination_ip_unroutable";
    }
    return "connection_terminated";
}

/// Whether we could not even try.
bool is_own_limit(const error_code& failed) {
    using boost::system::errc::errc_t;
    for (const errc_t one : {errc_t::too_many_files_open, errc_t::too_many_files_open_in_system,
                             errc_t::no_buffer_space, errc_t::not_enough_memory, errc_t::address_not_available}) {
        if (failed == one) return true;
    }
    return false;
}

/// Whether we have an address from which this one can be reached. The system says "address not available" if we have
/// not, and also if ports have run out; datagrams need the same address, but have ports of their own.
bool has_source_address(asio::io_context& loop, const asio::ip::tcp::endpoint& to) {
    const asio::ip::udp::endpoint same{to.address(), to.port()};
    asio::ip::udp::socket probe{loop};
    error_code failed;
    probe.open(same.protocol(), failed);
    if (!failed) probe.connect(same, failed);  // sends nothing
    return failed != boost::system::errc::address_not_available;
}

}  // namespace

upstream_connection::upstream_connection(asio::io_context& loop, std::shared_ptr<service_counters> of)
    : io{loop}, in{io, upstream_buffer}, counters{std::move(of)} {}

upstream_connection::~upstream_connection() = default;

/// Shared with what is posted when its question is answered or its patience over, which may be after it is done.
struct connector::resolution {
    explicit resolution(asio::io_context& loop) : patience{loop} {}
    timer patience;
    looked_up found;
    bool done = false;
    std::coroutine_handle<> waiting;

    void finish(looked_up with) {
        if (std::exchange(done, true)) return;
        found = std::move(with);
        if (waiting) std::exchange(waiting, nullptr).resume();
    }

    struct waiting_for_end {
        resolution& of;
        bool await_ready() const noexcept { return of.done; }
        void await_suspend(std::coroutine_handle<> who) const noexcept { of.waiting = who; }
        void await_resume() const noexcept {}
    };
};

task<looked_up> connector::resolve(const std::string& name) {
    error_code is_name;
    const auto address = asio::ip::make_address(name, is_name);
    if (!is_name) co_return looked_up{looked_up::how::answered, {address}};

    const auto current = std::make_shared<resolution>(loop_);
    resolving_ = current;
    const name_lookup::question asked =
        names_.ask(name, loop_, [current](const looked_up& answer) { current->finish(answer); });
    name_lookup::addresses before = names_.last_found(name);
    if (!before.empty()) {
        current->patience.expires_after(name_lookup::patience);
        current->patience.async_wait([current, before = std::move(before)](const error_code& cancelled) {
            if (!cancelled) current->finish({looked_up::how::answered, before});
        });
    }
    co_await resolution::waiting_for_end{*current};
    current->patience.cancel();
    resolving_.reset();
    co_return std::move(current->found);
}

error_code connector::open(stream& io, const asio::ip::tcp& protocol) const {
    io.close();
    error_code failed;
    io.socket().open(protocol, failed);
    if (!failed && descriptors_.is_kept(io.socket().native_handle())) failed = asio::error::no_descriptors;
    return failed;
}

task<error_code> connector::connect(stream& io, const asio::ip::tcp::endpoint& to) {
    error_code failed = open(io, to.protocol());
    if (is_own_limit(failed) && idle_ != nullptr && idle_->close_oldest()) failed = open(io, to.protocol());
    if (failed) co_return failed;
    connecting_ = &io;
    const io_result connected = co_await awaited_operation{
        [&](completion then) { io.socket().async_connect(to, [then](error_code ended) { then(ended); }); }};
    connecting_ = nullptr;
    failed = connected.failed;
    if (failed == boost::system::errc::address_not_available && !has_source_address(loop_, to)) {
        failed = asio::error::host_unreachable;
    }
    co_return failed;
}

task<error_code> connector::connect_by(time_point end, stream& io, const asio::ip::tcp::endpoint& to) {
    // Shared with what is posted when it is over, which may be after the connection is there.
    struct share {
        timer over;
        stream* silent;
    };
    const auto current = std::make_shared<share>(share{timer{loop_, end}, &io});
    current->over.async_wait([current](const error_code& cancelled) {
        if (!cancelled && current->silent != nullptr) std::exchange(current->silent, nullptr)->close();
    });
    const error_code failed = co_await connect(io, to);
    current->over.cancel();
    const bool was_silent = std::exchange(current->silent, nullptr) == nullptr;
    co_return was_silent ? error_code{asio::error::timed_out} : failed;
}

task<connector::outcome> connector::run(const endpoint& to, std::shared_ptr<service_counters> counters,
                                        time_point until, std::shared_ptr<asio::ssl::context> tls) {
    const looked_up name = co_await resolve(to.host);
    outcome result;
    if (name.addresses.empty()) {
        result.failed = http::transport_error::dns;
        result.proxy_error = "dns_error";
        result.own_limit = name.ended == looked_up::how::own_limit;
        co_return result;
    }
    phase_ = phase::connection;
    auto connection = std::make_unique<upstream_connection>(loop_, std::move(counters));
    error_code failed = asio::error::operation_aborted;
    bool tried = false;
    auto left = static_cast<std::ptrdiff_t>(name.addresses.size());
    for (const auto& address : name.addresses) {
        if (cancelled_) break;
        const asio::ip::tcp::endpoint at{address, to.port};
        if (left > 1) {
            const time_point now = time_source::steady().now();
            const auto share = std::max<time_point::duration>((until - now) / left, least_share);
            failed = co_await connect_by(now + share, connection->io, at);
        } else {
            failed = co_await connect(connection->io, at);
        }
        if (!failed) break;
        --left;
        tried = tried || !is_own_limit(failed);
    }
    if (failed || cancelled_) {
        result.own_limit = !tried && !cancelled_;
        result.proxy_error = proxy_error_of(failed);
        co_return result;
    }
    error_code ignored;
    connection->io.socket().non_blocking(true, ignored);
    connection->io.socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
    if (to.scheme == url_scheme::https) {
        phase_ = phase::tls;
        connecting_ = &connection->io;
        const io_result shaken = co_await awaited_operation{
            [&](completion then) { connection->io.start_client_handshake(*tls, to.host, then); }};
        connecting_ = nullptr;
        if (shaken.failed) {
            result.failed = http::transport_error::tls;
            result.proxy_error = is_certificate_error(shaken.failed) ? "tls_certificate_error" : "tls_protocol_error";
            co_return result;
        }
    }
    result.connection = std::move(connection);
    co_return result;
}

void connector::cancel() noexcept {
    cancelled_ = true;
    if (connecting_ != nullptr) connecting_->close();
    if (resolving_ && !resolving_->done) {
        // Not from here: whoever cancels is not done yet.
        asio::post(loop_, [current = resolving_] { current->finish({}); });
    }
}

}  // namespace switchgear::gateway
