// The same where the temporary comes of a conversion.
// expect: deleted
#include <switchgear/result.hpp>

switchgear::result<const long&> f([[maybe_unused]] const long& kept, [[maybe_unused]] const int& number) {
#ifdef RIGHT
    return switchgear::result<const long&>{kept};
#else
    return switchgear::result<const long&>{number};
#endif
}
