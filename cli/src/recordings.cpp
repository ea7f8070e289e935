#include <switchgear/cli/recordings.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <switchgear/cli/one_of.hpp>
#include <switchgear/simulation/advice.hpp>
#include <switchgear/simulation/advice_trial.hpp>
#include <switchgear/simulation/outages.hpp>
#include <switchgear/simulation/output.hpp>
#include <switchgear/simulation/recording.hpp>
#include <switchgear/simulation/report.hpp>
#include <switchgear/simulation/timeline.hpp>

#include "output_format.hpp"

namespace switchgear::cli {

namespace {

/// What the user asked for, of either command.
struct asked {
    std::string command;
    simulation::recording::options from;
    std::vector<std::string> settings;
    output_format output = output_format::text;
    std::string report;
};

/// Tells a person at a terminal how far it is, now and then.
class progress {
public:
    explicit progress(std::ostream& to) : to_{to}, shown_{::isatty(STDERR_FILENO) == 1} {}
    ~progress() {
        if (told_) to_ << "\r\033[K" << std::flush;
    }
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;

    void another() {
        constexpr std::uint64_t every = 1'000'000;
        if (++calls_ % every != 0 || !shown_) return;
        told_ = true;
        to_ << "\r" << calls_ / every << " million calls" << std::flush;
    }

private:
    std::ostream& to_;
    bool shown_;
    bool told_ = false;
    std::uint64_t calls_ = 0;
};

std::string shown_name(const std::string& path) { return path == "-" ? "standard input" : path; }

void read_all(simulation::recording& from, streams to,
              const std::function<void(const simulation::recorded_call&)>& take) {
    progress so_far{to.err};
    while (const auto call = from.next()) {
        take(*call);
        so_far.another();
    }
}

/// Says what was wrong with the recording. Returns: the exit code.
int judge_lines(const asked& given, const simulation::recording& read, streams to) {
    const auto& counts = read.counted();
    to.err << simulation::bad_lines_text(shown_name(given.from.path), counts);
    if (const std::string doubt = read.doubt(); !doubt.empty())
        to.err << shown_name(given.from.path) << ": " << doubt << "\n";
    if (counts.lines == 0) {
        to.err << "switchgear " << given.command << ": " << shown_name(given.from.path) << ": no call in it"
               << (given.from.service.empty() ? "" : " of service " + given.from.service) << std::endl;
        return failed;
    }
    if (!simulation::too_many_bad(counts)) return done;
    to.err << "switchgear " << given.command << ": more than 1 % of the lines are bad; read as "
           << to_string(read.format()) << std::endl;
    return failed;
}

[[noreturn]] void refuse_report(const std::string& path, int error) {
    throw std::runtime_error(
        fmt::format("--report: cannot write {}: {}", path, std::generic_category().message(error)));
}

/// Before a long recording is read, and without touching what is there. Throws: std::runtime_error.
void expect_writable(const std::string& path) {
    if (path.empty()) return;
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) refuse_report(path, EISDIR);
    if (::access(path.c_str(), W_OK) == 0) return;
    if (errno != ENOENT) refuse_report(path, errno);
    const std::filesystem::path folder = std::filesystem::path{path}.parent_path();
    if (::access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) != 0) refuse_report(path, errno);
}

/// Throws: std::runtime_error.
void write_report(const std::string& path, const simulation::report_content& content) {
    errno = 0;
    std::ofstream file{path, std::ios::binary};
    file << simulation::report_html(content) << std::flush;
    if (!file) refuse_report(path, errno);
}

/// What --settings names.
struct settings_given {
    std::vector<simulation::candidate> candidates{};
    /// Whether one of them is of the service asked for.
    bool of_service = false;
    /// Whose breaker a call meets, and the candidate that says so.
    simulation::key_source keys = simulation::key_source::any;
    std::string keys_from{};
};

std::string_view scope_words(simulation::key_source keys) {
    return keys == simulation::key_source::endpoint ? "endpoint" : "key";
}

