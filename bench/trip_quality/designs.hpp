#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace switchgear::trip_quality {

/// A call that ended, as a design sees it: seconds, and whether the caller got a failure.
struct outcome_of_call {
    double at;
    bool failed;
};

/// Another design's rule for when to open, as its documentation has it, with its published defaults.
/// Fed with calls; `feed` says whether it opens (a throttler: whether it refuses half of the calls or more).
class design {
public:
    virtual ~design() = default;
    virtual bool feed(const outcome_of_call&) = 0;
    virtual void reset() = 0;
};

struct named_design {
    std::string name;
    std::function<std::unique_ptr<design>()> make;
};

/// All that are compared, each with its source in designs.cpp.
std::vector<named_design> designs();

}  // namespace switchgear::trip_quality
