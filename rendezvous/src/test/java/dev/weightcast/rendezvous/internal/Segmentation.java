package dev.weightcast.rendezvous.internal;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Random;

/** How a message is cut into pieces. */
enum Segmentation {
  WHOLE {
    @Override
    int next(int rest, Random random) {
      return rest;
    }
  },
  BYTE_BY_BYTE {
    @Override
    int next(int rest, Random random) {
      return 1;
    }
  },
  RANDOM {
    @Override
    int next(int rest, Random random) {
      return 1 + random.nextInt(Math.min(rest, 1 << random.nextInt(12)));
    }
  };

  abstract int next(int rest, Random random);

  void write(OutputStream out, byte[] bytes, Random random) throws IOException {
    int at = 0;
    while (at < bytes.length) {
      int step = next(bytes.length - at, random);
      out.write(bytes, at, step);
      out.flush();
      at += step;
    }
  }
}
