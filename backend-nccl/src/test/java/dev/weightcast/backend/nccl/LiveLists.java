package dev.weightcast.backend.nccl;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The lists of tensors that are sent live; the Python peer reads them as text. */
final class LiveLists {

  private LiveLists() {}

  static List<TensorSpec> named(String name) {
    return switch (name) {
      case "small" -> small();
      case "8b" -> model("model", 32, 4096, 14336, 1024, 128256);
      case "1b" -> model("model", 16, 2048, 8192, 512, 32000);
      case "many" -> many();
      default -> throw new IllegalArgumentException("no list '" + name + "'");
    };
  }

  /** Every type that NCCL has, with odd sizes, a scalar, empty ones, and one of 3 MiB. */
  private static List<TensorSpec> small() {
    List<TensorSpec> specs = new ArrayList<>();
    for (DataType type : DataType.values()) {
      if (type.ncclType().isPresent()) {
        specs.add(new TensorSpec("odd." + type, type, Shape.of(7, 13)));
        specs.add(new TensorSpec("scalar." + type, type, Shape.scalar()));
        specs.add(new TensorSpec("empty." + type, type, Shape.of(0, 5)));
        specs.add(new TensorSpec("plane." + type, type, Shape.of(129, 257)));
      }
    }
    specs.add(new TensorSpec("large", DataType.UINT8, Shape.of(3 << 20)));
    specs.add(new TensorSpec("last", DataType.UINT8, Shape.of(1)));
    return specs;
  }

  /** A decoder with 9 tensors a layer, and 3 more. */
  private static List<TensorSpec> model(
      String prefix, int layers, long hidden, long inner, long keys, long words) {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(weight(prefix + ".embed_tokens.weight", words, hidden));
    for (int i = 0; i < layers; i++) {
      String layer = prefix + ".layers." + i + ".";
      specs.add(weight(layer + "self_attn.q_proj.weight", hidden, hidden));
      specs.add(weight(layer + "self_attn.k_proj.weight", keys, hidden));
      specs.add(weight(layer + "self_attn.v_proj.weight", keys, hidden));
      specs.add(weight(layer + "self_attn.o_proj.weight", hidden, hidden));
      specs.add(weight(layer + "mlp.gate_proj.weight", inner, hidden));
      specs.add(weight(layer + "mlp.up_proj.weight", inner, hidden));
      specs.add(weight(layer + "mlp.down_proj.weight", hidden, inner));
      specs.add(weight(layer + "input_layernorm.weight", hidden));
      specs.add(weight(layer + "post_attention_layernorm.weight", hidden));
    }
    specs.add(weight(prefix + ".norm.weight", hidden));
    specs.add(weight("lm_head.weight", words, hidden));
    return specs;
  }

  /** 3,360 tensors of 2 KiB to 1.5 MiB, as a model of many small experts has them. */
  private static List<TensorSpec> many() {
    List<TensorSpec> specs = new ArrayList<>();
    for (int layer = 0; layer < 16; layer++) {
      for (int expert = 0; expert < 70; expert++) {
        String name = "layers." + layer + ".experts." + expert + ".";
        specs.add(weight(name + "up.weight", 768, 1024));
        specs.add(weight(name + "down.weight", 1024, 512));
        specs.add(weight(name + "scale", 1024));
      }
    }
    return specs;
  }

  private static TensorSpec weight(String name, long... dimensions) {
    return new TensorSpec(name, DataType.BFLOAT16, Shape.of(dimensions));
  }

  static long bytes(List<TensorSpec> specs) {
    return specs.stream().mapToLong(TensorSpec::byteSize).sum();
  }

  /** A line a tensor: name, dtype, dimensions joined by commas. */
  static String text(List<TensorSpec> specs) {
    return specs.stream()
        .map(
            spec ->
                spec.name()
                    + " "
                    + spec.dataType().torchName().toLowerCase(Locale.ROOT)
                    + " "
                    + Arrays.stream(spec.shape().dimensions())
                        .mapToObj(Long::toString)
                        .collect(Collectors.joining(",")))
        .collect(Collectors.joining("\n", "", "\n"));
  }
}
