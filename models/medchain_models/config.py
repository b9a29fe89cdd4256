"""The configuration file, with the few paths that a machine overrides."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

MODELS = Path(__file__).resolve().parent.parent
SHIPPED = MODELS / "shipped"


def need_data(config: dict) -> None:
    """Ends with a sentence where the images are not there."""
    manifest = config["data"]["root"] / config["data"]["manifest"]
    if not manifest.exists():
        raise SystemExit(f"{manifest} is missing: name the folder of images in MEDCHAIN_DATA")


def load(path: Path | None = None) -> dict:
    """Reads ``config.toml``; paths in it become absolute."""
    path = path or MODELS / "config.toml"
    with open(path, "rb") as file:
        config = tomllib.load(file)
    config["path"] = path.resolve()
    data = config["data"]
    for key, variable in (("root", "MEDCHAIN_DATA"), ("work", "MEDCHAIN_ML_WORK")):
        data[key] = Path(os.environ.get(variable, data[key])).expanduser()
    for key in ("root", "work", "convolutions"):
        data[key] = (path.parent / Path(data[key])).resolve()
    data["work"].mkdir(parents=True, exist_ok=True)
    return config
