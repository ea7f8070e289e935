#include <chrono>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "scenario.hpp"

using namespace switchgear::interleave;

int main(int argc, char** argv) {
    for (const auto& s : scenarios()) {
        if (argc > 1 && s.name != argv[1]) continue;
        for (const auto how : {memory::sequential, memory::weak}) {
            const auto from = std::chrono::steady_clock::now();
            auto l = limits_of(s, how, effort::all);
            if (argc > 2) l.executions = std::strtoull(argv[2], nullptr, 10);
            if (argc > 3) l.switches = std::strtoull(argv[3], nullptr, 10);
            const auto v = examine(s, l);
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
            std::printf("%-34s %s %10lu executions %9lu repetitions longest %u outcomes %zu strays %zu complete %d %.2f s\n", s.name.data(), how == memory::weak ? "weak" : "seq ", v.report.executions,
                        v.report.repetitions, v.report.longest, v.outcomes, v.strays, v.report.complete, took.count());
            if (!v.report.failure.empty()) { std::printf("FAILED %s\n%s\n", v.report.failure.c_str(), argc > 1 ? v.report.schedule.c_str() : ""); if (argc > 1) return 1; break; }
            std::fflush(stdout);
        }
    }
}
