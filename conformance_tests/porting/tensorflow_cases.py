"""Cases of single TensorFlow ops: what each is called on. Lists and numbers are constants, arrays are inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_RANDOM = np.random.default_rng(7)


@dataclass(frozen=True)
class OpCase:
    """One call of an op.

    Attributes:
        op: Its name in `tf.raw_ops`.
        inputs: Arrays, which become inputs of the graph; lists and numbers, which become int32 constants.
        attributes: Of the op.
        batch: Whether the first axis of the first array may have any size.
        gradient: Whether gradients are compared too.
        outputs: How many of its outputs are looked at.
    """

    op: str
    inputs: tuple[Any, ...]
    attributes: dict[str, Any] = field(default_factory=dict)
    batch: bool = True
    gradient: bool = True
    outputs: int | None = None

    def __str__(self) -> str:
        shapes = "_".join("x".join(map(str, x.shape)) or "s" if isinstance(x, np.ndarray) else "c" for x in self.inputs)
        extra = "-".join(f"{k}={v}" for k, v in self.attributes.items() if not isinstance(v, list | dict))
        return f"{self.op}-{shapes}-{extra}".replace(" ", "")[:90]


def floats(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Floats in float64, so that a wrong formula cannot hide behind rounding."""
    return _RANDOM.uniform(low, high, shape)


def singles(*shape: int) -> np.ndarray:
    """Floats in float32, for ops whose kernels know nothing else."""
    return _RANDOM.uniform(-2.0, 2.0, shape).astype(np.float32)


def integers(*shape: int, low: int = -5, high: int = 6, dtype: str = "int32") -> np.ndarray:
    """Integers, `high` excluded."""
    return _RANDOM.integers(low, high, shape).astype(dtype)


def booleans(*shape: int) -> np.ndarray:
    """True and False."""
    return _RANDOM.integers(0, 2, shape).astype(bool)


def complexes(*shape: int) -> np.ndarray:
    """Complex numbers."""
    return _RANDOM.standard_normal(shape) + 1j * _RANDOM.standard_normal(shape)


def positive_definite(*batch: int, n: int = 3) -> np.ndarray:
    """Matrices with a Cholesky factor."""
    a = _RANDOM.standard_normal((*batch, n, n))
    return a @ np.swapaxes(a, -1, -2) + n * np.eye(n)


def case(op: str, *inputs: Any, batch: bool = True, gradient: bool = True, outputs: Any = None, **kw: Any) -> OpCase:
    """A case; keywords are attributes. The batch is of any size where no other array shares it."""
    arrays = [a for x in inputs for a in (x if isinstance(x, list) else [x]) if isinstance(a, np.ndarray) and a.ndim]
    shared = any(a.shape[0] == arrays[0].shape[0] for a in arrays[1:])
    return OpCase(op, inputs, kw, batch and not shared, gradient, outputs)


