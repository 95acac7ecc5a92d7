package dev.save4j.testkit.reference;

import java.util.Arrays;

/**
 * A window that slides over the spatial axes of {@code [batch, channels, …]}.
 *
 * @param before padding ahead of each axis
 * @param result positions of the window along each axis
 */
record Window(int[] kernel, int[] strides, int[] dilations, int[] before, int[] result) {
    /** By the attributes that convolutions and poolings share. */
    static Window of(Operands in, int[] input, int[] kernelOrElse) {
        int rank = kernelOrElse.length;
        int[] kernel = in.integers("kernel_shape", kernelOrElse);
        int[] strides = in.integers("strides", ones(rank));
        int[] dilations = in.integers("dilations", ones(rank));
        int[] pads = in.integers("pads", new int[2 * rank]);
        String automatic = in.node().text("auto_pad", "NOTSET");
        int[] before = new int[rank];
        int[] result = new int[rank];
        for (int axis = 0; axis < rank; axis++) {
            int extent = dilations[axis] * (kernel[axis] - 1) + 1;
            if (automatic.startsWith("SAME")) {
                result[axis] = (input[axis] + strides[axis] - 1) / strides[axis];
                int total = Math.max(0, (result[axis] - 1) * strides[axis] + extent - input[axis]);
                before[axis] = automatic.equals("SAME_UPPER") ? total / 2 : total - total / 2;
            } else {
                before[axis] = pads[axis];
                int room = input[axis] + pads[axis] + pads[axis + rank] - extent;
                result[axis] = room / strides[axis] + 1;
                // The last window must begin inside.
                if (in.flag("ceil_mode", false)
                        && room % strides[axis] != 0
                        && result[axis] * strides[axis] < input[axis] + pads[axis]) {
                    result[axis]++;
                }
            }
        }
        return new Window(kernel, strides, dilations, before, result);
    }

    static int[] ones(int rank) {
        int[] ones = new int[rank];
        Arrays.fill(ones, 1);
        return ones;
    }

    /** Where an element of the window lies along each axis, which may be outside. */
    int[] at(int[] position, int[] element) {
        int[] at = new int[position.length];
        for (int axis = 0; axis < at.length; axis++) {
            at[axis] = position[axis] * strides[axis] - before[axis] + element[axis] * dilations[axis];
        }
        return at;
    }

    static boolean inside(int[] at, int[] shape) {
        for (int axis = 0; axis < at.length; axis++) {
            if (at[axis] < 0 || at[axis] >= shape[axis]) {
                return false;
            }
        }
        return true;
    }

    static int[] spatial(Numbers x) {
        return Arrays.copyOfRange(x.shape(), 2, x.rank());
    }

    static int flat(int[] at, int[] shape) {
        int flat = 0;
        for (int axis = 0; axis < at.length; axis++) {
            flat = flat * shape[axis] + at[axis];
        }
        return flat;
    }
}
