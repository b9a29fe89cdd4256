"""What the comparison of recipes varies, and the classes of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """One way of training.

    ``pneumonia`` says what films of other pneumonias are good for: ``"unused"``,
    a ``"class"`` of their own that is cut off at export (or kept, where the
    configuration names it among the labels), or ``"doubt"``: half covid, half
    normal, so that an opacity alone, or an archive alone, decides nothing.

    ``styles`` is the chance that a batch exchanges the means and deviations of
    its feature channels (MixStyle, Zhou et al. 2021), which carry contrast and
    sharpness of an archive rather than anatomy. ``adversary`` is the weight of a
    loss that makes the sources of a class hard to tell apart (gradient
    reversal, Ganin et al. 2016). ``tail`` averages the weights over the last half
    of the steps. ``seeds`` networks are averaged in every fold of left-out
    sources; how many make up the exported one stands in the configuration.

    ``teachers`` networks of as many seeds are trained first, and the one that counts
    learns from the mean of their probabilities (distillation, Hinton et al. 2015):
    ``trust`` is the share of that in the loss, the labels have the rest, and
    ``softness`` the temperature of teachers and pupil.
    """

    augmented: bool = True
    block5: bool = True
    pneumonia: str = "unused"
    styles: float = 0.0
    adversary: float = 0.0
    seeds: int = 1
    tail: bool = True
    teachers: int = 0
    trust: float = 0.7
    softness: float = 2.0


RECIPES = {
    "head only, plain": Recipe(augmented=False, block5=False, tail=False),
    "head only, augmented": Recipe(block5=False, tail=False),
    "block 5, plain": Recipe(augmented=False),
    "block 5, augmented": Recipe(),
    "block 5, augmented, last step": Recipe(tail=False),
    "block 5, augmented, pneumonia as a class": Recipe(pneumonia="class"),
    "block 5, augmented, pneumonia as doubt": Recipe(pneumonia="doubt"),
    "block 5, augmented, styles": Recipe(styles=0.5),
    "block 5, augmented, styles, pneumonia as doubt": Recipe(styles=0.5, pneumonia="doubt"),
    "block 5, augmented, adversary": Recipe(adversary=0.1, pneumonia="class"),
    "block 5, augmented, three seeds": Recipe(seeds=3),
    "block 5, augmented, distilled": Recipe(teachers=3),
}


def slug(name: str) -> str:
    """A recipe's name as part of a file name."""
    return name.replace(", ", "-").replace(" ", "_")


def classes(config: dict, recipe: Recipe) -> list[str]:
    """The labels, and behind them the classes that are cut off at export."""
    labels = list(config["model"]["labels"])
    if recipe.pneumonia != "class":
        return labels
    return labels + [name for name in config["model"]["auxiliary"] if name not in labels]


def targets(config: dict, recipe: Recipe, label: str) -> list[float] | None:
    """What the network should answer for a film, or None where it learns nothing."""
    names = classes(config, recipe)
    if label in names:
        return [float(name == label) for name in names]
    if recipe.pneumonia == "doubt" and label in config["model"]["auxiliary"]:
        doubt = config["model"]["doubt"]
        return [float(name in doubt) / len(doubt) for name in names]
    return None
