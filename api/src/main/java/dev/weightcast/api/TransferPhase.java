package dev.weightcast.api;

import java.io.Serializable;

/**
 * Where an operation was when something is said about it, such as {@code bucket 3 of 8}.
 *
 * @param kind which part of the operation
 * @param bucket the bucket's number from 1, in {@link Kind#BUCKET}; otherwise 0
 * @param buckets how many buckets the plan has, in {@link Kind#BUCKET}; otherwise 0
 */
public record TransferPhase(Kind kind, int bucket, int buckets) implements Serializable {

  /** The parts of an operation, in the order they happen. */
  public enum Kind {
    /** Finding the other ranks: joining the store, exchanging the unique id. */
    RENDEZVOUS("rendezvous"),
    /** Making the communicator. */
    COMMUNICATOR_INIT("communicator init"),
    /** The one all-reduce that every rank does before anything else. */
    WARM_UP("warm-up"),
    /** Making and checking the plan, and the memory it needs. */
    PLAN("plan"),
    /** Comparing with the other ranks what is about to be sent. */
    AGREEMENT("agreement"),
    /** Moving one bucket. */
    BUCKET("bucket"),
    /** Waiting for everything that was enqueued. */
    DRAIN("drain"),
    /** Waiting for the workers to say that they have everything. */
    ACKNOWLEDGEMENT("acknowledgement"),
    /** Making the new weights current. */
    FINISH("finish");

    private final String text;

    Kind(String text) {
      this.text = text;
    }
  }

  /** Finding the other ranks. */
  public static final TransferPhase RENDEZVOUS = new TransferPhase(Kind.RENDEZVOUS, 0, 0);

  /** Making the communicator. */
  public static final TransferPhase COMMUNICATOR_INIT =
      new TransferPhase(Kind.COMMUNICATOR_INIT, 0, 0);

  /** The warm-up all-reduce. */
  public static final TransferPhase WARM_UP = new TransferPhase(Kind.WARM_UP, 0, 0);

  /** Making the plan. */
  public static final TransferPhase PLAN = new TransferPhase(Kind.PLAN, 0, 0);

  /** Comparing with the other ranks what is about to be sent. */
  public static final TransferPhase AGREEMENT = new TransferPhase(Kind.AGREEMENT, 0, 0);

  /** Waiting for everything that was enqueued. */
  public static final TransferPhase DRAIN = new TransferPhase(Kind.DRAIN, 0, 0);

  /** Waiting for the workers to say that they have everything. */
  public static final TransferPhase ACKNOWLEDGEMENT = new TransferPhase(Kind.ACKNOWLEDGEMENT, 0, 0);

  /** Making the new weights current. */
  public static final TransferPhase FINISH = new TransferPhase(Kind.FINISH, 0, 0);

  /**
   * Checks that a bucket's numbers are there exactly where they belong.
   *
   * @throws IllegalArgumentException if not
   */
  public TransferPhase {
    boolean inRange = bucket >= 1 && bucket <= buckets;
    if (kind == Kind.BUCKET ? !inRange : bucket != 0 || buckets != 0) {
      throw new IllegalArgumentException(
          "no phase '" + kind + "' with bucket " + bucket + " of " + buckets);
    }
  }

  /**
   * The phase of one bucket.
   *
   * @param bucket its number, from 1
   * @param buckets how many there are
   * @return the phase
   */
  public static TransferPhase bucket(int bucket, int buckets) {
    return new TransferPhase(Kind.BUCKET, bucket, buckets);
  }

  /**
   * The words used in every message, such as {@code communicator init} or {@code bucket 3 of 8}.
   */
  @Override
  public String toString() {
    return kind == Kind.BUCKET ? kind.text + " " + bucket + " of " + buckets : kind.text;
  }
}
