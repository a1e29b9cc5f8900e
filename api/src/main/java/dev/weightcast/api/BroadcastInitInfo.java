package dev.weightcast.api;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What every backend that broadcasts is told to find its group, whatever the library underneath:
 * swapping {@code loopback} for {@code nccl} changes nothing here.
 *
 * <p>The group is found in one of two ways: through a store that rank 0 serves at an address and
 * port ({@link #ofStore}), or through a unique id that somebody else carried to every rank ({@link
 * #ofUniqueId}).
 */
public final class BroadcastInitInfo implements InitInfo {

  private static final String ADDRESS = "master_address";
  private static final String PORT = "master_port";
  private static final String RANK_OFFSET = "rank_offset";
  private static final String WORLD_SIZE = "world_size";
  private static final String UNIQUE_ID = "nccl_unique_id_b64";
  private static final Set<String> KEYS =
      Set.of(
          ADDRESS,
          PORT,
          RANK_OFFSET,
          WORLD_SIZE,
          UNIQUE_ID,
          Packing.PACKED,
          Packing.BUFFER_SIZE,
          Packing.NUM_BUFFERS);

  private final @Nullable String masterAddress;
  private final int masterPort;
  private final @Nullable UniqueId uniqueId;
  private final int worldSize;
  private final OptionalInt rankOffset;
  private final Packing packing;

  private BroadcastInitInfo(
      @Nullable String masterAddress,
      int masterPort,
      @Nullable UniqueId uniqueId,
      int worldSize,
      OptionalInt rankOffset,
      Packing packing) {
    if (masterAddress != null && masterAddress.isEmpty()) {
      throw new InvalidInfoException(ADDRESS + " is empty");
    }
    if (masterAddress != null && (masterPort < 1 || masterPort > 65535)) {
      throw new InvalidInfoException(PORT + " must be 1 to 65535, found " + masterPort);
    }
    if (worldSize < 1) {
      throw new InvalidInfoException(WORLD_SIZE + " must be at least 1, found " + worldSize);
    }
    if (rankOffset.isPresent() && rankOffset.getAsInt() < 0) {
      throw new InvalidInfoException(
          RANK_OFFSET + " must not be negative, found " + rankOffset.getAsInt());
    }
    this.masterAddress = masterAddress;
    this.masterPort = masterPort;
    this.uniqueId = uniqueId;
    this.worldSize = worldSize;
    this.rankOffset = rankOffset;
    this.packing = Objects.requireNonNull(packing, "packing");
  }

  /**
   * A group that meets at rank 0's store.
   *
   * @param masterAddress where rank 0 serves it, a host name or an address
   * @param masterPort on which port, 1 to 65535
   * @param worldSize how many ranks the group has, the trainer included
   * @return the info, unpacked and without a rank offset until told otherwise
   * @throws InvalidInfoException if a value is out of range
   */
  public static BroadcastInitInfo ofStore(String masterAddress, int masterPort, int worldSize) {
    return new BroadcastInitInfo(
        Objects.requireNonNull(masterAddress, "masterAddress"),
        masterPort,
        null,
        worldSize,
        OptionalInt.empty(),
        Packing.UNPACKED);
  }

  /**
   * A group whose unique id every rank has already.
   *
   * @param uniqueId the id
   * @param worldSize how many ranks the group has, the trainer included
   * @return the info, unpacked and without a rank offset until told otherwise
   * @throws InvalidInfoException if a value is out of range
   */
  public static BroadcastInitInfo ofUniqueId(UniqueId uniqueId, int worldSize) {
    return new BroadcastInitInfo(
        null,
        0,
        Objects.requireNonNull(uniqueId, "uniqueId"),
        worldSize,
        OptionalInt.empty(),
        Packing.UNPACKED);
  }

  /**
   * The info as it came over the control plane.
   *
   * @param map the {@code init_info} object; whole numbers of any Java type, {@code null} as absent
   * @return the info
   * @throws InvalidInfoException if a key is unknown or a value unusable; the message begins with
   *     «Invalid init_info»
   */
  public static BroadcastInitInfo fromMap(Map<String, ?> map) {
    InfoReader reader = new InfoReader("init_info", map, KEYS);
    String address = reader.optionalText(ADDRESS);
    String id = reader.optionalText(UNIQUE_ID);
    boolean anyStore = address != null || reader.has(PORT);
    if (id != null && anyStore) {
      throw reader.invalid(
          "give either " + UNIQUE_ID + " or " + ADDRESS + " and " + PORT + ", not both");
    }
    if (id == null && (address == null || !reader.has(PORT))) {
      throw reader.invalid("need " + UNIQUE_ID + ", or both " + ADDRESS + " and " + PORT);
    }
    int worldSize = reader.requiredInt(WORLD_SIZE);
    OptionalInt offset =
        reader.has(RANK_OFFSET)
            ? OptionalInt.of(reader.intValue(RANK_OFFSET, 0))
            : OptionalInt.empty();
    int port = reader.intValue(PORT, 0);
    Packing packing = Packing.from(reader);
    try {
      return new BroadcastInitInfo(
          address, port, id == null ? null : UniqueId.fromBase64(id), worldSize, offset, packing);
    } catch (InvalidInfoException e) {
      throw reader.invalid(e);
    }
  }

  /**
   * The same group, for workers whose first one has this rank.
   *
   * @param offset the rank of the first worker of this deployment; usually 1
   * @return a new info
   */
  public BroadcastInitInfo withRankOffset(int offset) {
    return new BroadcastInitInfo(
        masterAddress, masterPort, uniqueId, worldSize, OptionalInt.of(offset), packing);
  }

  /**
   * The same group with another packing.
   *
   * @param other how tensors are grouped
   * @return a new info
   */
  public BroadcastInitInfo withPacking(Packing other) {
    return new BroadcastInitInfo(masterAddress, masterPort, uniqueId, worldSize, rankOffset, other);
  }

  /**
   * Where rank 0 serves the store.
   *
   * @return the host, or empty in unique-id mode
   */
  public Optional<String> masterAddress() {
    return Optional.ofNullable(masterAddress);
  }

  /**
   * On which port rank 0 serves the store.
   *
   * @return the port, or empty in unique-id mode
   */
  public OptionalInt masterPort() {
    return masterAddress == null ? OptionalInt.empty() : OptionalInt.of(masterPort);
  }

  /**
   * The unique id, if somebody carried it here.
   *
   * @return the id, or empty in store mode
   */
  public Optional<UniqueId> uniqueId() {
    return Optional.ofNullable(uniqueId);
  }

  /**
   * How many ranks the group has.
   *
   * @return all workers and the trainer
   */
  public int worldSize() {
    return worldSize;
  }

  /**
   * The rank of the first worker that gets this info.
   *
   * @return the offset; a trainer needs none
   */
  public OptionalInt rankOffset() {
    return rankOffset;
  }

  /**
   * How tensors are grouped into broadcasts.
   *
   * @return the packing; an update may bring another
   */
  public Packing packing() {
    return packing;
  }

  @Override
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    if (masterAddress != null) {
      map.put(ADDRESS, masterAddress);
      map.put(PORT, masterPort);
    }
    rankOffset.ifPresent(offset -> map.put(RANK_OFFSET, offset));
    map.put(WORLD_SIZE, worldSize);
    if (uniqueId != null) {
      map.put(UNIQUE_ID, uniqueId.toBase64());
    }
    packing.putInto(map);
    return map;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BroadcastInitInfo info && toMap().equals(info.toMap());
  }

  @Override
  public int hashCode() {
    return toMap().hashCode();
  }

  /** The group's meeting point and size; of a unique id only the first bytes. */
  @Override
  public String toString() {
    String where =
        masterAddress == null ? String.valueOf(uniqueId) : masterAddress + ":" + masterPort;
    return "BroadcastInitInfo[" + where + ", world_size " + worldSize + ", " + packing + "]";
  }
}
