"""Features below block 5, computed once and kept on disk.

``copy`` 0 is the plain image, the others are augmented versions. A folder a
copy holds ``features.npy`` (films, 512, 14, 14) in float16 and ``done.npy``;
an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from . import augment, preprocess, synthetic
from .data import Film
from .network import Trunk, fast_bfloat16

BATCH = 8


def cache_key(config: dict) -> str:
    """Changes when anything changes that the features depend on.

    Of the code, what it *does* to a drawing counts: a new comment keeps the cache.
    """
    digest = hashlib.sha256(Path(config["data"]["convolutions"]).read_bytes())
    drawing = Image.fromarray(synthetic.radiograph(1, 230, 250))
    buffer = io.BytesIO()
    Image.merge("RGB", [drawing, drawing, drawing.rotate(180)]).save(buffer, "JPEG", quality=85)
    grey = preprocess.decode(buffer.getvalue())
    for version in [grey, *(augment.augment(grey, (1, seed)) for seed in range(20))]:
        digest.update(preprocess.square_pixels(version, config["preprocessing"]).tobytes())
    settings = [config["preprocessing"], config["training"]["feature_dtype"]]
    digest.update(json.dumps(settings, sort_keys=True).encode())
    return digest.hexdigest()[:12]


def pixels(film: Film, copy: int, config: dict) -> np.ndarray:
    """The (size, size) uint8 square of one film, plain or augmented."""
    grey = preprocess.read(film.path)
    if copy:
        grey = augment.augment(grey, (copy, int(film.id, 16) % 2**63))
    return preprocess.square_pixels(grey, config["preprocessing"])


def compute(films: list[Film], copy: int, config: dict) -> np.ndarray:
    """Features of ``films``, from the cache as far as it goes."""
    folder = config["data"]["work"] / f"features-{cache_key(config)}" / f"copy{copy}"
    folder.mkdir(parents=True, exist_ok=True)
    names = [film.id for film in films]
    index, path = folder / "films.json", folder / "features.npy"
    side = config["preprocessing"]["size"] // 16
    shape = (len(films), 512, side, side)
    if index.exists() and json.loads(index.read_text()) == names:
        store = np.lib.format.open_memmap(path, mode="r+")
        done = np.load(folder / "done.npy")
    else:
        store, done = _begin(folder, names, shape)
    missing = np.flatnonzero(~done)
    if len(missing):
        _fill(store, done, missing, films, copy, config, folder)
    return store


def _begin(folder: Path, names: list[str], shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """A new cache, with what an earlier one has of these films: splits change."""
    index, path, kept = folder / "films.json", folder / "features.npy", folder / "done.npy"
    fresh = folder / "features.new.npy"
    store = np.lib.format.open_memmap(fresh, mode="w+", dtype=np.float16, shape=shape)
    done = np.zeros(len(names), bool)
    if index.exists() and kept.exists():
        before, ready = np.load(path, mmap_mode="r"), np.load(kept)
        rows = {name: row for row, name in enumerate(json.loads(index.read_text())) if ready[row]}
        for row, name in enumerate(names):
            if name in rows:
                store[row], done[row] = before[rows[name]], True
    store.flush()
    # Without the index there is no cache, so that an interruption here leaves no wrong one.
    index.unlink(missing_ok=True)
    fresh.replace(path)
    np.save(kept, done)
    index.write_text(json.dumps(names))
    return store, done


def _fill(store, done, missing, films, copy, config, folder) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = getattr(torch, config["training"]["feature_dtype"])
    if dtype == torch.bfloat16 and not fast_bfloat16():
        dtype = torch.float32
    trunk = Trunk(config["data"]["convolutions"]).to(device, dtype)
    trunk = trunk.to(memory_format=torch.channels_last).eval()
    started = time.time()
    for number, at in enumerate(range(0, len(missing), BATCH)):
        rows = missing[at : at + BATCH]
        images = [
            preprocess.tensor(pixels(films[r], copy, config), config["preprocessing"])
            for r in rows
        ]
        batch = torch.from_numpy(np.stack(images)).to(device, dtype)
        with torch.inference_mode():
            features = trunk(batch.to(memory_format=torch.channels_last))
        store[rows] = features.float().clamp(max=60000).cpu().numpy().astype(np.float16)
        done[rows] = True
        if number % 10 == 9 or at + BATCH >= len(missing):
            store.flush()
            np.save(folder / "done.npy", done)
            rate = (time.time() - started) / (at + len(rows))
            print(
                f"features copy {copy}: {done.sum()}/{len(done)}"
                f"  {rate:.3f} s an image  {rate * (~done).sum() / 60:.1f} min left",
                flush=True,
            )
