package dev.weightcast.core;

import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.spi.Availability;
import dev.weightcast.spi.BackendContext;
import dev.weightcast.spi.BackendProvider;
import dev.weightcast.spi.SpiVersion;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** A provider that answers what a test wants it to, and counts how often it was asked. */
public class FakeProvider implements BackendProvider {

  Supplier<String> name;
  Supplier<Integer> spiVersion = () -> SpiVersion.CURRENT;
  Supplier<Integer> priority = () -> 10;
  Supplier<Availability> availability = Availability::available;
  Supplier<Map<String, String>> details = Map::of;
  Function<BackendContext, WeightTransferEngine<?, ?>> worker = FakeWorker::new;
  Function<BackendContext, TrainerWeightTransferEngine<?>> trainer = FakeTrainer::new;
  int timesTried;

  protected FakeProvider(String name) {
    this.name = () -> name;
  }

  static FakeProvider named(String name) {
    return new FakeProvider(name);
  }

  FakeProvider priority(int value) {
    priority = () -> value;
    return this;
  }

  FakeProvider builtFor(int version) {
    spiVersion = () -> version;
    return this;
  }

  FakeProvider unavailable(Availability.Reason... reasons) {
    availability = () -> Availability.unavailable(List.of(reasons));
    return this;
  }

  @Override
  public String name() {
    return name.get();
  }

  @Override
  public int spiVersion() {
    return spiVersion.get();
  }

  @Override
  public Availability availability() {
    timesTried++;
    return availability.get();
  }

  @Override
  public Map<String, String> details() {
    return details.get();
  }

  @Override
  public int priority() {
    return priority.get();
  }

  @Override
  public WeightTransferEngine<?, ?> worker(BackendContext context) {
    return worker.apply(context);
  }

  @Override
  public TrainerWeightTransferEngine<?> trainer(BackendContext context) {
    return trainer.apply(context);
  }
}
