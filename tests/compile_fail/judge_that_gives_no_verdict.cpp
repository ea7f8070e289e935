// A judge that takes what was returned has to give a verdict: nobody would notice that it is not asked.
// expect: verdict.const R&
#include <switchgear/breaker.hpp>

int f(switchgear::breaker& b) {
    const auto by_status = [](int status) {
#ifdef RIGHT
        return status < 500 ? switchgear::verdict::success() : switchgear::verdict::failure();
#else
        return status < 500;
#endif
    };
    return b.call([] { return 503; }, by_status).value_or(0);
}
