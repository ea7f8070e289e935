#include <switchgear/breaker.hpp>

#include <atomic>
#include <cassert>
#include <utility>

#include "breaker_core.hpp"
#include "record.hpp"

namespace switchgear {
namespace detail {
namespace {

/// Different in every breaker of this process, and in every process.
std::uint64_t fresh_seed(const void* where, ticks now) noexcept {
    static std::atomic<std::uint64_t> made{0};
    const auto nth = made.fetch_add(1, std::memory_order_relaxed);
    return static_cast<std::uint64_t>(now) ^ (nth * 0xd1342543de82ef95) ^ reinterpret_cast<std::uintptr_t>(where);
}

}  // namespace

std::shared_ptr<const plan> checked(const settings& given) {
    if (auto violations = validate(given); !violations.empty()) throw invalid_settings{std::move(violations)};
    return std::make_shared<const plan>(given);
}

breaker_core::breaker_core(std::string name, std::shared_ptr<const plan> by, const time_source& time,
                           std::shared_ptr<listeners> also)
    : name_{std::move(name)},
      time_{time},
      listeners_{std::make_shared<listeners>()},
      also_{std::move(also)},
      machine_{*this, by, by->given.recovery.jitter_seed.value_or(fresh_seed(this, now())), now()} {}

subscription breaker_core::subscribe(std::function<void(const transition&)> listener) {
    return listeners_->subscribe(std::move(listener));
}

snapshot breaker_core::observe() const {
    snapshot seen;
    const std::lock_guard lock{orders_};
    machine_.observe(seen, now());
    if (seen.override != override_mode::none) seen.order_in_force = in_force_;
    return seen;
}

settings breaker_core::current_settings() const {
    const std::lock_guard lock{orders_};
    return machine_.plan_in_force()->given;
}

void breaker_core::apply(std::shared_ptr<const plan> by) {
    const std::lock_guard lock{orders_};
    if (machine_.plan_in_force()->given != by->given) machine_.apply(std::move(by), now());
}

void breaker_core::reset(const order& by) {
    if (const auto made = machine_.reset(now())) tell(*made, by);
}

void breaker_core::trip(const order& by, std::optional<duration> pause) {
    std::optional<ticks> exact;
    if (pause) exact = pause->count();
    if (const auto made = machine_.trip(exact, now())) tell(*made, by);
}

void breaker_core::force(override_mode mode, const order& by) {
    const ticks until = by.until ? by.until->time_since_epoch().count() : never;
    moved made;
    {
        const std::lock_guard lock{orders_};
        in_force_ = by;
        made = machine_.force(mode, until, now());
    }
    tell(made, by);
}

void breaker_core::lift(const order& by) {
    std::optional<moved> made;
    {
        const std::lock_guard lock{orders_};
        made = machine_.lift(now());
        in_force_.reset();
    }
    if (made) tell(*made, by);
}

std::string breaker_core::save() const { return write_record(machine_.save(now())); }

bool breaker_core::restore(std::string_view record, duration elapsed) {
    auto saved = read_record(record);
    if (!saved) return false;
    saved->remaining = std::max<ticks>(saved->remaining - std::max<ticks>(elapsed.count(), 0), 0);
    if (const auto made = machine_.restore(*saved, now())) tell(*made, std::nullopt);
    return true;
}

void breaker_core::told(const moved& what) noexcept {
    std::optional<order> by;
    if (what.kept_closed) {
        const std::lock_guard lock{orders_};
        by = in_force_;
    }
    tell(what, std::move(by));
}

void breaker_core::tell(const moved& what, std::optional<order> by) noexcept {
    const transition event{.name = name_,
                           .from = what.from,
                           .to = what.to,
                           .epoch = what.epoch,
                           .at = time_point{duration{what.at}},
                           .cause = what.cause,
                           .evidence = what.evidence,
                           .pause = duration{what.pause},
                           .attempt = what.attempt,
                           .order = std::move(by)};
    listeners_->tell(event);
    if (also_) also_->tell(event);
}

}  // namespace detail

void permit::settle(verdict how) noexcept {
    assert(core_ != nullptr && "a permit is settled once");
    if (core_ != nullptr) std::exchange(core_, nullptr)->settle(grant_, how);
}
void permit::overdue() noexcept {
    if (core_ != nullptr) core_->overdue(grant_);
}
void permit::answered() noexcept {
    if (core_ != nullptr) core_->answered(grant_);
}

breaker::breaker(std::string name, const settings& given, const time_source& time)
    : breaker{std::move(name), detail::checked(given), time, nullptr} {}

breaker::breaker(std::string name, std::shared_ptr<const detail::plan> by, const time_source& time,
                 std::shared_ptr<detail::listeners> also)
    : core_{std::make_unique<detail::breaker_core>(std::move(name), std::move(by), time, std::move(also))} {}

breaker::~breaker() = default;

result<permit> breaker::try_acquire() noexcept { return core_->try_acquire(); }
subscription breaker::subscribe(std::function<void(const transition&)> listener) {
    return core_->subscribe(std::move(listener));
}
snapshot breaker::observe() const { return core_->observe(); }
std::string_view breaker::name() const noexcept { return core_->name(); }
settings breaker::current_settings() const { return core_->current_settings(); }
void breaker::apply(const settings& given) { core_->apply(detail::checked(given)); }
void breaker::end_pause() noexcept { core_->end_pause(); }
void breaker::extend_pause(duration wait) noexcept { core_->extend_pause(wait); }
void breaker::reset(order by) { core_->reset(by); }
void breaker::trip(order by, std::optional<duration> pause) { core_->trip(by, pause); }
void breaker::force_open(order by) { core_->force(override_mode::forced_open, by); }
void breaker::force_closed(order by) { core_->force(override_mode::forced_closed, by); }
void breaker::lift_override(order by) { core_->lift(by); }
std::string breaker::save() const { return core_->save(); }
bool breaker::restore(std::string_view record, duration elapsed) { return core_->restore(record, elapsed); }

}  // namespace switchgear
