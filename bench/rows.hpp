#pragma once

namespace switchgear::bench {

/// Each registers the rows of one source file with Google Benchmark; main() calls them all, so that every row
/// is measured in the same run and in random order. A row's name is a path: what, settings, clock, failures,
/// threads – `admitted/last_10s/system/1pct/2on1`; 2on1 is two threads on one breaker, 2on2 on one each.
void register_floors();
void register_admitted();
void register_refused();
void register_registry();

}  // namespace switchgear::bench
