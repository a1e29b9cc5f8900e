/**
 * Checkpoints in the safetensors format: {@link dev.weightcast.safetensors.SafetensorsSource} reads
 * a file or a sharded directory without copying it, {@link
 * dev.weightcast.safetensors.SafetensorsWriter} writes a file that nobody sees half done.
 *
 * <p>A file is refused unless it is whole and consistent: its header is UTF-8 JSON of at most
 * 100,000,000 bytes and begins with an opening brace, no name occurs twice, every tensor's offsets
 * fit its type and shape, and the tensors cover the data from its first byte to the file's last
 * without a gap or an overlap. On top of the format, so that a hostile header stays cheap: at most
 * 1,048,576 tensors a file, 64 dimensions a tensor, 65,536 characters a name and 32 levels of JSON.
 *
 * <p>Unless a type says otherwise: sizes and offsets are bytes in a {@code long}; every failure is
 * unchecked and a {@link dev.weightcast.api.WeightTransferException}; {@code null} is never
 * accepted and never returned where it is not marked {@code @Nullable}.
 */
@NullMarked
package dev.weightcast.safetensors;

import org.jspecify.annotations.NullMarked;
