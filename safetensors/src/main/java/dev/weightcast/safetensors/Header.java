package dev.weightcast.safetensors;

import java.util.List;
import java.util.Map;

/** What a header says: the metadata, and the tensors in the order of the header's names. */
record Header(Map<String, String> metadata, List<HeaderEntry> entries) {}
