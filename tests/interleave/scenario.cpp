#include "scenario.hpp"

#include <algorithm>
#include <iterator>
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

std::optional<std::string> stray::outcome(const std::set<std::string>& of_orders) const {
    std::set<std::string> made;
    for (std::string one : of_orders) {
        const bool has_all = std::all_of(texts_.begin(), texts_.end(), [&](const replaced& what) {
            const auto at = one.find(what.text);
            if (at == one.npos) return false;
            one.replace(at, what.text.size(), what.by);
            return true;
        });
        if (has_all && !of_orders.contains(one)) made.insert(std::move(one));
    }
    return made.size() == 1 ? std::optional{*made.begin()} : std::nullopt;
}

verdict_on examine(const scenario& of, const limits& within) {
    const auto by = planned(of.given);
    std::set<std::string> outcomes, strays, seen;
    explorer in_order{{}, true};
    report whole =
        in_order.explore([&](play& into) { set_up(of, by, into, [&](stage& on) { outcomes.insert(on.outcome()); }); });
    for (const stray& one : of.strays) {
        const auto known = one.outcome(outcomes);
        if (!known || !strays.insert(*known).second) whole.failure += "a stray is no outcome of its own\n";
    }
    if (!whole.failure.empty()) return {whole, outcomes.size(), 0};

    explorer all{within};
    const report found = all.explore([&](play& into) {
        set_up(of, by, into, [&](stage& on) {
            const std::string outcome = on.outcome();
            if (outcomes.contains(outcome)) return;
            if (strays.contains(outcome)) {
                seen.insert(outcome);
                return;
            }
            std::string why = "no order of whole operations has this outcome:\n" + outcome + "those that there are:\n";
            for (const auto& one : outcomes) why += one + "--\n";
            explorer::current().fail(std::move(why));
        });
    });
    return {found, outcomes.size(), seen.size()};
}

limits limits_of(const scenario& of, memory how, effort much) {
    limits within{.memory = how};
    if (of.large) {
        within.switches = much == effort::quick ? 3 : how == memory::weak ? 4 : 5;
    } else if (much == effort::all) {
        within.older = within.stale_reads = 2;
    }
    return within;
}

const std::vector<scenario>& scenarios() {
    static const std::vector<scenario> all = [] {
        std::vector<scenario> list;
        for (auto* part : {closing_and_opening, probes, ramps_by_evidence, orders, reloads, adaptive_rules, admissions,
                           stalled_verdicts, judging}) {
            auto some = part();
            list.insert(list.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
        }
        return list;
    }();
    return all;
}

}  // namespace switchgear::interleave
