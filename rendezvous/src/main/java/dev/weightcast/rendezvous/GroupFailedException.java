package dev.weightcast.rendezvous;

import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import org.jspecify.annotations.Nullable;

/** The group is over, because of another rank or of what it was told. */
public final class GroupFailedException extends TransferException {

  private static final long serialVersionUID = 1L;

  private final transient GroupFailure failure;

  /**
   * The end of a group.
   *
   * @param failure what ended it
   * @param cause how this rank ran into it, or null
   */
  public GroupFailedException(GroupFailure failure, @Nullable Throwable cause) {
    super(failure.message(), TransferPhase.RENDEZVOUS, 0, 0, cause);
    this.failure = failure;
  }

  /**
   * What ended the group.
   *
   * @return the failure
   */
  public GroupFailure failure() {
    return failure;
  }
}
