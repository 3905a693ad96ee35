"""Transformers in the Keras API."""

from typing import Any

from workloads import Workload


def transformer(api: Any, workload: Workload) -> Any:
    """Blocks that normalize first; the positions are averaged before the classes, or each has its own."""
    layers, sizes = api.layers, workload.sizes
    width, heads = sizes["width"], sizes["heads"]
    vocabulary, _ = dict(workload.weights)["tokens/embeddings"]

    class Positions(layers.Layer):
        """Adds a learnt vector to each position."""

        def build(self, input_shape: Any) -> None:
            self.positions = self.add_weight(shape=input_shape[1:], initializer="uniform", name="positions")
            self.built = True

        def call(self, x: Any) -> Any:
            return x + self.positions

    def dropout(x: Any) -> Any:
        return layers.Dropout(sizes["dropout"])(x) if sizes["dropout"] else x

    tokens = layers.Input(workload.input_shape, dtype="int32")
    x = Positions(name="positions")(layers.Embedding(vocabulary, width, name="tokens")(tokens))
    for number in range(1, sizes["blocks"] + 1):
        name = f"block_{number}"
        y = layers.LayerNormalization(name=f"{name}_norm_1")(x)
        y = layers.MultiHeadAttention(heads, width // heads, name=f"{name}_attention")(
            y, y, use_causal_mask=sizes["causal"]
        )
        x = layers.Add()([x, dropout(y)])
        y = layers.LayerNormalization(name=f"{name}_norm_2")(x)
        y = layers.Dense(4 * width, activation="gelu", name=f"{name}_dense_1")(y)
        y = layers.Dense(width, name=f"{name}_dense_2")(y)
        x = layers.Add()([x, dropout(y)])
    x = layers.LayerNormalization(name="norm")(x)
    if workload.task == "classes":
        x = layers.GlobalAveragePooling1D()(x)
    return api.Model(tokens, layers.Dense(workload.outputs, name="dense")(x))


MODELS = {"transformer": transformer}
