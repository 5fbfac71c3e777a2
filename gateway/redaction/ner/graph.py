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
OUTPUT: Final = "probabilities"
_SIX_BITS: Final = 63
"""Weights in seven bits: two products of eight would overflow the sixteen that processors without VNNI add in."""


def build(weights: Mapping[str, Array], dilations: Sequence[int], *, int8: bool = True) -> bytes:
    """A serialized graph: four int32 [n] in, float32 [n, labels] out.

    `weights`: `table` [vocabulary, width], `shape`, `known`, `gap` [rows, width], for block i `norm{i}.weight/.bias`,
    `conv{i}.weight` [3 * width, width] (left, middle, right neighbour) and `conv{i}.bias`; `norm.*`, `out.*`.
    """
    onnx: Any = importlib.import_module("onnx")
    return _Builder(onnx, weights, int8=int8).build(dilations)


class _Builder:
    def __init__(self, onnx: Any, weights: Mapping[str, Array], *, int8: bool) -> None:
        self._np: Any = importlib.import_module("numpy")
        self._onnx = onnx
        self._weights = weights
        self._int8 = int8
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._count = 0

    def build(self, dilations: Sequence[int]) -> bytes:
        helper, kinds = self._onnx.helper, self._onnx.TensorProto
        x = self._vectors()
        for table, given in (("shape", "shapes"), ("known", "known"), ("gap", "gaps")):
            x = self._node(
                "Add", [x, self._node("Gather", [self._constant(f"{table}_rows", self._weights[table]), given])]
            )
        for number, dilation in enumerate(dilations):
            y = self._around(self._norm(x, f"norm{number}"), dilation)
            y = self._dense(y, f"conv{number}")
            x = self._node("Add", [x, self._node("Relu", [y])])
        logits = self._dense(self._norm(x, "norm"), "out", int8=False)
        self._nodes.append(helper.make_node("Softmax", [logits], [OUTPUT], axis=-1))
        labels = self._weights["out.weight"].shape[1]
        graph = helper.make_graph(
            self._nodes,
            "names",
            [helper.make_tensor_value_info(name, kinds.INT32, ["n"]) for name in INPUTS],
            [helper.make_tensor_value_info(OUTPUT, kinds.FLOAT, ["n", labels])],
            [self._onnx.numpy_helper.from_array(value, name) for name, value in self._constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="gateway")
        model.ir_version = 8
        self._onnx.checker.check_model(model)
        out: bytes = model.SerializeToString()
        return out

    def _vectors(self) -> str:
        table = self._weights["table"]
        if not self._int8:
            return self._node("Gather", [self._constant("table", table), "pieces"])
        np = self._np
        scale = np.maximum(np.abs(table).max(1, keepdims=True) / 127, 1e-8).astype(np.float32)
        small = np.clip(np.rint(table / scale), -127, 127).astype(np.int8)
        rows = self._node("Gather", [self._constant("table", small), "pieces"])
        scales = self._node("Gather", [self._constant("table_scale", scale), "pieces"])
        return self._node("Mul", [self._node("Cast", [rows], to=self._onnx.TensorProto.FLOAT), scales])

    def _around(self, x: str, dilation: int) -> str:
        """[n, width] -> [n, 3 * width]: the left neighbour, itself, the right one; zero beyond the ends."""
        np = self._np
        pads = self._constant(f"pads{dilation}", np.array([dilation, 0, dilation, 0], dtype=np.int64))
        padded = self._node("Pad", [x, pads])
        zero = self._constant("row_axis", np.array([0], dtype=np.int64))
        end = np.iinfo(np.int64).max
        parts = []
        for first, last in ((0, -2 * dilation), (dilation, -dilation), (2 * dilation, end)):
            bounds = [self._constant(f"at{v}", np.array([v], dtype=np.int64)) for v in (first, last)]
            parts.append(self._node("Slice", [padded, *bounds, zero]))
        return self._node("Concat", parts, axis=1)

    def _norm(self, x: str, name: str) -> str:
        scale, bias = (self._constant(f"{name}.{part}", self._weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self._node("LayerNormalization", [x, scale, bias], axis=-1)

    def _dense(self, x: str, name: str, *, int8: bool | None = None) -> str:
        np = self._np
        weight, bias = self._weights[f"{name}.weight"], self._constant(f"{name}.bias", self._weights[f"{name}.bias"])
        if not (self._int8 if int8 is None else int8):
            y = self._node("MatMul", [x, self._constant(f"{name}.weight", weight)])
            return self._node("Add", [y, bias])
        scale = np.maximum(np.abs(weight).max(0) / _SIX_BITS, 1e-8).astype(np.float32)
        small = self._constant(f"{name}.int8", np.rint(weight / scale).astype(np.int8))
        quantised, step, zero = self._outputs("DynamicQuantizeLinear", [x], 3)
        product = self._node("MatMulInteger", [quantised, small, zero])
        real = self._node("Cast", [product], to=self._onnx.TensorProto.FLOAT)
        factor = self._node("Mul", [step, self._constant(f"{name}.scale", scale)])
        return self._node("Add", [self._node("Mul", [real, factor]), bias])

    def _constant(self, name: str, value: Any) -> str:
        self._constants.setdefault(name, value)
        return name

    def _node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        return self._outputs(kind, inputs, 1, **attributes)[0]

    def _outputs(self, kind: str, inputs: Sequence[str], count: int, **attributes: Any) -> list[str]:
        self._count += 1
        names = [f"{kind}_{self._count}_{i}" for i in range(count)]
        self._nodes.append(self._onnx.helper.make_node(kind, list(inputs), names, **attributes))
        return names
