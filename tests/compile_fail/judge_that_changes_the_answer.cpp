// A judge looks at the answer, which goes to the caller as it is.
// expect: verdict.const R&
#include <switchgear/breaker.hpp>

int f(switchgear::breaker& b) {
#ifdef RIGHT
    return b.call([] { return 503; }, [](const int&) { return switchgear::verdict::failure(); }).value_or(0);
#else
    return b.call([] { return 503; }, [](int& status) { return status = 0, switchgear::verdict::failure(); })
        .value_or(0);
#endif
}
