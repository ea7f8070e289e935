// A result that refers to a temporary would refer to nothing.
// expect: deleted
#include <string>

#include <switchgear/result.hpp>

switchgear::result<const std::string&> f(const std::string& kept) {
#ifdef RIGHT
    return kept;
#else
    return kept + "!";
#endif
}
