"""Soft targets in whole steps, and trainings that are taught by a model: targets, bits, files and refusals."""

import dataclasses
import json

import numpy as np
import pytest

from fastnet import Augmentation, cli
from fastnet.data.samples import PIXEL_SCALE, Dataset, Samples
from fastnet.errors import DataError, ModelError, OptionError
from fastnet.kernels import fused, jit, reference
from fastnet.models.network import Network
from fastnet.models.probabilities import losses_of, softmax
from fastnet.training.compare import compare_engines
from fastnet.training.engine.fused import FusedEngine
from fastnet.training.recipe import ENGINES, Recipe
from fastnet.training.runs import load_run, save_run
from fastnet.training.teaching import Teachers, located
from fastnet.training.trainer import Trainer, Training

from .engines import N_OUTPUTS, assert_agree, assert_same_parameters, engines, whole_and_resumed

SMALL = Recipe(hidden=(16,), epochs=3, batch_size=32, n_validation=88, learning_rate=5e-3, warmup_epochs=0)


def softened(samples, seed=5):
    """The samples with soft targets, some of which are sure of a class."""
    odds = np.random.default_rng(seed).random((len(samples), N_OUTPUTS)) ** 8
    return dataclasses.replace(samples, soft_targets=np.float32(odds / odds.sum(axis=1, keepdims=True)))


def take_steps(engine, samples, rows, n_steps, first_step=1):
    return engine.train_steps(samples, rows, first_step, np.full(n_steps, 1e-3))


def saved(dataset, directory, **changes):
    """The directory of a model that was trained a little."""
    training = Training(dataset, dataclasses.replace(SMALL, **{"epochs": 1, **changes}))
    training.run()
    save_run(training, directory)
    return str(directory)


@pytest.fixture
def teacher(dataset, tmp_path):
    return saved(dataset, tmp_path / "teacher", hidden=(20, 9), seed=7)


# ---- Soft targets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_of_a_whole_step_are_those_of_central_differences(dataset, weighted):
    weights = np.random.default_rng(1).random(600).astype(np.float32) if weighted else None
    samples, rows = softened(dataclasses.replace(dataset.train, weights=weights)), np.arange(32)
    x, rng = samples.images[rows] * samples.scale, np.random.default_rng(0)
    for engine in engines(dataclasses.replace(SMALL, hidden=(17, 9))):
        parameters = {name: array.astype(np.float64) for name, array in engine.network.parameters().items()}
        exact = Network.of(parameters)
        losses, _ = take_steps(engine, samples, rows, 1)

        def loss(exact=exact):
            all_losses = losses_of(exact.forward(x).logits, samples.soft_targets[rows], "cross_entropy")
            return np.average(all_losses, weights=samples.weights_at(rows))

        assert losses == pytest.approx([loss()], rel=1e-5)
        for name, moment in engine.moments[0].parameters().items():
            for _ in range(3):
                index = tuple(rng.integers(0, size) for size in moment.shape)
                found = []
                for difference in (1e-6, -2e-6):
                    parameters[name][index] += difference
                    found.append(loss())
                parameters[name][index] += 1e-6
                assert moment[index] / 0.1 == pytest.approx((found[0] - found[1]) / 2e-6, rel=2e-3, abs=2e-6)


