#include <algorithm>
#include <array>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "sections.hpp"

namespace {

using namespace switchgear::trip_quality;

struct section {
    std::string_view name;
    void (*run)(const options&, report&);
};

constexpr std::array sections{
    section{"steps", steps},     section{"scenarios", scenarios}, section{"years", years},     section{"days", days},
    section{"probing", probing}, section{"recovery", recovery},   section{"petshop", petshop}, section{"cost", cost}};

constexpr std::string_view usage =
    "usage: bench_trip_quality [--quick] [--only SECTION] [--petshop FILE] [--outages FILE] [--core FILE] [--check]\n"
    "  --core   what bench_core wrote with --benchmark_format=csv\n"
    "  --check  exit with 1 if a target is missed\n";

int run(int argc, char** argv) {
    options asked;
    bool check = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto value = [&]() -> std::string { return i + 1 < argc ? argv[++i] : ""; };
        if (word == "--quick") {
            asked.quick = true;
        } else if (word == "--check") {
            check = true;
        } else if (word == "--only") {
            asked.only = value();
        } else if (word == "--petshop") {
            asked.petshop = value();
        } else if (word == "--outages") {
            asked.outages = value();
        } else if (word == "--core") {
            asked.core = value();
        } else {
            std::cerr << usage;
            return 2;
        }
    }
    const auto named = [&](const section& one) { return asked.only.empty() || asked.only == one.name; };
    if (std::ranges::none_of(sections, named)) {
        std::cerr << "--only: no section \"" << asked.only << "\"; there are";
        for (const section& one : sections) std::cerr << ' ' << one.name;
        std::cerr << '\n';
        return 2;
    }
    report out;
    for (const section& one : sections) {
        if (!named(one)) continue;
        std::cerr << one.name << "\n";
        out.begin(one.name);
        one.run(asked, out);
    }
    std::cout << out.markdown();
    return check && !out.all_met() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& wrong) {
        std::cerr << wrong.what() << "\n";
        return 2;
    }
}
