"""A small network as an ONNX file of many forms, and its answers without ONNX."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

WINDOW, FILTERS, SIZE, TARGETS = 21, 6, 5, 3
TO_NCL = {  # layout → how its axes become (n, c, l)
    "ncl": [0, 1, 2],
    "nlc": [0, 2, 1],
    "nc1l": [0, 1, 3, 2],
    "n1lc": [0, 3, 2, 1],
    "nlc1": [0, 2, 1, 3],
}


class Toy:
    """Convolution, rectifier, maximum, dense layer; with `both`, filters of both strands."""

    def __init__(self, seed=0, *, targets=TARGETS, both=False):
        rng = np.random.default_rng(seed)
        self.filters = rng.normal(size=(FILTERS, 4, SIZE)).astype(np.float32)
        self.weights = rng.normal(size=(FILTERS, targets)).astype(np.float32)
        if both:
            self.filters = np.concatenate([self.filters, self.filters[:, ::-1, ::-1]])
            self.weights = np.concatenate([self.weights, self.weights])

    def answers(self, codes, letters="ACGT", unknown=0.25):
        """Return the answers to codes (n, window), (n, targets), window by window."""
        table = np.full((5, 4), unknown)
        for code, base in enumerate("ACGT"):
            table[code] = [base == letter for letter in letters]
        rows = table[codes]  # (n, window, 4)
        windows = np.lib.stride_tricks.sliding_window_view(rows, SIZE, axis=1)  # (n, p, 4, SIZE)
        found = np.tensordot(windows, self.filters, ([2, 3], [1, 2]))  # (n, p, FILTERS)
        return np.maximum(found, 0).max(1) @ self.weights

    def graph(
        self,
        layout="ncl",
        *,
        rows="n",
        window=WINDOW,
        kind=TensorProto.FLOAT,
        opset=17,
        last="",
        wrong_rows=False,
        extra_input=False,
        extra_output=False,
    ):
        """Return the network as an ONNX model with an input x and an output y."""
        float_kind = TensorProto.DOUBLE if kind == TensorProto.DOUBLE else TensorProto.FLOAT
        dtype = helper.tensor_dtype_to_np_dtype(float_kind)
        arrays = {"w": self.filters, "v": self.weights, "table": np.eye(5, 4)}
        arrays["table"][4] = 0.25
        tensors = [numpy_helper.from_array(a.astype(dtype), name) for name, a in arrays.items()]
        nodes, values = [], "x"

        def node(kind, *inputs, **attributes):
            name = f"t{len(nodes)}"
            nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
            return name

        if layout == "nl":
            shape = [window]
            codes = node("Cast", "x", to=TensorProto.INT64)
            values = node("Transpose", node("Gather", "table", codes), perm=[0, 2, 1])
        else:
            shape = [{"c": 4, "l": window, "1": 1}[axis] for axis in layout[1:]]
            values = node("Transpose", "x", perm=TO_NCL[layout])
            if len(layout) == 4:
                tensors.append(numpy_helper.from_array(np.array([0, 4, -1]), "shape"))
                values = node("Reshape", values, "shape")
        values = node("GlobalMaxPool", node("Relu", node("Conv", values, "w")))
        size = [2, FILTERS] if wrong_rows else [-1, len(self.weights)]
        tensors.append(numpy_helper.from_array(np.array(size), "flat"))
        values = node("MatMul", node("Reshape", values, "flat"), "v")
        if extra_input:
            values = node("Add", values, "z")
        if last:
            values = node(last, values)
        nodes[-1].output[0] = "y"
        inputs = [helper.make_tensor_value_info("x", kind, [rows, *shape])]
        outputs = [helper.make_tensor_value_info("y", float_kind, [rows, self.weights.shape[1]])]
        if extra_input:
            inputs.append(helper.make_tensor_value_info("z", float_kind, [rows, 1]))
        if extra_output:
            outputs.append(helper.make_tensor_value_info("t0", float_kind, None))
        graph = helper.make_graph(nodes, "toy", inputs, outputs, tensors)
        opsets = [helper.make_opsetid("", opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def write(self, path, **how):
        """Write the network to a file; return its path."""
        path.write_bytes(self.graph(**how).SerializeToString())
        return path


def some_codes(window=WINDOW, rows=6):
    codes = np.random.default_rng(5).integers(0, 4, (rows, window)).astype(np.uint8)
    codes[1, 3:9] = 4
    return codes
