package com.google.common.util.concurrent;

import java.util.concurrent.Future;

/** A signature, see the README. */
public interface ListenableFuture<V> extends Future<V> {}
