"""A bar that tells how far a run is: ``emlib.fit(…, progress=True)``."""

from emlib.pieces import Pieces


def shown(algorithm):
    """The same algorithm, which tells on the standard error stream, or in the notebook, how far it is.

    It tells the last iteration and its objective, and rows per second. For data in pieces, over which this process
    goes itself, a bar fills in each pass over the data.
    """
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ImportError("progress=True needs tqdm: pip install 'emlib[scale]'") from None

    def run(model, x, params):
        with tqdm(unit=" rows", unit_scale=True) as bar:
            passes = isinstance(x, Pieces) and type(x).total is Pieces.total
            for snapshot in algorithm(model, _Watched(x, bar) if passes else x, params):
                bar.set_description(f"iteration {snapshot.iteration}", refresh=False)
                bar.set_postfix_str(f"objective {snapshot.objective:.10g}", refresh=False)
                if not passes and hasattr(x, "__len__"):
                    bar.update(len(x))
                yield snapshot

    return run


class _Watched(Pieces):
    """Pieces whose sums move the bar."""

    def __init__(self, pieces, bar):
        self.pieces, self.bar = pieces, bar

    @property
    def rows(self):
        return self.pieces.rows

    @rows.setter
    def rows(self, rows):
        self.pieces.rows = rows

    def __iter__(self):
        return iter(self.pieces)

    def total(self, function):
        def counted(piece):
            result = function(piece)
            self.bar.update(len(piece))
            return result

        self.bar.total = self.rows
        self.bar.initial -= self.bar.n  # rows per second are those of all passes
        self.bar.update(-self.bar.n)
        return self.pieces.total(counted)
