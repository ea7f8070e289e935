#include <switchgear/registry.hpp>

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <new>
#include <unordered_set>
#include <utility>

#include "big_reader_lock.hpp"
#include "breaker_core.hpp"
#include "listeners.hpp"

namespace switchgear {
namespace {

using detail::plan;

bool matches(std::string_view pattern, std::string_view key) {
    const auto star = pattern.find('*');
    if (star == pattern.npos) return pattern == key;
    const auto head = pattern.substr(0, star), tail = pattern.substr(star + 1);
    return key.size() >= head.size() + tail.size() && key.starts_with(head) && key.ends_with(tail);
}

/// Which settings a key has. Plans are shared by all breakers that they are for.
struct rulebook {
    struct rule {
        std::string pattern;
        std::shared_ptr<const plan> by;
    };

    explicit rulebook(const registry_settings& from) : defaults{std::make_shared<const plan>(from.defaults)} {
        for (const auto& [pattern, given] : from.rules) rules.push_back({pattern, std::make_shared<const plan>(given)});
    }
    const std::shared_ptr<const plan>& for_key(std::string_view key) const {
        const auto exact = std::ranges::find_if(rules, [&](const rule& r) { return r.pattern == key; });
        if (exact != rules.end()) return exact->by;
        const auto pattern = std::ranges::find_if(rules, [&](const rule& r) { return matches(r.pattern, key); });
        return pattern != rules.end() ? pattern->by : defaults;
    }

    std::shared_ptr<const plan> defaults;
    std::vector<rule> rules;
};

/// A breaker in the table, found by its name.
struct entry {
    std::shared_ptr<breaker> held;
    std::string_view name;                 ///< the breaker's own; here so that a look costs fewer cache lines
    mutable std::atomic<bool> used{true};  ///< since the hand's last visit

    explicit entry(std::shared_ptr<breaker> made) noexcept : held{std::move(made)}, name{held->name()} {}
};

struct by_name {
    using is_transparent = void;
    static std::string_view name_of(std::string_view text) noexcept { return text; }
    static std::string_view name_of(const entry& of) noexcept { return of.name; }
    // Not noexcept, so that the standard library keeps the hashes: they would be looked up in the breakers.
    std::size_t operator()(const auto& of) const { return std::hash<std::string_view>{}(name_of(of)); }
    bool operator()(const auto& a, const auto& b) const { return name_of(a) == name_of(b); }
};

}  // namespace

std::vector<violation> validate(const registry_settings& all) {
    std::vector<violation> found;
    const auto add = [&](const std::string& path, const settings& given) {
        for (auto& one : validate(given)) found.push_back({path + one.field, std::move(one.message)});
    };
    add("defaults.", all.defaults);
    for (std::size_t i = 0; i < all.rules.size(); ++i) {
        const std::string path = "rules[" + std::to_string(i) + "].";
        const auto& pattern = all.rules[i].pattern;
        if (std::ranges::count(pattern, '*') > 1) {
            found.push_back({path + "pattern", '"' + pattern + "\": must hold one '*' at the most"});
        }
        add(path + "settings.", all.rules[i].settings);
    }
    if (all.max_entries < 1) found.push_back({"max_entries", "0: must be at least 1"});
    return found;
}

/// The breakers by key. A breaker is made under the lock, so that a key has one; no user code but the clock
/// runs under it.
///
/// Eviction is by CLOCK (Corbató, "A paging experiment with the Multics system", 1968): a hand goes round,
/// takes the mark off what was used since its last visit, and evicts what was not and may go. One request
/// looks at 1,024 buckets of the table at the most, so that a flood of keys on a table full of open breakers costs the
/// flood and not the others.
class registry::table {
public:
    table(registry_settings given, const time_source& time)
        : time_{time}, hub_{std::make_shared<detail::listeners>()}, book_{given}, max_entries_{given.max_entries} {}