/// Returns: what is wrong with them beside those before them; empty if nothing.
std::string add_settings(settings_file&& one, settings_given& to) {
    const std::string name = one.candidate.name;
    to.candidates.push_back(std::move(one.candidate));
    to.of_service |= one.of_service;
    if (one.keys == simulation::key_source::any || one.keys == to.keys) return {};
    if (to.keys != simulation::key_source::any) {
        return fmt::format("{} has a breaker for each {}, and {} one for each {}: try one after the other",
                           to.keys_from, scope_words(to.keys), name, scope_words(one.keys));
    }
    to.keys = one.keys;
    to.keys_from = name;
    return {};
}

std::optional<settings_given> read_settings(const asked& given, const settings_reader& read, streams to) {
    settings_given found;
    bool sound = true;
    for (const std::string& file : given.settings) {
        auto one = read(file, given.from.service);
        std::vector<std::string> wrong;
        if (!one) {
            wrong = one.error();
        } else if (std::string unlike = add_settings(std::move(*one), found); !unlike.empty()) {
            wrong.push_back(std::move(unlike));
        }
        sound = sound && wrong.empty();
        for (const std::string& line : wrong) to.err << line << "\n";
    }
    to.err << std::flush;
    return sound ? std::optional{std::move(found)} : std::nullopt;
}

/// A service that nothing would look at is a mistake, not a wish. Returns: whether --service says something.
bool service_is_used(const asked& given, bool of_settings, const simulation::recording& from, streams to) {
    if (given.from.service.empty() || of_settings || from.format() == simulation::recording_format::json) return true;
    to.err << "switchgear " << given.command << ": --service " << given.from.service
           << ": nothing here has services: " << shown_name(given.from.path) << " (" << to_string(from.format())
           << ") names none" << (given.settings.empty() ? "" : ", and --settings is no gateway's configuration")
           << std::endl;
    return false;
}

/// Of more keys than are kept at a time, people must know what became of the others.
void tell_of_many_keys(std::string_view name, std::size_t max_keys, const simulation::outcome& did, streams to) {
    if (did.keys <= max_keys) return;
    to.err << fmt::format(
                  "{}: {} keys, of which {} are kept at a time: idle ones were forgotten, and {} shared the breaker "
                  "(overflow)",
                  name, did.keys, max_keys, did.keys_sharing)
           << std::endl;
}

/// Without what the settings go by, calls met a breaker that they would not have met.
void tell_of_missing_keys(const settings_given& settings, const asked& given, const simulation::recording& read,
                          streams to) {
    const auto& counts = read.counted();
    if (settings.keys == simulation::key_source::any || counts.without_key == 0) return;
    to.err << fmt::format(
                  "{}: a breaker for each {}, but {} of {} calls of {} name none: whose breaker they would have met "
                  "cannot be told, and they met one together",
                  settings.keys_from, scope_words(settings.keys), counts.without_key, counts.lines - counts.bad,
                  shown_name(given.from.path))
           << std::endl;
}

int simulate(const asked& given, const settings_reader& read, streams to) {
    expect_writable(given.report);
    auto settings = read_settings(given, read, to);
    if (!settings) return bad_usage;
    const bool as_json = given.output == output_format::json;
    std::vector<std::string> names;
    for (const auto& one : settings->candidates) names.push_back(one.name);
    simulation::replay::listener told;
    if (as_json) {
        told = [&](std::size_t which, const transition& seen, simulation::recorded_time at) {
            to.out << simulation::transition_json(names[which], seen, at);
        };
    }
    simulation::recording::options options = given.from;
    options.keys = settings->keys;
    simulation::recording from{options};
    if (!service_is_used(given, settings->of_service, from, to)) return bad_usage;
    simulation::replay through{std::move(settings->candidates), std::move(told)};
    simulation::timeline seen;
    const bool reports = !given.report.empty();
    read_all(from, to, [&](const simulation::recorded_call& call) {
        through.take(call, from.keys()[call.key]);
        if (reports) seen.add(call);
    });
    through.finish();
    const auto& outcomes = through.outcomes();
    if (as_json) {
        for (std::size_t i = 0; i < outcomes.size(); ++i) to.out << simulation::summary_json(names[i], outcomes[i]);
    } else {
        to.out << simulation::summary_text(through.candidates(), outcomes);
    }
    to.out << std::flush;
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        tell_of_many_keys(names[i], through.candidates()[i].max_keys, outcomes[i], to);
    tell_of_missing_keys(*settings, given, from, to);
    if (reports) {
        write_report(given.report, {.title = "Simulation of " + shown_name(given.from.path),
                                    .seen = seen,
                                    .candidates = through.candidates(),
                                    .outcomes = outcomes});
    }
    return judge_lines(given, from, to);
}

