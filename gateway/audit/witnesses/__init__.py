"""Witnesses: whoever keeps checkpoints where the gateway's database cannot reach."""