@pytest.mark.parametrize(("hidden", "batch_size"), [((), 7), ((1,), 200), ((17, 5, 33), 32), ((65, 130), 1)])
def test_engines_agree(dataset, hidden, batch_size):
    recipe = dataclasses.replace(SMALL, hidden=hidden, batch_size=batch_size, clip_norm=0.5, l2=0.1, dropout=0.2)
    samples, rows = softened(dataset.train), np.arange(8 * batch_size - batch_size // 2) % 600
    answers = [(engine, *take_steps(engine, samples, rows, 8)) for engine in engines(recipe)]
    assert_agree([(engine, losses) for engine, losses, _ in answers])
    for engine, _, n_correct in answers:
        np.testing.assert_array_equal(n_correct, answers[0][2])
        losses, classes = engine.losses_and_answers(samples, rows)
        logits = engine.network.forward(samples.images[rows] * samples.scale).logits
        exact = losses_of(logits, samples.soft_targets[rows], "cross_entropy")
        np.testing.assert_allclose(losses, exact, rtol=1e-4, atol=1e-5)
        assert classes.dtype == np.int64


@pytest.mark.parametrize("is_sparse", [False, True])
def test_any_number_of_threads_gives_the_same_bits(dataset, monkeypatch, is_sparse):
    recipe, samples, networks = dataclasses.replace(SMALL, hidden=(200, 70), dropout=0.3), softened(dataset.train), []
    for count in (1, 2):
        monkeypatch.setattr(jit, "_threads", count)
        network = Network.he_initialised((30, *recipe.hidden, N_OUTPUTS), np.random.default_rng(0))
        engine = FusedEngine(network, recipe, is_sparse)
        take_steps(engine, samples, np.arange(600), 19)
        networks.append(engine.network)
    for one, other in zip(*(network.parameters().values() for network in networks), strict=True):
        np.testing.assert_array_equal(one, other)


def test_soft_targets_of_one_class_are_the_label(dataset):
    """To the last digits: sums are in another order."""
    one_hot = np.eye(N_OUTPUTS, dtype=np.float32)[dataset.train.labels]
    for engine, other in zip(engines(SMALL), engines(SMALL), strict=True):
        hard, _ = take_steps(engine, dataset.train, np.arange(320), 10)
        soft, _ = take_steps(other, dataclasses.replace(dataset.train, soft_targets=one_hot), np.arange(320), 10)
        np.testing.assert_allclose(soft, hard, rtol=1e-5, atol=1e-7)


def test_what_counts_as_right_is_the_label(dataset):
    """A network without weights answers class 0, whatever the targets."""
    engine = FusedEngine(Network.zeros((30, 16, N_OUTPUTS)), SMALL, is_sparse=True)
    _, n_correct = take_steps(engine, softened(dataset.train), np.arange(32), 1)
    assert n_correct == (dataset.train.labels[:32] == 0).sum()


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        (np.full((600, 4), 0.5, np.float32), "soft targets must be probabilities, at least 0, that sum to 1"),
        (np.full((600, 4), np.nan, np.float32), "soft targets must be probabilities, at least 0, that sum to 1"),
        (np.full((600, 4), 0.25), r"soft targets must be float32 \(600, n_classes\), not float64 \(600, 4\)"),
        (np.full((599, 4), 0.25, np.float32), r"soft targets must be float32 \(600, n_classes\), not float32 \(599, 4"),
        (np.full((4, 600), 0.25, np.float32).T, "soft targets must be in C order"),
    ],
    ids=["sums", "nan", "type", "samples", "order"],
)
def test_what_are_no_probabilities_is_refused(dataset, targets, sentence):
    with pytest.raises(DataError, match=sentence):
        dataclasses.replace(dataset.train, soft_targets=targets)


def test_soft_targets_of_other_classes_are_refused(dataset):
    samples = dataclasses.replace(dataset.train, soft_targets=np.full((600, 5), 0.2, np.float32))
    with pytest.raises(DataError, match="this network has 4 classes, and the soft targets 5"):
        Trainer(samples, samples, N_OUTPUTS, SMALL).run()


def test_soft_targets_are_for_classes(dataset):
    with pytest.raises(DataError, match="soft targets are for labels that are classes"):
        Samples(dataset.train.images, np.zeros((600, 4), np.float32), 1.0, soft_targets=np.full((600, 4), 0.25))


def test_the_sum_of_a_data_set_tells_its_soft_targets(dataset):
    sums = {dataclasses.replace(dataset, train=softened(dataset.train, seed)).sha256 for seed in (1, 2)}
    assert len({*sums, dataset.sha256}) == 3


# ---- Teachers -------------------------------------------------------------------------------------------------------


@pytest.fixture
def squares(dataset):
    """The small data set in a square of 6 x 6 pixels, so that it can be distorted."""
    train, test = (
        dataclasses.replace(samples, images=np.pad(samples.images, ((0, 0), (0, 6))))
        for samples in (dataset.train, dataset.test)
    )
    return Dataset(train, test, "squares")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("augmentation", [None, Augmentation()])
