// A judge is asked by many threads at once: it is const, and behind guarded() too.
// expect: verdict.const R&
#include <switchgear/breaker.hpp>

int f(switchgear::breaker& b) {
#ifdef RIGHT
    auto ask = guarded(b, [] { return 503; }, [](int) { return switchgear::verdict::failure(); });
#else
    auto ask = guarded(b, [] { return 503; }, [n = 0](int) mutable { return ++n, switchgear::verdict::failure(); });
#endif
    return ask().value_or(0);
}
