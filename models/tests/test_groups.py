"""What belongs together is in one group and in one split."""

import csv

import numpy as np
import pytest
from medchain_models import data


def film(name: str, group: str, split: str, patient: str = "", source: str = "north") -> data.Film:
    return data.Film(name, "covid", source, split, patient, group, None)


def test_a_pair_joins_two_groups_in_the_split_that_was_learned_from():
    films = [film("a", "g1", "test"), film("b", "g2", "train"), film("c", "g3", "val"), film("d", "g4", "test")]
    found = data.together(films, [("a", "b"), ("c", "d"), ("d", "unknown")])
    assert [one.split for one in found] == ["train", "train", "val", "val"]
    assert [one.group for one in found] == ["g1", "g1", "g3", "g3"]


def test_a_pair_takes_the_other_films_of_its_patient_along():
    films = [film("a", "g1", "test", "p1"), film("b", "g2", "train"), film("c", "g3", "test", "p1")]
    films += [film("d", "g4", "test", "p1", source="south")]
    found = data.together(films, [("a", "b")])
    assert [one.split for one in found] == ["train", "train", "train", "test"]


def test_films_with_a_wrong_label_and_pairs_of_the_configuration_count(hospital, tmp_path):
    everything = data.films(hospital)
    one = next(f for f in everything[1:] if f.split == "train")
    other = next(f for f in everything if f.split == "test")
    with open(tmp_path / "crops.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["one", "other"], [one.id, other.id]])
    left_out = [{"id": everything[0].id, "why": "a test"}]
    changed = hospital | {"path": tmp_path / "config.toml"}
    changed["data"] = hospital["data"] | {"crops": "crops.csv", "left_out": left_out}
    found = {film.id: film for film in data.films(changed)}
    assert len(found) == len(everything) - 1 and everything[0].id not in found
    assert found[other.id].split == "train" and found[other.id].group == found[one.id].group


def test_a_crop_is_found_and_another_drawing_is_not(hospital, tmp_path):
    pytest.importorskip("cv2", reason="crops.py needs OpenCV")
    from medchain_models import crops
    from PIL import Image

    chance = np.random.default_rng(3)

    def textured(seed: int) -> Image.Image:
        rough = np.random.default_rng(seed).integers(0, 256, (40, 40)).astype(np.uint8)
        return Image.fromarray(rough).resize((320, 320), Image.Resampling.BICUBIC)

    drawings = [textured(1), textured(2), textured(3)]
    part = drawings[0].crop((40, 30, 280, 260)).point(lambda v: int(v * 0.7) + 30)
    noisy = np.clip(np.asarray(part) + chance.normal(0, 6, (230, 240)), 0, 255).astype(np.uint8)
    films = []
    for number, image in enumerate([*drawings, Image.fromarray(noisy)]):
        path = tmp_path / f"{number}.png"
        image.save(path)
        films.append(data.Film(str(number), "covid", "north", "train", "", str(number), path))
    found = [(row["one"], row["other"]) for row in crops.pairs(films) if crops.same(row)]
    assert found == [("0", "3")]
