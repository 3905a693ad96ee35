"""What makes a layer a model: compile, the steps, and the public methods of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback import metrics as metrics_module
from multiback import ops, optimizers, tree
from multiback.backends import registry, select
from multiback.backends.compile import Compiled
from multiback.backends.protocol import Adapter, Options
from multiback.errors import ArgumentError, NotCompiledError
from multiback.random._host import permutation
from multiback.random._seed import key_for
from multiback.training import loop
from multiback.training.checks import check_batch
from multiback.training.data import Batch, make_batch, make_feed, make_training_feeds
from multiback.training.given import as_tensors, check_names, to_host, unpack_x_y_sample_weight
from multiback.training.nonfinite import POLICIES, guarded_update, new_guard
from multiback.training.numbers import as_number
from multiback.training.objectives import Measures, Objective, pair_outputs
from multiback.training.pace import checked
from multiback.training.reset import Reset, zero
from multiback.training.steps import MetricResults, Step
from multiback.variables import Variable


class Trainer:
    """Training, evaluation and prediction, written once for all backends."""

    def __init__(self) -> None:
        self._compile_arguments: dict[str, Any] | None = None
        self._backend: str | None = None
        self._steps: dict[str, Step] = {}
        self._results: Compiled | None = None
        self._reset = Reset()
        self._epochs_trained = 0
        self.optimizer: Any = None
        self.loss: Any = None
        self.stop_training = False
        self.run_eagerly = False
        self.on_nonfinite = "continue"
        self.steps_per_execution: Any = "auto"
        self._objective: Objective | None = None
        self._measures: Measures | None = None
        self._loss_tracker: Any = None
        self._guard: Variable | None = None
        self.history: Any = None

    # ---- compile

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int | str = "auto",
        jit_compile: str | bool | None = "auto",
        auto_scale_loss: bool = True,
        *,
        backend: str | None = None,
        on_nonfinite: str = "continue",
    ) -> None:
        """Sets what is minimised, how, and where.

        Arguments:
            optimizer: Name, configuration or object.
            loss: Name, function or object; a list or dict of them for several outputs.
            loss_weights: Factors of the losses.
            metrics: Names, functions or objects, reported during training, unweighted.
            weighted_metrics: As metrics, weighted by sample_weight and class_weight.
            run_eagerly: Run op by op on real arrays, for print and a debugger.
            steps_per_execution: How many batches are run in one call of the compiled step. Hooks for batches are then
                called once for each execution, with the number of its first batch before and of its last after it;
                batches that are too few for another execution run one by one. "auto" is what `tune` measured to be
                the quickest, and 1 without that, or where a callback has hooks for batches. With
                `on_nonfinite="raise"` it is 1.
            jit_compile: True, False, or "auto" for the adapter's choice.
            auto_scale_loss: Whether mixed_float16 gets dynamic loss scaling.
            backend: "torch", "jax", "tensorflow", "numpy", "auto" (measure one step on each, keep the fastest), or None
                for the selected one.
            on_nonfinite: What to do when the loss is NaN or infinite: "continue", or "raise" (the bad step changes no
                weight, and the error names the step and the first layer that gave such a number).

        Raises:
            UnknownNameError: for a name that is not registered.
            BackendUnavailable: for a backend that is unknown or not installed.
        """
        if backend not in (None, "auto"):
            registry.get_adapter(str(backend))
        if on_nonfinite not in POLICIES:
            raise ArgumentError(f"on_nonfinite must be one of {', '.join(map(repr, POLICIES))}, got {on_nonfinite!r}.")
        if jit_compile not in ("auto", True, False, None):
            raise ArgumentError(f"jit_compile must be True, False or 'auto', got {jit_compile!r}.")
        self.optimizer = optimizers.get(optimizer)
        policy = getattr(getattr(self, "dtype_policy", None), "name", "")
        scaled = self.optimizer is None or isinstance(self.optimizer, optimizers.LossScaleOptimizer)
        if auto_scale_loss and policy == "mixed_float16" and not scaled:
            self.optimizer = optimizers.LossScaleOptimizer(self.optimizer)
        self.loss = loss
        self._objective = Objective(loss, loss_weights) if loss is not None else None
        if self._objective is not None:
            check_names(loss)
        self._measures = Measures(metrics, weighted_metrics, self._objective or Objective(None))
        self._loss_tracker = metrics_module.Mean(name="loss")
        self._guard = new_guard() if on_nonfinite == "raise" else None
        self.run_eagerly = run_eagerly
        self.steps_per_execution = checked(steps_per_execution)
        self.jit_compile = jit_compile
        self.on_nonfinite = on_nonfinite
        self.stop_training = False
        self._backend = backend
        self._compile_arguments = {
            "optimizer": optimizer, "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly, "jit_compile": jit_compile,
        }  # fmt: skip
        if steps_per_execution != "auto":  # which Keras would not take from a file
            self._compile_arguments["steps_per_execution"] = steps_per_execution
        self._forget_steps()

    @property
    def compiled(self) -> bool:
        """Whether `compile` has been called."""
        return self._compile_arguments is not None

    @property
    def backend(self) -> str:
        """The name of the backend it trains on."""
        return self._backend if self._backend not in (None, "auto") else select.backend()  # type: ignore[return-value]

    def to(self, backend: str) -> Any:
        """Moves the model to another backend, in the middle of training if need be; returns the model.

        Weights, optimizer slots, statistics, metrics, counters and random state move with it, so that the next step is
        the step that would have come.

        Raises:
            BackendUnavailable: if the backend is unknown or not installed.
        """
        adapter = registry.get_adapter(backend)
        self._backend = backend
        for variable in self._state():
            variable.cell(adapter)
        self._forget_steps()
        return self

    def _state(self) -> list[Variable]:
        found = dict.fromkeys(self.variables)  # type: ignore[attr-defined]
        for metric in self.metrics:
            found.update(dict.fromkeys(metric.variables))
        for value in vars(self).values():
            if isinstance(value, optimizers.Optimizer):
                found.update(dict.fromkeys(value.variables))
        for layer in self._flatten_layers():  # type: ignore[attr-defined]
            if layer._random_state is not None:
                found[layer._random_state] = None
        if self._guard is not None:
            found[self._guard] = None
        return list(found)

    def _forget_steps(self) -> None:
        self._steps = {}
        self._results = None
        self._reset = Reset()

    # ---- metrics

    @property
    def metrics(self) -> list[Any]:
        """The metrics, the loss first."""
        found = [self._loss_tracker] if self._loss_tracker is not None else []
        if self._objective is not None:
            found += self._objective.trackers.values()
        if self._measures is not None:
            found += self._measures.metrics
        for layer in self._flatten_layers():  # type: ignore[attr-defined]
            found += [x for x in layer._stateful() if isinstance(x, metrics_module.Metric)]
        return list(dict.fromkeys(found))

    @property
    def metrics_names(self) -> list[str]:
        """The names under which metrics are reported."""
        return [getattr(m, "label", m.name) for m in self.metrics]

    def reset_metrics(self) -> None:
        """Empties all metrics."""
        plain = []
        for metric in self.metrics:
            if type(metric).reset_state is metrics_module.Metric.reset_state:
                plain += metric.variables
            else:
                metric.reset_state()
        if self.run_eagerly:
            zero(plain)
        else:
            self._reset(plain, self._adapter())

    def get_metrics_result(self) -> dict[str, Any]:
        """The results of all metrics by name."""
        found: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            if isinstance(result, Mapping):
                found.update(result)
            else:
                found[getattr(metric, "label", metric.name)] = result
        return found

    # ---- the steps; a subclass may override them

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The scalar that is minimised: the compiled loss and all penalties."""
        total: Any = None
        if self._objective is not None:
            total = self._objective(pair_outputs(self._output_labels(), y, y_pred, sample_weight))
        for penalty in self.losses:  # type: ignore[attr-defined]
            penalty = ops.sum(ops.cast(penalty, "float32" if total is None else total.dtype))
            total = penalty if total is None else ops.add(total, penalty)
        if total is None:
            raise ArgumentError(
                f"Model {self.name!r} has nothing to minimise: give compile() a loss, or call add_loss()."  # type: ignore[attr-defined]
            )
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Updates the compiled metrics with a batch, and returns the results of all metrics."""
        if self._measures is not None and any(self._measures.given):
            if self._objective is None:
                self._measures.objective.resolve([n for n, *_ in pair_outputs(self._output_labels(), y, y_pred, None)])
            self._measures.update(pair_outputs(self._output_labels(), y, y_pred, sample_weight))
        return MetricResults(self.get_metrics_result)

    def _output_labels(self) -> list[str] | None:
        try:
            return list(self.output_names)  # type: ignore[attr-defined]
        except (AttributeError, RuntimeError):
            return None

    def train_step(self, data: Any) -> Any:
        """One step of training on a batch `(x, y, sample_weight)`, written in `multiback.ops`; returns the logs.

        Recorded once and compiled for the backend. A subclass may override it with `ops.value_and_grad`.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)

        def loss_and_outputs() -> tuple[Any, Any]:
            y_pred = self(x, training=True)  # type: ignore[operator]
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
            return self.optimizer.scale_loss(loss), (loss, y_pred)

        variables = self.trainable_variables  # type: ignore[attr-defined]
        both = ops.value_and_grad(loss_and_outputs, has_aux=True, variables=variables)
        (_, (loss, y_pred)), gradients = both()
        self._loss_tracker.update_state(loss, sample_weight=tree.leaves(x)[0].shape[0])
        if self._guard is None:
            self.optimizer.apply(gradients, variables)
        else:
            guarded_update(self._guard, self.optimizer, loss, gradients, variables)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> Any:
        """One step of evaluation on a batch; returns the logs."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)  # type: ignore[operator]
        if self._objective is not None or self.losses:  # type: ignore[attr-defined]
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
            self._loss_tracker.update_state(loss, sample_weight=tree.leaves(x)[0].shape[0])
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """One step of prediction on a batch; returns the outputs."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(x, training=False)  # type: ignore[operator]

    # ---- running the steps

    def _adapter(self) -> Adapter:
        return registry.get_adapter(self.backend)

    def _step(self, name: str, batch: Batch) -> Step:
        """The compiled step of this name on the model's backend; checks the batch against the model the first time."""
        adapter = self._adapter()
        found = self._steps.get(name)
        if found is None or found.adapter is not adapter:
            self._ensure_built_on(batch)
            jit = None if getattr(self, "jit_compile", "auto") == "auto" else bool(self.jit_compile)
            method = getattr(self, name)
            found = Step(method, name, adapter, Options(jit=jit), bool(self.run_eagerly))
            self._steps[name] = found
        return found

    def _ensure_built_on(self, batch: Batch) -> None:
        check_batch(self, batch)
        if type(self).train_step is not Trainer.train_step:
            return
        if not self.built:  # type: ignore[attr-defined]
            self.compute_output_spec(as_tensors(batch.x))  # type: ignore[attr-defined]
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]

    def _fetch_results(self) -> dict[str, float]:
        """The metrics' results as Python numbers."""
        if self.run_eagerly:
            return {k: as_number(v, self._adapter()) for k, v in self.get_metrics_result().items()}
        if self._results is None:
            self._results = Compiled(lambda: dict(self.get_metrics_result()), "metrics_result", Options())
        adapter = self._adapter()
        return {k: as_number(v, adapter) for k, v in self._results(adapter=adapter).items()}

    def _float_dtype(self) -> str:
        policy = self.dtype_policy  # type: ignore[attr-defined]
        return policy.variable_dtype

    def _permutation(self, n: int, epoch: int) -> np.ndarray:
        return permutation(n, key_for("shuffle", seed=self._run_seed(), step=epoch))  # type: ignore[attr-defined]

    def _needs_compile(self, method: str) -> None:
        if not self.compiled:
            raise NotCompiledError(
                f"Model {self.name!r} must be compiled before {method}(): model.compile(optimizer, loss)."  # type: ignore[attr-defined]
            )

    # ---- public loops

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Trains for a number of epochs.

        Arguments:
            x, y: Arrays (NumPy or native; lists or dicts of them), or a generator, PyDataset or iterable of batches
                as x.
            batch_size: Samples per step; default 32.
            epochs: The epoch at which to stop, counted from 0.
            verbose: 0 silent, 1 progress bar, 2 one line per epoch, "auto".
            callbacks: A list of callbacks.
            validation_split: Fraction at the end of the arrays to validate on.
            validation_data: `(x, y)` or `(x, y, sample_weight)`, or a source of batches.
            shuffle: Whether arrays are drawn in random order, the same on every backend.
            class_weight: Weights by class index.
            sample_weight: Weights of the samples.
            initial_epoch: The epoch to begin with, when a run goes on.
            steps_per_epoch, validation_steps: Numbers of batches.
            validation_batch_size: Default: batch_size.
            validation_freq: Validate every so many epochs, or at the epochs of a list.

        Returns:
            The `History` callback.

        Raises:
            NotCompiledError, DataError, ShapeError: before any weight changes.
        """
        self._needs_compile("fit")
        common: dict[str, Any] = {"float_dtype": self._float_dtype(), "to_numpy": to_host}
        training, validation = make_training_feeds(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            steps_per_epoch=steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
            validation_split=validation_split,
            validation_data=validation_data,
            validation_batch_size=validation_batch_size,
            validation_steps=validation_steps,
            permutation=self._permutation,
            **common,
        )
        return loop.fit(
            self, training, validation, epochs=epochs, initial_epoch=initial_epoch, verbose=verbose,
            callbacks=callbacks, validation_freq=validation_freq,
        )  # fmt: skip

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss and metrics on data; see `fit` for the arguments.

        Returns:
            A number, a list in the order of `metrics_names`, or a dict with `return_dict`.
        """
        self._needs_compile("evaluate")
        if kwargs:
            raise ArgumentError(f"evaluate() has no argument {next(iter(kwargs))!r}.")
        feed = make_feed(
            x, y, sample_weight, batch_size=batch_size, steps=steps, float_dtype=self._float_dtype(), to_numpy=to_host
        )
        logs = loop.evaluate(self, feed, verbose=verbose, callbacks=callbacks)
        if return_dict:
            return logs
        values = list(logs.values())
        return values[0] if len(values) == 1 else values

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for all of `x`, as NumPy arrays; see `fit` for the arguments."""
        feed = make_feed(x, batch_size=batch_size, steps=steps, float_dtype=self._float_dtype(), to_numpy=to_host)
        return loop.predict(self, feed, verbose=verbose, callbacks=callbacks)

    def tune(self, x: Any, y: Any = None, *, batch_size: int | None = None, backends: Any = None) -> Any:
        """Measures the model's steps in every way that a backend lets be chosen; this machine remembers the quickest.

        Later steps of such a model and batch run in that way, in other processes too. The state does not change.

        Arguments:
            x, y: Arrays, as in `fit`; with `y`, and after `compile`, the training step is measured too.
            batch_size: Rows that are used, from the front; default 32.
            backends: Names, or "all" for all that are installed (the reference left out); the model's own by default.

        Returns:
            A `Tuning`: its `str()` is a table, and `fastest()` the quickest row.

        Example:
            >>> print(model.tune(x, y, batch_size=64, backends="all"))  # doctest: +SKIP
        """
        from multiback.training.tune import names_of, tune

        batch = self._batch(
            *(tree.map(lambda a: None if a is None else a[: batch_size or 32], part) for part in (x, y))
        )
        trained = self.compiled and y is not None
        steps = ["train_step", "test_step", "predict_step"] if trained else ["predict_step"]
        return tune(self, batch, names_of(self, backends), steps)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One training step; returns the loss and metrics of this batch."""
        self._needs_compile("train_on_batch")
        return self._on_batch("train_step", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of one batch."""
        self._needs_compile("test_on_batch")
        return self._on_batch("test_step", x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as NumPy arrays."""
        batch = self._batch(x)
        adapter = self._adapter()
        return tree.map(adapter.to_numpy, self._step("predict_step", batch)(batch))

    def _batch(self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None) -> Batch:
        return make_batch(
            x, y, sample_weight, class_weight=class_weight, float_dtype=self._float_dtype(), to_numpy=to_host
        )

    def _on_batch(self, name: str, x: Any, y: Any, sample_weight: Any, class_weight: Any, return_dict: bool) -> Any:
        batch = self._batch(x, y, sample_weight, class_weight)
        check_batch(self, batch)
        step = self._step(name, batch)
        self.reset_metrics()
        logs = step(batch)
        adapter = self._adapter()
        logs = {k: as_number(v, adapter) for k, v in logs.items()} or self._fetch_results()
        loop.check_finite(self, name, batch)
        if return_dict:
            return logs
        values = list(logs.values())
        return values[0] if len(values) == 1 else values
