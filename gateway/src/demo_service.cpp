#include "demo_service.hpp"

#include <mutex>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace switchgear::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

unsigned demo_service::plan::status_of(std::size_t request) const noexcept {
    const std::size_t step = request % (healthy + failing + recovered);
    return step >= healthy && step < healthy + failing ? 503 : 200;
}

class demo_service::server {
public:
    explicit server(plan how) : plan_(how), listening_(io_, {asio::ip::address_v4::loopback(), 0}) {
        asio::co_spawn(io_, accept(), asio::detached);
        thread_ = std::thread([this] { io_.run(); });
    }

    ~server() {
        io_.stop();
        thread_.join();
    }

    socket_address address() const { return {"127.0.0.1", port_}; }

    std::vector<unsigned> answers() const {
        const std::lock_guard lock{mutex_};
        return answers_;
    }

private:
    asio::awaitable<void> accept() {
        for (;;) {
            tcp::socket socket = co_await listening_.async_accept(asio::use_awaitable);
            asio::co_spawn(io_, serve(beast::tcp_stream{std::move(socket)}), asio::detached);
        }
    }

    /// Ends by the exception of a connection that was closed.
    asio::awaitable<void> serve(beast::tcp_stream stream) {
        beast::flat_buffer buffer;
        for (;;) {
            http::request<http::string_body> request;
            co_await http::async_read(stream, buffer, request, asio::use_awaitable);
            http::response<http::string_body> response{next_status(), request.version()};
            response.set(http::field::content_type, "text/plain");
            response.keep_alive(request.keep_alive());
            response.body() = response.result() == http::status::ok ? "paid\n" : "out of order\n";
            response.prepare_payload();
            co_await http::async_write(stream, response, asio::use_awaitable);
            if (!request.keep_alive()) break;
        }
    }

    http::status next_status() {
        const std::lock_guard lock{mutex_};
        answers_.push_back(plan_.status_of(answers_.size()));
        return static_cast<http::status>(answers_.back());
    }

    const plan plan_;
    asio::io_context io_{1};
    tcp::acceptor listening_;
    const std::uint16_t port_ = listening_.local_endpoint().port();
    mutable std::mutex mutex_;  // guards answers_
    std::vector<unsigned> answers_;
    std::thread thread_;
};

demo_service::demo_service(plan how) : server_(std::make_unique<server>(how)) {}

demo_service::~demo_service() = default;

socket_address demo_service::address() const { return server_->address(); }

std::vector<unsigned> demo_service::answers() const { return server_->answers(); }

}  // namespace switchgear::gateway
