#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/beast/http/basic_parser.hpp>

#include "message_head.hpp"

namespace switchgear::gateway {

/// The syntax of one message, by Beast's parser: the head into a `message_head`, then the body piece by
/// piece, without a copy: pieces point into the buffer that was fed.
///
/// Why not Beast's own parsers and serializers: they keep each field in an allocation of its own and copy
/// bodies into a second buffer. Here a message costs neither.
template <bool IsRequest>
class message_decoder {
public:
    using head_type = std::conditional_t<IsRequest, request_head, answer_head>;

    /// Ready for the next message. `bodiless`: an answer to HEAD, which has none whatever its head says.
    void begin(bool bodiless = false);

    /// Parses a complete head, as `head_scan` found it. Returns: what is wrong; empty if nothing is.
    std::string_view parse_head(std::string_view text, head_type&);

    struct progress {
        std::size_t consumed = 0;
        bool bad = false;
    };
    /// Parses what there is of the body; the pieces found are in `pieces()` until the next call. Once it was bad it
    /// stays so: nobody knows where the next message begins.
    progress parse_body(std::string_view data);
    /// The connection ended. Returns: whether the message is complete with it.
    bool parse_end();

    bool done() const noexcept { return done_; }
    const std::vector<std::string_view>& pieces() const noexcept { return pieces_; }
    std::size_t piece_bytes() const noexcept { return piece_bytes_; }

private:
    // Beast's parser has no reset; it is made anew for every message.
    class parser final : public boost::beast::http::basic_parser<IsRequest> {
    public:
        explicit parser(message_decoder& owner) : owner_{owner} {}

    private:
        using string_view = boost::beast::string_view;
        using error_code = boost::beast::error_code;
        void on_request_impl(boost::beast::http::verb, string_view method, string_view target, int version,
                             error_code&) override;
        void on_response_impl(int code, string_view reason, int version, error_code&) override;
        void on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code&) override;
        void on_header_impl(error_code&) override;
        void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override;
        std::size_t on_body_impl(string_view body, error_code&) override;
        void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code&) override;
        std::size_t on_chunk_body_impl(std::uint64_t remain, string_view body, error_code&) override;
        void on_finish_impl(error_code&) override;

        message_decoder& owner_;
    };

    void add_piece(std::string_view piece) {
        if (piece.empty()) return;
        pieces_.push_back(piece);
        piece_bytes_ += piece.size();
    }

    std::optional<parser> parser_;
    head_type* head_ = nullptr;  // until the head is complete; trailers that come later are dropped
    std::vector<std::string_view> pieces_;
    std::size_t piece_bytes_ = 0;
    bool done_ = false;
    bool failed_ = false;
    bool chunked_ = false;
    std::uint64_t chunk_left_ = 0;  // of the chunk that has begun
};

using request_decoder = message_decoder<true>;
using answer_decoder = message_decoder<false>;
extern template class message_decoder<true>;
extern template class message_decoder<false>;

}  // namespace switchgear::gateway
