package dev.save4j.tensor;

import static dev.save4j.tensor.SafeTensorsTest.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafeTensorsRefusalTest {
    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("bad.safetensors");
    }

    @Test
    void aMissingFile() {
        assertRefused("there is no checkpoint file " + file);
    }

    @Test
    void aFolderWithoutACheckpoint() {
        assertThatThrownBy(() -> SafeTensors.read(folder))
                .hasMessage("the folder " + folder
                        + " has neither model.safetensors nor model.safetensors.index.json; name the checkpoint file");
    }

    @Test
    void anEmptyFile() throws IOException {
        Files.createFile(file);
        assertRefused(file + " is empty; download or copy the checkpoint again");
    }

    @Test
    void lessThanALength() throws IOException {
        Files.write(file, new byte[5]);
        assertRefused(
                file + " holds 5 bytes, but a safetensors file begins with 8 bytes of header length; it is truncated");
    }

    @Test
    void aHeaderLongerThanTheFile() throws IOException {
        Files.write(file, length(100));
        assertRefused(file + " says that its header takes 100 bytes, but only 0 follow;"
                + " it is truncated or not a safetensors file");
    }

    @Test
    void anAbsurdHeaderLength() throws IOException {
        Files.write(file, length(-1));
        assertRefused(file + " says that its header takes 18446744073709551615 bytes, more than the 100000000 allowed;"
                + " it is not a safetensors file");
    }

    @Test
    void aHeaderThatIsNotUtf8() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
        Files.write(file, bytes.putLong(2).put((byte) 0xff).put((byte) '}').array());
        assertRefused("the header of " + file + " is not UTF-8 text; the file is damaged or of another format");
    }

    @Test
    void aTruncatedFile() throws IOException {
        write(file, tensor("w", "F32", "[2]", "[0,8]"), new byte[7]);
        assertRefused(file + ": tensor 'w' ends at byte 8 of the data, but the file holds only 7;"
                + " it is truncated or was not downloaded completely");
    }

    @Test
    void bytesThatNoTensorOwns() throws IOException {
        write(file, tensor("w", "F32", "[2]", "[0,8]"), new byte[11]);
        assertRefused(file + " has 3 bytes after the data of tensor 'w' that belong to no tensor; the file is damaged");
    }

    @Test
    void aFileWithoutTensorsButWithData() throws IOException {
        write(file, "{}", new byte[1]);
        assertRefused(file + " has 1 bytes after the data of the header that belong to no tensor; the file is damaged");
    }

    @Test
    void overlappingTensors() throws IOException {
        write(
                file,
                "{" + field("a", "F32", "[2]", "[0,8]") + "," + field("b", "F32", "[2]", "[4,12]") + "}",
                new byte[12]);
        assertRefused(file + ": tensor 'b' overlaps the data of tensor 'a'");
    }

    @Test
    void aHoleBetweenTensors() throws IOException {
        write(
                file,
                "{" + field("a", "F32", "[1]", "[0,4]") + "," + field("b", "F32", "[1]", "[8,12]") + "}",
                new byte[12]);
        assertRefused(file + ": tensor 'b' leaves a hole of 4 bytes after tensor 'a'");
    }

    @Test
    void aHoleBeforeTheFirstTensor() throws IOException {
        write(file, tensor("a", "U8", "[1]", "[2,3]"), new byte[3]);
        assertRefused(file + ": tensor 'a' leaves a hole of 2 bytes after the header");
    }

    @Test
    void aNameTwice() throws IOException {
        write(file, "{" + field("a", "U8", "[1]", "[0,1]") + "," + field("a", "U8", "[1]", "[1,2]") + "}", new byte[2]);
        assertRefused("the header of " + file + " has the name 'a' twice");
    }

    @Test
    void anUnknownType() throws IOException {
        write(file, tensor("w", "F8_E4M3", "[1]", "[0,1]"), new byte[1]);
        assertRefused(file + ": tensor 'w' has the dtype F8_E4M3, which save4j does not hold; it reads BF16, BOOL, F16,"
                + " F32, F64, I16, I32, I64, I8, U16, U32, U64, U8. Convert the checkpoint to F32 or BF16");
    }

    @Test
    void aShapeThatDoesNotFillItsRange() throws IOException {
        write(file, tensor("w", "F32", "[2,3]", "[0,20]"), new byte[20]);
        assertRefused(file + ": tensor 'w' of F32[2, 3] takes 24 bytes, but its data_offsets [0, 20] span 20");
    }

    @Test
    void aShapeThatOverflows() throws IOException {
        write(file, tensor("w", "F32", "[4294967296,4294967296]", "[0,0]"), new byte[0]);
        assertRefused(file + ": tensor 'w' has the impossible shape [4294967296, 4294967296]");
    }

    @Test
    void aRangeThatEndsBeforeItBegins() throws IOException {
        write(file, tensor("w", "U8", "[1]", "[1,0]"), new byte[1]);
        assertRefused(file + ": tensor 'w' begins at byte 1, after its end at 0");
    }

    @Test
    void aRangeOfThreeNumbers() throws IOException {
        write(file, tensor("w", "U8", "[1]", "[0,1,2]"), new byte[2]);
        assertRefused(file + ": tensor 'w' has data_offsets [0, 1, 2] instead of [begin, end]");
    }

    @Test
    void aMissingField() throws IOException {
        write(file, "{\"w\":{\"dtype\":\"U8\",\"shape\":[1]}}", new byte[1]);
        assertRefused(file + ": tensor 'w' needs dtype, shape and data_offsets but has only [dtype, shape]");
    }

    @Test
    void anUnknownField() throws IOException {
        write(file, "{\"w\":{\"dtype\":\"U8\",\"scale\":[1]}}", new byte[1]);
        assertRefused(file + ": tensor 'w' has the unknown field 'scale'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "[]~no '{' at character 0, before \"[]\"",
                "{} x~more text after its end at character 3, before \"x\"",
                "{\"a\"}~no ':' at character 4, before \"}\"",
                "{\"a~an unfinished string at character 3, before \"\"",
                "{\"a\\q~an unknown escape at character 5, before \"\"",
                "{\"\\u12g4\":~a broken \\u escape at character 7, before \"4\":\"",
                "{\"\\ud800\":~a string with half a surrogate pair at character 9, before \":\"",
                "{\"w\":{\"shape\":[-1]}}~no whole number at character 15, before \"-1]}}\"",
                "{\"w\":{\"shape\":[1.5]}}~no whole number at character 15, before \"1.5]}}\"",
                "{\"w\":{\"shape\":[01]}}~no whole number at character 15, before \"01]}}\"",
                "{\"w\":{\"shape\":[1}}~no ']' at character 16, before \"}}\"",
            })
    void brokenJson(String header, String reason) throws IOException {
        write(file, header, new byte[0]);
        assertRefused("the header of " + file + " is not the JSON expected: " + reason);
    }

    @Test
    void aRawControlCharacter() throws IOException {
        write(file, "{\"a\nb\":{}}", new byte[0]);
        assertRefused("the header of " + file + " is not the JSON expected: a string with a raw control character at"
                + " character 4, before \"b\":{}}\"");
    }

    @Test
    void aNumberThatNoLongHolds() throws IOException {
        write(file, tensor("w", "U8", "[9223372036854775808]", "[0,1]"), new byte[1]);
        assertRefused("the header of " + file + " has a number too large, 9223372036854775808");
    }

    /** Whatever is wrong with a file, the answer is a message and never another exception. */
    @Test
    void damagedBytesGiveAMessageOrOtherNumbers() throws IOException {
        Path whole = folder.resolve("whole.safetensors");
        SafeTensors.write(
                Map.of("a", Tensor.of(new float[] {1, 2, 3}, 3), "b", Tensor.vector(1, 2)), whole, Map.of("k", "v"));
        byte[] bytes = Files.readAllBytes(whole);
        Random random = new Random(7);
        int refused = 0;
        for (int i = 0; i < 2_000; i++) {
            byte[] damaged = i % 4 == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes.clone();
            for (int j = i % 3; j >= 0 && damaged.length > 0; j--) {
                damaged[random.nextInt(damaged.length)] =
                        (byte) (j == 0 ? random.nextInt(256) : "0[]{}\",:".charAt(random.nextInt(8)));
            }
            Files.write(file, damaged);
            try {
                SafeTensors.read(file);
            } catch (SaveException expected) {
                refused++;
            }
        }
        assertThat(refused).isBetween(1_000, 1_990);
    }

    private void assertRefused(String message) {
        assertThatThrownBy(() -> SafeTensors.read(file))
                .isInstanceOfSatisfying(SaveException.class, error -> {
                    if (error.kind() != SaveException.Kind.USER) {
                        throw new AssertionError("expected a USER error", error);
                    }
                })
                .hasMessage(message);
    }

    private static String tensor(String name, String dtype, String shape, String offsets) {
        return "{" + field(name, dtype, shape, offsets) + "}";
    }

    private static String field(String name, String dtype, String shape, String offsets) {
        return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets
                + "}";
    }

    private static byte[] length(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }
}
