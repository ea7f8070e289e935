#include <switchgear/cli/commands.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/cli/one_of.hpp>
#include <switchgear/wire/units.hpp>
#include <switchgear/wire/views.hpp>

#include "admin_client.hpp"
#include "format.hpp"
#include "orders.hpp"
#include "watch.hpp"

namespace switchgear::cli {

namespace json = boost::json;

namespace {

/// What the user asked for, whatever the command.
struct options {
    std::string command;
    std::string breaker;
    std::string admin = "http://127.0.0.1:9901";
    std::string token_file;
    output_format output = output_format::text;
    order_options order;
    std::string lasts;
    bool until_lifted = false;
};

/// The gateway said no, or something that cannot be understood.
class refused : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The user named something that cannot be used.
class wrong_usage : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

admin_client client_for(const options& given) {
    std::optional<std::string> token;
    if (!given.token_file.empty()) {
        std::ifstream file{given.token_file};
        // The whole file. A folder can be opened, and fails here.
        std::getline(file, token.emplace(), '\0');
        if (!file.is_open() || file.bad()) throw wrong_usage("--token-file: cannot read " + given.token_file);
        token->erase(token->find_last_not_of(" \t\r\n") + 1);
    }
    return {parse_admin_url(given.admin).value(), std::move(token)};
}

std::string explain_refusal(const admin_reply& reply) {
    std::string out = "the gateway answered " + std::to_string(reply.status);
    boost::system::error_code ec;
    const json::value problem = json::parse(reply.body, ec);
    const json::object* fields = ec ? nullptr : problem.if_object();
    const json::value* detail = fields ? fields->if_contains("detail") : nullptr;
    if (detail && detail->is_string()) out += ": " + std::string(detail->get_string());
    return out;
}

json::object object_of(const admin_reply& reply) {
    if (reply.status / 100 != 2) throw refused(explain_refusal(reply));
    boost::system::error_code ec;
    json::value body = json::parse(reply.body, ec);
    if (ec || !body.is_object()) throw refused("the answer is no JSON object; is this the admin port of a gateway?");
    return std::move(body).as_object();
}

wire::breaker_view view_in(const json::value& body) {
    auto view = wire::from_json<wire::breaker_view>(body);
    if (!view) {
        const violation& first = view.error().front();
        throw refused("the answer is no breaker: " + first.field + ": " + first.message);
    }
    return *std::move(view);
}

int list(const options& given, streams to) {
    const json::object answer = object_of(client_for(given).get("/v1/breakers"));
    if (given.output == output_format::json) {
        to.out << json::serialize(answer) << "\n";
        return done;
    }
    const json::value* found = answer.if_contains("breakers");
    if (!found || !found->is_array()) throw refused("the answer has no breakers; is this the admin port of a gateway?");
    std::vector<wire::breaker_view> views;
    std::transform(found->get_array().begin(), found->get_array().end(), std::back_inserter(views), view_in);
    to.out << breakers_table(views);
    return done;
}

json::object ask_for_breaker(const options& given) {
    return object_of(client_for(given).get("/v1/breakers/" + encode_segment(given.breaker)));
}

int show(const options& given, streams to) {
    const json::object answer = ask_for_breaker(given);
    if (given.output == output_format::json)
        to.out << json::serialize(answer) << "\n";
    else
        to.out << breaker_details(view_in(answer), answer);
    return done;
}

int explain(const options& given, streams to) {
    const json::object answer = ask_for_breaker(given);
    const json::value* told = answer.if_contains("explanation");
    if (!told) throw refused("the answer has no explanation");
    if (given.output == output_format::json)
        to.out << json::serialize(*told) << "\n";
    else
        to.out << explanation(view_in(answer), answer);
    return done;
}

int watch(const options& given, streams to) {
    watch_lines lines{given.output, to.out};
    const auto reply =
        client_for(given).follow("/v1/events", {.on_event = [&](const server_event& event) { lines.take(event); },
                                                .on_lost =
                                                    [&](const std::string& why) {
                                                        lines.lost();
                                                        to.err << why << "; trying again" << std::endl;
                                                    }});
    if (reply) throw refused(explain_refusal(*reply));
    return done;
}

int give_order(order_kind kind, const options& given, streams to) {
    order_options order = given.order;
    if (!given.lasts.empty()) order.lasts = wire::parse_duration(given.lasts);
    if (order.actor.empty()) order.actor = default_actor();
    const order_request request = request_for(kind, given.breaker, order);
    const admin_client client = client_for(given);
    const json::object answer = object_of(request.method == "PUT" ? client.put(request.target, request.body)
                                                                  : client.post(request.target, request.body));
    if (given.output == output_format::json)
        to.out << json::serialize(answer) << "\n";
    else
        to.out << given.breaker << ": "
               << (kind == order_kind::trip ? words_after_trip(view_in(answer)) : state_words(view_in(answer))) << "\n";
    return done;
}

/// Runs a command; whatever it throws becomes a message and an exit code.
int guarded(const options& given, streams to, const std::function<int()>& command) {
    int code = failed;
    std::string why;
    try {
        return command();
    } catch (const unreachable& error) {
        code = unreachable_gateway;
        why = error.what();
    } catch (const wrong_usage& error) {
        code = bad_usage;
        why = error.what();
    } catch (const std::exception& error) {
        why = error.what();
    }
    to.err << "switchgear " << given.command << ": " << why << std::endl;
    return code;
}

using check = std::function<std::string(const std::string&)>;

std::string check_url(const std::string& text) {
    if (parse_admin_url(text)) return {};
    return "'" + text + "' is no URL such as http://127.0.0.1:9901 or https://gateway.example.com:9901";
}

std::string check_duration(const std::string& text) {
    constexpr std::chrono::milliseconds shortest{1};
    constexpr std::chrono::hours longest{365 * 24};
    const auto read = wire::parse_duration(text);
    if (read && *read >= shortest && *read <= longest) return {};
    return "'" + text + "' is no duration such as 250ms, 30s, 10m, 1h, from 1ms to 365d";
}

std::string check_text(const std::string& text) {
    return text.empty() ? "it is empty; it is kept with the order, so that others learn why" : "";
}

/// One command and where its options go.
class command_line {
public:
    command_line(CLI::App& app, const std::string& name, const std::string& what, const std::string& examples)
        : given_(std::make_shared<options>()), command_(app.add_subcommand(name, what)) {
        given_->command = name;
        command_->footer(
            "Examples:\n" + examples +
            "\nExit codes: 0 done, 1 refused by the gateway, 2 bad usage, 3 the gateway cannot be reached.");
        command_
            ->add_option("--admin", given_->admin,
                         "The gateway's admin port; https is verified against the system's roots")
            ->check(check{check_url}, "")
            ->type_name("URL")
            ->capture_default_str();
        command_->add_option("--token-file", given_->token_file, "A file with the admin port's token")
            ->type_name("FILE");
        command_->add_option("--output", given_->output, "How to print: text or json")
            ->transform(one_of<output_format>({{"text", output_format::text}, {"json", output_format::json}}))
            ->type_name("text|json")
            ->default_str("text");
    }

