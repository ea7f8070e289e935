// A breaker stays where it is: its permits know where that is.
// expect: breaker
#include <switchgear/breaker.hpp>

#include <memory>
#include <utility>

void f() {
    switchgear::breaker b{"b"};
#ifdef RIGHT
    const auto held = std::make_unique<switchgear::breaker>("c");
#else
    switchgear::breaker moved = std::move(b);
#endif
}
