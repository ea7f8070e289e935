#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <exception>
#include <future>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

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

/// Two at a time, each with a report of its own; what measures time comes after them, alone.
report run_all(const std::vector<section>& chosen, const options& asked) {
    std::vector<report> found(chosen.size());
    const auto run_one = [&](std::size_t i) {
        std::cerr << std::string{chosen[i].name} + '\n';
        found[i].begin(chosen[i].name);
        chosen[i].run(asked, found[i]);
    };
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i; (i = next++) < chosen.size();) {
            if (chosen[i].run != cost) run_one(i);
        }
    };
    auto other = std::async(std::launch::async, work);
    work();
    other.get();
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (chosen[i].run == cost) run_one(i);
    }
    report out;
    for (const report& one : found) out.append(one);
    return out;
}

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
    std::vector<section> chosen;
    std::ranges::copy_if(sections, std::back_inserter(chosen), named);
    const report out = run_all(chosen, asked);
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
