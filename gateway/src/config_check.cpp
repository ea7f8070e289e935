#include <ostream>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/gateway/config_load.hpp>

namespace switchgear::gateway {
namespace {

std::string counted(std::size_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

boost::json::object as_json(const config_violation& one) {
    return {
        {"file", one.file}, {"line", one.line}, {"column", one.column}, {"path", one.path}, {"message", one.message}};
}

int refuse(const std::string& path, const std::vector<config_violation>& violations, std::ostream& out,
           std::ostream& err, output_format format) {
    if (format == output_format::text) {
        for (const auto& one : violations) err << to_string(one) << '\n';
        return 2;
    }
    boost::json::array listed;
    for (const auto& one : violations) listed.push_back(as_json(one));
    out << boost::json::serialize(boost::json::object{{"file", path}, {"ok", false}, {"violations", listed}}) << '\n';
    return 2;
}

}  // namespace

int check_config(const std::string& path, std::ostream& out, std::ostream& err, output_format format) {
    const auto loaded = load_config_file(path);
    if (!loaded) return refuse(path, loaded.error(), out, err, format);
    if (format == output_format::json) {
        out << boost::json::serialize(boost::json::object{{"file", path},
                                                          {"ok", true},
                                                          {"listeners", loaded->listeners.size()},
                                                          {"services", loaded->services.size()},
                                                          {"routes", loaded->routes.size()}})
            << '\n';
        return 0;
    }
    out << fmt::format("{}: ok: {}, {}, {}\n", path, counted(loaded->listeners.size(), "listener"),
                       counted(loaded->services.size(), "service"), counted(loaded->routes.size(), "route"));
    return 0;
}

}  // namespace switchgear::gateway
