#include "message_decoder.hpp"

#include <boost/beast/http/error.hpp>

namespace switchgear::gateway {
namespace http = boost::beast::http;
namespace {

std::string_view text(boost::beast::string_view view) noexcept { return {view.data(), view.size()}; }

}  // namespace

template <bool IsRequest>
void message_decoder<IsRequest>::begin(bool bodiless) {
    parser_.emplace(*this);
    // Sizes are the session's business: it knows the limits, and never holds a body as a whole.
    parser_->header_limit(0xFFFF'FFFF);
    parser_->body_limit(boost::none);
    parser_->skip(bodiless);
    pieces_.clear();
    piece_bytes_ = 0;
    done_ = false;
    failed_ = false;
}

template <bool IsRequest>
std::string_view message_decoder<IsRequest>::parse_head(std::string_view input, head_type& into) {
    into.fields.clear();
    head_ = &into;
    boost::beast::error_code failed;
    const std::size_t used = parser_->put(boost::asio::const_buffer{input.data(), input.size()}, failed);
    head_ = nullptr;
    failed_ = true;  // until all is well
    if (failed == http::error::bad_version) return "the HTTP version is neither 1.0 nor 1.1";
    if (failed == http::error::bad_method) return "the method is not a token";
    if (failed == http::error::bad_target) return "the request target is malformed";
    if (failed == http::error::bad_status) return "the status is malformed";
    if (failed == http::error::bad_content_length) return "Content-Length is not one number";
    if (failed == http::error::multiple_content_length) return "Content-Length is there twice";
    if (failed == http::error::bad_transfer_encoding) return "Transfer-Encoding contradicts another field";
    if (failed == http::error::bad_field) return "a header field's name is malformed";
    if (failed == http::error::bad_value) return "a header field's value is malformed";
    if (failed || used != input.size() || !parser_->is_header_done()) return "the head is malformed";
    failed_ = false;
    parser_->eager(true);
    chunked_ = parser_->chunked();
    chunk_left_ = 0;
    into.keep_alive = into.version == 11;
    return {};
}

template <bool IsRequest>
auto message_decoder<IsRequest>::parse_body(std::string_view data) -> progress {
    pieces_.clear();
    piece_bytes_ = 0;
    // Beast's parser must not be used again once it failed: it reads on where it lost its way.
    if (failed_) return {.consumed = 0, .bad = true};
    if (done_ || data.empty()) return {};
    // The end of a chunked body takes five bytes. Beast asserts that it has them once it saw a "0".
    constexpr std::size_t shortest_end = 5;
    if (chunked_ && chunk_left_ == 0 && data.size() < shortest_end) return {};
    boost::beast::error_code failed;
    progress result;
    result.consumed = parser_->put(boost::asio::const_buffer{data.data(), data.size()}, failed);
    failed_ = result.bad = failed && failed != http::error::need_more;
    return result;
}

template <bool IsRequest>
bool message_decoder<IsRequest>::parse_end() {
    if (done_) return true;
    if (failed_) return false;
    boost::beast::error_code failed;
    parser_->put_eof(failed);
    return !failed && done_;
}

template <bool IsRequest>
void message_decoder<IsRequest>::parser::on_request_impl(http::verb, string_view method, string_view target,
                                                         int version, error_code&) {
    if constexpr (IsRequest) {
        owner_.head_->method = text(method);
        owner_.head_->target = text(target);
        owner_.head_->version = version;
    }
}

template <bool IsRequest>
void message_decoder<IsRequest>::parser::on_response_impl(int code, string_view reason, int version, error_code&) {
    if constexpr (!IsRequest) {
        owner_.head_->status = static_cast<unsigned>(code);
        owner_.head_->reason = text(reason);
        owner_.head_->version = version;
    }
}

template <bool IsRequest>
void message_decoder<IsRequest>::parser::on_field_impl(http::field, string_view name, string_view value, error_code&) {
    if (owner_.head_ == nullptr) return;
    owner_.head_->fields.push_back({text(name), text(value), kind_of(text(name))});
}

template <bool IsRequest>
void message_decoder<IsRequest>::parser::on_header_impl(error_code&) {}

template <bool IsRequest>
void message_decoder<IsRequest>::parser::on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) {}

template <bool IsRequest>
std::size_t message_decoder<IsRequest>::parser::on_body_impl(string_view body, error_code&) {
    owner_.add_piece(text(body));
    return body.size();
}

template <bool IsRequest>
void message_decoder<IsRequest>::parser::on_chunk_header_impl(std::uint64_t size, string_view extensions,
                                                              error_code& failed) {
    owner_.chunk_left_ = size;
    constexpr std::size_t longest_extensions = 256;
    if (extensions.size() > longest_extensions) failed = http::error::bad_chunk_extension;
}

template <bool IsRequest>
std::size_t message_decoder<IsRequest>::parser::on_chunk_body_impl(std::uint64_t, string_view body, error_code&) {
    owner_.add_piece(text(body));
    owner_.chunk_left_ -= body.size();
    return body.size();
}

template <bool IsRequest>
void message_decoder<IsRequest>::parser::on_finish_impl(error_code&) {
    owner_.done_ = true;
}

template class message_decoder<true>;
template class message_decoder<false>;

}  // namespace switchgear::gateway
