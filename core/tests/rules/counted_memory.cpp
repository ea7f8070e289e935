// Replaces operator new of the whole program.
#include "counted_memory.hpp"

#include <cstddef>
#include <cstdlib>

namespace {
using namespace switchgear::rules;

void count(std::size_t size) {
    if (until_memory_runs_out == 0) throw std::bad_alloc{};
    --until_memory_runs_out;
    ++allocations, bytes += size;
}
void* counted(std::size_t size) {
    count(size);
    void* const p = std::malloc(size == 0 ? 1 : size);
    if (p == nullptr) throw std::bad_alloc{};
    return p;
}
void* counted(std::size_t size, std::align_val_t alignment) {
    count(size);
    const auto align = static_cast<std::size_t>(alignment);
    void* const p = std::aligned_alloc(align, (size + align - 1) / align * align);
    if (p == nullptr) throw std::bad_alloc{};
    return p;
}
template <class... Alignment>
void* counted_or_null(std::size_t size, Alignment... alignment) noexcept {
    try {
        return counted(size, alignment...);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void freed(void* p) noexcept {
    if (p != nullptr) ++frees;
    std::free(p);
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, std::align_val_t alignment) { return counted(size, alignment); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return counted(size, alignment); }
// These too: a sanitizer brings its own, which do not call the others.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted_or_null(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted_or_null(size); }
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return counted_or_null(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return counted_or_null(size, alignment);
}
void operator delete(void* p) noexcept { freed(p); }
void operator delete[](void* p) noexcept { freed(p); }
void operator delete(void* p, std::size_t) noexcept { freed(p); }
void operator delete[](void* p, std::size_t) noexcept { freed(p); }
void operator delete(void* p, std::align_val_t) noexcept { freed(p); }
void operator delete[](void* p, std::align_val_t) noexcept { freed(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { freed(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { freed(p); }
