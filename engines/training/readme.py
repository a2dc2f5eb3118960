"""The text that a run folder explains itself with."""

README = """\
This folder is one training run. It is all there is to know about the run: copy it, and nothing is lost.

run.json          its name, engine, device, state, and the figures at its end
design.json       the model: layers in order, with shapes and parameters
recipe.json       how it was trained: loss, optimizer, rates, epochs, seed
data.json         which data, how they were prepared, and the digest of their content
split.npz         the samples' indices: train, validation, test (NumPy)
environment.json  the versions it ran with
init.safetensors  the weights before the first step
metrics/          every step's loss and metrics (steps.bin: "MWMETRIC", uint32 length of the header,
                  JSON header with the columns, then one little-endian float32 a column and step; float64
                  where the header says "type": "<f8")
events.jsonl      what happened, one JSON record a line: validations, checkpoints, pauses, notes
checkpoints/      step-N: all that is needed to go on exactly; best-N: the best weights so far.
                  The .json beside each holds the step and the SHA-256; arrays are safetensors, named
                  model/<layer>/<role> and optimizer/<slot>/<layer>/<role>. Epochs that take less time
                  than 50 checkpoints do not all have one
layers/           the files of layers written in Python, to be read: what runs stands in design.json
artifacts/        what was made from the run, such as ONNX files
manifest.json     the SHA-256 of every file here

Layouts: a dense weight is (out, in), a convolution's (out, in / groups, *kernel). The test split was used
neither for stopping nor for choosing the best weights.
"""
