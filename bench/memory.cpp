// How many bytes a breaker holds, as the allocator gives them out. Prints one JSON object, name to bytes.
//
// A breaker that shares its settings is measured as one more key of a registry: its table slot, its name and
// the handle's counters are in the figure, the settings are not.
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>

#include <switchgear/switchgear.hpp>

namespace {

// relaxed: read only after the threads that count were joined, or by the only thread there is.
std::atomic<std::int64_t> held{0};

void* given(void* memory) {
    if (memory == nullptr) throw std::bad_alloc{};
    held.fetch_add(static_cast<std::int64_t>(malloc_usable_size(memory)), std::memory_order_relaxed);
    return memory;
}

void take_back(void* memory) noexcept {
    held.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(memory)), std::memory_order_relaxed);
    std::free(memory);
}

}  // namespace

// The other forms of new and delete call these.
void* operator new(std::size_t size) { return given(std::malloc(std::max<std::size_t>(size, 1))); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto to = static_cast<std::size_t>(alignment);
    return given(std::aligned_alloc(to, (size + to - 1) / to * to));
}
void operator delete(void* memory) noexcept { take_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { take_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { take_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { take_back(memory); }

namespace {

using namespace switchgear;

std::int64_t in_use() { return held.load(std::memory_order_relaxed); }

std::int64_t resident() {
    std::int64_t all = 0;
    std::int64_t pages = 0;
    std::ifstream{"/proc/self/statm"} >> all >> pages;
    return pages * sysconf(_SC_PAGESIZE);
}

void report(std::string_view name, std::int64_t bytes) {
    static bool first = true;
    std::printf("%s\n  \"%.*s\": %lld", first ? "{" : ",", static_cast<int>(name.size()), name.data(),
                static_cast<long long>(bytes));
    first = false;
}

void fail(const char* why) {
    std::fprintf(stderr, "bench_memory: %s\n", why);
    std::exit(1);
}

void call(breaker& subject, verdict how) {
    if (auto permit = subject.try_acquire()) permit->settle(how);
}

void trip_by_errors(breaker& subject) {
    for (int i = 0; i < 5; ++i) call(subject, verdict::failure(failure_class::error));
    if (subject.observe().current != state::open)
        fail("five failures in a row did not trip a breaker with the defaults");
}

/// Two threads at once on one breaker, until each has made a million calls, one in a hundred failing.
void contend(breaker& subject) {
    std::atomic<int> ready{0};
    const auto work = [&] {
        ready.fetch_add(1);
        while (ready.load() < 2) {
        }
        for (int i = 1; i <= 1'000'000; ++i) call(subject, i % 100 == 0 ? verdict::failure() : verdict::success());
    };
    std::thread one{work};
    std::thread two{work};
    one.join();
    two.join();
    if (subject.observe().current != state::closed) fail("the breaker opened where one call in a hundred failed");
}

using step = std::function<void(breaker&)>;

/// Bytes of one more key in a registry that has some, after `lived`; the least of several keys, because some
/// of them make the table grow.
std::int64_t one_more_key(const step& lived) {
    registry keyed;
    std::vector<std::shared_ptr<breaker>> handles;
    handles.reserve(64);
    std::int64_t least = INT64_MAX;
    for (int i = 0; i < 24; ++i) {
        const std::string key = "customer-" + std::to_string(1'000'000 + i);
        const std::int64_t before = in_use();
        handles.push_back(keyed.get(key));
        lived(*handles.back());
        least = std::min(least, in_use() - before);
    }
    return least;
}

/// Bytes of a breaker of one's own, after `lived`. Its settings, which breakers of a registry share, are not
/// counted: a reload keeps the old ones, so a breaker that was reloaded once has just as many again.
std::int64_t standing_alone(const step& lived) {
    const std::int64_t before = in_use();
    const auto subject = std::make_unique<breaker>("payments");
    lived(*subject);
    const std::int64_t with_settings = in_use() - before;
    subject->apply({.trip = {.minimum_calls = 21}});
    const std::int64_t settings_alone = in_use() - before - with_settings;
    return with_settings - settings_alone;
}

void measure_one() {
    report("object", sizeof(breaker));
    report("alone", standing_alone([](breaker&) {}));
    report("alone, after a trip", standing_alone(trip_by_errors));
    report("fresh", one_more_key([](breaker&) {}));
    report("after a success", one_more_key([](breaker& subject) { call(subject, verdict::success()); }));
    report("after a trip", one_more_key(trip_by_errors));
    report("after contention", one_more_key(contend));
    report("after contention and a trip", one_more_key([](breaker& subject) {
               contend(subject);
               trip_by_errors(subject);
           }));
}

void measure_a_million() {
    constexpr std::int64_t keys = 1'000'000;
    const std::int64_t before = in_use();
    const std::int64_t resident_before = resident();
    registry keyed{{.max_entries = keys}};
    for (std::int64_t i = 0; i < keys; ++i) {
        call(*keyed.get("customer-" + std::to_string(1'000'000 + i)), verdict::success());
    }
    if (keyed.size() != keys) fail("the registry did not keep its million keys");
    report("idle key of a million", (in_use() - before) / keys);
    report("idle key of a million, resident", (resident() - resident_before) / keys);
}

void come_and_go(breaker& subject, int threads) {
    for (int i = 0; i < threads; ++i) {
        std::thread{[&subject] {
            for (int k = 0; k < 200; ++k) call(subject, k % 100 == 0 ? verdict::failure() : verdict::success());
        }}.join();
    }
}

void measure_threads() {
    breaker subject{"payments"};
    contend(subject);
    come_and_go(subject, 1'000);
    const std::int64_t before = in_use();
    const std::int64_t resident_before = resident();
    come_and_go(subject, 10'000);
    report("growth by 10,000 threads", in_use() - before);
    report("growth by 10,000 threads, resident", resident() - resident_before);
}

}  // namespace

int main() {
    measure_one();
    measure_threads();
    measure_a_million();
    std::puts("\n}");
}
