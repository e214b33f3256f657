"""Sliders over what was computed before: moving one draws another moment of a run and never fits again.

from emlib import widgets
"""

from emlib.widgets.bound import bound
from emlib.widgets.clusters import explore
from emlib.widgets.explorer import Explorer
from emlib.widgets.lattice import lattice
from emlib.widgets.sliders import sliders
from emlib.widgets.soft import shares
from emlib.widgets.surface import surface

__all__ = ["Explorer", "bound", "explore", "lattice", "shares", "sliders", "surface"]
