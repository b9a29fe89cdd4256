"""One decoder: what Python is given of a film is what Rust sees, however the film is stored."""

import os
import shutil
import signal
import time
from pathlib import Path

import by_pillow
import drawn
import numpy as np
import pytest
from medchain_models import config, data, fixtures, greys, preprocess, synthetic
from PIL import Image

SPEC = config.load()["preprocessing"]
CRATE = config.MODELS.parent / "vision" / "tests" / "fixtures"
LOSSLESS = (
    "implicit", "explicit", "deflated", "big-endian", "rle", "jpeg-lossless", "jpeg-ls", "jpeg-2000",
    "monochrome1", "falling-slope", "signed", "voi-lut", "high-bits-with-overlay",
)  # fmt: skip
# Files made after bug reports, which are not in the repository.
CASES = Path(os.environ.get("MEDCHAIN_CASES") or config.MODELS.parent.parent / "shared" / "cases")
FIELD = sorted(CASES.glob("*/in/*"))


def square(file: bytes) -> np.ndarray:
    return preprocess.square_pixels(preprocess.decode(file), SPEC)


def test_a_film_in_any_lossless_form_has_one_square_in_python_and_in_rust():
    film = synthetic.radiograph(3, 61, 47)
    expected = preprocess.square_pixels(film, SPEC)
    for name, file in drawn.forms(film).items():
        assert np.array_equal(preprocess.decode(file), film), name
        assert np.array_equal(square(file), expected), name
        assert np.array_equal(greys.square(file), expected), name


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_film_in_any_lossless_transfer_syntax_has_one_square(name):
    expected = greys.square((CRATE / "film.png").read_bytes())
    file = (CRATE / f"{name}.dcm").read_bytes()
    assert np.array_equal(square(file), expected)
    assert np.array_equal(greys.square(file), expected)


@pytest.mark.parametrize("path", sorted(CRATE.glob("*.*")), ids=lambda path: path.name)
def test_every_fixture_of_the_crate_has_one_answer(path):
    assert_same(path.read_bytes(), path.name)


@pytest.mark.skipif(not FIELD, reason="the cases from the field are not here")
def test_files_from_the_field_have_one_answer():
    for path in FIELD:
        assert_same(path.read_bytes(), str(path))


def assert_same(file: bytes, name: str) -> None:
    """The same square, or the same refusal."""
    answers = []
    for decode in (square, greys.square):
        try:
            answers.append(decode(file).tolist())
        except ValueError as error:
            answers.append(str(error))
    assert answers[0] == answers[1], name


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (223, 224), (225, 224), (448, 449), (1000, 37)])
def test_films_of_every_size_have_one_square(size):
    file = drawn.forms(synthetic.radiograph(8, *size))["PNG"]
    assert np.array_equal(square(file), greys.square(file))


@pytest.mark.parametrize("name", sorted(fixtures.images()))
def test_pillow_has_the_same_greys(name):
    """The second implementation. The decoder's are checked to the bit, JPEG included."""
    file = (fixtures.FOLDER / name).read_bytes()
    assert np.array_equal(preprocess.decode(file), by_pillow.decode(file))


def test_the_films_of_a_hospital_are_read_whatever_they_are(hospital):
    kinds = set()
    for film in data.films(hospital):
        assert preprocess.read(film.path).shape in ((64, 72), (64, 80)), film.path
        kinds.add(film.path.suffix)
    assert kinds == {".png", ".jpg", ""}


@pytest.mark.parametrize("ending", data.ENDINGS)
def test_a_film_is_found_by_its_id(tmp_path, ending):
    path = tmp_path / "train" / "covid" / f"00ab{ending}"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"film")
    assert data._path(tmp_path, {"split": "train", "class": "covid", "id": "00ab"}) == path


def test_a_refusal_names_file_and_reason_and_the_next_film_is_read(tmp_path):
    path = tmp_path / "report.png"
    path.write_bytes(b"%PDF-1.7 x")
    with pytest.raises(ValueError, match=r"report\.png: this is a PDF.*left_out"):
        preprocess.read(path)
    with pytest.raises(ValueError, match="lowest 12"):
        preprocess.decode(drawn.saved(Image.fromarray(np.full((4, 4), 4095, np.uint16)), "PNG"))
    with pytest.raises(ValueError, match="3 frames"):
        preprocess.decode((CRATE / "multi-frame.dcm").read_bytes())
    with pytest.raises(ValueError, match="empty"):
        preprocess.decode(b"")
    film = synthetic.radiograph(2, 20, 30)
    found = preprocess.decode(drawn.forms(film)["PNG"])
    assert np.array_equal(found, film) and found.flags.writeable


def test_a_decoder_that_is_missing_or_ends_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("MEDCHAIN_GREYS", str(tmp_path / "gone"))
    with pytest.raises(RuntimeError, match="gone is missing.*models/run.sh"):
        greys.Decoder()
    monkeypatch.setenv("MEDCHAIN_GREYS", shutil.which("true"))
    decoder = greys.Decoder()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="ended"):
            decoder.greys(b"x" * 100_000)

    def ended(_):
        raise RuntimeError("it ended")

    monkeypatch.setattr(greys, "decode", ended)
    path = tmp_path / "film.png"
    path.write_bytes(b"x")
    with pytest.raises(RuntimeError, match=r"film\.png: it ended"):
        preprocess.read(path)


def test_a_decoder_ends_though_a_forked_copy_of_this_process_has_its_pipes():
    decoder = greys.Decoder()
    copy = os.fork()
    if copy == 0:
        time.sleep(60)
        os._exit(0)
    try:
        started = time.monotonic()
        decoder.close()
        assert time.monotonic() - started < 30
    finally:
        os.kill(copy, signal.SIGKILL)
        os.waitpid(copy, 0)


def test_pillow_sees_what_the_steps_say():
    image = Image.new("RGB", (1, 1), (255, 0, 0))
    assert by_pillow.to_grey(image)[0, 0] == 76
    half = Image.new("LA", (2, 1), (200, 255))
    half.putpixel((0, 0), (90, 128))
    assert by_pillow.to_grey(half).tolist() == [[45, 200]]
    # Nobody set it.
    assert by_pillow.to_grey(Image.new("LA", (1, 1), (200, 0)))[0, 0] == 200
    stored = [
        [[1, 2, 3], [4, 5, 6]],
        [[3, 2, 1], [6, 5, 4]],
        [[6, 5, 4], [3, 2, 1]],
        [[4, 5, 6], [1, 2, 3]],
        [[1, 4], [2, 5], [3, 6]],
        [[3, 6], [2, 5], [1, 4]],
        [[6, 3], [5, 2], [4, 1]],
        [[4, 1], [5, 2], [6, 3]],
    ]
    for number, pixels in enumerate(stored, 1):
        assert by_pillow.upright(np.array(pixels), number).tolist() == stored[0], number
