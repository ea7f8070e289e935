#include "orders.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace switchgear::cli {
namespace {

using namespace std::chrono_literals;

boost::json::object body_of(const order_request& request) { return boost::json::parse(request.body).as_object(); }

TEST(orders, an_override_is_put_with_its_mode_and_its_end) {
    const auto request = request_for(order_kind::force_open, "shop/a", {"deploying", "ann@desk", 10min});
    EXPECT_EQ(request.method, "PUT");
    EXPECT_EQ(request.target, "/v1/breakers/shop%2Fa/override");
    const auto body = body_of(request);
    EXPECT_EQ(body.at("mode"), "forced_open");
    EXPECT_EQ(body.at("reason"), "deploying");
    EXPECT_EQ(body.at("actor"), "ann@desk");
    EXPECT_EQ(body.at("for"), "10m");
}

TEST(orders, forcing_closed_and_lifting_are_the_other_modes) {
    EXPECT_EQ(body_of(request_for(order_kind::force_closed, "shop", {"r", "a"})).at("mode"), "forced_closed");
    EXPECT_EQ(body_of(request_for(order_kind::lift, "shop", {"r", "a"})).at("mode"), "none");
}

TEST(orders, trip_and_reset_are_posted) {
    const auto trip = request_for(order_kind::trip, "shop", {"r", "a", 30s});
    EXPECT_EQ(trip.method, "POST");
    EXPECT_EQ(trip.target, "/v1/breakers/shop/trip");
    EXPECT_EQ(body_of(trip).at("for"), "30s");
    EXPECT_EQ(request_for(order_kind::reset, "shop", {"r", "a"}).target, "/v1/breakers/shop/reset");
}

TEST(orders, the_default_actor_is_a_user_at_a_host) {
    const std::string actor = default_actor();
    const auto at = actor.find('@');
    ASSERT_NE(at, actor.npos);
    EXPECT_GT(at, 0U);
    EXPECT_LT(at + 1, actor.size());
}

}  // namespace
}  // namespace switchgear::cli
