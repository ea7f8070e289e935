#include "watch.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace switchgear::cli {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

server_event snapshot(state at) {
    wire::breaker_view shop;
    shop.name = "shop";
    shop.state = at;
    return {"snapshot", json::serialize(json::object{{"breakers", json::array{to_json(shop)}}})};
}

server_event transition_to(state to) {
    wire::transition_view seen;
    seen.name = "shop";
    seen.to = to;
    return {"transition", json::serialize(to_json(seen))};
}

struct watching {
    std::ostringstream out;
    watch_lines lines{output_format::text, out};

    /// What the event adds to the output.
    std::string after(const server_event& event) {
        out.str("");
        lines.take(event);
        return out.str();
    }
};

TEST(watch, tells_each_breaker_once) {
    watching w;
    EXPECT_EQ(w.after(snapshot(state::closed)), "shop  closed\n");
    EXPECT_EQ(w.after(snapshot(state::closed)), "");
}

TEST(watch, tells_a_change_once_by_its_transition) {
    watching w;
    w.lines.take(snapshot(state::closed));
    EXPECT_THAT(w.after(transition_to(state::open)), HasSubstr("closed -> open"));
    EXPECT_EQ(w.after(snapshot(state::open)), "");
}

TEST(watch, tells_what_changed_while_the_connection_was_lost) {
    watching w;
    w.lines.take(snapshot(state::closed));
    w.lines.lost();
    EXPECT_EQ(w.after(snapshot(state::open)), "shop  open\n");
}

TEST(watch, as_json_is_one_object_a_line) {
    std::ostringstream out;
    watch_lines lines{output_format::json, out};
    lines.take(transition_to(state::open));
    EXPECT_THAT(out.str(), HasSubstr("{\"event\":\"transition\",\"data\":{\"name\":\"shop\""));
}

TEST(watch, refuses_what_no_gateway_sends) {
    watching w;
    EXPECT_THROW(w.lines.take({"snapshot", "[]"}), std::runtime_error);
    EXPECT_THROW(w.lines.take({"transition", "{}"}), std::runtime_error);
}

}  // namespace
}  // namespace switchgear::cli
