#pragma once

#include <switchgear/settings.hpp>
#include <switchgear/time.hpp>

#include "place.hpp"

namespace switchgear::stress {

/// What must hold while no thread is at work: the books add up, and every change was told.
void expect_exact_books(place& shared);

/// Whatever it has been through: after a reset it does in each step what a new breaker does.
/// Requires: nobody is at work.
void expect_as_good_as_new(place& shared, watched& used, const settings& under);

}  // namespace switchgear::stress
