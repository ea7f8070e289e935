// A verdict is made by its named functions, so that no bool is taken for one.
// expect: verdict
#include <switchgear/breaker.hpp>

void f(switchgear::permit& p) {
#ifdef RIGHT
    p.settle(switchgear::verdict::success());
#else
    p.settle(true);
#endif
}
