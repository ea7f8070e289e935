// The rows of probing and recovery by themselves: bench_recovery [--quick] [--only probing|recovery] [OUTAGES.csv]
#include <exception>
#include <iostream>
#include <string>

#include "probing.hpp"
#include "recovery.hpp"

namespace switchgear::trip_quality {
namespace {

bool show(const section& of) {
    std::cout << "| target | wanted | figure | |\n|---|---|---|---|\n";
    bool all = true;
    for (const auto& row : of.targets) {
        std::cout << "| " << row.what << " | " << row.wanted << " | " << row.got << " | "
                  << (row.met ? "met" : "**missed**") << " |\n";
        all = all && row.met;
    }
    std::cout << '\n';
    for (std::size_t i = 0; i < of.table.size(); ++i) {
        for (const auto& cell : of.table[i]) std::cout << "| " << cell << ' ';
        std::cout << "|\n";
        if (i != 0) continue;
        for (std::size_t column = 0; column < of.table[0].size(); ++column) std::cout << "|---";
        std::cout << "|\n";
    }
    std::cout << std::endl;
    return all;
}

}  // namespace
}  // namespace switchgear::trip_quality

int main(int count, char** arguments) {
    using namespace switchgear::trip_quality;
    bool quick = false;
    std::string outages, only;
    for (int i = 1; i < count; ++i) {
        const std::string given{arguments[i]};
        if (given == "--quick") {
            quick = true;
        } else if (given == "--only" && i + 1 < count) {
            only = arguments[++i];
        } else if (!given.starts_with('-') && outages.empty()) {
            outages = given;
        } else {
            std::cerr << "usage: bench_recovery [--quick] [--only probing|recovery] [OUTAGES.csv]\n";
            return 2;
        }
    }
    try {
        bool all = true;
        if (only.empty() || only == "probing") all = show(probing(outages, quick)) && all;
        if (only.empty() || only == "recovery") all = show(recovery({}, quick)) && all;
        return all ? 0 : 1;
    } catch (const std::exception& wrong) {
        std::cerr << wrong.what() << '\n';
        return 2;
    }
}
