#pragma once

#include <string>
#include <vector>

#include <switchgear/time.hpp>

#include "chance.hpp"

namespace switchgear::trip_quality {

/// Five minutes of one component, as the PetShop data set tells of them (github.com/amazon-science/
/// petshop-root-cause-analysis, data CC-BY-4.0).
struct interval {
    double begins = 0;  ///< seconds
    double requests = 0;
    double availability = 1;
    double p50 = 0, p90 = 0, p99 = 0;  ///< seconds
    bool in_issue = false;
};

/// One component through one recording.
struct series {
    std::string traffic, issue, component;  ///< no issue: a healthy recording
    std::vector<interval> intervals;

    double mean_requests() const;
    double mean_availability() const;
};

/// Reads a file of the form of petshop_train.csv.gz, through gunzip if its name says so.
/// Throws: std::runtime_error with the name of the file and the line.
std::vector<series> read_petshop(const std::string& path);

struct replayed_call {
    time_point at;
    duration took;
    bool failed;
};

/// Calls as they may have been: at random times within the interval, as many failures as the availability
/// says, latencies by the quantiles (straight lines between them on a logarithmic scale).
std::vector<replayed_call> expand(const interval&, time_point begins, chance&);

}  // namespace switchgear::trip_quality
