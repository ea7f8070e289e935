#include "search.hpp"

#include <set>
#include <stdexcept>

#include "half_open.hpp"

namespace switchgear::linearizable {
namespace {

using kind = operation::kind;

/// Where a search has come: the model, and which operations are done or have taken their first step.
struct stage {
    half_open model{};
    unsigned done = 0, begun = 0;
    friend auto operator<=>(const stage&, const stage&) = default;
};

class search {
public:
    explicit search(const history& of) : of_{of}, before_(of.operations.size()), earliest_(of.operations.size()) {
        const auto& all = of.operations;
        if (all.size() > most_operations) throw std::invalid_argument{"a history too long to be searched"};
        for (std::size_t i = 0; i < all.size(); ++i) {
            for (std::size_t j = 0; j < all.size(); ++j) {
                if (all[j].ended >= all[i].began) continue;
                before_[i] |= bit(j);
                if (all[j].what == kind::advance) earliest_[i] += all[j].by;
            }
        }
    }

    bool from(const stage& here) {
        if (here.done == bit(of_.operations.size()) - 1) return ends_well(here.model);
        if (!tried_.insert(here).second) return false;
        for (std::size_t i = 0; i < of_.operations.size(); ++i) {
            const bool may_go = (here.done & bit(i)) == 0 && (before_[i] & ~here.done) == 0;
            if (may_go && step(here, i)) return true;
        }
        return false;
    }
    std::vector<int> order() const { return {order_.rbegin(), order_.rend()}; }

private:
    static constexpr unsigned bit(std::size_t i) { return 1U << i; }

    /// One step of operation i, at each time that it may have read.
    bool step(const stage& here, std::size_t i) {
        const operation& o = of_.operations[i];
        if (o.what == kind::advance) {
            stage next = here;
            next.model.now += o.by;
            return finish(next, i);
        }
        if (o.what != kind::acquire && (here.begun & bit(i)) == 0) {
            stage next = here;
            next.model.claim(o.of);
            next.begun |= bit(i);
            return from(next);
        }
        if (o.what == kind::acquire && (here.begun & bit(i)) != 0) return acquire_further(here, i);
        for (int time = earliest_[i]; time <= here.model.now; ++time) {
            if (o.what == kind::acquire ? acquire_at(here, i, time) : settle_at(here, i, time)) return true;
        }
        return false;
    }

    bool acquire_at(const stage& here, std::size_t i, int time) {
        if (here.model.pause_is_over(time)) return goes_on(here, [](half_open& m) { return m.begin_probing(); });
        // Where probing is proven and a lease is over, either may be noticed first.
        const bool proven = here.model.is_proven(of_.by);
        if (proven && goes_on(here, [](half_open& m) { return m.close(); })) return true;
        if (stage next = here; next.model.score(time, of_.by)) return from(next);
        if (here.model.may_expire(time, of_.by) &&
            goes_on(here, [&](half_open& m) { return m.expire(time, of_.by); })) {
            return true;
        }
        if (proven || here.model.has_scored()) return false;
        stage next = here;
        const operation& o = of_.operations[i];
        const auto answer = next.model.acquire(static_cast<int>(i), time, of_.by);
        if (answer == operation::answer::admitted && here.model.at == state::half_open) {
            next.begun |= bit(i);
            return from(next);
        }
        return answer == o.got && (o.epoch == 0 || o.epoch == next.model.epoch) && finish(next, i);
    }
    /// With a place taken: admitted, or from the beginning if the breaker has changed or a lease is over.
    bool acquire_further(const stage& here, std::size_t i) {
        const operation& o = of_.operations[i];
        const int call = static_cast<int>(i);
        stage again = here;
        again.begun &= ~bit(i);
        if (again.model.finds_one_over(call, of_.by) && from(again)) return true;
        stage next = here;
        if (!next.model.begin_lease(call)) return from(again);
        return o.got == operation::answer::admitted && o.epoch == next.model.epoch && finish(next, i);
    }
    template <class Change>
    bool goes_on(stage from_here, const Change& make) {
        return was_told(make(from_here.model)) && from(from_here);
    }

    bool settle_at(const stage& here, std::size_t i, int time) {
        const operation& o = of_.operations[i];
        if (here.model.is_scored(o.of)) {
            return here.model.may_expire(time, of_.by) &&
                   goes_on(here, [&](half_open& m) { return m.expire(time, of_.by); });
        }
        stage next = here;
        const int admitted_in = of_.operations[static_cast<std::size_t>(o.of)].epoch;
        const auto made = next.model.settle(o, admitted_in, time, of_.by);
        if (made && !was_told(*made)) return false;
        if (finish(next, i)) return true;
        // The deciding success may close at once; else somebody who comes does.
        return o.what == kind::success && next.model.is_proven(of_.by) && was_told(next.model.close()) &&
               finish(next, i);
    }

    bool finish(stage next, std::size_t i) {
        next.done |= bit(i);
        next.begun &= ~bit(i);
        if (!from(next)) return false;
        order_.push_back(static_cast<int>(i));
        return true;
    }

    bool was_told(const change& made) const {
        // The history begins in epoch 1, so the first change begins epoch 2.
        const auto nth = static_cast<std::size_t>(made.epoch - 2);
        return nth < of_.told.size() && of_.told[nth] == made;
    }
    bool ends_well(const half_open& model) const {
        return model.at == of_.state_at_the_end && model.counted == of_.at_the_end &&
               model.epoch == 1 + static_cast<int>(of_.told.size());
    }

    const history& of_;
    std::vector<unsigned> before_;  ///< what had ended when it began
    std::vector<int> earliest_;     ///< what the clock showed then, at least
    std::set<stage> tried_;
    std::vector<int> order_;
};

}  // namespace

std::optional<std::vector<int>> find_order(const history& of) {
    search one{of};
    if (!one.from({})) return {};
    return one.order();
}

}  // namespace switchgear::linearizable