def elementwise() -> Iterator[OpCase]:
    """Ops on every element."""
    anywhere = (
        "Abs Asinh Atan Cos Cosh Elu Erf Erfc Exp Expm1 IsFinite IsInf IsNan LeakyRelu Neg Relu Relu6 Selu Sigmoid "
        "Sign Sin Sinh Softplus Softsign Square Tan Tanh"
    )
    for op in anywhere.split():
        yield case(op, floats(3, 4), gradient=not op.startswith("Is"))
    yield case("LeakyRelu", floats(3, 4), alpha=0.3)
    for op in ("Ceil", "Floor", "Rint", "Round"):
        yield case(op, np.array([[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.2, -0.7]]), gradient=False)
    for op in ("Acos", "Asin", "Atanh", "Erfinv", "Ndtri"):
        yield case(op, floats(3, 4, low=0.05, high=0.95))
    for op in ("Acosh", "Inv", "Log", "Log1p", "Reciprocal", "Rsqrt", "Sqrt"):
        yield case(op, floats(3, 4, low=1.1, high=4.0))
    for op in ["Add", "AddV2", "Atan2", "Maximum", "Minimum", "Mul", "MulNoNan", "RealDiv", "SquaredDifference", "Sub"]:
        yield case(op, floats(3, 4), floats(4))
        if op not in ("Add", "Atan2", "MulNoNan", "RealDiv"):
            yield case(op, integers(3, 4), integers(3, 1))
    for op in ("Div", "DivNoNan", "Xdivy"):
        yield case(op, floats(3, 4), floats(3, 4, low=0.5))
    for op in ("FloorDiv", "FloorMod", "Mod", "TruncateDiv", "TruncateMod", "Div"):
        yield case(op, integers(4, 6), np.array([3, -3, 2, -2, 5, 1], np.int32))
    for op in ("FloorDiv", "FloorMod", "Mod"):
        yield case(op, floats(4, 4), np.array([1.3, -1.1, 0.7, -0.4]), gradient=False)
    yield case("Pow", floats(3, 4, low=0.5), floats(3, 4))
    yield case("Pow", integers(3, 4, low=0, high=4), integers(3, 4, low=0, high=3))
    yield case("Xlogy", floats(3, 4), floats(3, 4, low=0.2))
    yield case("Xlog1py", floats(3, 4), floats(3, 4, low=0.2))
    yield case("NextAfter", floats(3, 4), floats(3, 4), gradient=False)
    for op in ("Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"):
        yield case(op, integers(3, 4, low=0, high=3), integers(4, low=0, high=3))
        yield case(op, floats(3, 4), floats(3, 4), gradient=False)
    yield case("ApproximateEqual", floats(3, 4), floats(3, 4), tolerance=0.5, gradient=False)
    for op in ("LogicalAnd", "LogicalOr"):
        yield case(op, booleans(3, 4), booleans(4))
    yield case("LogicalNot", booleans(3, 4))
    for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
        yield case(op, integers(3, 4), integers(3, 4))
    yield case("Invert", integers(3, 4))
    for op in ("LeftShift", "RightShift"):
        yield case(op, integers(3, 4), integers(3, 4, low=0, high=6))
    yield case("AddN", [floats(3, 4), floats(3, 4), floats(3, 4)])
    yield case("ClipByValue", floats(3, 4), np.array(-0.5), np.array(0.5))
    yield case("Select", booleans(3), floats(3, 4), floats(3, 4))
    yield case("SelectV2", booleans(3, 1), floats(3, 4), floats(4))
    for to in ("int32", "int64", "float32", "bool", "float16"):
        yield case("Cast", floats(3, 4), DstT=to, gradient=False)
    yield case("Cast", integers(3, 4), DstT="float64")
    yield case("Cast", booleans(3, 4), DstT="int32")
    yield case("Bitcast", singles(3, 4), type="int32", gradient=False)
    for op in ("Real", "Imag", "Angle", "ComplexAbs"):
        yield case(op, complexes(3, 4), Tout="float64", gradient=False)
    yield case("Conj", complexes(3, 4), gradient=False)
    yield case("Complex", floats(3, 4), floats(3, 4), Tout="complex128", gradient=False)
    for op in ("Identity", "Snapshot", "StopGradient"):
        yield case(op, floats(3, 4), gradient=op == "Identity")
    yield case("CheckNumerics", floats(3, 4), message="x")
    yield case("EnsureShape", floats(3, 4), shape=[None, 4])
    yield case("Bucketize", floats(3, 4), boundaries=[-1.0, 0.0, 0.5], gradient=False)
    yield case("PopulationCount", integers(3, 4), gradient=False)


