package dev.save4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsTest {
    @TempDir
    Path folder;

    @Test
    void whatIsWrittenIsReadBackWithTheSameHash() {
        WeightStore store = new WeightStore(tensors());

        SafeTensors.write(store, path());
        WeightStore read = SafeTensors.read(path());

        assertThat(read.contentHash()).isEqualTo(store.contentHash());
        assertThat(read.names()).containsExactly("positions", "a.weight", "b.weight", "empty", "scalar", "mask");
        assertThat(read.get("a.weight").shape()).containsExactly(2, 3);
        assertThat(read.get("a.weight").toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(read.get("scalar").item()).isEqualTo(7);
        assertThat(read.get("scalar").rank()).isZero();
        assertThat(read.get("positions").toLongs()).containsExactly(0, 1, -1);
        assertThat(read.get("mask").toLongs()).containsExactly(1, 0);
        assertThat(read.get("empty").size()).isZero();
    }

    @Test
    void equalContentGivesEqualBytesWhateverTheOrder() throws IOException {
        Map<String, Tensor> reversed = new LinkedHashMap<>();
        tensors().entrySet().stream()
                .sorted(Map.Entry.<String, Tensor>comparingByKey().reversed())
                .forEach(entry -> reversed.put(entry.getKey(), entry.getValue()));

        SafeTensors.write(new WeightStore(tensors()), path(), Map.of("b", "2", "a", "1"));
        SafeTensors.write(new WeightStore(reversed), folder.resolve("other.safetensors"), Map.of("a", "1", "b", "2"));

        assertThat(Files.readAllBytes(folder.resolve("other.safetensors"))).isEqualTo(Files.readAllBytes(path()));
    }

    @Test
    void theHeaderIsPaddedSoThatTheDataAreAligned() throws IOException {
        SafeTensors.write(new WeightStore(Map.of("w", Tensor.of(new float[] {1.5f}, 1))), path());

        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path())).order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) file.getLong(0);
        assertThat((8 + length) % 64).isZero();
        assertThat(new String(file.array(), 8, length, StandardCharsets.UTF_8).stripTrailing())
                .isEqualTo("{\"__metadata__\":{\"format\":\"pt\"},"
                        + "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}");
        assertThat(file.getFloat(8 + length)).isEqualTo(1.5f);
        assertThat(file.capacity()).isEqualTo(8 + length + 4);
    }

    @Test
    void metadataComeBackWithTheirEscapes() {
        Map<String, String> texts = Map.of("step", "12", "note", "a \"b\" \\ c\n\td é 😀");

        SafeTensors.write(new WeightStore(tensors()), path(), texts);

        assertThat(SafeTensors.metadata(path())).containsAllEntriesOf(texts).containsEntry("format", "pt");
    }

    @Test
    void metadataMayNameAnotherFormat() {
        SafeTensors.write(Map.of(), path(), Map.of("format", "save4j"));

        assertThat(SafeTensors.metadata(path())).containsExactly(Map.entry("format", "save4j"));
        assertThat(SafeTensors.names(path())).isEmpty();
    }

    @Test
    void narrowAndWideFloatsBecomeFloats() {
        Tensor half = Tensor.allocate(ElementType.FLOAT16, 4);
        half.bytes().asShortBuffer().put(new short[] {0x3c00, (short) 0xc000, 0x0001, 0x7c00});
        Tensor brain = Tensor.allocate(ElementType.BFLOAT16, 2);
        brain.bytes().asShortBuffer().put(new short[] {0x3f80, (short) 0xc040});
        Tensor wide = Tensor.allocate(ElementType.DOUBLE, 1);
        wide.bytes().putDouble(0.1);
        SafeTensors.write(Map.of("half", half, "brain", brain, "wide", wide), path(), Map.of());

        WeightStore read = SafeTensors.read(path());

        assertThat(read.get("half").floats().get(2)).isEqualTo(0x1p-24f);
        assertThat(read.get("half").toFloats()).containsExactly(1, -2, 0x1p-24f, Float.POSITIVE_INFINITY);
        assertThat(read.get("brain").toFloats()).containsExactly(1, -3);
        assertThat(read.get("wide").toFloats()).containsExactly(0.1f);
        Map<String, Tensor> stored = SafeTensors.readAsStored(path());
        assertThat(stored.get("half").contentEquals(half)).isTrue();
        assertThat(stored.get("wide").type()).isEqualTo(ElementType.DOUBLE);
    }

    @Test
    void longNarrowTensorsAreConvertedPartByPart() {
        int size = 3 * 65_536 + 17;
        Tensor brain = Tensor.allocate(ElementType.BFLOAT16, size);
        for (int i = 0; i < size; i++) {
            brain.bytes().putShort(2 * i, (short) (Float.floatToIntBits(i % 251) >> 16));
        }
        SafeTensors.write(Map.of("w", brain), path(), Map.of());

        assertThat(SafeTensors.read(path()).get("w").toFloats()).isEqualTo(brain.toFloats());
    }

    @Test
    void tensorsAcrossWindowsAreWhole() {
        Tensor ramp = Tensor.allocate(ElementType.INT32, 1000);
        for (int i = 0; i < 1000; i++) {
            ramp.ints().put(i, i);
        }
        SafeTensors.write(Map.of("a", ramp, "b", ramp), path(), Map.of());

        Map<String, Tensor> read = SafeTensors.load(path(), name -> true, true, 100);

        assertThat(read.get("a").contentEquals(ramp)).isTrue();
        assertThat(read.get("b").contentEquals(ramp)).isTrue();
    }

    @Test
    void onlyWantedTensorsAreReadFromAFileLargerThanTwoGiB() throws IOException {
        long large = 2_000_000_000L;
        String header = "{\"first\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
                + "\"a\":{\"dtype\":\"U8\",\"shape\":[2000000000],\"data_offsets\":[3,2000000003]},"
                + "\"b\":{\"dtype\":\"U8\",\"shape\":[2000000000],\"data_offsets\":[2000000003,4000000003]},"
                + "\"last\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[4000000003,4000000005]}}";
        write(path(), header, new byte[] {1, 2, 3});
        try (RandomAccessFile file = new RandomAccessFile(path().toFile(), "rw")) {
            file.seek(8 + header.length() + 3 + 2 * large);
            file.write(new byte[] {4, 5});
        }

        WeightStore read = SafeTensors.read(path(), Set.of("first", "last")::contains);

        assertThat(read.get("first").toLongs()).containsExactly(1, 2, 3);
        assertThat(read.get("last").toLongs()).containsExactly(4, 5);
        assertThat(read.names()).hasSize(2);
    }

    @Test
    void oneTensorOfTwoGiBIsRefused() throws IOException {
        String header = "{\"wte\":{\"dtype\":\"BF16\",\"shape\":[600000000],\"data_offsets\":[0,1200000000]}}";
        write(path(), header, new byte[0]);
        try (RandomAccessFile file = new RandomAccessFile(path().toFile(), "rw")) {
            file.setLength(8 + header.length() + 1_200_000_000L);
        }

        assertThatThrownBy(() -> SafeTensors.read(path()))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.RESOURCES))
                .hasMessage(path() + ": tensor 'wte' of BFLOAT16[600000000] takes 2400000000 bytes as FLOAT;"
                        + " one tensor can hold less than 2 GiB");
    }

    @Test
    void aStoreIsRestoredInPlaceUnderANewVersion() {
        WeightStore store = new WeightStore(tensors());
        SafeTensors.write(store, path());
        String before = store.contentHash();
        Tensor live = store.get("a.weight");
        live.floats().put(0, 99);

        SafeTensors.readInto(store, path());

        assertThat(store.get("a.weight")).isSameAs(live);
        assertThat(live.floats().get(0)).isEqualTo(1);
        assertThat(store.contentHash()).isEqualTo(before);
        assertThat(store.version()).isEqualTo(1);
    }

    @Test
    void restoringConvertsStoredHalves() {
        Tensor half = Tensor.allocate(ElementType.FLOAT16, 1);
        half.bytes().putShort((short) 0x3c00);
        SafeTensors.write(Map.of("w", half), path(), Map.of());
        WeightStore store = new WeightStore(Map.of("w", Tensor.of(new float[] {5}, 1)));

        SafeTensors.readInto(store, path());

        assertThat(store.get("w").toFloats()).containsExactly(1);
    }

    @Test
    void restoringWhatDoesNotFitChangesNothing() {
        SafeTensors.write(
                Map.of("same", Tensor.scalar(1f), "shape", Tensor.of(new float[2], 2), "extra", Tensor.scalar(1f)),
                path(),
                Map.of());
        WeightStore store = new WeightStore(
                Map.of("same", Tensor.scalar(5f), "shape", Tensor.of(new float[3], 3), "gone", Tensor.scalar(5f)));

        assertThatThrownBy(() -> SafeTensors.readInto(store, path()))
                .hasMessage("the checkpoint " + path() + " does not fit the model: 1 weights are missing (gone),"
                        + " 1 are unknown (extra), 1 differ ('shape' is FLOAT[2] in the file but FLOAT[3] here)."
                        + " Nothing was changed");
        assertThat(store.get("same").item()).isEqualTo(5);
        assertThat(store.version()).isZero();
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNoTemporary() throws IOException {
        SafeTensors.write(new WeightStore(tensors()), path());
        byte[] before = Files.readAllBytes(path());

        assertThatThrownBy(() -> SafeTensors.write(Map.of("__metadata__", Tensor.scalar(1f)), path(), Map.of()))
                .hasMessage("a tensor cannot be called '__metadata__' in a safetensors file; rename it");

        assertThat(Files.readAllBytes(path())).isEqualTo(before);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(path());
        }
    }

    private static Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("b.weight", Tensor.of(new float[] {-1, 0.5f}, 2, 1));
        tensors.put("a.weight", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
        tensors.put("scalar", Tensor.scalar(7f));
        tensors.put("positions", Tensor.vector(0, 1, -1));
        tensors.put("mask", Tensor.of(new boolean[] {true, false}, 2));
        tensors.put("empty", Tensor.of(new float[0], 0, 4));
        return tensors;
    }

    private Path path() {
        return folder.resolve("model.safetensors");
    }

    static void write(Path file, String header, byte[] data) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        Files.write(file, bytes.putLong(json.length).put(json).put(data).array());
    }
}
