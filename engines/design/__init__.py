"""The editable design, the layer catalogue, shape inference, storage."""
