#include <switchgear/breaker.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "breaker_core.hpp"
#include "record.hpp"

namespace switchgear {
namespace detail {

template class tally<std_atomics>;

namespace {

/// Different in every breaker of this process, and in every process.
std::uint64_t fresh_seed(const void* where, ticks now) noexcept {
    static std::atomic<std::uint64_t> made;
    const auto nth = made.fetch_add(1, std::memory_order_relaxed);  // a counter of its own
    return static_cast<std::uint64_t>(now) ^ (nth * 0xd1342543de82ef95) ^ reinterpret_cast<std::uintptr_t>(where);
}

}  // namespace

std::shared_ptr<const plan> checked(const settings& given) {
    if (auto violations = validate(given); !violations.empty()) throw invalid_settings{std::move(violations)};
    return std::make_shared<const plan>(given);
}

breaker_core::breaker_core(std::string name, std::shared_ptr<const plan> by, const time_source& source,
                           std::shared_ptr<listeners> also)
    : machine{*this, by, by->given.recovery.jitter_seed.value_or(fresh_seed(this, in_ticks(source.now()))),
              in_ticks(source.now()), source},
      name_{std::move(name)},
      also_{std::move(also)} {}

/// One reload or override at a time; never held around a listener or a clock. Orders are rare, so a few
/// locks serve all breakers, and a million idle ones carry none.
std::mutex& breaker_core::orders() const noexcept {
    static std::array<std::mutex, 32> locks;
    return locks[(reinterpret_cast<std::uintptr_t>(this) / 64) % locks.size()];
}

subscription breaker_core::subscribe(std::function<void(const transition&)> listener) {
    std::shared_ptr<listeners> hub;
    {
        const std::lock_guard lock{orders()};
        if (!listeners_) {
            listeners_ = std::make_shared<listeners>();
            who_listens_.store(listeners_.get(), std::memory_order_release);  // pairs with tell()
        }
        hub = listeners_;
    }
    return hub->subscribe(std::move(listener));
}

snapshot breaker_core::observe() {
    snapshot seen;
    const ticks at = now();
    const std::lock_guard lock{orders()};
    machine::observe(seen, at);
    if (seen.override != override_mode::none) seen.order_in_force = *in_force_;
    return seen;
}

settings breaker_core::current_settings() const {
    const std::lock_guard lock{orders()};
    return plan_in_force()->given;
}

void breaker_core::apply(std::shared_ptr<const plan> by) {
    const ticks at = now();
    const std::lock_guard lock{orders()};
    if (plan_in_force()->given != by->given) machine::apply(std::move(by), at);
}

ticks breaker_core::now_without_expired_override() noexcept {
    const ticks at = now();
    machine::expire_override(at);  // tells of it, so no lock is held here
    return at;
}

void breaker_core::extend_pause(duration wait) noexcept {
    machine::extend_pause(wait.count(), now_without_expired_override());
}

void breaker_core::reset(order by) {
    machine::expect_orders();
    tell(machine::reset(now_without_expired_override()), std::move(by));
}

void breaker_core::trip(order by, std::optional<duration> pause) {
    std::optional<ticks> exact;
    if (pause) exact = pause->count();
    machine::expect_orders();
    if (const auto made = machine::trip(exact, now_without_expired_override())) tell(*made, std::move(by));
}

void breaker_core::force(override_mode mode, order by) {
    const ticks until = by.until ? in_ticks(*by.until) : never;
    auto to_show = std::make_unique<const order>(by);
    machine::expect_orders();
    const ticks at = now_without_expired_override();
    moved made;
    {
        const std::lock_guard lock{orders()};
        in_force_ = std::move(to_show);
        made = machine::force(mode, until, at);
    }
    tell(made, std::move(by));
}

void breaker_core::lift(order by) {
    const ticks at = now_without_expired_override();
    std::optional<moved> made;
    {
        const std::lock_guard lock{orders()};
        made = machine::lift(at);
    }
    if (made) tell(*made, std::move(by));
}

std::string breaker_core::save() { return write_record(machine::save(now())); }

bool breaker_core::restore(std::string_view record, duration elapsed) {
    auto saved = read_record(record);
    if (!saved) return false;
    saved->away = std::max<ticks>(elapsed.count(), 0);
    saved->remaining = std::max<ticks>(saved->remaining - saved->away, 0);
    if (saved->current != state::closed) saved->outage_age += std::min(saved->away, never / 4);
    const ticks at = now_without_expired_override();
    machine::expect_orders();
    if (!machine::restore_normal(*saved, at)) return false;
    if (const auto made = machine::restore(*saved, at)) tell(*made, std::nullopt);
    return true;
}

void breaker_core::told(const moved& what) noexcept {
    std::optional<order> by;
    if (what.kept_closed) {
        const std::lock_guard lock{orders()};
        by = *in_force_;
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
    // acquire: pairs with subscribe().
    if (auto* const own = who_listens_.load(std::memory_order_acquire)) own->tell(event);
    if (also_) also_->tell(event);
}

namespace {
breaker_core& core_of(front& of) noexcept { return static_cast<breaker_core&>(of); }
}  // namespace

answer front::acquire_further(grant& to) noexcept { return core_of(*this).acquire(its_time, to); }
void front::settle(grant of, verdict how) noexcept { core_of(*this).machine::settle(of, how, its_time); }
void front::success_under_watch(std::uint64_t epoch, ticks begun) noexcept {
    core_of(*this).machine::success_under_watch(epoch, begun, its_time);
}
void front::success_counted(std::uint64_t epoch) noexcept { core_of(*this).machine::success_counted(epoch, its_time); }
void front::success_late(std::uint64_t epoch) noexcept { core_of(*this).machine::success_late(epoch, its_time); }

}  // namespace detail

void permit::overdue() noexcept {
    if (at_ != nullptr) detail::core_of(*at_).machine::overdue(grant_, at_->its_time);
}
void permit::answered() noexcept {
    if (at_ != nullptr) detail::core_of(*at_).machine::answered(grant_, at_->its_time);
}

breaker::breaker(std::string name, const settings& given, const time_source& time)
    : breaker{of_registry{}, std::move(name), detail::checked(given), time, nullptr} {
    core().expect_failures();
}

breaker::breaker(of_registry, std::string name, std::shared_ptr<const detail::plan> by, const time_source& time,
                 std::shared_ptr<detail::listeners> also)
    : front_{new detail::breaker_core{std::move(name), std::move(by), time, std::move(also)}} {}

breaker::~breaker() { delete &core(); }

detail::breaker_core& breaker::core() const noexcept { return static_cast<detail::breaker_core&>(*front_); }

subscription breaker::subscribe(std::function<void(const transition&)> listener) {
    return core().subscribe(std::move(listener));
}
snapshot breaker::observe() const { return core().observe(); }
std::string_view breaker::name() const noexcept { return core().name(); }
std::optional<duration> breaker::slow_limit(duration age) const noexcept {
    const detail::ticks next = core().slow_limit(age.count());
    return next == detail::never ? std::nullopt : std::optional{duration{next}};
}
settings breaker::current_settings() const { return core().current_settings(); }
void breaker::apply(const settings& given) { core().apply(detail::checked(given)); }
void breaker::end_pause() noexcept { core().end_pause(); }
void breaker::extend_pause(duration wait) noexcept { core().extend_pause(wait); }
void breaker::reset(order by) { core().reset(std::move(by)); }
void breaker::trip(order by, std::optional<duration> pause) { core().trip(std::move(by), pause); }
void breaker::force_open(order by) { core().force(override_mode::forced_open, std::move(by)); }
void breaker::force_closed(order by) { core().force(override_mode::forced_closed, std::move(by)); }
void breaker::lift_override(order by) { core().lift(std::move(by)); }
std::string breaker::save() const { return core().save(); }
bool breaker::restore(std::string_view record, duration elapsed) { return core().restore(record, elapsed); }

}  // namespace switchgear
