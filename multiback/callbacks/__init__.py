"""Callbacks: code that runs at given moments of training, evaluation and prediction."""

from multiback.callbacks.callback import Callback
from multiback.callbacks.callback_list import CallbackList
from multiback.callbacks.csv_logger import CSVLogger
from multiback.callbacks.early_stopping import EarlyStopping
from multiback.callbacks.history import History
from multiback.callbacks.lambda_callback import LambdaCallback
from multiback.callbacks.learning_rate_scheduler import LearningRateScheduler
from multiback.callbacks.model_checkpoint import ModelCheckpoint
from multiback.callbacks.progbar_logger import ProgbarLogger
from multiback.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from multiback.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]