    command_line& with_breaker() {
        command_->add_option("NAME", given_->breaker, "The breaker: service, service/host:port or service/key")
            ->required()
            ->type_name("");
        return *this;
    }
    command_line& with_order() {
        command_->add_option("--reason", given_->order.reason, "Why; kept with the order")
            ->required()
            ->check(check{check_text}, "")
            ->type_name("TEXT");
        command_->add_option("--actor", given_->order.actor, "Who; by default you, as user@host")
            ->check(check{check_text}, "")
            ->type_name("TEXT");
        return *this;
    }
    CLI::Option* with_duration(const std::string& what) {
        return command_->add_option("--for", given_->lasts, what)
            ->check(check{check_duration}, "")
            ->type_name("DURATION");
    }
    /// One of the two must be given: an override that nobody ends is a decision, not an omission.
    command_line& with_end() {
        CLI::Option_group* end = command_->add_option_group("End", "When the override ends by itself");
        CLI::Option* lasts = end->add_option("--for", given_->lasts, "Until this much time has passed");
        lasts->check(check{check_duration}, "")->type_name("DURATION");
        end->add_flag("--until-lifted", given_->until_lifted, "Not before `switchgear lift`");
        end->require_option(1);
        return *this;
    }
    void runs(streams to, const std::function<void(std::function<int()>)>& chosen,
              std::function<int(const options&, streams)> run) {
        command_->callback([given = given_, to, chosen, run = std::move(run)] {
            chosen([given, to, run] { return guarded(*given, to, [&] { return run(*given, to); }); });
        });
    }

private:
    std::shared_ptr<options> given_;
    CLI::App* command_;
};

auto giving(order_kind kind) {
    return [kind](const options& given, streams to) { return give_order(kind, given, to); };
}

}  // namespace

void add_commands(CLI::App& app, streams to, std::function<void(std::function<int()>)> chosen) {
    command_line(app, "list", "List the breakers of a running gateway",
                 "  switchgear list\n  switchgear list --output json")
        .runs(to, chosen, list);
    command_line(app, "show", "Show one breaker: counts, settings, last transitions", "  switchgear show payments")
        .with_breaker()
        .runs(to, chosen, show);
    command_line(app, "watch", "Print changes as they happen, until Ctrl-C",
                 "  switchgear watch\n  switchgear watch --output json")
        .runs(to, chosen, watch);
    command_line(app, "explain", "Say why a breaker is as it is, and what would change it",
                 "  switchgear explain payments")
        .with_breaker()
        .runs(to, chosen, explain);
    command_line(app, "reset", "Close a breaker and clear its counts",
                 "  switchgear reset payments --reason 'fixed by #1234'")
        .with_breaker()
        .with_order()
        .runs(to, chosen, giving(order_kind::reset));
    command_line trip(app, "trip", "Open a breaker; it recovers by itself",
                      "  switchgear trip payments --reason 'database is down' --for 30s");
    trip.with_breaker().with_order().with_duration(
        "The pause; by default as the settings have it; at most recovery.max_retry_after, which is 10m unless set");
    trip.runs(to, chosen, giving(order_kind::trip));
    command_line(app, "force-open", "Refuse every call, for a while or until lifted",
                 "  switchgear force-open payments --for 10m --reason maintenance\n"
                 "  switchgear force-open payments --until-lifted --reason 'contract ended'")
        .with_breaker()
        .with_order()
        .with_end()
        .runs(to, chosen, giving(order_kind::force_open));
    command_line(app, "force-closed", "Admit every call, for a while or until lifted",
                 "  switchgear force-closed payments --for 10m --reason 'false alarm'")
        .with_breaker()
        .with_order()
        .with_end()
        .runs(to, chosen, giving(order_kind::force_closed));
    command_line(app, "lift", "End an override", "  switchgear lift payments --reason 'maintenance is over'")
        .with_breaker()
        .with_order()
        .runs(to, chosen, giving(order_kind::lift));
}

}  // namespace switchgear::cli
