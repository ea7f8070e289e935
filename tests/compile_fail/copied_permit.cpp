// A permit is the right to make one call: it moves, and is never copied.
// expect: permit
#include <switchgear/breaker.hpp>

void f(switchgear::breaker& b) {
    auto admitted = b.try_acquire();
#ifdef RIGHT
    switchgear::permit second = std::move(*admitted);
#else
    switchgear::permit second = *admitted;
#endif
    second.success();
}
