// Tells alive.cpp of the tests of a GoogleTest program.
#include <string>

#include <gtest/gtest.h>

namespace switchgear_mutants {
void write_reached(const std::string& test);

namespace {

class listener : public testing::EmptyTestEventListener {
    void OnTestStart(const testing::TestInfo&) override { write_reached("between"); }
    void OnTestEnd(const testing::TestInfo& test) override {
        write_reached(std::string{test.test_suite_name()} + '.' + test.name());
    }
    void OnTestProgramEnd(const testing::UnitTest&) override { write_reached("between"); }
};

const bool listening = [] {
    testing::UnitTest::GetInstance()->listeners().Append(new listener);
    return true;
}();

}  // namespace
}  // namespace switchgear_mutants
