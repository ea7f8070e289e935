// Asking and not looking at the answer would make the call anyway.
// expect: unused-result
#include <switchgear/breaker.hpp>

bool f(switchgear::breaker& b) {
#ifdef RIGHT
    return b.try_acquire().has_value();
#else
    b.try_acquire();
    return true;
#endif
}
