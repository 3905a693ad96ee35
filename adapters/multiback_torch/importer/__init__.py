"""Models of torch as `multiback.porting.imported.Imported`: programs of `torch.export`, read op by op."""

from multiback_torch.importer.load import load

__all__ = ["load"]
