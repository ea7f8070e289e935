#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "scenario.hpp"

// The long run: every scenario, with sequential and with weak memory.

namespace {

using namespace switchgear::interleave;

constexpr std::string_view usage = R"(usage: interleave [OPTION...]

Tries the schedules of small plays on the breaker's core, operation by operation.

  --all               every scenario, as far as the long run goes (the default)
  --quick             every scenario, as far as the tests go
  --scenario NAME     only this one; may be given several times
  --memory KIND       sequential or weak (default: both, one after the other)
  --switches N        only schedules with at most N switches away from a thread that could go on
  --executions N      stop each scenario after that many
  --jobs N            so many scenarios at once, 1 to 1024 (default: one for each core)
  --list              the scenarios
  --help              this text

Exit code: 0 nothing found, 1 a schedule breaks a promise (it is shown), 2 wrong usage.
)";

constexpr std::uint64_t most_jobs = 1024;

struct wanted {
    std::vector<std::string> names;
    std::vector<memory> kinds{memory::sequential, memory::weak};
    effort much = effort::all;
    std::optional<std::uint32_t> switches;
    std::optional<std::uint64_t> executions;
    std::uint64_t jobs = std::max(std::thread::hardware_concurrency(), 1U);
    bool list = false, help = false;
};

std::uint64_t number(const std::string& text) {
    std::size_t used = 0;
    const auto value = std::stoull(text, &used);
    if (used != text.size()) throw std::invalid_argument{text};
    return value;
}

/// Returns: nothing if it is no proper command line.
std::optional<wanted> parse(const std::vector<std::string>& words) {
    wanted want;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "--all" || word == "--quick") {
            want.much = word == "--all" ? effort::all : effort::quick;
        } else if (word == "--list") {
            want.list = true;
        } else if (word == "--help") {
            want.help = true;
        } else if (++i == words.size()) {
            return {};
        } else if (word == "--scenario") {
            want.names.push_back(words[i]);
        } else if (word == "--memory" && (words[i] == "sequential" || words[i] == "weak")) {
            want.kinds = {words[i] == "weak" ? memory::weak : memory::sequential};
        } else if (word == "--switches") {
            want.switches = static_cast<std::uint32_t>(number(words[i]));
        } else if (word == "--executions") {
            want.executions = number(words[i]);
        } else if (word == "--jobs") {
            want.jobs = number(words[i]);
            if (want.jobs == 0 || want.jobs > most_jobs) return {};
        } else {
            return {};
        }
    }
    return want;
}

/// Returns: whether every schedule kept its promises.
bool run(const scenario& one, memory how, const wanted& want, std::atomic<std::uint64_t>& executions) {
    limits within = limits_of(one, how, want.much);
    if (want.switches) within.switches = want.switches;
    if (want.executions) within.executions = *want.executions;
    const auto from = std::chrono::steady_clock::now();
    const verdict_on found = examine(one, within);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
    const report& r = found.report;
    executions += r.executions;
    const std::string extent = !r.complete       ? std::string{"stopped"}
                               : within.switches ? "<= " + std::to_string(*within.switches) + " switches"
                                                 : std::string{"all"};
    const std::string broken = r.failure.empty() ? std::string{} : '\n' + r.failure + "\n\n" + r.schedule;
    // In one piece: others print beside it.
    std::printf("%-38.*s %-10s %-13s %9llu executions, %3u steps, %zu outcomes, %zu strays, %.2f s\n%s",
                static_cast<int>(one.name.size()), one.name.data(), how == memory::weak ? "weak" : "sequential",
                extent.c_str(), static_cast<unsigned long long>(r.executions), r.longest, found.outcomes, found.strays,
                took.count(), broken.c_str());
    std::fflush(stdout);
    return r.failure.empty();
}

int run_all(const wanted& want) {
    for (const auto& name : want.names) {
        if (std::ranges::any_of(scenarios(), [&](const scenario& one) { return one.name == name; })) continue;
        std::fprintf(stderr, "interleave: unknown scenario '%s'; --list shows them\n", std::string{name}.c_str());
        return 2;
    }
    struct task {
        const scenario* one;
        memory how;
    };
    std::vector<task> tasks;
    for (const auto& one : scenarios()) {
        if (!want.names.empty() && std::ranges::find(want.names, one.name) == want.names.end()) continue;
        for (const auto how : want.kinds) tasks.push_back({&one, how});
    }
    std::atomic<std::uint64_t> executions{0};
    std::atomic<std::size_t> next{0};
    std::atomic<bool> found{false};
    const auto work = [&] {
        for (std::size_t i = next++; i < tasks.size() && !found; i = next++) {
            if (!run(*tasks[i].one, tasks[i].how, want, executions)) found = true;
        }
    };
    {
        std::vector<std::jthread> others;
        for (std::uint64_t i = 1; i < std::min<std::uint64_t>(want.jobs, tasks.size()); ++i) others.emplace_back(work);
        work();
    }
    if (found) return 1;
    std::printf("%zu scenarios, %llu executions, nothing found\n", tasks.size() / want.kinds.size(),
                static_cast<unsigned long long>(executions));
    return 0;
}

}  // namespace

int main(int count, char** words) {
    std::optional<wanted> want;
    try {
        want = parse({words + 1, words + count});
    } catch (const std::exception&) {  // not a number
    }
    if (!want) {
        std::fputs(usage.data(), stderr);
        return 2;
    }
    if (want->help) {
        std::fputs(usage.data(), stdout);
        return 0;
    }
    if (want->list) {
        for (const auto& one : scenarios()) {
            std::printf("%-38.*s %.*s\n", static_cast<int>(one.name.size()), one.name.data(),
                        static_cast<int>(one.what.size()), one.what.data());
        }
        return 0;
    }
    return run_all(*want);
}
