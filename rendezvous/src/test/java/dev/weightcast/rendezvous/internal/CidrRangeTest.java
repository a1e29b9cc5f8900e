package dev.weightcast.rendezvous.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.InvalidInfoException;
import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrRangeTest {

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8,10.255.1.2,true",
    "10.0.0.0/8,11.0.0.1,false",
    "10.1.2.3,10.1.2.3,true",
    "10.1.2.3,10.1.2.4,false",
    "192.168.4.0/22,192.168.7.255,true",
    "192.168.4.0/22,192.168.8.0,false",
    "0.0.0.0/0,8.8.8.8,true",
    "0.0.0.0/0,::1,false",
    "fd00::/8,fd12::1,true",
    "fd00::/8,fe80::1,false",
    "::1,::1,true"
  })
  void an_address_is_in_a_range_if_its_leading_bits_are(String range, String address, boolean in)
      throws Exception {
    assertThat(CidrRange.parse(range).contains(InetAddress.getByName(address))).isEqualTo(in);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/8",
        "localhost",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/",
        "10.0.0.1/8",
        "fd00::/129",
        "10.0.0.0/8/8",
        "dead",
        "1.2.3.4.5"
      })
  void anything_else_is_refused(String text) {
    assertThatThrownBy(() -> CidrRange.parse(text))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("'" + text + "' is not a range of addresses");
  }
}
