"""ONNX files in and out; importing this imports no framework."""

from multiback.porting.porter import Porter

porter = Porter(
    name="onnx",
    importer="multiback_onnx.importer",
    exporter="multiback_onnx.exporter",
    requires=("onnx",),
    install="pip install 'multiback[onnx]'",
)
