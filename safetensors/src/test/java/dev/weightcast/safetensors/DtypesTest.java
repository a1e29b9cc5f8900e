package dev.weightcast.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.DataType;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DtypesTest {

  @Test
  void everyTypeHasOneNameAndBack() {
    assertThat(Dtypes.values()).hasSameSizeAs(DataType.values());
    for (DataType type : DataType.values()) {
      assertThat(Dtypes.find(Dtypes.of(type).name())).contains(type);
    }
    assertThat(Dtypes.find("f32")).isEmpty();
  }

  @Test
  void widerTypesComeLater() {
    assertThat(Arrays.stream(Dtypes.values()).map(type -> type.dataType().byteSize()))
        .isSortedAccordingTo(Integer::compare);
  }
}
