#include "scenario.hpp"

#include <iterator>
#include <set>
#include <utility>

namespace switchgear::interleave {
namespace {

template <class Check>
void set_up(const scenario& of, const std::shared_ptr<const detail::plan>& by, play& into, const Check& check) {
    const auto on = std::make_shared<stage>(by);
    of.act(*on, into);
    into.afterwards([on, check] {
        on->audit();
        check(*on);
    });
}

}  // namespace

verdict_on examine(const scenario& of, const limits& within) {
    const auto by = planned(of.given);
    std::set<std::string> outcomes, strays;
    explorer in_order{{}, true};
    const report whole =
        in_order.explore([&](play& into) { set_up(of, by, into, [&](stage& on) { outcomes.insert(on.outcome()); }); });
    if (!whole.failure.empty()) return {whole, outcomes.size(), 0};

    explorer all{within};
    const report found = all.explore([&](play& into) {
        set_up(of, by, into, [&](stage& on) {
            const std::string outcome = on.outcome();
            if (outcomes.contains(outcome) || !strays.insert(outcome).second) return;
            if (strays.size() <= of.strays && outcome.find(of.strays_have) != outcome.npos) return;
            std::string why = "no order of whole operations has this outcome:\n" + outcome + "those that there are:\n";
            for (const auto& one : outcomes) why += one + "--\n";
            explorer::current().fail(std::move(why));
        });
    });
    return {found, outcomes.size(), strays.size()};
}

limits limits_of(const scenario& of, memory how, effort much) {
    limits within{.memory = how};
    if (of.large) {
        within.switches = (how == memory::weak ? 2U : 3U) + (much == effort::all ? 2U : 0U);
    } else if (much == effort::all) {
        within.older = within.stale_reads = 2;
    }
    return within;
}

const std::vector<scenario>& scenarios() {
    static const std::vector<scenario> all = [] {
        std::vector<scenario> list;
        for (auto* part : {closing_and_opening, probes, ramps_by_evidence, orders, reloads, adaptive_rules, admissions,
                           stalled_verdicts}) {
            auto some = part();
            list.insert(list.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
        }
        return list;
    }();
    return all;
}

}  // namespace switchgear::interleave
