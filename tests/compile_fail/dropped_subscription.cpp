// A subscription that is not kept ends at once.
// expect: unused-result
#include <switchgear/breaker.hpp>

void f(switchgear::breaker& b) {
#ifdef RIGHT
    const switchgear::subscription kept =
#endif
        b.subscribe([](const switchgear::transition&) {});
}
