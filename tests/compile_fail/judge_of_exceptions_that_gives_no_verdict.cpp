// The same for exceptions, and beside a right judge of what was returned.
// expect: verdict.const std::exception_ptr&
#include <exception>

#include <switchgear/breaker.hpp>

int f(switchgear::breaker& b) {
    const auto judge = switchgear::classify_by{
        [](int status) { return status < 500 ? switchgear::verdict::success() : switchgear::verdict::failure(); },
#ifdef RIGHT
        [](const std::exception_ptr&) { return switchgear::verdict::failure(switchgear::failure_class::unreachable); }};
#else
        [](const std::exception_ptr&) { return switchgear::failure_class::unreachable; }};
#endif
    return b.call([] { return 503; }, judge).value_or(0);
}
