#pragma once

#include <map>
#include <memory>
#include <random>

#include "place.hpp"

namespace switchgear::stress {

/// One thread's work: any operation of the library, on anything shared, at random.
class user {
public:
    user(place& shared, unsigned seed) : shared_{shared}, random_{seed} {}

    void do_something();
    /// What one thread does besides: time passes.
    void let_time_pass();

private:
    unsigned dice(unsigned sides) { return static_cast<unsigned>(random_() % sides); }
    watched& anyone() { return *shared_.them[dice(static_cast<unsigned>(shared_.them.size()))]; }
    order signed_order(bool timed);

    void ask();
    void ask_for_a_key();
    void end_a_call();
    void end(running&& what);
    verdict any_verdict();
    void give_an_order(watched& to);
    void check_health(watched& of);
    void reload(watched& of);
    void save_and_restore(watched& of);
    void listen_for_a_while(watched& to);
    void use_the_registry();

    static constexpr unsigned removable_keys = 20;  // the first ones of 200

    place& shared_;
    std::mt19937 random_;
    std::map<unsigned, std::weak_ptr<breaker>> known_;  ///< by key, as it was last found
    subscription heard_;
};

}  // namespace switchgear::stress
