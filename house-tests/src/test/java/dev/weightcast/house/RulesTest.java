package dev.weightcast.house;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Each rule refuses what it is there to refuse, by name, and only that. */
class RulesTest {

  private static final String BAD = "dev.weightcast.house.bad";
  private static final JavaClasses CLASSES = new ClassFileImporter().importPackages(BAD);

  @Test
  void cyclesAreRefused() {
    refuses(Rules.noCyclesBetweenPackagesOf(BAD), "Slice one", "Slice two");
  }

  @Test
  void foreignInternalsAreRefusedAndOwnOnesAreNot() {
    ArchRule rule = Rules.internalsStayWithin(Set.of(BAD + ".one", BAD + ".two"));
    refuses(rule, "Two.foreign");
    assertThat(problems(rule)).doesNotContain("One.own");
  }

  @Test
  void rawExceptionsAreRefused() {
    refuses(Rules.rawThrowablesAreNotMade(), "throwsRaw");
    refuses(Rules.rawThrowablesAreNotDeclared(), "declaresRaw");
  }

  @Test
  void printingIsRefused() {
    refuses(Rules.nothingIsPrinted(), "Misbehaves.prints()", "printsTheStack");
  }

  @Test
  void otherLoggersAreRefused() {
    refuses(Rules.nothingIsLoggedPastTheSystemLogger(), "logsElsewhere");
  }

  @Test
  void sleepingIsRefused() {
    refuses(Rules.nobodySleeps(), "sleeps()");
  }

  @Test
  void deserialisationIsRefused() {
    refuses(Rules.nothingIsDeserialised(), "deserialises");
  }

  @Test
  void endingTheProcessIsRefused() {
    refuses(Rules.nobodyEndsTheProcess(), "ends()");
  }

  @Test
  void theJdksInsidesAreRefused() {
    refuses(Rules.nothingOfTheJdksInsides(), "UsesInsides.insides");
  }

  private static void refuses(ArchRule rule, String... names) {
    assertThat(problems(rule)).contains(names);
  }

  private static String problems(ArchRule rule) {
    return rule.evaluate(CLASSES).getFailureReport().toString();
  }
}
