#include "access_record.hpp"

#include <switchgear/gateway/runtime.hpp>

#include "exchange.hpp"
#include "worker.hpp"

/// What an exchange tells of itself once it is over. Nothing here runs unless there is an access log.
namespace switchgear::gateway {

void exchange::begin_record() {
    if (by_->settings->access_log.place == access_log_place::off) return;
    record_ = std::make_unique<access_record>();
    record_->path = without_query(with_.head().target);
    if (const auto trace = with_.head().find("traceparent")) record_->trace_id = trace_id_of(*trace);
    record_->written_before = with_.io().written();
}

time_point exchange::now() const noexcept { return with_.on().runtime().clock().now(); }

void exchange::answered(unsigned status) {
    of_.counters->answered(status);
    if (record_) record_->line.status = status;
}

void exchange::write_record() {
    const time_point ended = now();
    access_line& line = record_->line;
    line.method = with_.method();
    line.path = record_->path;
    line.bytes = with_.io().written() - record_->written_before;
    line.took = ended - began_;
    if (record_->head_arrived != time_point{}) line.body = ended - record_->head_arrived;
    line.service = settings().name;
    line.breaker = use_.counters->name;
    if (settings().breaker.scope == breaker_scope::key) line.key = line.breaker.substr(line.service.size() + 1);
    line.trace_id = record_->trace_id;
    std::string endpoint;
    if (line.reason.empty()) endpoint = to_string(settings().endpoints[endpoint_]);
    line.endpoint = endpoint;
    with_.on().runtime().access().write(line, by_->settings->access_log);
}

}  // namespace switchgear::gateway
