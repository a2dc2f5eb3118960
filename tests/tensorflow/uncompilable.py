"""A process in which one layer calls back into Python, which XLA cannot compile; prints its run's events.

``python -m tests.tensorflow.uncompilable JOB.json``
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Train the job and print what it yields."""
    from engines.backends.tensorflow import jobs, runtime
    from engines.contract.events import Metrics
    from engines.contract.jobs import TrainJob
    from engines.contract.records import from_plain, to_plain
    from engines.training.control import ControlFlags

    runtime.prepare()
    import keras
    import tensorflow as tf

    from engines.backends.tensorflow.layers import LAYERS

    class CallsPython(keras.Layer):
        def call(self, value: Any) -> Any:
            answer = tf.py_function(lambda given: tf.nn.relu(given), [value], value.dtype)
            return tf.ensure_shape(answer, value.shape)

    LAYERS["relu"] = lambda layer, inputs, dtype: CallsPython(name=layer.name, dtype=dtype)
    job: TrainJob = from_plain(TrainJob, json.loads(Path(sys.argv[1]).read_text()))
    for event in jobs.run(job, ControlFlags()):
        if not isinstance(event, Metrics):
            print(json.dumps(to_plain(event)))


if __name__ == "__main__":
    main()
