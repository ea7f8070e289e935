// There is nothing to read in the result of a function that returns nothing.
// expect: void
#include <switchgear/breaker.hpp>

int f(switchgear::breaker& b) {
#ifdef RIGHT
    return b.call([] {}).has_value() ? 1 : 0;
#else
    return *b.call([] {});
#endif
}
