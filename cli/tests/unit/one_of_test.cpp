#include <switchgear/cli/one_of.hpp>

#include <string>

#include <gtest/gtest.h>

namespace switchgear::cli {
namespace {

enum class shape { round, square, flat };

struct one_option {
    one_option() {
        app.add_option("--shape", chosen, "Which")
            ->transform(one_of<shape>({{"round", shape::round}, {"square", shape::square}, {"flat", shape::flat}}))
            ->type_name("round|square|flat");
    }
    CLI::App app{"", "test"};
    shape chosen = shape::round;
};

TEST(one_of, a_word_is_its_enumerator) {
    one_option of;
    of.app.parse("--shape flat");
    EXPECT_EQ(of.chosen, shape::flat);
}

TEST(one_of, anything_else_is_refused_with_the_words_there_are) {
    for (const std::string wrong : {"oval", "2", "Round"}) {
        one_option of;
        try {
            of.app.parse("--shape " + wrong);
            ADD_FAILURE() << wrong;
        } catch (const CLI::ValidationError& error) {
            EXPECT_EQ(error.what(), "--shape: " + wrong + ": must be round, square or flat");
        }
    }
}

TEST(one_of, the_help_shows_words_and_no_numbers) {
    one_option of;
    const std::string help = of.app.help();
    EXPECT_NE(help.find("--shape round|square|flat "), std::string::npos) << help;
    EXPECT_EQ(help.find("->"), std::string::npos) << help;
}

}  // namespace
}  // namespace switchgear::cli