/// Reads the recording once more, with breakers that have the advice. Returns: empty if it cannot be read twice.
std::optional<simulation::tried_advice> tried(const asked& given, const simulation::history& seen,
                                              const simulation::advice& advice, streams to) {
    std::error_code ignored;
    if (given.from.path == "-" || !std::filesystem::is_regular_file(given.from.path, ignored)) return std::nullopt;
    simulation::recording again{given.from};
    simulation::advice_trial trial{seen, advice};
    read_all(again, to, [&](const simulation::recorded_call& call) { trial.take(call, again.keys()[call.key]); });
    simulation::tried_advice found = trial.finish();
    const std::size_t max_keys = simulation::candidate{}.max_keys;
    tell_of_many_keys("advised", max_keys, found.advised.did, to);
    tell_of_many_keys("adaptive", max_keys, found.adaptive.did, to);
    return found;
}

std::string too_few_words(std::uint64_t calls, std::uint64_t healthy) {
    if (calls < simulation::fewest_calls)
        return fmt::format("{} calls are too few to advise from; it takes {}", calls, simulation::fewest_calls);
    return fmt::format(
        "{} of {} calls lie outside of outages: too few to tell what is normal, and to advise from; it takes {}",
        healthy, calls, simulation::fewest_calls);
}

int advise(const asked& given, streams to) {
    expect_writable(given.report);
    simulation::recording from{given.from};
    if (!service_is_used(given, false, from, to)) return bad_usage;
    simulation::timeline seen;
    std::uint64_t calls = 0;
    read_all(from, to, [&](const simulation::recorded_call& call) {
        seen.add(call);
        ++calls;
    });
    if (const std::string several = simulation::several_services_words(from);
        given.from.service.empty() && !several.empty()) {
        to.err << "switchgear advise: " << shown_name(given.from.path) << ": " << several << std::endl;
        return bad_usage;
    }
    const simulation::history found = simulation::find_outages(seen);
    if (found.normal.calls < simulation::fewest_calls) {
        if (calls > 0) {
            to.err << "switchgear advise: " << shown_name(given.from.path) << ": "
                   << too_few_words(calls, found.normal.calls) << std::endl;
        }
        return judge_lines(given, from, to);
    }
    const simulation::advice advice = simulation::advise(found, from.keys(), from.keys_are());
    const simulation::advice_told told{.seen = found,
                                       .given = advice,
                                       .keys = from.keys(),
                                       .tried = tried(given, found, advice, to),
                                       .keys_are = from.keys_are()};
    to.out << (given.output == output_format::json ? simulation::advice_json(told) : simulation::advice_text(told))
           << std::flush;
    if (!given.report.empty()) {
        write_report(given.report,
                     {.title = "Advice from " + shown_name(given.from.path), .seen = seen, .advised = &told});
    }
    return judge_lines(given, from, to);
}

std::function<int()> guarded(std::shared_ptr<const asked> given, streams to, std::function<int()> command) {
    return [given = std::move(given), to, command = std::move(command)] {
        try {
            return command();
        } catch (const std::exception& error) {
            to.err << "switchgear " << given->command << ": " << error.what() << std::endl;
            return static_cast<int>(failed);
        }
    };
}

std::string check_names(const std::vector<std::string>& files) {
    const std::set<std::string> different{files.begin(), files.end()};
    return different.size() == files.size() ? "" : "--settings: the same file is given twice";
}

bool overwrites(const std::string& report, const std::string& read) {
    std::error_code ignored;
    // Standard input may be a file, too.
    return std::filesystem::is_regular_file(report, ignored) &&
           std::filesystem::equivalent(report, read == "-" ? "/dev/stdin" : read, ignored);
}

