package dev.weightcast.core;

import dev.weightcast.spi.BackendProvider;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;

/** One walk through a service loader that no single provider can end. */
final class ServiceWalk {

  /** A loader that cannot read its configuration throws the same for as long as it is asked. */
  static final int MAX_FAILURES = 64;

  private final ServiceLoader<BackendProvider> loader;
  private final Registrations registrations;
  private final List<Backend> backends = new ArrayList<>();
  private final List<Throwable> unattributed = new ArrayList<>();
  private final Set<String> said = new HashSet<>();

  ServiceWalk(ServiceLoader<BackendProvider> loader, Registrations registrations) {
    this.loader = loader;
    this.registrations = registrations;
  }

  /** Everything that was met, in the loader's order; failures of unknown providers come last. */
  List<Backend> backends() {
    Iterator<ServiceLoader.Provider<BackendProvider>> providers = loader.stream().iterator();
    int failures = 0;
    while (failures < MAX_FAILURES) {
      try {
        if (!providers.hasNext()) {
          break;
        }
        make(providers.next());
      } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
        failures++;
        locate(e);
      }
    }
    attributeTheRest();
    for (BackendOrigin unread : registrations.unread()) {
      backends.add(
          Backend.failed(
              unread, BackendProblem.of(Messages.onlyInMetaInf(unread.className().orElse("…")))));
    }
    return backends;
  }

  private void make(ServiceLoader.Provider<BackendProvider> provider) {
    BackendOrigin registered = BackendOrigin.of(provider.type());
    registrations.met(registered);
    try {
      BackendProvider made = provider.get();
      BackendOrigin origin = BackendOrigin.of(made.getClass());
      backends.add(Backend.of(made, origin));
      // A class loader keeps quiet about further copies of the class in other jars, usually another
      // version of the same one: which of them is taken depends on the order of the path.
      for (String location : registrations.copies(origin)) {
        backends.add(Backend.of(made, origin.at(location)));
      }
    } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
      backends.add(Backend.failed(registered, "could not be made", e));
    }
  }

  private void locate(Throwable thrown) {
    Optional<BackendOrigin> named = registrations.namedIn(String.valueOf(thrown.getMessage()));
    if (named.isEmpty()) {
      unattributed.add(thrown);
    } else if (said.add(thrown.toString())) {
      registrations.met(named.get());
      backends.add(Backend.failed(named.get(), "could not be loaded", thrown));
    }
  }

  // A missing class of a provider's is named by the JVM, the provider is not. Both the loader and
  // the registrations keep their order, so what is left of one belongs to what is left of the
  // other, if it is as many.
  private void attributeTheRest() {
    List<BackendOrigin> left = registrations.notMet();
    boolean pairs = left.size() == unattributed.size();
    for (int i = 0; i < unattributed.size(); i++) {
      Throwable thrown = unattributed.get(i);
      if (pairs) {
        backends.add(Backend.failed(left.get(i), "could not be loaded", thrown));
      } else if (said.add(thrown.toString())) {
        backends.add(Backend.failed(BackendOrigin.UNKNOWN, "could not be loaded", thrown));
      }
    }
  }
}
