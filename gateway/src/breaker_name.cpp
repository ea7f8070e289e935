#include "breaker_name.hpp"

#include <array>

#include <openssl/sha.h>

namespace switchgear::gateway {
namespace {

constexpr std::size_t longest_key = 128;

void append_hex(std::string& out, unsigned char byte, std::string_view digits) {
    out.push_back(digits[byte >> 4U]);
    out.push_back(digits[byte & 15U]);
}

bool is_unreserved(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '~' || c == '-';
}

}  // namespace

std::string breaker_name_of_key(std::string_view service, std::optional<std::string_view> key) {
    std::string name{service};
    name.push_back('/');
    if (!key) return name += "(none)";
    if (key->size() > longest_key) {
        std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
        SHA256(reinterpret_cast<const unsigned char*>(key->data()), key->size(), digest.data());
        for (const unsigned char byte : digest) append_hex(name, byte, "0123456789abcdef");
        return name;
    }
    for (const char c : *key) {
        if (is_unreserved(c)) {
            name.push_back(c);
        } else {
            name.push_back('%');
            append_hex(name, static_cast<unsigned char>(c), "0123456789ABCDEF");
        }
    }
    return name;
}

}  // namespace switchgear::gateway
