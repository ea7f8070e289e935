#include "admin_message.hpp"

#include <boost/beast/http/status.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <switchgear/utf8.hpp>

namespace switchgear::gateway {

namespace json = boost::json;

admin_answer problem(unsigned status, std::string_view detail, const std::vector<violation>& violations) {
    json::object body;
    const auto title = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    body["title"] = std::string_view{title.data(), title.size()};
    body["status"] = status;
    body["detail"] = as_utf8(detail);
    if (!violations.empty()) {
        json::array list;
        for (const violation& v : violations) {
            list.push_back(json::object{{"field", as_utf8(v.field)}, {"message", as_utf8(v.message)}});
        }
        body["violations"] = std::move(list);
    }
    return {.status = status, .content_type = "application/problem+json", .body = json::serialize(body) + "\n"};
}

}  // namespace switchgear::gateway
