"""JAX with Flax NNX: a chunk of steps is one compiled call, data and state stay on the device."""