def test_targets_are_what_the_teacher_answers_to_what_is_seen(squares, tmp_path, monkeypatch, engine, augmentation):
    teacher = saved(squares, tmp_path / "teacher", hidden=(20, 9), activation="tanh")
    recipe = dataclasses.replace(SMALL, engine=engine, augmentation=augmentation, teacher=teacher)
    training, seen = Training(squares, recipe), []
    original = type(training.engine).train_steps
    monkeypatch.setattr(
        type(training.engine), "train_steps", lambda self, *args: seen.append(args[:2]) or original(self, *args)
    )
    training.run(n_steps=20)
    network = load_run(tmp_path / "teacher", squares).network
    for samples, rows in seen:
        expected = softmax(network.forward(samples.images[rows] * np.float32(samples.scale)).logits)
        np.testing.assert_allclose(samples.soft_targets[rows], expected, atol=1e-5)
    assert [len(rows) for _, rows in seen] == [512, 128]  # of 16 steps an epoch


def test_a_target_may_be_the_labels_in_part(dataset, teacher):
    recipe = dataclasses.replace(SMALL, teacher=teacher)
    whole = Teachers(recipe, dataset.train, N_OUTPUTS, 32).taught(dataset.train)
    mixed = dataclasses.replace(recipe, teacher_share=0.75, label_smoothing=0.2)
    labels = 0.8 * np.eye(N_OUTPUTS)[dataset.train.labels] + 0.2 / N_OUTPUTS
    found = Teachers(mixed, dataset.train, N_OUTPUTS, 32).taught(dataset.train)
    np.testing.assert_allclose(found.soft_targets, 0.75 * whole.soft_targets + 0.25 * labels, atol=1e-6)


def test_a_temperature_softens_what_a_teacher_answers(dataset, teacher, tmp_path):
    recipe = dataclasses.replace(SMALL, teacher=teacher, temperature=3.0)
    found = Teachers(recipe, dataset.train, N_OUTPUTS, 32).taught(dataset.train).soft_targets
    logits = load_run(tmp_path / "teacher", dataset).network.forward(dataset.train.images * PIXEL_SCALE).logits
    np.testing.assert_allclose(found, softmax(logits / 3), atol=1e-6)


def test_several_teachers_answer_their_mean(dataset, teacher, tmp_path):
    names = [teacher, saved(dataset, tmp_path / "other", seed=8)]
    recipes = [dataclasses.replace(SMALL, teacher=name) for name in (*names, " , ".join(names))]
    assert located(" , ".join(names)) == ",".join(names)
    one, other, both = (Teachers(each, dataset.train, N_OUTPUTS, 32).taught(dataset.train) for each in recipes)
    np.testing.assert_allclose(both.soft_targets, (one.soft_targets + other.soft_targets) / 2, atol=1e-6)


def test_a_student_comes_to_answer_as_its_teacher(dataset, tmp_path):
    """Also where labels are of no use: then it is right because its teacher is."""
    teacher = saved(dataset, tmp_path / "teacher", epochs=20)
    labels = np.random.default_rng(0).integers(0, N_OUTPUTS, 600)
    misled = dataclasses.replace(dataset, train=dataclasses.replace(dataset.train, labels=labels))
    training = Training(misled, dataclasses.replace(SMALL, epochs=20, teacher=teacher))
    training.run()
    assert training.engine.evaluate(dataset.test)[1] > 0.9


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("step", "changes"),
    [(1, {}), (16, {}), (21, {"augmentation": None, "annealing": 0.0}), (5, {"selectivity": 0.4})],
)
def test_resumed_training_ends_at_the_same_bits(squares, tmp_path, engine, step, changes):
    teacher = saved(squares, tmp_path / "teacher", hidden=(20, 9))
    more = {"augmentation": Augmentation(), "annealing": 0.5, **changes}
    recipe = dataclasses.replace(SMALL, engine=engine, teacher=teacher, teacher_share=0.9, **more)
    whole, second = whole_and_resumed(squares, recipe, step, tmp_path / "run")
    assert_same_parameters(whole, second)


