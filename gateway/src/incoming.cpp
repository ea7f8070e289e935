#include "incoming.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace switchgear::gateway {

void incoming::start() {
    if (pending_ || ended_) return;
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (capacity_ != initial_capacity_) {
            buffer_ = std::make_unique_for_overwrite<char[]>(initial_capacity_);
            capacity_ = initial_capacity_;
        }
    }
    if (end_ == capacity_ && begin_ > 0) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == capacity_) return;
    pending_ = true;
    from_.start_read(asio::mutable_buffer{buffer_.get() + end_, capacity_ - end_}, completion{&read_ended, this});
}

void incoming::grow(std::size_t most) {
    const std::size_t wanted = std::min(std::max(capacity_, initial_capacity_) * 2, most);
    if (wanted <= capacity_) return;
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    if (end_ > begin_) std::memcpy(larger.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    buffer_ = std::move(larger);
    capacity_ = wanted;
}

bool incoming::waiting_for_more::await_ready() {
    before = in.total_;
    in.start();
    return !in.pending_;
}

void incoming::read_ended(void* whose, error_code failed, std::size_t bytes) {
    auto& self = *static_cast<incoming*>(whose);
    self.pending_ = false;
    self.end_ += bytes;
    self.total_ += bytes;
    // Cancelled is not ended: whoever cancelled it may still want to read.
    if (failed && failed != asio::error::operation_aborted) self.ended_ = failed;
    if (auto waiting = std::exchange(self.waiting_, nullptr)) {
        waiting.resume();
    } else if (self.observer_.call != nullptr) {
        self.observer_.call(self.observer_.whose);
    }
}

}  // namespace switchgear::gateway
