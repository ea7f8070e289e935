#include <switchgear/time.hpp>

#include <chrono>
#include <cstddef>
#include <new>

#include <switchgear/detail/clock.hpp>

namespace switchgear {
namespace {

class steady_time final : public time_source {
public:
    time_point now() const noexcept override { return std::chrono::steady_clock::now(); }

    time_point coarse() const noexcept override { return detail::system_coarse(); }
};

}  // namespace

const time_source& time_source::steady() noexcept {
    // Never destroyed: breakers with static lifetime may outlive any object of this file. In place: it needs no memory.
    alignas(steady_time) static std::byte place[sizeof(steady_time)];
    static const steady_time& source = *new (place) steady_time;
    return source;
}

}  // namespace switchgear
