package dev.weightcast.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noCodeUnits;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClass.Predicates;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.io.ObjectInputStream;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** What the code of published modules does not do. */
final class Rules {

  private static final Set<String> RAW =
      Set.of(
          Throwable.class.getName(),
          Exception.class.getName(),
          RuntimeException.class.getName(),
          Error.class.getName());

  private Rules() {}

  /** Each package under the root is a slice of its own. */
  static ArchRule noCyclesBetweenPackagesOf(String root) {
    return slices().matching(root + ".(**)").should().beFreeOfCycles();
  }

  /** What is internal to a module is used by that module alone; modules are told by their root. */
  static ArchRule internalsStayWithin(Set<String> moduleRoots) {
    return noClasses()
        .should(
            new ArchCondition<>("use the internals of another module") {
              @Override
              public void check(JavaClass from, ConditionEvents events) {
                for (Dependency each : from.getDirectDependenciesFromSelf()) {
                  JavaClass to = each.getTargetClass();
                  boolean internal = (to.getPackageName() + ".").contains(".internal.");
                  boolean foreign = !module(from, moduleRoots).equals(module(to, moduleRoots));
                  if (internal && foreign && !module(to, moduleRoots).isEmpty()) {
                    events.add(SimpleConditionEvent.satisfied(each, each.getDescription()));
                  }
                }
              }
            });
  }

  private static String module(JavaClass type, Set<String> roots) {
    String name = type.getPackageName() + ".";
    return roots.stream().filter(root -> name.startsWith(root + ".")).findFirst().orElse("");
  }

  static ArchRule rawThrowablesAreNotMade() {
    return noClasses()
        .should()
        .callCodeUnitWhere(
            new DescribedPredicate<JavaCall<?>>("a raw exception is constructed") {
              @Override
              public boolean test(JavaCall<?> call) {
                // A subclass calls the constructor of its superclass from its own
                return call.getTarget().getName().equals("<init>")
                    && RAW.contains(call.getTargetOwner().getName())
                    && !(call.getOrigin().isConstructor()
                        && call.getOriginOwner().isAssignableTo(Throwable.class));
              }
            })
        .because("a caller cannot catch it by what it means");
  }

  static ArchRule rawThrowablesAreNotDeclared() {
    return noCodeUnits()
        .should()
        .declareThrowableOfType(
            DescribedPredicate.describe("raw", (JavaClass type) -> RAW.contains(type.getName())))
        .because("a caller cannot catch it by what it means");
  }

  static ArchRule nothingIsPrinted() {
    return GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
  }

  static ArchRule nothingIsLoggedPastTheSystemLogger() {
    return noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.logging..", "org.slf4j..", "org.apache..")
        .because("a library has no say in how its consumer logs");
  }

  static ArchRule nobodySleeps() {
    return noClasses()
        .should()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .callMethod(Thread.class, "sleep", long.class, int.class)
        .orShould()
        .callMethod(TimeUnit.class, "sleep", long.class)
        .because("what waits, waits for something, under a deadline");
  }

  static ArchRule nothingIsDeserialised() {
    return noClasses()
        .should()
        .dependOnClassesThat(Predicates.assignableTo(ObjectInputStream.class))
        .because("nothing from the wire becomes an object of its own choosing");
  }

  static ArchRule nobodyEndsTheProcess() {
    return noClasses()
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .because("the process belongs to the consumer");
  }

  static ArchRule nothingOfTheJdksInsides() {
    return noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("sun..", "com.sun..", "jdk.internal..");
  }
}
