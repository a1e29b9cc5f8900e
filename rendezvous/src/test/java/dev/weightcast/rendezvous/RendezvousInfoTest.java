package dev.weightcast.rendezvous;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.UniqueId;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RendezvousInfoTest {

  private final UniqueId id = Samples.id(new Random(7));

  @Test
  void an_address_and_a_port_are_store_mode() {
    assertThat(RendezvousInfo.of("10.0.0.5", 29_500, null))
        .isEqualTo(new RendezvousInfo.ByStore("10.0.0.5", 29_500));
  }

  @Test
  void an_id_alone_is_unique_id_mode() {
    assertThat(RendezvousInfo.of(null, null, id.toBase64()))
        .isEqualTo(new RendezvousInfo.ByUniqueId(id));
  }

  @Test
  void both_are_refused() {
    refused("10.0.0.5", 29_500, id.toBase64(), "not both");
    refused("10.0.0.5", null, id.toBase64(), "not both");
    refused(null, 29_500, id.toBase64(), "not both");
  }

  @Test
  void neither_or_half_of_one_is_refused() {
    String need = "need nccl_unique_id_b64, or both master_address and master_port";
    refused(null, null, null, need);
    refused("10.0.0.5", null, null, need + "; only master_address is there");
    refused(null, 29_500, null, need + "; only master_port is there");
  }

  @Test
  void text_that_is_not_standard_base64_is_refused() {
    byte[] urlSafe = new byte[UniqueId.BYTES];
    java.util.Arrays.fill(urlSafe, (byte) 0xff);
    refused(
        null, null, Base64.getUrlEncoder().encodeToString(urlSafe), "not valid standard base64");
    refused(null, null, "!!", "not valid standard base64");
    refused(null, null, Base64.getEncoder().encodeToString(new byte[127]), "128");
    refused(null, null, "", "128");
  }

  private static void refused(String host, Integer port, String id, String message) {
    assertThatThrownBy(() -> RendezvousInfo.of(host, port, id))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining(message);
  }
}
