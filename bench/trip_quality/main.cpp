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

constexpr std::array sections{section{"steps", steps}, section{"scenarios", scenarios}, section{"years", years},
                              section{"petshop", petshop}, section{"cost", cost}};

constexpr std::string_view usage =
    "usage: bench_trip_quality [--quick] [--only SECTION] [--petshop FILE] [--check]\n"
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
        } else {
            std::cerr << usage;
            return 2;
        }
    }
    report out;
    for (const section& one : sections) {
        if (!asked.only.empty() && asked.only != one.name) continue;
        std::cerr << one.name << "\n";
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
