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
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "control_stream.hpp"

namespace switchgear::gateway {

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
            tcp_socket socket = co_await listening_.async_accept(asio::use_awaitable);
            asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
        }
    }

    asio::awaitable<void> serve(tcp_socket socket) {
        control_stream stream{std::move(socket)};
        beast::flat_buffer buffer;
        for (bool keep = true; keep;) {
            http::request_parser<http::string_body> request;
            request.eager(true);
            if (co_await stream.read(buffer, request)) break;
            keep = request.keep_alive();
            const std::string answer = next_answer(keep);
            if (co_await stream.write(answer)) break;
        }
    }

    std::string next_answer(bool keep) {
        const std::lock_guard lock{mutex_};
        answers_.push_back(plan_.status_of(answers_.size()));
        const bool good = answers_.back() == 200;
        const std::string body = good ? "paid\n" : "out of order\n";
        return std::string{good ? "HTTP/1.1 200 OK" : "HTTP/1.1 503 Service Unavailable"} +
               "\r\nContent-Type: text/plain\r\n" + (keep ? "" : "Connection: close\r\n") +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    const plan plan_;
    asio::io_context io_{1};
    asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> listening_;
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
