"""Data larger than memory: `Files`, `Rows` and `Blocks` are `emlib.pieces.Pieces` that `emlib.fit` reads in blocks."""

from emlib.scale.files import Blocks, Files, Rows

__all__ = ["Blocks", "Files", "Rows"]