def test_a_teacher_gives_the_same_bits_for_any_number_of_threads(squares, tmp_path, monkeypatch):
    teacher = saved(squares, tmp_path / "teacher", hidden=(200, 70))
    recipe = dataclasses.replace(SMALL, augmentation=Augmentation(), annealing=0.5, teacher=teacher)
    trainings = []
    for count in (1, 2):
        monkeypatch.setattr(jit, "_threads", count)
        trainings.append(Training(squares, recipe))
        trainings[-1].run()
    assert_same_parameters(*trainings)


def test_engines_agree_with_a_teacher(dataset, teacher):
    comparison = compare_engines(dataset, dataclasses.replace(SMALL, teacher=teacher), 30)
    assert comparison.max_loss_difference < 1e-5


def test_preparation_compiles_all_that_a_training_with_a_teacher_calls(dataset, teacher):
    training = Training(dataset, dataclasses.replace(SMALL, teacher=teacher))
    training.compile_kernels()
    before = len(fused.train_steps.signatures)
    training.run()
    assert len(fused.train_steps.signatures) == before


def test_a_changed_teacher_is_refused_and_a_moved_one_is_taken(dataset, teacher, tmp_path):
    training = Training(dataset, dataclasses.replace(SMALL, teacher=teacher))
    training.run(n_steps=3)
    save_run(training, tmp_path / "run")
    (tmp_path / "teacher").rename(tmp_path / "moved")
    with pytest.raises(ModelError, match="teacher: no such model"):
        load_run(tmp_path / "run", dataset)
    moved = load_run(tmp_path / "run", dataset, teacher=str(tmp_path / "moved"))
    assert moved.recipe.teacher == str(tmp_path / "moved")
    saved(dataset, tmp_path / "teacher", hidden=(20, 9), seed=8)
    with pytest.raises(ModelError, match=r"teacher: its weights are not those that have taught .*run so far"):
        load_run(tmp_path / "run", dataset)


def test_a_run_without_a_teacher_takes_none(dataset, teacher, tmp_path):
    save_run(Training(dataset, SMALL), tmp_path / "run")
    with pytest.raises(OptionError, match="run: was trained without a teacher"):
        load_run(tmp_path / "run", dataset, teacher=teacher)


def test_manifest_card_and_inspection_tell_the_teacher(dataset, teacher, tmp_path, capsys):
    save_run(Training(dataset, dataclasses.replace(SMALL, teacher=teacher)), tmp_path / "run")
    manifest = json.loads((tmp_path / "run/manifest.json").read_text())
    (told,) = manifest["teachers"]
    assert (told["model"], len(told["sha256"])) == ("teacher", 64)
    card = (tmp_path / "run/MODEL_CARD.md").read_text()
    assert "| taught by | teacher |" in card
    assert teacher not in card  # a path is nobody's business
    assert cli.main(["inspect", str(tmp_path / "run")]) == 0
    assert "taught by" in capsys.readouterr().out


def test_models_without_a_teacher_tell_of_none(teacher, tmp_path):
    assert "teachers" not in json.loads((tmp_path / "teacher/manifest.json").read_text())
    assert "taught" not in (tmp_path / "teacher/MODEL_CARD.md").read_text()


