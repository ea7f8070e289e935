#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

namespace switchgear::gateway {

/// What a look-up of a name came to.
struct looked_up {
    enum class how : std::uint8_t {
        answered,  ///< no addresses: there is no such name
        failed,    ///< nobody could say
        own_limit  ///< for want of a descriptor or memory of ours
    };
    how ended = how::failed;
    std::vector<boost::asio::ip::address> addresses{};
};

/// Looks up names, on a few threads of its own: the system's look-up cannot be ended, and a name server that is silent
/// keeps its thread for as long as it likes. Nobody who asks for another name waits for that, nor does the end of the
/// process.
///
/// At most one look-up of a name is under way; who asks meanwhile gets what it comes to. The addresses that were found
/// last are kept, and given when a look-up fails; that there is no such name is no failure.
///
/// Thread safety: all members, from any thread.
/// Lifetime: look-ups under way at the end are abandoned; they tell nobody any more.
class name_lookup {
public:
    using addresses = std::vector<boost::asio::ip::address>;
    /// Looks up one name, for as long as it takes.
    using function = std::function<looked_up(const std::string& name)>;
    /// The system's.
    static looked_up ask_system(const std::string& name);

    /// Names that may keep silent before others wait for them.
    static constexpr unsigned most_threads = 16;

    explicit name_lookup(function by = &ask_system);
    ~name_lookup();
    name_lookup(const name_lookup&) = delete;
    name_lookup& operator=(const name_lookup&) = delete;

    /// A question that was asked; once it is gone nothing is posted for it any more. May outlive the name_lookup.
    using question = std::shared_ptr<void>;
    /// Posts `then` to `loop` with what the look-up came to. Requires: the loop outlives the question.
    [[nodiscard]] question ask(const std::string& name, boost::asio::io_context& loop,
                               std::function<void(const looked_up&)> then);

    /// The addresses that were found last; empty if none ever were.
    addresses last_found(const std::string& name) const;

    /// How long who has addresses from before waits for new ones.
    static constexpr std::chrono::milliseconds patience{100};

private:
    class shared;
    std::shared_ptr<shared> shared_;
};

}  // namespace switchgear::gateway
