package dev.weightcast.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BroadcastInfoTest {

  private static final Map<String, Object> STORE =
      Map.of("master_address", "10.0.0.5", "master_port", 29500, "world_size", 4);

  @Test
  void anInitInfoSurvivesTheMap() {
    BroadcastInitInfo info =
        BroadcastInitInfo.ofStore("10.0.0.5", 29500, 4)
            .withRankOffset(1)
            .withPacking(Packing.packed(1 << 20, 3));
    assertThat(info.toMap())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "master_address", "10.0.0.5",
                "master_port", 29500,
                "rank_offset", 1,
                "world_size", 4,
                "packed", true,
                "packed_buffer_size_bytes", 1L << 20,
                "packed_num_buffers", 3));
    assertThat(BroadcastInitInfo.fromMap(info.toMap())).isEqualTo(info);
  }

  @Test
  void theDefaultsAreVllms() {
    Packing packing = BroadcastInitInfo.fromMap(STORE).packing();
    assertThat(packing).isEqualTo(new Packing(false, 1 << 30, 2));
  }

  @Test
  void wholeNumbersOfAnyJavaTypeAreTaken() {
    Map<String, Object> map = new HashMap<>(STORE);
    map.put("master_port", 29500L);
    map.put("world_size", BigInteger.valueOf(4));
    assertThat(BroadcastInitInfo.fromMap(map)).isEqualTo(BroadcastInitInfo.fromMap(STORE));
  }

  @Test
  void anUnknownKeyIsNamed() {
    assertInvalid(
        with("mastr_port", 1),
        "Invalid init_info: unknown key 'mastr_port'; known keys are master_address, master_port,"
            + " nccl_unique_id_b64, packed, packed_buffer_size_bytes, packed_num_buffers,"
            + " rank_offset, world_size");
  }

  @Test
  void storeAndUniqueIdTogetherAreRefused() {
    assertInvalid(
        with("nccl_unique_id_b64", "AAAA"),
        "Invalid init_info: give either nccl_unique_id_b64 or master_address and master_port, not"
            + " both");
  }

  @Test
  void neitherStoreNorUniqueIdIsRefused() {
    assertInvalid(
        Map.of("world_size", 2, "master_port", 1),
        "Invalid init_info: need nccl_unique_id_b64, or both master_address and master_port");
  }

  @Test
  void aBadUniqueIdIsRefused() {
    assertInvalid(
        Map.of("world_size", 2, "nccl_unique_id_b64", "-_-_"),
        "Invalid init_info: nccl_unique_id_b64 is not valid standard base64 (RFC 4648, not"
            + " URL-safe): Illegal base64 character 2d");
    String tooShort = Base64.getEncoder().encodeToString(new byte[127]);
    assertInvalid(
        Map.of("world_size", 2, "nccl_unique_id_b64", tooShort),
        "Invalid init_info: nccl_unique_id_b64 must hold 128 bytes, the text given decodes to 127");
  }

  @Test
  void valuesOfTheWrongTypeOrRangeAreNamed() {
    assertInvalid(
        with("master_port", "29500"),
        "Invalid init_info: 'master_port' must be an integer, found String 29500");
    assertInvalid(
        with("world_size", 2.0),
        "Invalid init_info: 'world_size' must be an integer, found Double 2.0");
    assertInvalid(
        with("packed", 1), "Invalid init_info: 'packed' must be true or false, found Integer 1");
    assertInvalid(
        with("master_port", 70000),
        "Invalid init_info: master_port must be 1 to 65535, found 70000");
    assertInvalid(
        with("world_size", 0), "Invalid init_info: world_size must be at least 1, found 0");
    assertInvalid(
        with("packed_num_buffers", 0),
        "Invalid init_info: packed_num_buffers must be at least 1, found 0");
    assertInvalid(
        with("rank_offset", -1), "Invalid init_info: rank_offset must not be negative, found -1");
  }

  @Test
  void anUpdateInfoSurvivesTheMap() {
    BroadcastUpdateInfo info =
        BroadcastUpdateInfo.of(
            List.of(
                new TensorSpec("a", DataType.BFLOAT16, Shape.of(2, 3)),
                new TensorSpec("b", DataType.FLOAT8_E4M3FN, Shape.scalar())));
    assertThat(info.toMap())
        .isEqualTo(
            Map.of(
                "names", List.of("a", "b"),
                "dtype_names", List.of("bfloat16", "float8_e4m3fn"),
                "shapes", List.of(List.of(2L, 3L), List.of())));
    assertThat(BroadcastUpdateInfo.fromMap(info.toMap())).isEqualTo(info);
    BroadcastUpdateInfo packed = info.withPacking(Packing.packed(7, 1));
    assertThat(BroadcastUpdateInfo.fromMap(packed.toMap())).isEqualTo(packed);
  }

  @Test
  void listsOfUnequalLengthAreToldInVllmsWords() {
    assertThatThrownBy(() -> update(List.of("a", "b", "c"), List.of("int8", "int8"), List.of()))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessage("`dtype_names` should be of the same size as `names`: got 2 and 3");
    assertThatThrownBy(() -> update(List.of("a"), List.of("int8"), List.of()))
        .hasMessage("`shapes` should be of the same size as `names`: got 0 and 1");
  }

  @Test
  void aBadTensorOfAnUpdateIsNamed() {
    assertThatThrownBy(() -> update(List.of("w"), List.of("bfloat17"), List.of(List.of(2))))
        .hasMessageStartingWith(
            "Invalid update_info: tensor 0 'w': unknown dtype 'bfloat17'; known are float64,");
    assertThatThrownBy(() -> update(List.of("w"), List.of("int8"), List.of(List.of(-2))))
        .hasMessage("Invalid update_info: tensor 0 'w': shape [-2] has a negative dimension");
    assertThatThrownBy(() -> update(List.of("w"), List.of("int8"), List.of(7)))
        .hasMessage("Invalid update_info: 'shapes[0]' must be a list, found Integer 7");
    assertThatThrownBy(() -> update(List.of(""), List.of("int8"), List.of(List.of())))
        .hasMessageContaining("a tensor has an empty name");
    assertThatThrownBy(() -> BroadcastUpdateInfo.fromMap(Map.of("names", List.of(), "x", 1)))
        .hasMessageStartingWith("Invalid update_info: unknown key 'x'");
  }

  @Test
  void aWorkersRankIsReplicaTimesSizePlusRankPlusOffset() {
    BroadcastInitInfo info = BroadcastInitInfo.ofStore("h", 1, 15).withRankOffset(3);
    assertThat(new ParallelConfig(2, 2, 2, 3).rankIn(info)).isEqualTo(14);
    assertThatThrownBy(() -> new ParallelConfig(3, 2, 2, 0).rankIn(info))
        .hasMessage(
            "rank 15 is outside the group of world_size 15: data_parallel_index 3 ×"
                + " world_size_per_dp 4 + rank 0 + rank_offset 3; is world_size 1 + the number of"
                + " all workers?");
    assertThatThrownBy(() -> ParallelConfig.SINGLE.rankIn(BroadcastInitInfo.ofStore("h", 1, 2)))
        .hasMessageContaining("missing key 'rank_offset'");
    assertThatThrownBy(() -> new ParallelConfig(0, 2, 1, 2))
        .hasMessageStartingWith("rank 2 is outside its replica of 2");
  }

  private static void assertInvalid(Map<String, Object> map, String message) {
    assertThatThrownBy(() -> BroadcastInitInfo.fromMap(map))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessage(message);
  }

  private static Map<String, Object> with(String key, Object value) {
    Map<String, Object> map = new HashMap<>(STORE);
    map.put(key, value);
    return map;
  }

  private static BroadcastUpdateInfo update(List<?> names, List<?> dtypes, List<?> shapes) {
    return BroadcastUpdateInfo.fromMap(
        Map.of("names", names, "dtype_names", dtypes, "shapes", shapes));
  }
}
