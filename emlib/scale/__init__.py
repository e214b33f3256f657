"""Data that no array holds: in files (`emlib.scale.files`) and on a cluster (`emlib.scale.cluster`)."""

from emlib.scale.files import Blocks, Files, Rows

__all__ = ["Blocks", "Files", "Rows"]
