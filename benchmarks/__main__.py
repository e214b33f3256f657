"""Time emlib beside its peers and print the ratios: below 1 emlib is ahead.

    python -m benchmarks                            everything, some minutes
    python -m benchmarks speed --only "GMM diag"    one part, and of its cases those whose name begins so
    python -m benchmarks --store                    everything, kept for the book's page of figures
    python -m benchmarks threads --store            this part, kept beside the others of the same machine

It needs scikit-learn, threadpoolctl and Dask (the extras "dev" and "scale"); "peers" brings more to compare with, and
R's mclust is found where R is.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

from benchmarks import parts, peers
from benchmarks.machine import described
from benchmarks.measure import Refused

STORED = Path(__file__).with_name("results.json")


def main(arguments=None):
    parser = argparse.ArgumentParser(
        "python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="*", metavar="part", help=", ".join(parts.PARTS))
    parser.add_argument("--only", default="", metavar="NAME", help="of the cases those whose name begins so")
    parser.add_argument("--store", action="store_true", help="keep the figures in benchmarks/results.json")
    options = parser.parse_args(arguments)
    for part in options.part:
        if part not in parts.PARTS:
            parser.error(f"part is {part!r}; it must be one of {', '.join(parts.PARTS)}")
    if options.store and options.only:
        parser.error("--store keeps whole parts: leave --only out")
    sys.stdout.reconfigure(line_buffering=True)  # a file shows, too, how far it is
    warnings.simplefilter("ignore")  # every fit is cut short on purpose, and says so
    results = {"machine": described()}
    here, missing = peers.installed()
    results["machine"] |= {name: peer.VERSION for name, peer in here.items()}
    results["machine"] |= {name: f"not installed ({why})" for name, why in missing.items()}
    for what, words in results["machine"].items():
        print(f"{what:<14}{words}")
    try:
        for part in options.part or parts.PARTS:
            print(f"\n{parts.TITLES[part]}")
            results[part] = parts.PARTS[part](here, options.only)
    except Refused as refusal:
        sys.exit(f"refused: {refusal}")
    if options.store:
        if options.part:  # the others stay as they were, if they were measured here
            before = json.loads(STORED.read_text(encoding="utf-8"))
            if before["machine"] != results["machine"]:
                sys.exit("not kept: the other figures were measured on another machine; store them all anew")
            results = before | results
        STORED.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
