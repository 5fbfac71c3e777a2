"""The name model as an ONNX graph, from its weights. Used when it is exported; the file is what runs."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float32]

OPSET: Final = 17
INPUTS: Final = ("pieces", "shapes", "known", "gaps")
WITHIN: Final = "within"
OUTPUT: Final = "probabilities"
_OURS: Final = "com.microsoft"
_SIX_BITS: Final = 63
"""Weights in seven bits: two products of eight would overflow the sixteen that processors without VNNI add in."""
_RANGE: Final = 0.8
"""Of the largest value seen, what eight bits span. Few values are larger; for all others the steps are finer."""
_MIDDLE: Final = 128
"""What stands for zero where eight bits hold numbers of both signs."""


def build(weights: Mapping[str, Array], dilations: Sequence[int], tops: Mapping[str, float] | None = None) -> bytes:
    """A serialized graph: four int32 [1, n] and `within` float32 [1, n, 1] in, float32 [1, n, labels] out.

    `within` is 1 for a piece and 0 for a row between two texts, which every convolution reads as it reads what lies
    beyond the ends. `weights`: `table` [vocabulary, width], `shape`, `known`, `gap` [rows, width], for block i
    `norm{i}.weight/.bias`, `conv{i}.weight` [3 * width, width] (left, middle, right neighbour) and `conv{i}.bias`;
    `norm.*`, `out.*`. With `tops` (of `largest`) table and convolutions are int8, without them all is float.
    """
    return _Builder(weights, tops).build(dilations)


def largest(
    weights: Mapping[str, Array], dilations: Sequence[int], texts: Sequence[Mapping[str, Array]]
) -> dict[str, float]:
    """The largest absolute value that goes into each convolution and comes out of it, in float, over these inputs.

    Scales that are fixed by it make a label depend on its neighbours alone, not on what else is read in one run.
    """
    np: Any = importlib.import_module("numpy")
    onnx: Any = importlib.import_module("onnx")
    runtime: Any = importlib.import_module("onnxruntime")
    model = onnx.load_from_string(build(weights, dilations))
    names = [f"{side}{number}" for number in range(len(dilations)) for side in ("into", "out_of")]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = np.zeros(len(names))
    for rows in texts:
        given = {name: rows[name][None] for name in INPUTS}
        given[WITHIN] = np.ones((*given[INPUTS[0]].shape, 1), np.float32)
        found = np.maximum(found, [np.abs(each).max() for each in session.run(names, given)])
    return dict(zip(names, found.tolist(), strict=True))


class _Builder:
    def __init__(self, weights: Mapping[str, Array], tops: Mapping[str, float] | None) -> None:
        self._np: Any = importlib.import_module("numpy")
        self._onnx: Any = importlib.import_module("onnx")
        self._weights = weights
        self._tops = tops
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._count = 0

    def build(self, dilations: Sequence[int]) -> bytes:
        helper, kinds = self._onnx.helper, self._onnx.TensorProto
        x = self._vectors()
        for table, given in (("shape", "shapes"), ("known", "known"), ("gap", "gaps")):
            rows = self._node("Gather", [self._constant(f"{table}_rows", self._weights[table]), given])
            x = self._node("Add", [x, rows])
        for number, dilation in enumerate(dilations):
            y = self._node("Mul", [self._norm(x, f"norm{number}"), WITHIN], f"into{number}")
            x = self._node("Add", [x, self._convolution(y, number, dilation)])
        product = self._node("MatMul", [self._norm(x, "norm"), self._weight("out.weight")])
        logits = self._node("Add", [product, self._weight("out.bias")])
        self._node("Softmax", [logits], OUTPUT, axis=-1)
        labels = self._weights["out.weight"].shape[1]
        inputs = [helper.make_tensor_value_info(name, kinds.INT32, [1, "n"]) for name in INPUTS]
        graph = helper.make_graph(
            self._nodes,
            "names",
            [*inputs, helper.make_tensor_value_info(WITHIN, kinds.FLOAT, [1, "n", 1])],
            [helper.make_tensor_value_info(OUTPUT, kinds.FLOAT, [1, "n", labels])],
            [self._onnx.numpy_helper.from_array(value, name) for name, value in self._constants.items()],
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(_OURS, 1)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="gateway")
        model.ir_version = 8
        self._onnx.checker.check_model(model)
        out: bytes = model.SerializeToString()
        return out

    def _vectors(self) -> str:
        table = self._weights["table"]
        if self._tops is None:
            return self._node("Gather", [self._weight("table"), "pieces"])
        np = self._np
        scale = np.maximum(np.abs(table).max(1, keepdims=True) / 127, 1e-8).astype(np.float32)
        small = np.clip(np.rint(table / scale), -127, 127).astype(np.int8)
        rows = self._node("Gather", [self._constant("table", small), "pieces"])
        scales = self._node("Gather", [self._constant("table_scale", scale), "pieces"])
        return self._node("Mul", [self._node("Cast", [rows], to=self._onnx.TensorProto.FLOAT), scales])

    def _norm(self, x: str, name: str) -> str:
        return self._node(
            "LayerNormalization", [x, self._weight(f"{name}.weight"), self._weight(f"{name}.bias")], axis=-1
        )

    def _convolution(self, y: str, number: int, dilation: int) -> str:
        """[n, width] -> [n, width], not below zero: each row, and the two `dilation` rows away."""
        np = self._np
        name = f"conv{number}"
        width = self._weights[f"{name}.bias"].shape[0]
        # [3 * in, out] -> [out, in, 3]
        weight = np.ascontiguousarray(self._weights[f"{name}.weight"].reshape(3, -1, width).transpose(2, 1, 0))
        shape: dict[str, Any] = {"kernel_shape": [3], "dilations": [dilation], "pads": [dilation, dilation]}
        if self._tops is None:
            y = self._node("Transpose", [y], perm=[0, 2, 1])
            y = self._node("Conv", [y, self._constant(f"{name}.weight", weight), self._weight(f"{name}.bias")], **shape)
            y = self._node("Transpose", [y], perm=[0, 2, 1])
            return self._node("Relu", [y], f"out_of{number}")
        into = np.float32(_RANGE * self._tops[f"into{number}"] / (_MIDDLE - 1))
        out_of = np.float32(_RANGE * max(self._tops[f"out_of{number}"], 1e-6) / 255)
        scale = np.maximum(np.abs(weight).max((1, 2)) / _SIX_BITS, 1e-8).astype(np.float32)
        steps = [self._constant(f"{name}.into", into), self._constant("middle", np.uint8(_MIDDLE))]
        # Nothing is below zero at the end: clipping there is the Relu.
        ends = [self._constant(f"{name}.out_of", out_of), self._constant("zero", np.uint8(0))]
        kept = [
            self._constant(f"{name}.int8", np.rint(weight / scale[:, None, None]).astype(np.int8)),
            self._constant(f"{name}.scale", scale),
            self._constant("zeros", np.zeros(width, dtype=np.int8)),
        ]
        bias = np.rint(self._weights[f"{name}.bias"] / (into * scale)).astype(np.int32)
        y = self._node("QuantizeLinear", [y, *steps])
        given = [y, *steps, *kept, *ends, self._constant(f"{name}.bias32", bias)]
        y = self._node("QLinearConv", given, domain=_OURS, channels_last=1, **shape)
        return self._node("DequantizeLinear", [y, *ends])

    def _weight(self, name: str) -> str:
        return self._constant(name, self._weights[name])

    def _constant(self, name: str, value: Any) -> str:
        self._constants.setdefault(name, self._np.asarray(value))
        return name

    def _node(self, kind: str, inputs: Sequence[str], name: str = "", **attributes: Any) -> str:
        self._count += 1
        output = name or f"{kind}_{self._count}"
        self._nodes.append(self._onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output
