//! What the benchmarks share: an allocation counter and generated inputs.
