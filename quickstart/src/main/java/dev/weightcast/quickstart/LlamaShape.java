package dev.weightcast.quickstart;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * The sizes that a Llama model is made of.
 *
 * @param vocabulary how many tokens it knows
 * @param hidden how wide the residual stream is
 * @param intermediate how wide the feed-forward part is
 * @param keyValue how wide keys and values are, over all their heads
 * @param layers how many layers it has
 */
record LlamaShape(int vocabulary, int hidden, int intermediate, int keyValue, int layers) {

  /** About 50 million parameters, 100 MB in bfloat16. */
  static final LlamaShape SMALL = new LlamaShape(16_384, 512, 1_408, 128, 12);

  List<TensorSpec> specs() {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(weight("model.embed_tokens", vocabulary, hidden));
    for (int layer = 0; layer < layers; layer++) {
      String prefix = "model.layers." + layer + ".";
      specs.add(weight(prefix + "input_layernorm", hidden));
      specs.add(weight(prefix + "self_attn.q_proj", hidden, hidden));
      specs.add(weight(prefix + "self_attn.k_proj", keyValue, hidden));
      specs.add(weight(prefix + "self_attn.v_proj", keyValue, hidden));
      specs.add(weight(prefix + "self_attn.o_proj", hidden, hidden));
      specs.add(weight(prefix + "post_attention_layernorm", hidden));
      specs.add(weight(prefix + "mlp.gate_proj", intermediate, hidden));
      specs.add(weight(prefix + "mlp.up_proj", intermediate, hidden));
      specs.add(weight(prefix + "mlp.down_proj", hidden, intermediate));
    }
    specs.add(weight("model.norm", hidden));
    specs.add(weight("lm_head", vocabulary, hidden));
    return specs;
  }

  private static TensorSpec weight(String name, long... dimensions) {
    return new TensorSpec(name + ".weight", DataType.BFLOAT16, Shape.of(dimensions));
  }
}
