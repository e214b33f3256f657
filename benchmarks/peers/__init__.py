"""Who else can fit it, one file each. A peer is a module with

    VERSION                  what of it is installed; where nothing is, importing the module is an ImportError
    contestants(problem)     {name: contestant}, empty where it has no such model

A contestant does the whole call from the problem's starts on one thread, and returns the seconds and the parameters in
emlib's form.
"""

import importlib

MODULES = {
    "scikit-learn": "scikit_learn",
    "oneDAL": "onedal",
    "mclust": "mclust",
    "hmmlearn": "hmmlearn",
    "dask-ml": "dask_ml",
}


def installed():
    """The modules of the peers that are here, by name, and of the others why not."""
    here, missing = {}, {}
    for name, module in MODULES.items():
        try:
            here[name] = importlib.import_module(f"benchmarks.peers.{module}")
        except ImportError as error:
            missing[name] = str(error)
    return here, missing
