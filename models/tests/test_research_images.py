"""What must hold for the research images, where they are."""

from __future__ import annotations

import pytest
from medchain_models import config as configuration
from medchain_models import data, folds

CONFIG = configuration.load()
MANIFEST = CONFIG["data"]["root"] / CONFIG["data"]["manifest"]
pytestmark = pytest.mark.skipif(not MANIFEST.exists(), reason="the research images are not here")


def test_every_source_is_left_out_once():
    films = data.films(CONFIG)
    left_out = set().union(*folds.folds(CONFIG, films))
    assert left_out == {f.source for f in films if f.label in CONFIG["model"]["labels"]}


def test_every_split_has_every_class():
    films = data.films(CONFIG)
    for split in ("train", "val", "test"):
        assert {f.label for f in films if f.split == split} >= set(CONFIG["model"]["labels"])
