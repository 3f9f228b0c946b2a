"""The animation: valid Lottie, made by its script, drawn as another player draws it, still where that is preferred."""

import copy
import io
import json
from importlib import resources

import numpy as np
import pytest
from PIL import Image

from benchmarks.studies.animation import animation
from fastnet.dashboard.server.library import Library
from fastnet.dashboard.session.training_state import TrainingState
from fastnet.dashboard.session.trainings import Trainings
from fastnet.dashboard.views.animation import reading_animation
from fastnet.dashboard.views.lottie import read_animation, unsupported
from fastnet.dashboard.views.parts import script
from fastnet.dashboard.views.training.figures import figures_view
from fastnet.dashboard.worker.snapshot import PAUSED, RUNNING, Snapshot
from fastnet.errors import DataError

SOURCE = reading_animation()


def test_the_file_is_valid_by_the_schema_of_lottie():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((resources.files("lottie_specs") / "data" / "lottie.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(SOURCE)] == []
    assert not validator.is_valid({**SOURCE, "layers": [{"ty": 4}]})


def test_the_file_is_what_its_script_makes():
    assert animation() == SOURCE


def changed(change) -> dict:
    animation = copy.deepcopy(SOURCE)
    change(animation)
    return animation


PATH_GROUP = SOURCE["layers"][3]["shapes"][0]["it"]  # a path, its trim, its stroke, its transform


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda a: a["layers"][1].update(ty=5), "layers[1]: a layer of type 5"),
        (lambda a: a["layers"][0].update(parent=3), "layers[0]: parent"),
        (lambda a: a.update(assets=[{"id": "image"}]), "animation: assets"),
        (lambda a: a["layers"][3]["shapes"][0]["it"].append({"ty": "gf"}), "layers[3].shapes[0].it[4]: gf"),
        (lambda a: a["layers"][3]["shapes"].append({"ty": "el"}), "layers[3].shapes[2]: el outside of a group"),
        (lambda a: a["layers"][3]["ks"].update(sk={"a": 0, "k": 3}), "layers[3].ks: sk"),
        (lambda a: a["layers"][3]["ks"].pop("a"), "layers[3].ks: no a"),
        (lambda a: a["layers"][3]["shapes"][0]["it"][2].update(d=[]), "layers[3].shapes[0].it[2]: d"),
        (
            lambda a: a["layers"][3]["shapes"][0]["it"][2].update(w={"a": 1, "k": [{"t": 0, "s": [1]}]}),
            "layers[3].shapes[0].it[2].w: animated",
        ),
        (
            lambda a: a["layers"][3]["ks"]["o"]["k"][0].update(i={"x": [0, 1], "y": [0, 1]}),
            "layers[3].ks.o[0]: an easing that is not one for all numbers",
        ),
        (
            lambda a: a["layers"][3]["shapes"][0]["it"].insert(0, PATH_GROUP[0]),
            "layers[3].shapes[0]: a trim of other than one path with strokes",
        ),
        (
            lambda a: a["layers"][3]["shapes"][0]["it"].append(a["layers"][3]["shapes"][1]),
            "layers[3].shapes[0]: a stroke, fill or trim over nested groups",
        ),
    ],
)
def test_what_the_player_does_not_know_is_named(change, sentence):
    assert unsupported(changed(change)) == [sentence]


def test_a_file_with_more_than_that_is_refused(tmp_path):
    path = tmp_path / "other.json"
    path.write_text(json.dumps(changed(lambda a: a["layers"][0].update(ef=[]))), encoding="utf-8")
    with pytest.raises(DataError, match=r"the player does not know: layers\[0\]: ef$"):
        read_animation(path)


def test_the_end_goes_over_into_the_beginning():
    assert np.abs(other_player(0) - other_player(SOURCE["op"] - 1)).max() <= 2


@pytest.mark.parametrize("frame", [0, 7, 40, 62, 84, 104, 121, 179])
def test_the_player_draws_what_another_player_draws(stage, frame):
    ours, theirs = shot(stage, frame), other_player(frame)
    difference = np.abs(ours - theirs)
    assert difference.mean() < 0.8  # of 255: edges are smoothed, and opacities rounded, in another way
    assert (difference.max(axis=2) > 48).mean() < 0.002
    if frame in (40, 84):
        assert np.abs(theirs - other_player(0)).mean() > 1  # the measure tells frames apart


@pytest.fixture(scope="module")
def stage(browser):
    """A blank page with the player."""
    page = browser.new_page(viewport={"width": SOURCE["w"], "height": SOURCE["h"]})
    page.set_content("<style>body { margin: 0 } svg { display: block }</style>")
    page.add_script_tag(content=script("lottie.js") + "window.makeLottie = makeLottie; window.makePlayer = makePlayer")
    page.evaluate("source => { window.lottie = makeLottie(source); document.body.append(lottie.picture) }", SOURCE)
    yield page
    page.close()


def shot(page, frame: int) -> np.ndarray:
    page.evaluate("frame => lottie.show(frame)", frame)
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(float)


def other_player(frame: int) -> np.ndarray:
    """rlottie's picture on white; its pixels are multiplied with their opacity."""
    from rlottie_python import LottieAnimation

    pixels = np.asarray(LottieAnimation.from_data(json.dumps(SOURCE)).render_pillow_frame(frame)).astype(float)
    return pixels[..., :3] + 255 - pixels[..., 3:]


def test_it_stands_still_for_people_who_prefer_reduced_motion(stage):
    final = shot(stage, SOURCE["op"] - 1)
    stage.evaluate("shown => { lottie.show(40); window.player = makePlayer(shown, lottie); player.play(true) }", SOURCE)
    moving = "document.querySelector('svg').dataset.moving"
    assert stage.evaluate(moving) == "true"
    stage.emulate_media(reduced_motion="reduce")
    stage.wait_for_function(f"() => {moving} === 'false'")
    still = [np.asarray(Image.open(io.BytesIO(stage.screenshot())).convert("RGB")) for _ in range(2)]
    assert (still[0] == still[1]).all()
    assert np.abs(still[0] - final).mean() < 0.2
    stage.emulate_media(reduced_motion="no-preference")
    stage.wait_for_function(f"() => {moving} === 'true'")
    stage.evaluate("player.end()")
    assert stage.evaluate(moving) == "false"


def test_it_moves_while_a_training_runs():
    state = TrainingState(Trainings(), Library())
    animation, _ = figures_view(state)
    assert not animation.visible
    state.snapshot = Snapshot(RUNNING)
    assert animation.visible
    assert animation.playing
    state.snapshot = Snapshot(PAUSED)
    assert not animation.playing
