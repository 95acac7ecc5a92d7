package dev.save4j.tensorflow;

/** Gives weights and long constants, which outlive the runs they are fed to, by the names they have in the graph. */
interface Lender {
    NativeTensor get(String name);
}
