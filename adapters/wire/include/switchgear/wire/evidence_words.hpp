#pragma once

#include <string>

#include <switchgear/event.hpp>

namespace switchgear::wire {

/// What made the adaptive rule open, for people: "7 of the last 9 calls failed; normal is 0.4 %; such a run comes by
/// chance once in 31 days". Requires: the evidence of a transition with cause `adaptive`.
[[nodiscard]] std::string evidence_words(const evidence&);

}  // namespace switchgear::wire
