"""Keras 3 models in and out. There is no backend here: Keras runs on one of the others."""

from multiback.porting.porter import Porter

porter = Porter(
    name="keras",
    importer="multiback_keras.importer",
    exporter="multiback_keras.exporter",
    install="pip install 'multiback[keras]'",
)
