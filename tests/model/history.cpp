#include "history.hpp"

#include <random>
#include <sstream>

namespace switchgear::model {
namespace {

using namespace std::chrono_literals;
using kind = step::kind;

class dice {
public:
    explicit dice(std::uint64_t seed) : engine_{seed} {}
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(engine_() % n); }
    bool one_in(std::uint32_t n) { return below(n) == 0; }
    template <class T>
    T any(std::initializer_list<T> of) {
        return *(of.begin() + below(static_cast<std::uint32_t>(of.size())));
    }

private:
    std::mt19937_64 engine_;
};

trip_rules random_rules(dice& d, const window& over) {
    const auto* calls = std::get_if<last_calls>(&over);
    const std::uint32_t most = calls ? calls->count : 30;
    trip_rules r{.consecutive_failures = {}, .failure_ratio = {}, .window = over};
    if (d.one_in(2)) r.consecutive_failures = 1 + d.below(6);
    if (d.one_in(3)) r.failures = 0.5 * (1 + d.below(most));
    if (d.one_in(2)) r.failure_ratio = d.any({0.1, 0.25, 0.3, 0.5, 0.75, 1.0});
    if (d.one_in(4)) r.limits.error = 1 + d.below(most);
    if (d.one_in(4)) r.limits.timeout = 1 + d.below(most);
    r.weights.error = d.any({1.0, 1.0, 0.5, 2.0});
    r.weights.custom_1 = d.any({0.0, 1.5});
    r.minimum_calls = 1 + d.below(most);
    return r;
}

recovery_rules random_recovery(dice& d) {
    recovery_rules r{.open_for = d.any({112ms, 224ms, 500ms, 1'000ms}),
                     .backoff = d.any({1.0, 1.5, 2.0, 10.0}),
                     .max_open_for = d.any({1'000ms, 4'000ms, 60'000ms}),
                     .jitter = 0,
                     .max_retry_after = d.any({0ms, 3'000ms, 600'000ms}),
                     .probes = 1 + d.below(4),
                     .successes_to_close = 1 + d.below(5),
                     .probe_timeout = d.any({301ms, 1'001ms, 30'001ms})};
    if (d.one_in(2)) r.ramp = ramp_rule{.over = d.any({336ms, 2'000ms}), .from = d.any({0.05, 0.3, 1.0})};
    return r;
}

kind random_kind(dice& d, bool operators) {
    const std::uint32_t n = d.below(1'000);
    if (n < 400) return kind::acquire;
    if (n < 580) return kind::succeed;
    if (n < 720) return kind::fail;
    if (n < 750) return kind::give_up;
    if (n < 755) return kind::trip_verdict;
    if (n < 775) return kind::overdue;
    if (n < 795) return kind::answered;
    if (n < 955) return kind::advance;
    if (n < 960) return kind::suspend;
    if (n < 970) return d.any({kind::end_pause, kind::extend_pause});
    if (n < 980) return d.any({kind::save, kind::restore, kind::apply, kind::apply});
    if (!operators) return kind::acquire;
    return d.any({kind::order_reset, kind::order_trip, kind::force_open, kind::force_closed, kind::lift, kind::lift,
                  kind::lift});
}

const char* word(kind k) {
    constexpr const char* words[] = {"acquire",      "succeed",    "fail",         "give_up", "trip_verdict",
                                     "overdue",      "answered",   "advance",      "suspend", "order_reset",
                                     "order_trip",   "force_open", "force_closed", "lift",    "end_pause",
                                     "extend_pause", "save",       "restore",      "apply"};
    return words[static_cast<std::size_t>(k)];
}

}  // namespace

history random_history(std::uint64_t seed, std::size_t length) {
    dice d{seed};
    history h{.seed = seed};
    // Multiples of 112 ms are never between 900 ms and 1 s, nor those of 6.72 s between 54 s and 60 s.
    const bool minute = d.one_in(4);
    h.tick = minute ? 6'720ms : 112ms;
    const window over =
        d.one_in(2) ? window{last{minute ? 60s : 1s}} : window{last_calls{1 + d.below(d.any({3U, 20U, 70U}))}};
    h.settings.trip = random_rules(d, over);
    h.settings.recovery = random_recovery(d);
    if (d.one_in(2))
        h.settings.trip.slow = slow_rule{.after = d.any({112ms, 300ms, 7'000ms}), .ratio = d.any({0.2, 0.5, 1.0})};
    if (!h.settings.recovery.ramp && d.one_in(6)) h.settings.mode = mode::observe;

    const bool operators = h.settings.mode == mode::enforce && d.one_in(2);
    h.steps.reserve(length);
    for (std::size_t i = 0; i < length; ++i)
        h.steps.push_back({random_kind(d, operators), d.below(1'000'000), d.below(1'000'000)});
    return h;
}

settings reloaded(const settings& old, std::uint32_t choice) {
    dice d{choice};
    settings s = old;
    window over = old.trip.window;
    if (std::holds_alternative<last_calls>(over) && d.one_in(2)) over = last_calls{1 + d.below(70)};
    s.trip = random_rules(d, over);
    s.trip.slow = old.trip.slow;
    if (s.trip.slow) s.trip.slow->ratio = d.any({0.2, 0.5, 1.0});
    // Not reloaded here: the lease and the ramp of the calls on their way.
    s.recovery.open_for = d.any({112ms, 224ms, 500ms, 1'000ms});
    s.recovery.probes = 1 + d.below(4);
    return s;
}

history shrunk(history h) {
    const auto fails = [](const history& candidate) { return play(candidate).has_value(); };
    if (const auto first = play(h)) h.steps.resize(std::min(first->after, h.steps.size()));
    for (std::size_t chunk = h.steps.size() / 2; chunk > 0;) {
        bool smaller = false;
        for (std::size_t at = 0; at + chunk <= h.steps.size();) {
            history candidate = h;
            const auto from = candidate.steps.begin() + static_cast<std::ptrdiff_t>(at);
            candidate.steps.erase(from, from + static_cast<std::ptrdiff_t>(chunk));
            if (fails(candidate)) {
                h = std::move(candidate);
                smaller = true;
            } else {
                at += chunk;
            }
        }
        if (chunk > 1) {
            chunk /= 2;
        } else if (!smaller) {
            break;
        }
    }
    return h;
}

std::string to_text(const history& h) {
    const auto ms = [](auto d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); };
    const trip_rules& t = h.settings.trip;
    const recovery_rules& r = h.settings.recovery;
    std::ostringstream out;
    out << "seed " << h.seed << ", tick " << ms(h.tick) << " ms, " << to_string(h.settings.mode) << "\n  window ";
    if (const auto* n = std::get_if<last_calls>(&t.window))
        out << n->count << " calls";
    else
        out << ms(std::get<last>(t.window).span) << " ms";
    out << ", minimum " << t.minimum_calls;
    if (t.consecutive_failures) out << ", in a row " << *t.consecutive_failures;
    if (t.failures) out << ", failures " << *t.failures;
    if (t.failure_ratio) out << ", ratio " << *t.failure_ratio;
    if (t.slow) out << ", slow " << ms(t.slow->after) << " ms " << t.slow->ratio;
    if (t.limits.error) out << ", limit of errors " << *t.limits.error;
    if (t.limits.timeout) out << ", limit of timeouts " << *t.limits.timeout;
    out << ", weights " << t.weights.error << ' ' << t.weights.timeout << ' ' << t.weights.custom_1 << "\n  open for "
        << ms(r.open_for) << " ms x " << r.backoff << " up to " << ms(r.max_open_for) << ", hints up to "
        << ms(r.max_retry_after) << ", probes " << r.probes << " until " << r.successes_to_close << ", lease "
        << ms(r.probe_timeout);
    if (r.ramp) out << ", ramp over " << ms(r.ramp->over) << " from " << r.ramp->from;
    out << '\n';
    for (const step& s : h.steps) out << "  " << word(s.what) << ' ' << s.a << ' ' << s.b << '\n';
    return out.str();
}

}  // namespace switchgear::model
