package dev.save4j.onnxruntime;

import ai.onnxruntime.OrtException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The calling thread and others that do their parts of a task at the same time, thousands of times a second. Nothing is allocated per task, which a
 * pool of executors would do. Used by one thread at a time.
 */
final class Crew implements AutoCloseable {
    /** Waiting begins with looking at the other's flag for so many nanoseconds: being woken by the system takes longer. */
    private static final long LOOKING = 30_000;

    private final Worker[] workers;
    private final AtomicInteger working = new AtomicInteger();
    private volatile @Nullable Thread caller;

    /** What each member does. */
    @FunctionalInterface
    interface Task {
        /** @param member from 0, which is the caller */
        void run(int member) throws OrtException;
    }

    /** Starts all threads but the caller's. */
    Crew(int members) {
        workers = new Worker[members - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1);
            workers[i].start();
        }
    }

    /**
     * Does a task with the first {@code members}, and returns when all have done their parts, also when the caller is interrupted, which it then still
     * is. When several fail, what the first of them threw is thrown.
     */
    void run(Task task, int members) throws OrtException {
        caller = Thread.currentThread();
        working.set(members - 1);
        for (int i = 0; i < members - 1; i++) {
            workers[i].begin(task);
        }
        try {
            task.run(0);
        } finally {
            await();
        }
        for (int i = 0; i < members - 1; i++) {
            workers[i].rethrow();
        }
    }

    private void await() {
        long since = System.nanoTime();
        boolean interrupted = false;
        while (working.get() > 0) {
            // An interrupted thread cannot be parked.
            interrupted |= Thread.interrupted();
            rest(since);
        }
        caller = null;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void rest(long since) {
        if (System.nanoTime() - since < LOOKING) {
            Thread.onSpinWait();
        } else {
            LockSupport.park(this);
        }
    }

    private final class Worker extends Thread {
        private final int member;
        private volatile @Nullable Task task;
        private volatile boolean leaving;
        private @Nullable Throwable failure;

        Worker(int member) {
            super("save4j-rollout-" + member);
            this.member = member;
            setDaemon(true);
        }

        void begin(Task next) {
            failure = null;
            task = next;
            LockSupport.unpark(this);
        }

        @Override
        public void run() {
            long since = System.nanoTime();
            while (!leaving) {
                Task next = task;
                if (next == null) {
                    rest(since);
                    continue;
                }
                task = null;
                try {
                    next.run(member);
                } catch (Throwable thrown) {
                    failure = thrown;
                }
                since = System.nanoTime();
                Thread waiting = caller;
                if (working.decrementAndGet() == 0) {
                    LockSupport.unpark(waiting);
                }
            }
        }

        void rethrow() throws OrtException {
            if (failure instanceof OrtException thrown) {
                throw thrown;
            }
            if (failure instanceof RuntimeException thrown) {
                throw thrown;
            }
            if (failure instanceof Error thrown) {
                throw thrown;
            }
        }

        void leave() {
            leaving = true;
            LockSupport.unpark(this);
        }
    }

    /** Returns when the threads have ended. */
    @Override
    public void close() {
        boolean interrupted = false;
        for (Worker worker : workers) {
            worker.leave();
            while (worker.isAlive()) {
                try {
                    worker.join();
                } catch (InterruptedException again) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