def gradients() -> Iterator[OpCase]:
    """Ops that TensorFlow's own gradients are made of."""
    for op in ("Elu", "LeakyRelu", "Relu6", "Relu", "Selu", "Sigmoid", "Softplus", "Softsign", "Tanh"):
        yield case(f"{op}Grad", floats(3, 4), floats(3, 4), gradient=False)
    for op in ("InvGrad", "ReciprocalGrad", "RsqrtGrad", "SqrtGrad"):
        yield case(op, floats(3, 4, low=0.5), floats(3, 4), gradient=False)
    yield case("BiasAddGrad", floats(2, 5, 3))
    x, strided = floats(2, 7, 8, 3), {"strides": [1, 2, 2, 1], "padding": "SAME", "gradient": False}
    yield case("Conv2DBackpropFilter", x, [3, 3, 3, 5], floats(2, 4, 4, 5), **strided)
    yield case("DepthwiseConv2dNativeBackpropFilter", x, [3, 3, 3, 2], floats(2, 4, 4, 6), **strided)
    pooling = {"ksize": [1, 3, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME", "gradient": False}
    yield case("AvgPoolGrad", [2, 7, 8, 3], floats(2, 4, 4, 3), batch=False, **pooling)
    pooled = np.zeros((2, 4, 4, 3))
    for i, j in np.ndindex(4, 4):
        rows = slice(max(2 * i - 1, 0), 2 * i + 2)
        pooled[:, i, j] = x[:, rows, 2 * j : 2 * j + 2].max((1, 2))
    yield case("MaxPoolGrad", x, pooled, floats(2, 4, 4, 3), **pooling)
    image, scale = singles(2, 4, 5, 3), np.abs(singles(3)) + np.float32(0.5)
    for training in (True, False):
        mean = image.mean((0, 1, 2)) if training else singles(3)
        second = image.var((0, 1, 2)) if training else scale
        inputs = (singles(2, 4, 5, 3), image, scale, mean, second, singles(3))
        yield case("FusedBatchNormGradV3", *inputs, is_training=training, epsilon=1e-3, outputs=3, gradient=False)


def shaping() -> Iterator[OpCase]:
    """Shapes, joining, splitting, padding."""
    x = floats(2, 3, 4)
    for axis in (0, -1):
        yield case("ExpandDims", x, axis)
        yield case("ConcatV2", [floats(2, 3), floats(2, 3)], axis, batch=False)
        yield case("Pack", [floats(2, 3), floats(2, 3)], axis=axis)
    yield case("Concat", 1, [floats(2, 3), floats(2, 2)])
    yield case("Unpack", x, axis=1, num=3)
    yield case("Split", 2, x, num_split=2)
    yield case("SplitV", x, [1, -1, 2], 2, num_split=3)
    yield case("Reshape", x, [-1, 12])
    yield case("Reshape", x, [-1])
    yield case("Squeeze", floats(2, 1, 4, 1), axis=[1])
    yield case("Squeeze", floats(2, 1, 4, 1), axis=[-1, 1])
    yield case("Transpose", x, [2, 0, 1])
    yield case("ConjugateTranspose", complexes(2, 3), [1, 0], gradient=False)
    yield case("Tile", x, [1, 2, 3])
    yield case("BroadcastTo", floats(3, 1), [2, 3, 4], batch=False)
    yield case("ReverseV2", x, [0, -1])
    yield case("ReverseSequence", floats(3, 5, 2), np.array([2, 5, 1], np.int32), seq_dim=1, batch_dim=0)
    yield case("Roll", x, [1, -2], [1, 2])
    for op in ("ZerosLike", "OnesLike"):
        yield case(op, x, gradient=False)
    for op in ("Shape", "Size", "Rank"):
        yield case(op, x, gradient=False)
    yield case("ShapeN", [x, floats(2, 5)], gradient=False)
    yield case("Pad", x, [[0, 0], [1, 2], [0, 3]])
    yield case("PadV2", x, [[0, 0], [1, 2], [0, 3]], np.array(1.5))
    for mode in ("REFLECT", "SYMMETRIC"):
        yield case("MirrorPad", x, [[0, 0], [1, 2], [2, 1]], mode=mode)
    yield case("OneHot", integers(3, 2, low=-1, high=5), 4, np.array(2.0), np.array(-1.0), gradient=False)
    yield case("OneHot", integers(3, 2, low=0, high=4), 4, np.array(1.0), np.array(0.0), axis=0, gradient=False)
    yield case("SpaceToDepth", floats(2, 4, 6, 3), block_size=2)
    yield case("DepthToSpace", floats(2, 2, 3, 8), block_size=2)
    yield case("SpaceToBatchND", floats(2, 4, 5, 3), [2, 3], [[0, 0], [1, 0]])
    yield case("BatchToSpaceND", floats(12, 2, 3, 1), [2, 3], [[0, 1], [2, 0]], batch=False)


def indexing() -> Iterator[OpCase]:
    """Slices, gathering, scattering, sorting."""
    x = floats(2, 5, 6)
    for begin, end, strides, masks in (
        ([0, 1, 2], [2, 4, 6], [1, 1, 2], {}),
        ([0, 4, -1], [0, 0, 0], [1, -1, -2], {"begin_mask": 1, "end_mask": 5}),
        ([0, 2], [0, 3], [1, 1], {"ellipsis_mask": 1, "shrink_axis_mask": 2}),
        ([0, 0, 1], [0, 0, 3], [1, 1, 1], {"new_axis_mask": 2, "begin_mask": 1, "end_mask": 1}),
        ([0, -2], [0, 2**31 - 1], [1, 1], {"begin_mask": 1, "end_mask": 1}),
    ):
        yield case("StridedSlice", x, begin, end, strides, **masks)
    yield case("Slice", x, [0, 1, 2], [-1, 3, -1])
    yield case("GatherV2", floats(5, 3), integers(2, 4, low=0, high=5), 0, batch=False)
    yield case("GatherV2", x, integers(4, low=0, high=5), 1)
    yield case("GatherV2", x, integers(2, 4, low=0, high=5), 1, batch_dims=1, batch=False)
    yield case("GatherV2", x, integers(2, 3, low=0, high=6), 2, batch_dims=1, batch=False)
    yield case("Gather", floats(5, 3), integers(2, 4, low=0, high=5), batch=False)
    yield case("GatherNd", x, np.array([[0, 1], [1, 4]], np.int32), batch=False)
    yield case("GatherNd", x, np.array([[[0, 1, 2]], [[1, 4, 5]]], np.int32), batch=False)
    yield case("ScatterNd", np.array([[1], [3], [1]], np.int32), floats(3, 2), [5, 2], batch=False)
    places = np.array([[1], [3]], np.int32)
    for op in ("TensorScatterAdd", "TensorScatterSub", "TensorScatterUpdate"):
        yield case(op, floats(5, 2), places, floats(2, 2), batch=False)
    for op in ("TensorScatterMax", "TensorScatterMin"):
        yield case(op, floats(5, 2), places, floats(2, 2), batch=False, gradient=False)
    yield case("TopKV2", floats(3, 6), 2)
    yield case("TopKV2", integers(3, 6, low=0, high=3), 4)
    for op in ("ArgMax", "ArgMin"):
        yield case(op, floats(3, 6), 1, gradient=False)
        yield case(op, integers(3, 6, low=0, high=3), 1, output_type="int32")
    yield case("InTopKV2", singles(4, 5), integers(4, low=0, high=5), 2, gradient=False, batch=False)
    yield case("InvertPermutation", np.array([2, 0, 3, 1], np.int32), batch=False)
    yield case("NthElement", floats(3, 6), 2, gradient=False)
    yield case("LowerBound", np.sort(floats(2, 5)), floats(2, 3), gradient=False, batch=False)
    yield case("UpperBound", np.sort(integers(2, 5), -1), integers(2, 3), batch=False)
    yield case("UnsortedSegmentSum", floats(6, 2), np.array([0, 2, 0, -1, 2, 2], np.int32), 4, batch=False)
    for op in ("UnsortedSegmentMax", "UnsortedSegmentMin", "UnsortedSegmentProd"):
        yield case(op, floats(6, 2), np.array([0, 2, 0, 1, 2, 2], np.int32), 4, batch=False, gradient=False)
    for op in ("SegmentMax", "SegmentMean", "SegmentMin", "SegmentProd", "SegmentSum"):
        yield case(op, floats(6, 2), [0, 0, 1, 3, 3, 3], batch=False, gradient=False)
    yield case("UnravelIndex", integers(5, low=0, high=24), [2, 3, 4], batch=False)
    yield case("DenseBincount", integers(2, 6, low=0, high=5), 5, np.zeros((0,)), batch=False, gradient=False)


def reductions() -> Iterator[OpCase]:
    """Reductions and running sums."""
    x = floats(2, 3, 4)
    for op in ("Sum", "Mean", "Max", "Min", "Prod", "EuclideanNorm"):
        for axes, keep in (([1], False), ([0, 2], True), ([-1], True)):
            yield case(op, x, axes, keep_dims=keep)
    for op in ("Sum", "Max", "Min", "Prod", "Mean"):
        yield case(op, integers(3, 4), [1])
    for op in ("All", "Any"):
        yield case(op, booleans(3, 4), [1], keep_dims=True)
    for op in ("Cumsum", "Cumprod", "CumulativeLogsumexp"):
        for exclusive in (False, True):
            for reverse in (False, True):
                known = not (op == "CumulativeLogsumexp" and exclusive)
                yield case(op, x, 1, exclusive=exclusive, reverse=reverse, gradient=known)
    yield case("L2Loss", x)


def linear_algebra() -> Iterator[OpCase]:
    """Products, decompositions, diagonals, Fourier transforms."""
    yield case("MatMul", floats(3, 4), floats(4, 2))
    yield case("MatMul", floats(4, 3), floats(2, 4), transpose_a=True, transpose_b=True, batch=False)
    yield case("BatchMatMulV2", floats(2, 1, 3, 4), floats(5, 4, 2))
    yield case("BatchMatMulV2", floats(2, 4, 3), floats(2, 5, 4), adj_x=True, adj_y=True)
    yield case("BatchMatMulV3", floats(2, 3, 4), floats(2, 4, 5), Tout="float64")
    yield case("Einsum", [floats(2, 3, 4), floats(4, 5)], equation="bij,jk->bik")
    yield case("Einsum", [floats(2, 3, 4), floats(2, 3, 4)], equation="...i,...i->...", batch=False)
    yield case("Cross", floats(2, 3), floats(2, 3))
    a = positive_definite(2)
    yield case("Cholesky", a)
    yield case("MatrixInverse", a, adjoint=True)
    yield case("MatrixDeterminant", a)
    yield case("LogMatrixDeterminant", a)
    yield case("MatrixSolve", a, floats(2, 3, 2), adjoint=True)
    for lower in (True, False):
        yield case("MatrixTriangularSolve", a, floats(2, 3, 2), lower=lower, adjoint=not lower)
    yield case("SelfAdjointEigV2", a, outputs=1)
    yield case("Svd", floats(2, 3, 4), compute_uv=False, outputs=1, gradient=False)
    for low, high in ((1, 0), (-1, 1), (0, -1)):
        yield case("MatrixBandPart", floats(2, 4, 5), low, high)
    yield case("MatrixDiag", floats(2, 3))
    yield case("MatrixDiagPart", floats(2, 3, 4))
    yield case("MatrixSetDiag", floats(2, 3, 4), floats(2, 3))
    yield case("MatrixSetDiag", floats(2, 4, 3), floats(2, 3))
    for k in (0, 1, -2):
        yield case("MatrixDiagV3", floats(2, 3), k, -1, -1, np.array(0.5))
        yield case("MatrixDiagPartV3", floats(2, 4, 5), k, np.array(0.5))
    for align in ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"):
        yield case("MatrixDiagV3", floats(2, 4, 4), [-2, 1], 5, 4, np.array(0.5), align=align)
        yield case("MatrixDiagPartV3", floats(2, 4, 5), [-2, 1], np.array(0.5), align=align)
    yield case("Diag", floats(3), batch=False)
    yield case("DiagPart", floats(2, 3, 2, 3), batch=False)
    for op in ("FFT", "IFFT", "FFT2D", "IFFT2D", "FFT3D", "IFFT3D"):
        yield case(op, complexes(2, 3, 4, 6), gradient=False)
    for size in ([6], [5]):
        yield case("RFFT", floats(2, 6), size, Tcomplex="complex128", gradient=False)
        yield case("IRFFT", complexes(2, 4), size, Treal="float64", gradient=False)
    yield case("RFFT2D", floats(2, 4, 6), [4, 6], Tcomplex="complex128", gradient=False)
    yield case("IRFFT2D", complexes(2, 4, 4), [4, 6], Treal="float64", gradient=False)


def windows() -> Iterator[OpCase]:
    """Convolutions, pooling, patches."""
    x = floats(2, 7, 8, 3)
    strided = {"strides": [1, 2, 2, 1], "data_format": "NHWC"}
    for padding in ("SAME", "VALID"):
        yield case("Conv2D", x, floats(3, 3, 3, 4), padding=padding, **strided)
        yield case("DepthwiseConv2dNative", x, floats(3, 3, 3, 2), padding=padding, **strided)
        yield case("Conv3D", floats(2, 4, 5, 6, 2), floats(2, 3, 2, 2, 3), padding=padding, strides=[1, 1, 2, 2, 1])
        # TensorFlow has no gradient of dilated convolutions on a CPU.
        dilated = {"strides": [1] * 4, "dilations": [1, 2, 2, 1], "gradient": False}
        yield case("Conv2D", x, floats(2, 3, 3, 4), padding=padding, **dilated)
    explicit = [0, 0, 1, 2, 0, 1, 0, 0]
    yield case("Conv2D", x, floats(3, 3, 3, 4), padding="EXPLICIT", explicit_paddings=explicit, **strided)
    for n, padding in ((8, "SAME"), (7, "SAME"), (9, "VALID"), (10, "VALID")):
        yield case(
            "Conv2DBackpropInput", [2, n, n, 3], floats(3, 3, 3, 4), floats(2, 4, 4, 4), padding=padding, batch=False,
            **strided,
        )  # fmt: skip
    yield case(
        "Conv3DBackpropInputV2", [2, 4, 4, 6, 2], floats(2, 2, 3, 2, 3), floats(2, 2, 2, 3, 3), padding="SAME",
        strides=[1, 2, 2, 2, 1], batch=False,
    )  # fmt: skip
    yield case(
        "DepthwiseConv2dNativeBackpropInput", [2, 8, 8, 3], floats(3, 3, 3, 2), floats(2, 4, 4, 6), padding="SAME",
        batch=False, **strided,
    )  # fmt: skip
    for padding in ("SAME", "VALID"):
        for op in ("MaxPool", "AvgPool"):
            yield case(op, x, ksize=[1, 3, 2, 1], strides=[1, 2, 2, 1], padding=padding)
        for op in ("MaxPool3D", "AvgPool3D"):
            yield case(op, singles(2, 4, 5, 6, 2), ksize=[1, 2, 3, 2, 1], strides=[1, 2, 2, 2, 1], padding=padding)
        patches = {"ksizes": [1, 3, 2, 1], "strides": [1, 2, 1, 1], "rates": [1, 1, 2, 1], "padding": padding}
        yield case("ExtractImagePatches", x, **patches)
        yield case("Dilation2D", x, floats(2, 3, 3), strides=[1, 2, 1, 1], rates=[1, 1, 2, 1], padding=padding)
    yield case(
        "MaxPool",
        x,
        ksize=[1, 3, 3, 1],
        strides=[1, 2, 2, 1],
        padding="EXPLICIT",
        explicit_paddings=[0, 0, 1, 1, 0, 1, 0, 0],
    )
    yield case("MaxPoolV2", x, [1, 2, 2, 1], [1, 2, 2, 1], padding="VALID")


def normalization() -> Iterator[OpCase]:
    """Biases, normalizations, losses, simulated quantization."""
    yield case("BiasAdd", floats(2, 5, 3), floats(3))
    yield case("BiasAdd", floats(2, 3, 4, 5), floats(3), data_format="NCHW")
    image, vector = singles(2, 4, 5, 3), np.abs(singles(3)) + np.float32(0.5)
    for training in (True, False):
        moments = (np.zeros(0, np.float32),) * 2 if training else (singles(3), vector)
        yield case(
            "FusedBatchNormV3", image, vector, singles(3), *moments, is_training=training, epsilon=1e-3, outputs=3
        )
    yield case(
        "FusedBatchNormV3", image, vector, singles(3), singles(3), vector, is_training=True, epsilon=1e-3,
        exponential_avg_factor=0.1, outputs=3, gradient=False,
    )  # fmt: skip
    yield case("LRN", singles(2, 3, 4, 7), depth_radius=2, bias=1.5, alpha=0.3, beta=0.6)
    for op in ("Softmax", "LogSoftmax"):
        yield case(op, floats(3, 5))
    yield case("SoftmaxCrossEntropyWithLogits", floats(3, 5), np.full((3, 5), 0.2), outputs=1)
    yield case("SoftmaxCrossEntropyWithLogits", floats(3, 5), np.full((3, 5), 0.2), gradient=False)
    yield case("SparseSoftmaxCrossEntropyWithLogits", floats(3, 5), integers(3, low=0, high=5), outputs=1, batch=False)
    quantized = {"num_bits": 4, "gradient": False}
    yield case("FakeQuantWithMinMaxArgs", singles(5, 6), min=-1.0, max=1.5, **quantized)
    for narrow in (True, False):
        low, high = np.float32(-1.1), np.float32(1.6)
        yield case("FakeQuantWithMinMaxVars", singles(5, 6), low, high, narrow_range=narrow, **quantized)
    lows, highs = np.array([-1, -2, -0.3], np.float32), np.array([1, 0.5, 2], np.float32)
    yield case("FakeQuantWithMinMaxVarsPerChannel", singles(5, 3), lows, highs, **quantized)


def images() -> Iterator[OpCase]:
    """Resizing, colours."""
    for op in ("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic"):
        for n, corners, half in (
            ([7, 9], False, True),
            ([3, 2], False, True),
            ([7, 9], True, False),
            ([8, 3], False, False),
        ):
            yield case(op, singles(2, 4, 5, 3), n, align_corners=corners, half_pixel_centers=half)
    colours = np.abs(singles(2, 4, 3)) / np.float32(2)
    for op in ("RGBToHSV", "HSVToRGB"):
        yield case(op, colours, gradient=False)
    yield case("AdjustContrastv2", singles(2, 4, 5, 3), np.float32(1.7), gradient=False)


ALL = [
    *elementwise(), *gradients(), *shaping(), *indexing(), *reductions(), *linear_algebra(), *windows(),
    *normalization(), *images(),
]  # fmt: skip