def test_command_line_trains_with_a_teacher_and_goes_on(npz, dataset, teacher, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options = ["--data", str(npz), "--hidden", "5", "--epochs", "2", "--validation", "88", "--no-calibration"]
    command = ["train", *options, "--teacher", "teacher", "--teacher-share", "0.9", "--stop-after", "1", "--out", "run"]
    assert cli.main(command) == 0
    assert "taught by teacher" in capsys.readouterr().err
    assert load_run(tmp_path / "run").recipe.teacher == teacher  # to be found from any directory
    (tmp_path / "teacher").rename(tmp_path / "moved")
    assert cli.main(["train", "--resume", "run", "--no-calibration"]) == 2
    assert "teacher: no such model" in capsys.readouterr().err
    assert cli.main(["train", "--resume", "run", "--teacher", "moved", "--no-calibration"]) == 0
    assert cli.main(["compare", *options[:-1], "--teacher", "moved", "--steps", "5"]) == 0
    assert "numba is" in capsys.readouterr().out


# ---- What does not fit ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", ["", " ", "mnist-default,", ",mnist-default", "mnist-default, ,mnist-default"])
def test_a_teacher_without_a_name_is_refused(dataset, names):
    sentence = f"the teacher must be a model, or several with commas between, not {names!r}"
    with pytest.raises(OptionError, match=f"^{sentence}$"):
        Training(dataset, dataclasses.replace(SMALL, teacher=names))
    with pytest.raises(OptionError, match=f"^{sentence}$"):
        located(names)


def test_smoothed_labels_that_no_target_has_a_share_of_are_refused(dataset, teacher):
    recipe = dataclasses.replace(SMALL, teacher=teacher, label_smoothing=0.1)
    with pytest.raises(OptionError, match="no target has any where the teacher's share is 1"):
        Training(dataset, recipe)
    Training(dataset, dataclasses.replace(recipe, teacher_share=0.9))


def test_a_teacher_of_other_samples_or_classes_is_refused(dataset, squares, teacher):
    recipe = dataclasses.replace(SMALL, teacher=teacher)
    sentence = "cannot teach samples of {} features in {} classes, as it knows 30 features in 4 classes"
    with pytest.raises(OptionError, match=sentence.format(36, 4)):
        Training(squares, recipe)
    fewer = dataclasses.replace(dataset.train, labels=dataset.train.labels % 3)
    with pytest.raises(OptionError, match=sentence.format(30, 3)):
        Training(dataclasses.replace(dataset, train=fewer), recipe)


def test_a_teacher_whose_classes_have_other_names_is_refused(dataset, teacher):
    named = dataclasses.replace(dataset, classes=("a", "b", "c", "d"))
    with pytest.raises(OptionError, match="knows classes without names, and this training the classes a, b, c, d"):
        Training(named, dataclasses.replace(SMALL, teacher=teacher))


def test_a_teacher_of_other_pixels_is_refused(dataset, teacher):
    train = dataclasses.replace(dataset.train, scale=1.0)
    with pytest.raises(OptionError, match=r"takes pixels times 0\.00392157, and those of small are to be"):
        Training(dataclasses.replace(dataset, train=train), dataclasses.replace(SMALL, teacher=teacher))


def test_a_regression_neither_teaches_nor_is_taught(dataset, teacher, tmp_path):
    targets = np.zeros((600, N_OUTPUTS), np.float32)
    numbers = dataclasses.replace(dataset, train=dataclasses.replace(dataset.train, labels=targets))
    regression = saved(numbers, tmp_path / "numbers", loss="squared_error")
    with pytest.raises(OptionError, match="cannot teach classes, as it was trained with the loss squared_error"):
        Training(dataset, dataclasses.replace(SMALL, teacher=regression))
    with pytest.raises(OptionError, match="a teacher is for the loss cross_entropy, and not for squared_error"):
        Training(numbers, dataclasses.replace(SMALL, teacher=teacher, loss="squared_error"))


def test_a_share_of_no_teacher_is_refused(dataset):
    with pytest.raises(OptionError, match="the teacher's share of a target needs a teacher"):
        Training(dataset, dataclasses.replace(SMALL, teacher_share=0.9))


def test_a_teacher_is_a_name():
    with pytest.raises(OptionError, match="the teacher must be a name or None, not 3"):
        Recipe(teacher=3)


def test_the_reference_is_the_twin_of_what_the_loss_says():
    logits, targets = np.array([[1.0, 2.0, 4.0]]), np.array([[0.2, 0.3, 0.5]])
    loss = reference.soft_cross_entropy(logits, targets, np.empty_like(logits))
    assert loss == pytest.approx(losses_of(logits, targets, "cross_entropy")[0], rel=1e-12)
    assert loss == pytest.approx(-(targets @ np.log(softmax(logits))[0])[0], rel=1e-12)
