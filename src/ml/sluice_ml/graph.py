"""Growing an ONNX graph by hand: what the example's features, its trees and the iTransformer are written with.

An own twenty lines rather than a converter: a converter names nodes at random or not at all, and a graph of
ours has to be the same bytes for the same model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

#: ONNX Runtime 1.14 and newer; the first with LayerNormalization and with axes as inputs
OPSET = 18
#: of the file format, as that opset's release writes it
IR_VERSION = 10


@dataclass
class Graph:
    """Grows an ONNX graph, one named node at a time."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, value: Any) -> str:
        """Adds a tensor and returns its name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def __call__(self, op: str, *inputs: str, to: str | None = None, domain: str = "", **attributes: Any) -> str:
        """Adds a node with one output and returns the output's name."""
        to = to or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [to], name=f"make_{to}", domain=domain, **attributes))
        return to

    def as_float(self, x: str) -> str:
        """Casts to float32."""
        return self._cast(x, TensorProto.FLOAT)

    def as_double(self, x: str) -> str:
        """Casts to float64."""
        return self._cast(x, TensorProto.DOUBLE)

    def _cast(self, x: str, element: int) -> str:
        name = f"cast_{len(self.nodes)}"
        # `to` is an attribute of Cast and our own keyword at once, so this node is made by hand
        self.nodes.append(helper.make_node("Cast", [x], [name], name=f"make_{name}", to=element))
        return name

    def model(
        self,
        name: str,
        inputs: Sequence[tuple[str, int, Sequence[int | str]]],
        outputs: Sequence[tuple[str, int, Sequence[int | str]]],
        producer: str,
        ml_opset: int | None = None,
    ) -> onnx.ModelProto:
        """Closes the graph. Inputs and outputs: (name, element type of TensorProto, dimensions; a text is open)."""
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info(*x) for x in inputs],
            [helper.make_tensor_value_info(*x) for x in outputs],
            self.constants,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        if ml_opset is not None:
            opsets.append(helper.make_opsetid("ai.onnx.ml", ml_opset))
        built = helper.make_model(graph, opset_imports=opsets, producer_name=producer)
        built.ir_version = IR_VERSION
        return built
