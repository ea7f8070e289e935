#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace switchgear::trip_quality {

/// What the command line asks for.
struct options {
    bool quick = false;   ///< a tenth of the work: to see that it runs, not to quote
    std::string petshop;  ///< petshop_train.csv.gz or another of its form; empty: not run
    std::string outages;  ///< outages_dev.csv; empty: not run
    std::string core;     ///< what bench_core measured, as CSV (see `run`); empty: not run
    std::string only;     ///< the name of one section; empty: all
};

enum class outcome { met, missed, not_run, shown };

/// Collects the one table of targets, and below it what each section has to show.
class report {
public:
    /// What follows belongs to that section, and so does the command that makes it.
    void begin(std::string_view section) { section_ = section; }
    void target(std::string what, std::string wanted, std::string figure, outcome);
    /// Of use beside the targets, and with a mark of its own; stands in a table after theirs.
    void also(std::string what, std::string wanted, std::string figure, outcome);
    /// The first row is the head.
    void table(std::string title, std::vector<std::vector<std::string>> rows);
    void text(std::string paragraph);
    /// What the other one has, after what this one has.
    void append(const report&);
    std::string markdown() const;
    bool all_met() const;

private:
    struct row {
        std::string what, wanted, figure;
        outcome how;
        std::string section;
    };
    static std::string table_of(const std::vector<row>&);

    std::string section_;
    std::vector<row> targets_, besides_;
    std::string details_;
};

/// A number in as many digits as a reader wants: 1604, 45, 3.9, 0.16, 0.0023.
std::string shown(double value);
/// Without digits after the point, however small: 7206, 3.
std::string whole(double value);

inline outcome met_if(bool holds) noexcept { return holds ? outcome::met : outcome::missed; }

}  // namespace switchgear::trip_quality