std::string check_report(const asked& given) {
    const auto refusal = [&given](const char* what) {
        return fmt::format("--report: {} is {}, and would be overwritten", given.report, what);
    };
    // Standard output has the text.
    if (given.report == "-") return "--report: - is no file: name one, such as report.html";
    if (overwrites(given.report, given.from.path)) return refusal("the recording");
    for (const std::string& file : given.settings) {
        if (overwrites(given.report, file)) return refusal("a file of --settings");
    }
    return {};
}

void refuse_if(const std::string& wrong) {
    if (!wrong.empty()) throw CLI::ValidationError(wrong);
}

CLI::App* add_command(CLI::App& app, const std::shared_ptr<asked>& given, const std::string& what) {
    using simulation::recording_format;
    CLI::App* command = app.add_subcommand(given->command, what);
    command->add_option("CALLS", given->from.path, "The recording, plain or gzip; - is standard input")
        ->required()
        ->type_name("");
    command->add_option("--format", given->from.format, "What the recording is written in; by default found by content")
        ->transform(one_of<recording_format>({{"csv", recording_format::csv},
                                              {"json", recording_format::json},
                                              {"combined", recording_format::combined}}))
        ->type_name("csv|json|combined");
    command
        ->add_option("--service", given->from.service,
                     "The service: of a gateway's configuration, and of the lines of a log that name one")
        ->type_name("NAME");
    command->add_option("--report", given->report, "Also write a page that opens offline")->type_name("OUT.html");
    command->add_option("--output", given->output, "How to print: text or json, one object a line")
        ->transform(one_of<output_format>({{"text", output_format::text}, {"json", output_format::json}}))
        ->type_name("text|json")
        ->default_str("text");
    return command;
}

constexpr const char* about_recordings =
    "\nCALLS is a CSV file with a header and the columns time (when the call began, in seconds, ascending), duration"
    "\n(seconds), verdict (success, failure, ignored) or status (HTTP), and if you like class, key, retry_after"
    "\n(seconds); or the gateway's access log (JSON lines); or the combined log of nginx or Apache with the request"
    "\ntime as its last field."
    "\nSeveral files are one recording in the order of time, the oldest first: of rotated ones, as `ls -rv` names them."
    "\nBad lines are left out, and the first ten shown with their numbers."
    "\nExit codes: 0 done, 1 the recording cannot be read, more than 1 % of its lines are bad or "
    "what is printed is lost, 2 bad usage or settings.";

}  // namespace

void add_recording_commands(CLI::App& app, streams to, settings_reader read,
                            std::function<void(std::function<int()>)> chosen) {
    const auto simulated = std::make_shared<asked>();
    simulated->command = "simulate";
    CLI::App* simulate_command =
        add_command(app, simulated, "Say what breakers of these settings would have done with recorded calls");
    simulate_command
        ->add_option("--settings", simulated->settings,
                     "A breaker's settings (trip:, recovery:, mode:), or a gateway's configuration with --service; "
                     "several are compared side by side")
        ->required()
        ->allow_extra_args(false)  // one file each time: what follows may be CALLS
        ->type_name("FILE");
    simulate_command->footer(
        std::string{"Examples:\n  switchgear simulate calls.csv --settings now.yaml --settings "
                    "new.yaml --report compared.html\n  zcat $(ls -rv access.log.*.gz) | switchgear simulate - "
                    "--settings gateway.yaml --service payments\n"} +
        about_recordings);
    simulate_command->callback([simulated, to, read, chosen] {
        refuse_if(check_names(simulated->settings));
        refuse_if(check_report(*simulated));
        chosen(guarded(simulated, to, [simulated, to, read] { return simulate(*simulated, read, to); }));
    });

    const auto advised = std::make_shared<asked>();
    advised->command = "advise";
    CLI::App* advise_command = add_command(
        app, advised, "Learn from recorded calls what is normal and what outages were, and suggest settings");
    advise_command->footer(
        std::string{"Examples:\n  switchgear advise calls.csv.gz > settings.yaml\n  switchgear advise "
                    "access.log --service payments --report advice.html\n"
                    "\nThe text is a file of settings, with what was found as comments in it.\n"} +
        about_recordings);
    advise_command->callback([advised, to, chosen] {
        refuse_if(check_report(*advised));
        chosen(guarded(advised, to, [advised, to] { return advise(*advised, to); }));
    });
}

}  // namespace switchgear::cli
