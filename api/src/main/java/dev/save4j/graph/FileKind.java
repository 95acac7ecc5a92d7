package dev.save4j.graph;

import dev.save4j.SaveException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Tells files that are often taken for ONNX models by their first bytes. */
final class FileKind {
    private FileKind() {}

    static void requireOnnx(ByteBuffer bytes, String file) {
        if (!bytes.hasRemaining()) {
            throw SaveException.user(file + ": the file is empty; it is no ONNX model");
        }
        String start = start(bytes);
        String kind = "";
        if (start.startsWith("\u0089PNG")) {
            kind = "a PNG picture";
        } else if (start.startsWith("PK\u0003\u0004")) {
            kind = "a zip archive, as PyTorch's checkpoints are; export the model to ONNX";
        } else if (start.startsWith("GGUF")) {
            kind = "a GGUF file; export the model to ONNX";
        } else if (start.startsWith("version https://git-lfs")) {
            kind = "a Git LFS pointer; fetch the file itself with `git lfs pull`";
        } else if (start.length() > 9 && start.charAt(8) == '{' && start.charAt(7) == 0 && start.charAt(6) == 0) {
            kind = "a safetensors file; give the folder of the Hugging Face model instead";
        } else if (start.startsWith("{") || start.startsWith("<")) {
            kind = "text";
        }
        if (!kind.isEmpty()) {
            throw SaveException.user(file + ": it is no ONNX model but looks like " + kind);
        }
    }

    private static String start(ByteBuffer bytes) {
        byte[] start = new byte[Math.min(32, bytes.remaining())];
        bytes.get(bytes.position(), start);
        return new String(start, StandardCharsets.ISO_8859_1);
    }
}
