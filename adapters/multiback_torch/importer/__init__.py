"""Models of torch as `multiback.porting.imported.Imported`: programs of `torch.export`, read op by op."""