    std::shared_ptr<breaker> get(std::string_view key) {
        {
            const reading lock{lock_};
            if (const auto at = by_key_.find(key); at != by_key_.end()) return use(*at);
        }
        std::vector<entries::node_type> gone;  // destroyed after the lock: their listeners are user code
        const std::lock_guard lock{lock_};
        if (const auto at = by_key_.find(key); at != by_key_.end()) return use(*at);
        evict_down_to(max_entries_ - 1, std::min(all_looks(), most_looks), gone);
        if (by_key_.size() >= max_entries_) {
            overflowed_.fetch_add(1, std::memory_order_relaxed);  // a count
            if (!overflow_) overflow_ = make("(overflow)", book_.defaults);
            return overflow_;
        }
        return by_key_.emplace(make(std::string{key}, book_.for_key(key))).first->held;
    }

    std::shared_ptr<breaker> find(std::string_view key) const {
        const reading lock{lock_};
        const auto at = by_key_.find(key);
        return at == by_key_.end() ? nullptr : at->held;
    }

    bool remove(std::string_view key) {
        entries::node_type gone;  // destroyed after the lock
        const std::lock_guard lock{lock_};
        const auto at = by_key_.find(key);
        if (at == by_key_.end()) return false;
        gone = by_key_.extract(at);
        return true;
    }

    std::size_t size() const {
        const reading lock{lock_};
        return by_key_.size();
    }
    std::uint64_t overflowed() const noexcept { return overflowed_.load(std::memory_order_relaxed); }  // a count

    /// Weak, so that they may be evicted before their turn comes: a walk is no use of theirs. See still_there().
    std::vector<std::weak_ptr<breaker>> all() const {
        const auto lock = lock_.unchanging();
        return listed();
    }

    /// A handle, taken under the lock as may_go() requires; null for what has left the table.
    std::shared_ptr<breaker> still_there(const std::weak_ptr<breaker>& listed) const {
        std::shared_ptr<breaker> one;  // outlives the lock: it may be the last handle
        const reading lock{lock_};
        one = listed.lock();
        if (!one || one == overflow_) return one;
        const auto at = by_key_.find(one->name());
        return at != by_key_.end() && at->held == one ? one : nullptr;
    }

    void apply(const registry_settings& given) {
        const std::lock_guard one_at_a_time{applying_};
        const rulebook book{given};
        rulebook to_keep = book;
        std::vector<entries::node_type> gone;
        std::vector<std::weak_ptr<breaker>> present;
        {
            const auto lock = lock_.unchanging();
            present = listed();
            if (by_key_.size() > given.max_entries) gone.reserve(by_key_.size() - given.max_entries);
            // From here on only a breaker may want for memory. Whoever makes one reads these under the same lock, so
            // that those who are not in the list have the new settings, and that no more become too many.
            book_ = std::move(to_keep);
            max_entries_ = given.max_entries;
        }
        {
            const std::lock_guard lock{lock_};
            evict_down_to(given.max_entries, all_looks(), gone);
        }
        const auto shared = overflow();  // after the list: if it is in there it is here
        for (const auto& weak : present) {
            if (const auto one = still_there(weak))
                one->core().apply(one == shared ? book.defaults : book.for_key(one->name()));
        }
    }

    subscription subscribe(std::function<void(const transition&)> listener) {
        return hub_->subscribe(std::move(listener));
    }

private:
    using entries = std::unordered_set<entry, by_name, by_name>;
    using lock_for_readers = detail::big_reader_lock<detail::std_atomics>;
    using reading = lock_for_readers::reading;

    static constexpr std::size_t most_looks = 1'024;  ///< in one request

    static std::shared_ptr<breaker> use(const entry& of) {
        // relaxed: a hint to the hand. Read first, so that a busy key is not written by every caller.
        if (!of.used.load(std::memory_order_relaxed)) of.used.store(true, std::memory_order_relaxed);
        return of.held;
    }
    std::shared_ptr<breaker> make(std::string name, const std::shared_ptr<const plan>& by) const {
        return std::make_shared<breaker>(breaker::of_registry{}, std::move(name), by, time_, hub_);
    }
    /// While nobody makes or takes away any.
    std::vector<std::weak_ptr<breaker>> listed() const {
        std::vector<std::weak_ptr<breaker>> present;
        present.reserve(by_key_.size() + 1);
        for (const auto& one : by_key_) present.push_back(one.held);
        if (overflow_) present.push_back(overflow_);
        return present;
    }
    std::shared_ptr<breaker> overflow() const {
        const reading lock{lock_};
        return overflow_;
    }

