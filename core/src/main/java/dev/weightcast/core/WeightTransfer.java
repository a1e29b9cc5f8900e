package dev.weightcast.core;

import dev.weightcast.api.BackendException;
import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.InitInfo;
import dev.weightcast.api.ParallelConfig;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.UpdateInfo;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.spi.BackendContext;
import dev.weightcast.spi.BackendProvider;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The front door: finds the backend that is asked for by name and makes its engines.
 *
 * <pre>{@code
 * WeightTransfer transfer = WeightTransfer.builder().backend("nccl").config(config).build();
 * try (var trainer = transfer.broadcastTrainer()) {
 *   …
 * }
 * }</pre>
 *
 * <p>The name is the builder's; without one, the system property {@value #BACKEND_PROPERTY}; then
 * the environment variable {@value #BACKEND_VARIABLE}; then {@value #AUTO}, which takes the best
 * backend that can run and says so in one line of the log. Under any other name there is that
 * backend or an exception, never another backend.
 *
 * <p>Providers are looked up once, in {@link Builder#build()}; natives are loaded only when an
 * engine or an {@link #explain() explanation} is asked for. Immutable; may be used from any thread.
 */
public final class WeightTransfer {

  /** The name that asks for the best backend that can run. */
  public static final String AUTO = "auto";

  /** The system property with a backend's name. */
  public static final String BACKEND_PROPERTY = "weightcast.backend";

  /** The environment variable with a backend's name. */
  public static final String BACKEND_VARIABLE = "WEIGHTCAST_BACKEND";

  private static final String LOGGER = "dev.weightcast";

  private final BackendSetting setting;
  private final BackendRegistry registry;
  private final BackendContext context;
  private final Logger logger;

  private WeightTransfer(Builder builder) {
    this.setting = builder.lookup.backend(builder.backend);
    this.context = new BackendContext(builder.config, builder.parallel);
    this.logger = builder.logger == null ? System.getLogger(LOGGER) : builder.logger;
    BackendSearch search = builder.search == null ? BackendSearch.byDefault() : builder.search;
    this.registry = search.run(logger);
  }

  /**
   * Starts with the defaults: the name from outside, the default config, a worker that is its whole
   * deployment, the thread's context class loader.
   *
   * @return a builder for one thread
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The name that is asked for, and who asked.
   *
   * @return a backend's name or {@value #AUTO}, whether or not there is such a backend
   */
  public BackendSetting setting() {
    return setting;
  }

  /**
   * Every backend that was met, without asking whether it can run; loads no natives.
   *
   * @return reports ordered by name; those without a name are broken and come last
   */
  public List<BackendReport> backends() {
    return registry.backends().stream().map(Backend::report).toList();
  }

  /**
   * What was found, what would be chosen, and why. Asks every backend whether it can run, so it may
   * load the natives of all of them; throws nothing that a backend throws.
   *
   * @return the explanation, as data and as text
   */
  public Explanation explain() {
    List<Backend> tried =
        registry.backends().stream().map(Backend::tried).map(Backend::detailed).toList();
    List<BackendReport> reports = tried.stream().map(Backend::report).toList();
    try {
      Choice choice = new Chooser(setting, tried, registry.searched()).choose();
      return new Explanation(
          setting,
          registry.searched(),
          Optional.of(choice.backend().report()),
          choice.decision(),
          reports);
    } catch (BackendException e) {
      return new Explanation(
          setting, registry.searched(), Optional.empty(), String.valueOf(e.getMessage()), reports);
    }
  }

  /**
   * A worker's engine of a backend that broadcasts, as all of Weightcast's own do.
   *
   * @return a fresh engine that the caller closes
   * @throws BackendException if the backend cannot be had; the message says why and what to do
   */
  public WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> broadcastWorker() {
    return worker(BroadcastInitInfo.class, BroadcastUpdateInfo.class);
  }

  /**
   * A trainer's engine of a backend that broadcasts, as all of Weightcast's own do.
   *
   * @return a fresh engine that the caller closes
   * @throws BackendException if the backend cannot be had; the message says why and what to do
   */
  public TrainerWeightTransferEngine<BroadcastInitInfo> broadcastTrainer() {
    return trainer(BroadcastInitInfo.class);
  }

  /**
   * A worker's engine of a backend with infos of its own.
   *
   * @param initInfo the very class of init info that the backend takes
   * @param updateInfo the very class of update info that the backend takes
   * @param <I> the init info
   * @param <U> the update info
   * @return a fresh engine that the caller closes
   * @throws BackendException if the backend cannot be had, or takes other infos
   */
  public <I extends InitInfo, U extends UpdateInfo> WeightTransferEngine<I, U> worker(
      Class<I> initInfo, Class<U> updateInfo) {
    Objects.requireNonNull(initInfo, "initInfo");
    Objects.requireNonNull(updateInfo, "updateInfo");
    return new EngineMaker(setting, choose()).worker(context, initInfo, updateInfo);
  }

  /**
   * A trainer's engine of a backend with an info of its own.
   *
   * @param initInfo the very class of init info that the backend takes
   * @param <I> the init info
   * @return a fresh engine that the caller closes
   * @throws BackendException if the backend cannot be had, or takes another info
   */
  public <I extends InitInfo> TrainerWeightTransferEngine<I> trainer(Class<I> initInfo) {
    Objects.requireNonNull(initInfo, "initInfo");
    return new EngineMaker(setting, choose()).trainer(context, initInfo);
  }

  private Backend choose() {
    Choice choice = new Chooser(setting, registry.backends(), registry.searched()).choose();
    if (setting.isAuto()) {
      logger.log(Level.INFO, choice.decision());
    } else if (logger.isLoggable(Level.DEBUG)) {
      logger.log(Level.DEBUG, choice.decision() + ": " + choice.backend().report());
      registry.backends().stream()
          .map(Backend::report)
          .filter(other -> other.status() != BackendStatus.UNTRIED)
          .forEach(other -> logger.log(Level.DEBUG, "beside it: " + Messages.withProblems(other)));
    }
    return choice.backend();
  }

  /** Collects what a {@link WeightTransfer} is made of; for one thread. */
  public static final class Builder {

    private @Nullable String backend;
    private WeightTransferConfig config = WeightTransferConfig.defaults();
    private ParallelConfig parallel = ParallelConfig.SINGLE;
    private @Nullable BackendSearch search;
    private SettingLookup lookup = SettingLookup.PROCESS;
    private @Nullable Logger logger;

    private Builder() {}

    /**
     * The backend to use; stronger than the system property and the environment.
     *
     * @param name such as {@code nccl}, or {@value WeightTransfer#AUTO}; a blank one is as if it
     *     had not been set
     * @return this builder
     */
    public Builder backend(String name) {
      this.backend = Objects.requireNonNull(name, "name");
      return this;
    }

    /**
     * What holds for the engines through their lives.
     *
     * @param value the config
     * @return this builder
     */
    public Builder config(WeightTransferConfig value) {
      this.config = Objects.requireNonNull(value, "value");
      return this;
    }

    /**
     * Where the worker stands in its deployment; a trainer has no use for it.
     *
     * @param value its place
     * @return this builder
     */
    public Builder parallel(ParallelConfig value) {
      this.parallel = Objects.requireNonNull(value, "value");
      return this;
    }

    /**
     * Looks for backends in what this class loader sees, its class path and its modules, instead of
     * what the thread's context class loader sees. Replaces an earlier place to look.
     *
     * @param loader the class loader
     * @return this builder
     */
    public Builder classLoader(ClassLoader loader) {
      this.search =
          BackendSearch.in(Objects.requireNonNull(loader, "loader"), "given to the builder");
      return this;
    }

    /**
     * Looks for backends in the modules of this layer and of the layers above it; the class path is
     * not read. Replaces an earlier place to look.
     *
     * @param layer the layer
     * @return this builder
     */
    public Builder moduleLayer(ModuleLayer layer) {
      this.search = BackendSearch.in(Objects.requireNonNull(layer, "layer"));
      return this;
    }

    Builder providers(List<BackendProvider> providers) {
      this.search = BackendSearch.in(providers);
      return this;
    }

    Builder search(BackendSearch value) {
      this.search = value;
      return this;
    }

    Builder lookup(SettingLookup value) {
      this.lookup = value;
      return this;
    }

    Builder logger(Logger value) {
      this.logger = value;
      return this;
    }

    /**
     * Looks for backends, and reads where the name comes from.
     *
     * @return the front door; a backend that cannot be had is not missed before an engine is asked
     *     for
     */
    public WeightTransfer build() {
      return new WeightTransfer(this);
    }
  }
}
