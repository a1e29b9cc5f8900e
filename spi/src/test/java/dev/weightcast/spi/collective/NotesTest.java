package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Packing;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** The notes as bytes: what is written is read, and what is broken is refused. */
class NotesTest {

  private static List<TensorSpec> random(Random random, int count) {
    List<TensorSpec> specs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] name = new byte[1 + random.nextInt(200)];
      random.nextBytes(name);
      long[] dimensions = random.longs(random.nextInt(5), 0, 100).toArray();
      DataType type = DataType.values()[random.nextInt(DataType.values().length)];
      specs.add(new TensorSpec(i + Arrays.toString(name), type, Shape.of(dimensions)));
    }
    return specs;
  }

  @RepeatedTest(30)
  void aListOfTensorsComesBackAsItWas(RepetitionInfo repetition) throws IOException {
    int seed = repetition.getCurrentRepetition();
    List<TensorSpec> specs = random(new Random(seed), seed * 100);
    List<byte[]> notes = SpecNotes.toNotes(specs);
    assertThat(notes).allMatch(note -> note.length <= SpecNotes.NOTE_BYTES + 1);
    assertThat(notes.stream().filter(SpecNotes::isFollowed)).hasSize(notes.size() - 1);
    assertThat(SpecNotes.fromNotes(notes)).as("seed %s", seed).isEqualTo(specs);
  }

  @Test
  void aLongListTakesSeveralNotes() throws IOException {
    List<TensorSpec> specs = random(new Random(7), 20_000);
    List<byte[]> notes = SpecNotes.toNotes(specs);
    assertThat(notes).hasSizeGreaterThan(2);
    assertThat(SpecNotes.fromNotes(notes)).isEqualTo(specs);
  }

  @RepeatedTest(300)
  void aBrokenNoteIsAnIOExceptionAndNothingElse(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    byte[] list = SpecNotes.toNotes(random(random, 20)).get(0);
    byte[] proposal = TransferProposal.of(0, Packing.UNPACKED, false, random(random, 3)).toNote();
    byte[] verdict = Verdict.differs(2, "tensor 1").toNote();
    refusedOrRead(() -> SpecNotes.fromNotes(List.of(broken(list, random))));
    refusedOrRead(() -> TransferProposal.fromNote(broken(proposal, random)));
    refusedOrRead(() -> Verdict.fromNote(broken(verdict, random)));
  }

  private interface Reading {
    Object read() throws IOException;
  }

  private static void refusedOrRead(Reading reading) {
    try {
      reading.read();
    } catch (IOException e) {
      assertThat(e).isNotNull(); // as it should
    }
  }

  private static byte[] broken(byte[] note, Random random) {
    byte[] broken = Arrays.copyOf(note, random.nextInt(note.length + 1));
    if (broken.length > 0) {
      broken[random.nextInt(broken.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return broken;
  }

  @Test
  void aProposalOfAnotherVersionOfTheNotesIsADifference() throws IOException {
    TransferProposal mine = TransferProposal.of(0, Packing.UNPACKED, false, List.of());
    TransferProposal theirs = TransferProposal.fromNote(new byte[] {0, 0, 0, 9, 1, 2});
    assertThat(mine.parameterDifference(0, 4, theirs))
        .hasValueSatisfying(text -> assertThat(text).contains("version").contains("9 at rank 4"));
  }

  @Test
  void anotherRootIsADifference() throws IOException {
    TransferProposal mine = TransferProposal.of(0, Packing.UNPACKED, false, List.of());
    TransferProposal theirs =
        TransferProposal.fromNote(
            TransferProposal.of(1, Packing.UNPACKED, false, List.of()).toNote());
    assertThat(mine.parameterDifference(0, 2, theirs))
        .contains("root is 0 at rank 0 and 1 at rank 2");
    assertThat(mine.hasSameTensors(theirs)).isTrue();
  }

  @Test
  void verdictsComeBack() throws IOException {
    for (Verdict each :
        List.of(
            Verdict.agreed(Optional.of("step-7")),
            Verdict.agreed(Optional.empty()),
            Verdict.tensorsWanted(3),
            Verdict.differs(2, "é"))) {
      assertThat(Verdict.fromNote(each.toNote())).isEqualTo(each);
    }
    assertThat(Verdict.isFinal(Verdict.differs(1, "x").toNote())).isTrue();
    assertThat(Verdict.isFinal(Verdict.tensorsWanted(1).toNote())).isFalse();
    assertThatThrownBy(() -> Verdict.fromNote(new byte[] {77, 0, 0, 0, 1}))
        .isInstanceOf(IOException.class);
  }
}
