#pragma once

#include "report.hpp"

namespace switchgear::trip_quality {

/// Each measures one subject, adds its targets and shows its figures.
void steps(const options&, report&);
void scenarios(const options&, report&);
void years(const options&, report&);
void petshop(const options&, report&);
void cost(const options&, report&);

}  // namespace switchgear::trip_quality
