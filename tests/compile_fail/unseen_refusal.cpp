// A call may have been refused: its result is to be looked at.
// expect: unused-result
#include <switchgear/breaker.hpp>

bool f(switchgear::breaker& b) {
#ifdef RIGHT
    return b.call([] { return 1; }).has_value();
#else
    b.call([] { return 1; });
    return true;
#endif
}
