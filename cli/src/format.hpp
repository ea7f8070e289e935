#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include <switchgear/wire/views.hpp>

/// What the commands print as text. Every function returns whole lines.
namespace switchgear::cli {

/// `list`: one line a breaker, columns aligned.
std::string breakers_table(const std::vector<wire::breaker_view>&);

/// `show`: the breaker, its settings and its last transitions, as `GET /v1/breakers/{name}` tells them.
std::string breaker_details(const wire::breaker_view&, const boost::json::object& answer);

/// `explain`: why it is as it is, how that came about, and what would change it.
std::string explanation(const wire::breaker_view&, const boost::json::object& answer);

/// One line of `watch`.
std::string transition_line(const wire::transition_view&);

/// "open", "open, probe due", "half_open, admitting 25%", "closed, forced_open".
std::string state_words(const wire::breaker_view&);

/// The same with the pause in force, which may be shorter than the one asked for: "open for 10m".
std::string words_after_trip(const wire::breaker_view&);

}  // namespace switchgear::cli
