package dev.weightcast.house;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/** A pom as it stands in the file, without what it inherits. */
record Pom(Path file, Element project) {

  /** A dependency as it stands in a pom; what is not there is empty. */
  record Dependency(String groupId, String artifactId, String version, String type, String scope) {

    boolean isOurs() {
      return groupId.equals("dev.weightcast");
    }

    /** Whether a consumer of the artifact gets it too. */
    boolean isPassedOn() {
      return scope.isEmpty() || scope.equals("compile") || scope.equals("runtime");
    }
  }

  static Pom read(Path file) {
    try (var in = Files.newInputStream(file)) {
      var builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
      return new Pom(file, builder.parse(in).getDocumentElement());
    } catch (IOException | SAXException | ParserConfigurationException e) {
      throw new IllegalStateException("cannot read " + file, e);
    }
  }

  /** The text at a path of element names, if it is there. */
  Optional<String> text(String... path) {
    Element at = project;
    for (String name : path) {
      List<Element> next = children(at, name);
      if (next.isEmpty()) {
        return Optional.empty();
      }
      at = next.get(0);
    }
    return Optional.of(at.getTextContent().strip());
  }

  String artifactId() {
    return text("artifactId").orElseThrow();
  }

  List<String> modules() {
    return children(project, "modules").stream()
        .flatMap(list -> children(list, "module").stream())
        .map(module -> module.getTextContent().strip())
        .toList();
  }

  List<Dependency> dependencies() {
    return dependencies(project);
  }

  List<Dependency> managedDependencies() {
    return children(project, "dependencyManagement").stream()
        .flatMap(management -> dependencies(management).stream())
        .toList();
  }

  private static List<Dependency> dependencies(Element parent) {
    return children(parent, "dependencies").stream()
        .flatMap(list -> children(list, "dependency").stream())
        .map(
            each ->
                new Dependency(
                    child(each, "groupId"),
                    child(each, "artifactId"),
                    child(each, "version"),
                    child(each, "type"),
                    child(each, "scope")))
        .toList();
  }

  private static String child(Element parent, String name) {
    return children(parent, name).stream()
        .findFirst()
        .map(each -> each.getTextContent().strip())
        .orElse("");
  }

  private static List<Element> children(Element parent, String name) {
    List<Element> found = new ArrayList<>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element && element.getTagName().equals(name)) {
        found.add(element);
      }
    }
    return found;
  }
}
