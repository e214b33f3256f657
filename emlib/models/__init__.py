"""The models: one file each, readable alone, a few pure functions over a NamedTuple of parameters."""
