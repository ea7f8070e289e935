#pragma once

#include <string>
#include <vector>

namespace switchgear::trip_quality {

/// What the command line asks for.
struct options {
    bool quick = false;   ///< a tenth of the work: to see that it runs, not to quote
    std::string petshop;  ///< petshop_train.csv.gz or another of its form; empty: not run
    std::string outages;  ///< outages_dev.csv; empty: not run
    std::string only;     ///< the name of one section; empty: all
};

enum class outcome { met, missed, not_run, shown };

/// Collects the one table of targets, and below it what each section has to show.
class report {
public:
    void target(std::string what, std::string wanted, std::string figure, outcome);
    /// The first row is the head.
    void table(std::string title, std::vector<std::vector<std::string>> rows);
    void text(std::string paragraph);
    std::string markdown() const;
    bool all_met() const;

private:
    struct row {
        std::string what, wanted, figure;
        outcome how;
    };
    std::vector<row> targets_;
    std::string details_;
};

/// A number in as many digits as a reader wants: 1604, 45, 3.9, 0.16, 0.0023.
std::string shown(double value);

}  // namespace switchgear::trip_quality
