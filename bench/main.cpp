// Every row of bench/run that Google Benchmark measures; its options apply (--benchmark_filter=…).
#include <benchmark/benchmark.h>

#include "rows.hpp"

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    switchgear::bench::register_floors();
    switchgear::bench::register_admitted();
    switchgear::bench::register_refused();
    switchgear::bench::register_registry();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
