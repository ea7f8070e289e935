// Enumerators are words, not numbers.
// expect: reject_reason|state
#include <switchgear/breaker.hpp>

bool f(const switchgear::rejection& r) {
#ifdef RIGHT
    return r.reason == switchgear::reject_reason::open;
#else
    return r.reason == switchgear::state::open;
#endif
}
