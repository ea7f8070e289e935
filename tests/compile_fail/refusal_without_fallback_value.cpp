// The fallback must give what the call would have given.
// expect: conver|cannot initialize
#include <switchgear/breaker.hpp>

int f(switchgear::breaker& b) {
#ifdef RIGHT
    return b.call_or([] { return 1; }, [](switchgear::rejection) { return 0; });
#else
    return b.call_or([] { return 1; }, [](switchgear::rejection) { return "busy"; });
#endif
}
