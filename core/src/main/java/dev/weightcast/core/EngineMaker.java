package dev.weightcast.core;

import dev.weightcast.api.BackendException;
import dev.weightcast.api.InitInfo;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.UpdateInfo;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.BackendContext;
import dev.weightcast.spi.BackendProvider;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Makes engines of a backend, and hands them out only with the infos that they take. */
final class EngineMaker {

  private final BackendReport report;
  private final BackendProvider provider;

  EngineMaker(Backend backend) {
    this.report = backend.report();
    this.provider = Objects.requireNonNull(backend.provider(), "a backend that can run has one");
  }

  <I extends InitInfo, U extends UpdateInfo> WeightTransferEngine<I, U> worker(
      BackendContext context, Class<I> init, Class<U> update) {
    WeightTransferEngine<?, ?> engine = make("worker", () -> provider.worker(context));
    try {
      Class<?> initTaken = engine.initInfoType();
      Class<?> updateTaken = engine.updateInfoType();
      if (initTaken != init || updateTaken != update) {
        String wanted = init.getName() + " and " + update.getName();
        throw otherInfos("worker", wanted, initTaken.getName() + " and " + updateTaken.getName());
      }
    } catch (RuntimeException | LinkageError e) {
      throw closed(engine, failure("worker", e));
    }
    // The engine has just said that these are its very types.
    @SuppressWarnings("unchecked")
    WeightTransferEngine<I, U> typed = (WeightTransferEngine<I, U>) engine;
    return typed;
  }

  <I extends InitInfo> TrainerWeightTransferEngine<I> trainer(
      BackendContext context, Class<I> init) {
    TrainerWeightTransferEngine<?> engine = make("trainer", () -> provider.trainer(context));
    try {
      Class<?> initTaken = engine.initInfoType();
      if (initTaken != init) {
        throw otherInfos("trainer", init.getName(), initTaken.getName());
      }
    } catch (RuntimeException | LinkageError e) {
      throw closed(engine, failure("trainer", e));
    }
    // The engine has just said that this is its very type.
    @SuppressWarnings("unchecked")
    TrainerWeightTransferEngine<I> typed = (TrainerWeightTransferEngine<I>) engine;
    return typed;
  }

  private <E> E make(String side, Supplier<@Nullable E> maker) {
    E engine;
    try {
      engine = maker.get();
    } catch (RuntimeException | LinkageError e) {
      throw failure(side, e);
    }
    if (engine == null) {
      BackendProblem problem = BackendProblem.of(side + "(context) returned null");
      throw new BackendException(Messages.engineFailed(report, side, problem), name(), null);
    }
    return engine;
  }

  // Weightcast's own exceptions have their message already: a config that does not fit, a device.
  private WeightTransferException failure(String side, Throwable thrown) {
    if (thrown instanceof WeightTransferException own) {
      return own;
    }
    BackendProblem problem = BackendProblem.of(side + "(context) threw", thrown);
    return new BackendException(Messages.engineFailed(report, side, problem), name(), thrown);
  }

  private BackendException otherInfos(String side, String wanted, String taken) {
    return new BackendException(Messages.otherInfos(report, side, wanted, taken), name(), null);
  }

  private static WeightTransferException closed(
      AutoCloseable engine, WeightTransferException failure) {
    try {
      engine.close();
    } catch (Exception | LinkageError e) {
      failure.addSuppressed(e);
    }
    return failure;
  }

  private String name() {
    return report.name().orElse("");
  }
}
