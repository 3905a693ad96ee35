"""Porting: any model in, any framework out, trainable and verified."""

from multiback.porting.handlers import register, unregister
from multiback.porting.imported import CannotRun, Imported, NativeModel, Weight

__all__ = ["CannotRun", "Imported", "NativeModel", "Weight", "register", "unregister"]
