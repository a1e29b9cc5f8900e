package dev.weightcast.backend.nccl;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.collective.Communicator;
import dev.weightcast.spi.collective.CommunicatorFactory;
import dev.weightcast.spi.collective.DeviceRuntime;
import dev.weightcast.spi.collective.ProcessGroup;
import dev.weightcast.spi.collective.SideChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The real communicators, with a gate before every note: agreement and acknowledgement. */
record GatedFactory(CommunicatorFactory inner, SocketWire wire, Gate gate)
    implements CommunicatorFactory {

  @Override
  public Communicator join(ProcessGroup group, DeviceRuntime device, Deadline deadline) {
    return new Gated(inner.join(group, device, deadline), this);
  }

  @Override
  public UniqueId createUniqueId() {
    return inner.createUniqueId();
  }

  private void note() {
    gate.at(wire.noteIsAbout());
  }

  private record Notes(SideChannel inner, GatedFactory factory) implements SideChannel {
    @Override
    public List<Integer> ranks() {
      return inner.ranks();
    }

    @Override
    public void post(String name, byte[] note, Deadline deadline) {
      factory.note();
      inner.post(name, note, deadline);
    }

    @Override
    public Optional<byte[]> read(int rank, String name, Duration patience, Deadline deadline) {
      factory.note();
      return inner.read(rank, name, patience, deadline);
    }

    @Override
    public void remove(String name, Deadline deadline) {
      inner.remove(name, deadline);
    }
  }

  private record Gated(Communicator inner, GatedFactory factory) implements Communicator {
    @Override
    public int rank() {
      return inner.rank();
    }

    @Override
    public int worldSize() {
      return inner.worldSize();
    }

    @Override
    public void broadcast(
        DeviceBuffer buffer,
        long byteOffset,
        long count,
        DataType type,
        int root,
        DeviceStream stream) {
      inner.broadcast(buffer, byteOffset, count, type, root, stream);
    }

    @Override
    public void allReduceSum(
        DeviceBuffer buffer, long byteOffset, long count, DataType type, DeviceStream stream) {
      inner.allReduceSum(buffer, byteOffset, count, type, stream);
    }

    @Override
    public Optional<WeightTransferException> failure() {
      return inner.failure();
    }

    @Override
    public Optional<SideChannel> sideChannel() {
      return inner.sideChannel().map(notes -> new Notes(notes, factory));
    }

    @Override
    public List<Integer> missingRanks() {
      return inner.missingRanks();
    }

    @Override
    public void abort(String reason) {
      inner.abort(reason);
    }

    @Override
    public void close() {
      inner.close();
    }
  }
}
