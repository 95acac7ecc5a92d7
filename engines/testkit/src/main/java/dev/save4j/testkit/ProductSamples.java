package dev.save4j.testkit;

import dev.save4j.testkit.reference.Numbers;
import java.util.List;

/** Samples of products of matrices and tensors. */
final class ProductSamples {
    private ProductSamples() {}

    static void addTo(SampleList list) {
        matmul(list);
        fused(list);
        gemm(list);
        einsum(list);
    }

    private static void matmul(SampleList list) {
        list.op("MatMul").data(list.numbers(2, 3)).data(list.numbers(3, 4)).label("matrices");
        list.op("MatMul")
                .data(list.numbers(2, 2, 3))
                .data(list.numbers(2, 3, 2))
                .label("batches");
        list.op("MatMul").data(list.numbers(2, 2, 3)).data(list.numbers(3, 4)).label("one right matrix");
        list.op("MatMul").data(list.numbers(2, 3)).data(list.numbers(2, 3, 2)).label("one left matrix");
        list.op("MatMul")
                .data(list.numbers(2, 1, 2, 3))
                .data(list.numbers(1, 3, 3, 2))
                .label("batches broadcast");
        list.op("MatMul").data(list.numbers(3)).data(list.numbers(3)).label("vectors");
        list.op("MatMul").data(list.numbers(3)).data(list.numbers(3, 2)).label("left vector");
        list.op("MatMul").data(list.numbers(2, 3)).data(list.numbers(3)).label("right vector");
        list.op("MatMul").data(list.numbers(2, 2, 3)).data(list.numbers(3)).label("batches and a vector");
        list.op("MatMul")
                .data(list.numbers(17, 70))
                .data(list.numbers(70, 19))
                .rough()
                .label("large");
    }

    private static void fused(SampleList list) {
        list.microsoft("FusedMatMul")
                .data(list.numbers(2, 3))
                .data(list.numbers(3, 4))
                .label("plain");
        list.microsoft("FusedMatMul")
                .data(list.numbers(2, 2, 3))
                .data(list.numbers(4, 3))
                .set("transB", 1)
                .label("linear layer");
        list.microsoft("FusedMatMul")
                .data(list.numbers(2, 3))
                .data(list.numbers(4, 3))
                .set("transB", 1)
                .set("alpha", 0.5f)
                .label("scaled");
        list.microsoft("FusedMatMul")
                .data(list.numbers(2, 3, 2))
                .data(list.numbers(2, 3, 4))
                .set("transA", 1)
                .label("left transposed");
        list.microsoft("FusedMatMul")
                .data(list.numbers(1, 2, 3, 2))
                .data(list.numbers(2, 2, 4, 3))
                .set("transA", 1)
                .set("transB", 1)
                .label("both transposed, batches broadcast");
        list.microsoft("FusedMatMul")
                .data(list.numbers(3, 2, 4))
                .data(list.numbers(4, 2, 5))
                .set("transBatchA", 1)
                .set("transBatchB", 1)
                .label("batch axis in the middle");
    }

    private static void gemm(SampleList list) {
        list.op("Gemm").data(list.numbers(2, 3)).data(list.numbers(3, 4)).label("no bias");
        list.op("Gemm")
                .data(list.numbers(2, 3))
                .data(list.numbers(4, 3))
                .data(list.numbers(4))
                .set("transB", 1)
                .label("bias");
        for (int[] bias : List.of(new int[0], new int[] {1}, new int[] {2, 1}, new int[] {1, 4}, new int[] {2, 4})) {
            list.op("Gemm")
                    .data(list.numbers(3, 2))
                    .data(list.numbers(3, 4))
                    .data(list.numbers(bias))
                    .set("transA", 1)
                    .set("alpha", 0.7f)
                    .set("beta", 1.3f)
                    .label("scaled, bias " + java.util.Arrays.toString(bias));
        }
    }

    private static void einsum(SampleList list) {
        list.op("Einsum")
                .data(list.numbers(2, 3))
                .data(list.numbers(3, 4))
                .set("equation", "ij,jk->ik")
                .label("product");
        list.op("Einsum").data(list.numbers(2, 3)).set("equation", "ij->ji").label("transposition");
        list.op("Einsum").data(list.numbers(2, 3)).set("equation", "ij->i").label("row sums");
        list.op("Einsum").data(list.numbers(3, 3)).set("equation", "ii->i").label("diagonal");
        list.op("Einsum")
                .data(list.numbers(2, 2, 3))
                .data(list.numbers(2, 3, 2))
                .set("equation", "...ij,...jk->...ik")
                .label("batches by ellipsis");
        list.op("Einsum")
                .data(list.numbers(2, 2, 3, 2))
                .data(list.numbers(2, 2, 4, 2))
                .set("equation", "bhid,bhjd->bhij")
                .label("attention scores");
        list.op("Einsum")
                .data(list.numbers(3))
                .data(list.numbers(3))
                .set("equation", "i,i")
                .label("dot product");
        list.op("Einsum")
                .data(list.numbers(2))
                .data(list.numbers(3))
                .set("equation", "i,j->ij")
                .label("outer product");
        list.op("MatMul")
                .input(Numbers.of(new long[] {1, 2, 3, 4}, 2, 2))
                .input(Numbers.of(new long[] {5, 6, 7, 8}, 2, 2))
                .label("integers");
    }
}
