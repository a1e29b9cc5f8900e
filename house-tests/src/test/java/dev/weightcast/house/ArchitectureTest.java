package dev.weightcast.house;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The rules of the house, on the classes in the published jars. */
class ArchitectureTest {

  @TestFactory
  Stream<DynamicTest> thePublishedClassesKeepTheRules() {
    JavaClasses classes = new ClassFileImporter().importJars(jars());
    return Stream.of(
            Rules.noCyclesBetweenPackagesOf("dev.weightcast"),
            Rules.internalsStayWithin(ImportTable.modules()),
            Rules.rawThrowablesAreNotMade(),
            Rules.rawThrowablesAreNotDeclared(),
            Rules.nothingIsPrinted(),
            Rules.nothingIsLoggedPastTheSystemLogger(),
            Rules.nobodySleeps(),
            Rules.nothingIsDeserialised(),
            Rules.nobodyEndsTheProcess(),
            Rules.nothingOfTheJdksInsides())
        .map(
            (ArchRule rule) ->
                DynamicTest.dynamicTest(rule.getDescription(), () -> rule.check(classes)));
  }

  private static List<JarFile> jars() {
    return PublishedModule.all().stream().map(module -> open(module)).toList();
  }

  private static JarFile open(PublishedModule module) {
    try {
      return new JarFile(module.jar().toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