    /// Under the lock: nobody gets a new handle from here, so one that is ours alone stays so (but for a weak_ptr of
    /// the user's, see get()).
    static bool may_go(const entry& of) {
        if (of.held.use_count() != 1) return false;
        // use_count() is relaxed. acquire: pairs with the release by which a handle that is let go of is counted down,
        // so that all that was done with it before is seen.
        std::atomic_thread_fence(std::memory_order_acquire);
        return !of.held->core().worth_keeping();
    }

    /// The hand goes from bucket to bucket until there are no more than `wanted`, or it has looked at so many.
    /// Whatever was used since its last visit is spared, but for the first of it where nobody else can go.
    /// Who goes is put into `gone`; nobody goes for whom that has no room and there is no memory.
    void evict_down_to(std::size_t wanted, std::size_t looks, std::vector<entries::node_type>& gone) {
        const entry* spared = nullptr;
        const auto evict = [&](const entry& one) {
            entries::node_type& place = gone.emplace_back();
            place = by_key_.extract(by_key_.find(one.name));
        };
        for (; looks > 0 && by_key_.size() > wanted; --looks) {
            hand_ = hand_ + 1 < by_key_.bucket_count() ? hand_ + 1 : 0;
            for (auto at = by_key_.begin(hand_); at != by_key_.end(hand_) && by_key_.size() > wanted;) {
                const entry& one = *at++;
                // relaxed: as in use().
                const bool used = one.used.exchange(false, std::memory_order_relaxed);
                if (used && spared != nullptr) continue;
                if (!may_go(one)) continue;
                if (used) {
                    spared = &one;
                } else {
                    evict(one);
                }
            }
        }
        if (gone.empty() && spared != nullptr) evict(*spared);
        // In a table that was made for many more keys the hand would find most buckets empty.
        if (by_key_.bucket_count() / 8 > by_key_.size()) make_smaller();
    }
    void make_smaller() noexcept {
        try {
            by_key_.rehash(0);
        } catch (const std::bad_alloc&) {  // the next one that goes makes it smaller
        }
    }
    /// Twice round: once to take the marks off, once to find what was left unmarked.
    std::size_t all_looks() const noexcept { return 2 * by_key_.bucket_count(); }

    const time_source& time_;
    const std::shared_ptr<detail::listeners> hub_;
    std::mutex applying_;
    mutable lock_for_readers lock_;
    rulebook book_;
    std::size_t max_entries_;
    entries by_key_;
    std::shared_ptr<breaker> overflow_;
    std::size_t hand_ = 0;
    std::atomic<std::uint64_t> overflowed_{0};
};

namespace {

registry_settings checked(registry_settings given) {
    if (auto violations = validate(given); !violations.empty()) throw invalid_settings{std::move(violations)};
    return given;
}

}  // namespace

registry::registry(registry_settings given, const time_source& time)
    : table_{std::make_unique<table>(checked(std::move(given)), time)} {}
registry::~registry() = default;

std::shared_ptr<breaker> registry::get(std::string_view key) { return table_->get(key); }
std::shared_ptr<breaker> registry::find(std::string_view key) const { return table_->find(key); }
bool registry::remove(std::string_view key) { return table_->remove(key); }
std::size_t registry::size() const { return table_->size(); }
std::uint64_t registry::overflowed() const noexcept { return table_->overflowed(); }
void registry::for_each(const std::function<void(breaker&)>& visit) const {
    for (const auto& listed : table_->all()) {
        if (const auto one = table_->still_there(listed)) visit(*one);
    }
}
void registry::apply(registry_settings given) { table_->apply(checked(std::move(given))); }
subscription registry::subscribe(std::function<void(const transition&)> listener) {
    return table_->subscribe(std::move(listener));
}

}  // namespace switchgear
