package dev.weightcast.cli;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.safetensors.SafetensorsSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The lists of tensors that are measured: shaped like known models, or somebody's own. */
final class BenchList {

  private BenchList() {}

  /**
   * A list by its name, or out of a file.
   *
   * @param scale what the first dimension of each tensor is multiplied with
   */
  static List<TensorSpec> named(String name, double scale) {
    if (!(scale > 0 && scale <= 1)) {
      throw new UsageException("--scale must be more than 0 and at most 1, found " + scale);
    }
    List<TensorSpec> specs =
        switch (name) {
          case "llama-8b" -> llama8b();
          case "moe" -> moe();
          case "tiny" -> tiny();
          default -> file(name);
        };
    return scale == 1 ? specs : specs.stream().map(spec -> scaled(spec, scale)).toList();
  }

  private static List<TensorSpec> file(String name) {
    Path path = Path.of(name);
    if (!Files.exists(path)) {
      throw new UsageException(
          "--list '"
              + name
              + "': there is no such file, and the lists that are built in are llama-8b, moe and"
              + " tiny");
    }
    return name.endsWith(".json") && !name.endsWith(".index.json")
        ? SpecList.read(path)
        : SafetensorsSource.open(path).specs();
  }

  private static TensorSpec scaled(TensorSpec spec, double scale) {
    long[] dimensions = spec.shape().dimensions();
    if (dimensions.length > 0) {
      dimensions[0] = (long) Math.ceil(dimensions[0] * scale);
    }
    return new TensorSpec(spec.name(), spec.dataType(), Shape.of(dimensions));
  }

  /** Llama-3.1-8B: 32 layers of 9 tensors, and 3 more. */
  private static List<TensorSpec> llama8b() {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(weight("model.embed_tokens.weight", 128_256, 4096));
    for (int i = 0; i < 32; i++) {
      String layer = "model.layers." + i + ".";
      specs.add(weight(layer + "self_attn.q_proj.weight", 4096, 4096));
      specs.add(weight(layer + "self_attn.k_proj.weight", 1024, 4096));
      specs.add(weight(layer + "self_attn.v_proj.weight", 1024, 4096));
      specs.add(weight(layer + "self_attn.o_proj.weight", 4096, 4096));
      specs.add(weight(layer + "mlp.gate_proj.weight", 14_336, 4096));
      specs.add(weight(layer + "mlp.up_proj.weight", 14_336, 4096));
      specs.add(weight(layer + "mlp.down_proj.weight", 4096, 14_336));
      specs.add(weight(layer + "input_layernorm.weight", 4096));
      specs.add(weight(layer + "post_attention_layernorm.weight", 4096));
    }
    specs.add(weight("model.norm.weight", 4096));
    specs.add(weight("lm_head.weight", 128_256, 4096));
    return specs;
  }

  /** 8 of the 48 layers of Qwen3-30B-A3B: 128 experts of 3 tensors and 9 others each. */
  private static List<TensorSpec> moe() {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(weight("model.embed_tokens.weight", 151_936, 2048));
    for (int i = 0; i < 8; i++) {
      String layer = "model.layers." + i + ".";
      specs.add(weight(layer + "self_attn.q_proj.weight", 4096, 2048));
      specs.add(weight(layer + "self_attn.k_proj.weight", 512, 2048));
      specs.add(weight(layer + "self_attn.v_proj.weight", 512, 2048));
      specs.add(weight(layer + "self_attn.o_proj.weight", 2048, 4096));
      specs.add(weight(layer + "self_attn.q_norm.weight", 128));
      specs.add(weight(layer + "self_attn.k_norm.weight", 128));
      specs.add(weight(layer + "input_layernorm.weight", 2048));
      specs.add(weight(layer + "post_attention_layernorm.weight", 2048));
      specs.add(weight(layer + "mlp.gate.weight", 128, 2048));
      for (int expert = 0; expert < 128; expert++) {
        String name = layer + "mlp.experts." + expert + ".";
        specs.add(weight(name + "gate_proj.weight", 768, 2048));
        specs.add(weight(name + "up_proj.weight", 768, 2048));
        specs.add(weight(name + "down_proj.weight", 2048, 768));
      }
    }
    specs.add(weight("model.norm.weight", 2048));
    specs.add(weight("lm_head.weight", 151_936, 2048));
    return specs;
  }

  /** 20,000 tensors of 16 KiB. */
  private static List<TensorSpec> tiny() {
    List<TensorSpec> specs = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      specs.add(weight("tensors." + i, 8192));
    }
    return specs;
  }

  private static TensorSpec weight(String name, long... dimensions) {
    return new TensorSpec(name, DataType.BFLOAT16, Shape.of(dimensions));
  }
}
