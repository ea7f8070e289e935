#include "name_lookup.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>

namespace switchgear::gateway {
namespace {

namespace asio = boost::asio;

looked_up found(const char* address) { return {looked_up::how::answered, {asio::ip::make_address(address)}}; }
const looked_up no_such_name{looked_up::how::answered, {}};
const looked_up failed{looked_up::how::failed, {}};

/// A name server that is silent about a name until it is told what to say.
class scripted_server {
public:
    void says(const std::string& name, looked_up answer) {
        const std::lock_guard lock{mutex_};
        answers_[name].push(std::move(answer));
        told_.notify_all();
    }

    looked_up look_up(const std::string& name) {
        std::unique_lock lock{mutex_};
        ++asked_[name];
        told_.wait(lock, [&] { return !answers_[name].empty(); });
        looked_up answer = std::move(answers_[name].front());
        answers_[name].pop();
        return answer;
    }

    int asked(const std::string& name) {
        const std::lock_guard lock{mutex_};
        return asked_[name];
    }

private:
    std::mutex mutex_;
    std::condition_variable told_;
    std::map<std::string, std::queue<looked_up>> answers_;
    std::map<std::string, int> asked_;
};

/// Who asks, on a loop of its own.
struct asker {
    asker(name_lookup& whom, const std::string& name)
        : asked{whom.ask(name, loop, [this](const looked_up& answer) { got = answer; })} {}

    looked_up answer() {
        const auto open = asio::make_work_guard(loop);
        while (!got) loop.run_one();
        return *got;
    }
    name_lookup::addresses addresses() { return answer().addresses; }

    asio::io_context loop;
    std::optional<looked_up> got;
    name_lookup::question asked;
};

class names : public testing::Test {
protected:
    // Shared, because a look-up that is never answered outlives the test.
    std::shared_ptr<scripted_server> server = std::make_shared<scripted_server>();
    name_lookup lookup{[server = server](const std::string& name) { return server->look_up(name); }};
};

TEST_F(names, a_silent_one_holds_up_no_other) {
    const asker patient{lookup, "silent"};
    server->says("quick", found("192.0.2.1"));
    EXPECT_EQ(asker(lookup, "quick").addresses(), found("192.0.2.1").addresses);
    EXPECT_FALSE(patient.got);
}

TEST_F(names, who_asks_while_it_is_looked_up_gets_the_same_answer) {
    asker first{lookup, "a"};
    asker second{lookup, "a"};
    server->says("a", found("192.0.2.1"));
    EXPECT_EQ(first.addresses(), found("192.0.2.1").addresses);
    EXPECT_EQ(second.addresses(), found("192.0.2.1").addresses);
    EXPECT_EQ(server->asked("a"), 1);
}

TEST_F(names, each_later_question_is_looked_up_anew) {
    server->says("a", found("192.0.2.1"));
    asker(lookup, "a").answer();
    server->says("a", found("192.0.2.2"));
    EXPECT_EQ(asker(lookup, "a").addresses(), found("192.0.2.2").addresses);
    EXPECT_EQ(lookup.last_found("a"), found("192.0.2.2").addresses);
}

TEST_F(names, a_failure_keeps_the_addresses_of_before) {
    server->says("a", failed);
    EXPECT_EQ(asker(lookup, "a").answer().ended, looked_up::how::failed);
    server->says("a", found("192.0.2.1"));
    asker(lookup, "a").answer();
    server->says("a", failed);
    EXPECT_EQ(asker(lookup, "a").addresses(), found("192.0.2.1").addresses);
}

TEST_F(names, that_there_is_no_such_name_is_an_answer) {
    server->says("a", found("192.0.2.1"));
    asker(lookup, "a").answer();
    server->says("a", no_such_name);
    EXPECT_TRUE(asker(lookup, "a").addresses().empty());
    EXPECT_TRUE(lookup.last_found("a").empty());
}

TEST_F(names, a_question_that_is_gone_is_not_answered) {
    asker stays{lookup, "a"};
    asker leaves{lookup, "a"};
    leaves.asked.reset();
    server->says("a", found("192.0.2.1"));
    stays.answer();
    EXPECT_EQ(leaves.loop.poll(), 0U);
}

TEST_F(names, more_silent_ones_than_threads_are_looked_up_in_turn) {
    std::vector<std::unique_ptr<asker>> silent;
    for (unsigned i = 0; i < name_lookup::most_threads; ++i) {
        silent.push_back(std::make_unique<asker>(lookup, "silent" + std::to_string(i)));
    }
    server->says("quick", found("192.0.2.1"));
    asker waits{lookup, "quick"};
    EXPECT_EQ(server->asked("quick"), 0);
    server->says("silent3", failed);
    EXPECT_EQ(waits.addresses(), found("192.0.2.1").addresses);
}

TEST(name_lookup, ends_without_waiting_for_what_is_silent) {
    const auto server = std::make_shared<scripted_server>();
    asio::io_context loop;
    name_lookup::question asked;
    {
        name_lookup lookup{[server](const std::string& name) { return server->look_up(name); }};
        asked = lookup.ask("silent", loop, [](const looked_up&) { ADD_FAILURE(); });
    }
    server->says("silent", found("192.0.2.1"));
    asked.reset();
    EXPECT_EQ(loop.poll(), 0U);
}

TEST(name_lookup, of_the_system_knows_this_machine) {
    const looked_up here = name_lookup::ask_system("localhost");
    ASSERT_FALSE(here.addresses.empty());
    for (const auto& address : here.addresses) EXPECT_TRUE(address.is_loopback()) << address;
}

}  // namespace
}  // namespace switchgear::gateway
