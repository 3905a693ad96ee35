"""Order."""

LOWER = {"argsort": "torch.argsort({x}, dim={axis}, stable=True).to(torch.int32)"}
