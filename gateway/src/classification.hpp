#pragma once

#include <optional>

#include <switchgear/gateway/config.hpp>
#include <switchgear/verdict.hpp>

#include "message_head.hpp"

namespace switchgear::gateway {

/// What an answer says about the service: its `classify` rules, the first that matches, then the defaults.
verdict judge_answer(const service&, const answer_head&);

/// The same for an error in place of an answer.
verdict judge_error(const service&, http::transport_error);

}  // namespace switchgear::gateway
