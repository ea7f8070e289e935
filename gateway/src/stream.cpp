#include "stream.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace switchgear::gateway {

class stream::tls {
public:
    tls(tcp_socket& below, asio::ssl::context& with) : layer{below, with} {}
    asio::ssl::stream<tcp_socket&> layer;
};

stream::stream(asio::io_context& loop) : socket_{loop} {}
stream::stream(tcp_socket socket) : socket_{std::move(socket)} {}
stream::~stream() = default;

void stream::start_read(asio::mutable_buffer into, completion then) {
    if (tls_) {
        tls_->layer.async_read_some(into, then);
    } else {
        socket_.async_read_some(into, then);
    }
}

void stream::start_write(std::span<const asio::const_buffer> parts, completion then) {
    std::array<asio::const_buffer, write_all::most_parts> copy;  // Asio keeps a copy of the sequence
    std::copy(parts.begin(), parts.end(), copy.begin());
    if (tls_) {
        asio::async_write(tls_->layer, copy, then);
    } else {
        asio::async_write(socket_, copy, then);
    }
}

io_result stream::write_now(std::span<const asio::const_buffer> parts) {
    if (tls_) return {};
    io_result result;
    result.bytes = socket_.write_some(parts, result.failed);
    if (result.failed == asio::error::would_block || result.failed == asio::error::try_again) return {};
    return result;
}

void stream::start_server_handshake(asio::ssl::context& with, completion then) {
    tls_ = std::make_unique<tls>(socket_, with);
    tls_->layer.async_handshake(asio::ssl::stream_base::server, [then](error_code failed) { then(failed); });
}

void stream::start_client_handshake(asio::ssl::context& with, const std::string& name, completion then) {
    tls_ = std::make_unique<tls>(socket_, with);
    error_code is_name;
    asio::ip::make_address(name, is_name);
    if (is_name) SSL_set_tlsext_host_name(tls_->layer.native_handle(), name.c_str());
    error_code failed;
    tls_->layer.set_verify_mode(asio::ssl::verify_peer, failed);
    tls_->layer.set_verify_callback(asio::ssl::host_name_verification{name}, failed);
    tls_->layer.async_handshake(asio::ssl::stream_base::client, [then](error_code ended) { then(ended); });
}

void stream::start_goodbye(completion then) {
    tls_->layer.async_shutdown([then](error_code failed) { then(failed); });
}

void stream::leave_tls() noexcept { tls_.reset(); }

void stream::cancel() noexcept {
    error_code ignored;
    socket_.cancel(ignored);
}

void stream::close() noexcept {
    error_code ignored;
    socket_.close(ignored);
}

void stream::reset() noexcept {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
    socket_.close(ignored);
}

write_all::write_all(stream& to, std::span<const asio::const_buffer> parts) : to_{to}, count_{parts.size()} {
    std::copy(parts.begin(), parts.end(), parts_.begin());
}

write_all::write_all(stream& to, std::string_view text) : to_{to}, count_{1} {
    parts_[0] = asio::const_buffer{text.data(), text.size()};
}

void write_all::skip(std::size_t bytes) noexcept {
    while (first_ < count_ && bytes >= parts_[first_].size()) bytes -= parts_[first_++].size();
    if (first_ < count_) parts_[first_] += bytes;
}

bool write_all::await_ready() {
    const io_result now = to_.write_now({parts_.data(), count_});
    failed_ = now.failed;
    if (failed_) return true;
    to_.note_written(now.bytes);
    skip(now.bytes);
    return first_ == count_;
}

void write_all::await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    to_.start_write({parts_.data() + first_, count_ - first_}, completion{&ended, this});
}

void write_all::ended(void* whose, error_code failed, std::size_t bytes) {
    auto& self = *static_cast<write_all*>(whose);
    self.to_.note_written(bytes);
    self.failed_ = failed;
    self.waiting_.resume();
}

bool is_certificate_error(const error_code& failed) noexcept {
    return failed.category() == asio::error::get_ssl_category() &&
           ERR_GET_REASON(static_cast<unsigned long>(failed.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

std::shared_ptr<asio::ssl::context> make_server_tls(const std::string& certificate_file, const std::string& key_file) {
    auto made = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    made->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1 | asio::ssl::context::no_compression);
    error_code failed;
    made->use_certificate_chain_file(certificate_file, failed);
    if (failed) throw std::runtime_error{"cannot use certificate " + certificate_file + ": " + failed.message()};
    made->use_private_key_file(key_file, asio::ssl::context::pem, failed);
    if (failed) throw std::runtime_error{"cannot use key " + key_file + ": " + failed.message()};
    // What OpenSSL keeps for an idle connection would be 34 KiB.
    SSL_CTX_set_mode(made->native_handle(), SSL_MODE_RELEASE_BUFFERS);
    return made;
}

std::shared_ptr<asio::ssl::context> make_client_tls() {
    auto made = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    made->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1 | asio::ssl::context::no_compression);
    made->set_default_verify_paths();
    SSL_CTX_set_mode(made->native_handle(), SSL_MODE_RELEASE_BUFFERS);
    return made;
}

}  // namespace switchgear::gateway
