// Where the function returns a reference, what the fallback makes would be gone before it is looked at.
// expect: has to return one
#include <string>

#include <switchgear/breaker.hpp>

std::size_t f(switchgear::breaker& b, const std::string& kept) {
    const auto fetch = [&]() -> const std::string& { return kept; };
#ifdef RIGHT
    return b.call_or(fetch, [&](switchgear::rejection) -> const std::string& { return kept; }).size();
#else
    return b.call_or(fetch, [](switchgear::rejection) { return std::string{"none"}; }).size();
#endif
}
