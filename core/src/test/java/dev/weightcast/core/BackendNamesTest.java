package dev.weightcast.core;

import static org.assertj.core.api.Assertions.assertThat;

import example.outside.OutsideProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which names a provider may have. */
class BackendNamesTest {

  @ParameterizedTest
  @ValueSource(strings = {"example.rdma", "a.b", "a1.b-2", "com.example.fast-path"})
  void aStrangerPutsAWordInFront(String name) {
    assertThat(BackendNames.objection(name, OutsideProvider.class)).isEmpty();
    assertThat(BackendNames.objection(name, FakeProvider.class)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nccl", "loopback", "rdma-2"})
  void aNameWithoutADotIsForThisProject(String name) {
    assertThat(BackendNames.objection(name, FakeProvider.class)).isEmpty();
    assertThat(BackendNames.objection(name, OutsideProvider.class))
        .contains(
            "names without a dot are reserved for Weightcast's own backends, and"
                + " example.outside.OutsideProvider is not one of them; its author should put a"
                + " word of their own in front, as in 'example."
                + name
                + "'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "Example.rdma", "1.a", "-a.b", "a..b", ".a", "a.", "a_b.c", "a b", "a.\nb"})
  void anythingElseIsNoName(String name) {
    assertThat(BackendNames.objection(name, OutsideProvider.class))
        .contains(
            "'"
                + name
                + "' is not a name: names are words of [a-z][a-z0-9-]* joined by dots, such as"
                + " 'example.rdma'");
  }

  @Test
  void autoIsNobodysName() {
    assertThat(BackendNames.objection("auto", FakeProvider.class))
        .contains("'auto' cannot be a backend's name: it asks for the best backend that can run");
  }
}
