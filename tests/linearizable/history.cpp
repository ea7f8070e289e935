#include "history.hpp"

#include <array>
#include <string_view>

namespace switchgear::linearizable {
namespace {

constexpr std::array<std::string_view, 5> kinds{"acquire", "success", "failure", "ignore", "advance"};
constexpr std::array<std::string_view, 4> answers{"", " -> admitted", " -> refused, open", " -> refused, probes_busy"};

}  // namespace

std::ostream& operator<<(std::ostream& out, const history& h) {
    out << "probes " << h.by.probes << ", successes_to_close " << h.by.successes_to_close << ", probe_timeout "
        << h.by.probe_timeout << " ms, pause " << h.by.pause << " ms; open, epoch 1, the pause over\n";
    for (std::size_t i = 0; i < h.operations.size(); ++i) {
        const operation& o = h.operations[i];
        out << "  [" << i << "] thread " << o.thread << ", " << o.began << " to " << o.ended << ": "
            << kinds[static_cast<std::size_t>(o.what)];
        if (o.of >= 0) out << " of [" << o.of << ']';
        if (o.what == operation::kind::advance) out << " by " << o.by << " ms";
        out << answers[static_cast<std::size_t>(o.got)];
        if (o.got == operation::answer::admitted) out << ", epoch " << o.epoch;
        out << '\n';
    }
    for (const change& c : h.told) {
        out << "  told: " << to_string(c.from) << " -> " << to_string(c.to) << ", epoch " << c.epoch << ", "
            << to_string(c.cause) << '\n';
    }
    return out << "  at the end: " << to_string(h.state_at_the_end) << ", successes " << h.at_the_end.successes
               << ", failures " << h.at_the_end.failures << ", ignored " << h.at_the_end.ignored << ", late "
               << h.at_the_end.late << '\n';
}

}  // namespace switchgear::linearizable
