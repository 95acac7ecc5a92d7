package dev.save4j.tensor;

import dev.save4j.SaveException;

/** Element types of tensors with their codes in the ONNX format (TensorProto.DataType). */
public enum ElementType {
    FLOAT(1, 4),
    UINT8(2, 1),
    INT8(3, 1),
    UINT16(4, 2),
    INT16(5, 2),
    INT32(6, 4),
    INT64(7, 8),
    BOOL(9, 1),
    FLOAT16(10, 2),
    DOUBLE(11, 8),
    UINT32(12, 4),
    UINT64(13, 8),
    BFLOAT16(16, 2);

    private final int onnxCode;
    private final int bytes;

    ElementType(int onnxCode, int bytes) {
        this.onnxCode = onnxCode;
        this.bytes = bytes;
    }

    /** The value of TensorProto.DataType. */
    public int onnxCode() {
        return onnxCode;
    }

    /** Bytes per element. */
    public int bytes() {
        return bytes;
    }

    public boolean isFloating() {
        return this == FLOAT || this == DOUBLE || this == FLOAT16 || this == BFLOAT16;
    }

    /** Throws a USER error for the types that save4j does not hold (strings, complex numbers, 4- and 8-bit floats). */
    public static ElementType ofOnnxCode(int code) {
        for (ElementType type : values()) {
            if (type.onnxCode == code) {
                return type;
            }
        }
        throw SaveException.user(
                "ONNX element type " + code
                        + " is not supported (strings, complex numbers and packed 4- or 8-bit floats are not); export the model in float32");
    }
}
