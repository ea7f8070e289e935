#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace switchgear::simulation {

/// The bytes of a file, or of standard input ("-"). What begins like gzip is decompressed; several members after
/// each other are one text, and zeros after them are padding.
class byte_source {
public:
    /// Throws: unreadable_recording.
    explicit byte_source(const std::string& path);
    ~byte_source();
    byte_source(const byte_source&) = delete;
    byte_source& operator=(const byte_source&) = delete;

    /// Returns: how many were read, zero at the end. Requires: `size` is not zero.
    /// Throws: unreadable_recording, if reading fails, or if compressed data ends too early, is damaged, or is
    /// followed by something else.
    std::size_t read(char* to, std::size_t size);
    /// Of the file, for messages.
    const std::string& name() const noexcept { return name_; }

private:
    class file;
    class gunzip;

    std::string name_;
    std::unique_ptr<file> file_;
    /// Where the file is compressed.
    std::unique_ptr<gunzip> gunzip_;
};

}  // namespace switchgear::simulation
