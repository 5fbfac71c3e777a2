"""Names, places and organisations found by a small model of our own, run by onnxruntime."""
