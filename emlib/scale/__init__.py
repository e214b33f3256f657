"""Data that no array holds: in files (`emlib.scale.files`) and on a cluster (`emlib.scale.cluster`)."""
