"""Keras 3 models in and out; importing this imports no framework."""

from multiback.porting.porter import Porter

porter = Porter(
    name="keras",
    importer="multiback_keras.importer",
    exporter="multiback_keras.exporter",
    requires=(),
    install="pip install 'multiback[keras]'",
)
