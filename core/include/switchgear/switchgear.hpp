#pragma once

/// All of the core.
#include <switchgear/breaker.hpp>
#include <switchgear/classify.hpp>
#include <switchgear/event.hpp>
#include <switchgear/fwd.hpp>
#include <switchgear/permit.hpp>
#include <switchgear/registry.hpp>
#include <switchgear/result.hpp>
#include <switchgear/settings.hpp>
#include <switchgear/snapshot.hpp>
#include <switchgear/state.hpp>
#include <switchgear/ticked_time.hpp>
#include <switchgear/time.hpp>
#include <switchgear/utf8.hpp>
#include <switchgear/verdict.hpp>
#include <switchgear/version.hpp>
