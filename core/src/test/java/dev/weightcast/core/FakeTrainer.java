package dev.weightcast.core;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.DeviceContext;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.SendOptions;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightSource;
import dev.weightcast.spi.BackendContext;
import java.util.Map;

/** A trainer's engine that does nothing but know who made it and whether it was closed. */
class FakeTrainer implements TrainerWeightTransferEngine<BroadcastInitInfo> {

  final BackendContext context;
  boolean closed;

  FakeTrainer(BackendContext context) {
    this.context = context;
  }

  @Override
  public Class<BroadcastInitInfo> initInfoType() {
    return BroadcastInitInfo.class;
  }

  @Override
  public BroadcastInitInfo parseInitInfo(Map<String, ?> map) {
    return BroadcastInitInfo.fromMap(map);
  }

  @Override
  public UniqueId createUniqueId() {
    throw new UnsupportedOperationException();
  }

  @Override
  public EngineState state() {
    return closed ? EngineState.CLOSED : EngineState.NEW;
  }

  @Override
  public DeviceContext deviceContext() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void initTransferEngine(BroadcastInitInfo info) {}

  @Override
  public TransferReport sendWeights(WeightSource source, SendOptions options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    closed = true;
  }
}
