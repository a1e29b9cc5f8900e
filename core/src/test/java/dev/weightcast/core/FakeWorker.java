package dev.weightcast.core;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.DeviceContext;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.TransferReport;
import dev.weightcast.api.WeightLoader;
import dev.weightcast.api.WeightStatus;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.spi.BackendContext;
import java.util.Map;

/** A worker's engine that does nothing but know who made it and whether it was closed. */
class FakeWorker implements WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> {

  final BackendContext context;
  boolean closed;

  FakeWorker(BackendContext context) {
    this.context = context;
  }

  @Override
  public Class<BroadcastInitInfo> initInfoType() {
    return BroadcastInitInfo.class;
  }

  @Override
  public Class<BroadcastUpdateInfo> updateInfoType() {
    return BroadcastUpdateInfo.class;
  }

  @Override
  public BroadcastInitInfo parseInitInfo(Map<String, ?> map) {
    return BroadcastInitInfo.fromMap(map);
  }

  @Override
  public BroadcastUpdateInfo parseUpdateInfo(Map<String, ?> map) {
    return BroadcastUpdateInfo.fromMap(map);
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
  public void startWeightUpdate() {}

  @Override
  public TransferReport receiveWeights(BroadcastUpdateInfo info, WeightLoader loader) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void finishWeightUpdate() {}

  @Override
  public void finishWeightUpdate(String version) {}

  @Override
  public WeightStatus weightStatus() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    closed = true;
  }
}
