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

  private final BackendSetting setting;
  private final BackendReport report;
  private final BackendProvider provider;

  EngineMaker(BackendSetting setting, Backend backend) {
    this.setting = setting;
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
      throw closed(engine, failure("worker", "its engine threw", e));
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
      throw closed(engine, failure("trainer", "its engine threw", e));
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
      throw failure(side, side + "(context) threw", e);
    }
    if (engine == null) {
      throw failure(side, BackendProblem.of(side + "(context) returned null"), null);
    }
    return engine;
  }

  // Weightcast's own exceptions have their message already: a config that does not fit, a device.
  private WeightTransferException failure(String side, String what, Throwable thrown) {
    if (thrown instanceof WeightTransferException own) {
      return own;
    }
    return failure(side, BackendProblem.of(what, thrown), thrown);
  }

  private BackendException failure(
      String side, BackendProblem problem, @Nullable Throwable thrown) {
    return new BackendException(
        Messages.engineFailed(setting, report, side, problem, thrown), setting.name(), thrown);
  }

  private BackendException otherInfos(String side, String wanted, String taken) {
    return new BackendException(
        Messages.otherInfos(setting, report, side, wanted, taken), setting.name(), null);
  }

  private static WeightTransferException closed(
      AutoCloseable engine, WeightTransferException failure) {
    try {
      engine.close();
    } catch (Exception | LinkageError e) {
      if (!e.equals(failure)) { // an exception cannot suppress itself
        failure.addSuppressed(e);
      }
    }
    return failure;
  }
}
